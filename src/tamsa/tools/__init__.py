"""Tools: what the agent can do. A tool's schema comes from its signature and docstring."""

from tamsa.tools.corpus import CorpusTools, corpus_toolset, page_chars
from tamsa.tools.offers import Offer, Unavailable
from tamsa.tools.person import ask_tool
from tamsa.tools.protocol import FunctionTool, Tool, Toolset
from tamsa.tools.reader import Reader

__all__ = [
    "CorpusTools",
    "FunctionTool",
    "Offer",
    "Reader",
    "Tool",
    "Toolset",
    "Unavailable",
    "ask_tool",
    "corpus_toolset",
    "page_chars",
]
