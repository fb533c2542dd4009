"""Files of the user's folders, archives among them, read on demand."""

from tamsa.tools.files.tool import FileTools, file_tools

__all__ = ["FileTools", "file_tools"]
