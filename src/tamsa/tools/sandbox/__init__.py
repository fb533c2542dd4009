"""Python code in a sandbox without network, with a filesystem of its own and bounds on everything."""

from tamsa.tools.sandbox.limits import Limits
from tamsa.tools.sandbox.process import Outcome
from tamsa.tools.sandbox.tool import PythonSandbox, python_tool

__all__ = ["Limits", "Outcome", "PythonSandbox", "python_tool"]
