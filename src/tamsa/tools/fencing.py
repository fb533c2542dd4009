"""Fences around text that the agent did not write.

A document may hold `<tool_call>`, `<answer>`, role tokens or instructions, by chance or by intent.
`neutralise` rewrites control marks one character for one (`<` becomes `‹`), so that the text still
reads the same and no parser, ours or a chat template's, takes it for structure. `corpus.quotes` undoes the
rewriting, so that a quote copied from the fenced text is still found in its source. Of families of models the
marks are listed here; a local model brings its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tamsa.corpus.quotes import INVISIBLE

CONTROL_TAGS = (
    "think",
    "tool_call",
    "tool_response",
    "tool",
    "tools",
    "answer",
    "finding",
    "quote",
    "settlement",
    "report",
    "plan",
    "fold",
    "function_call",
    "function",
    "system",
    "user",
    "assistant",
    "human",
    "instructions",
    "invoke",
    "parameter",
)
_TAG = re.compile(rf"<(?=\s*+/?\s*+(?:antml:)?(?:{'|'.join(CONTROL_TAGS)})\b)", re.IGNORECASE)
_ROLE_TOKEN = re.compile(
    r"<(?=[|｜])|(?<=[|｜])>|<(?=/?s>)|<<(?=/?SYS>>)|<(?=(?:start_of|end_of|begin_of)_\w+>)"
    r"|<(?=(?:bos|eos|pad|unk|mask|cls|sep|sop|eop|extra_id_\d+|unused\d+|0x[0-9A-Fa-f]{2})>)"
)
_BRACKET_TOKEN = re.compile(
    r"\[(?=/?(?:INST|SYSTEM_PROMPT|MODEL_SETTINGS|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|CALL_ID|ARGS|THINK|"
    r"BOS|EOS|EOT|PAD|UNK|MASK|CLS|SEP|[gs]MASK|PREFIX|SUFFIX|MIDDLE|control_\d+)\])"
)
_STAND_IN = {"<": "‹", "[": "［"}


def neutralise(text: str, marks: Iterable[str] = ()) -> str:
    """Make foreign text harmless: control tags and role tokens defused, invisible characters dropped.

    Args:
        text: of a document, a tool or a server.
        marks: further control tokens, those of the model that is to read it; only what begins with `<` or `[`.
    """
    text = INVISIBLE.sub("", text)
    text = _TAG.sub("‹", text)
    text = _ROLE_TOKEN.sub(lambda match: "‹" * len(match[0]) if "<" in match[0] else "›", text)
    text = _BRACKET_TOKEN.sub("［", text)
    for mark in marks:
        if mark[0] in _STAND_IN and mark in text:
            text = text.replace(mark, _STAND_IN[mark[0]] + mark[1:])
    return text


def clean(text: str) -> str:
    """Make a model's text storable: lone surrogates and NULs, which no encoder takes, are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
