"""Models in this process: open a folder, decode many conversations together, keep what was sampled.

Importing this package imports torch; `tamsa.llm` does so only when a local model is opened. Transformers is imported
for models that are no Kimi Linear.
"""

from tamsa.llm.local.engine import Engine
from tamsa.llm.local.model import LocalModel
from tamsa.llm.local.requests import Outcome, Request, Sampling

__all__ = ["Engine", "LocalModel", "Outcome", "Request", "Sampling"]
