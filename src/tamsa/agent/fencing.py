"""Fences around text that the agent did not write.

A document may hold `<tool_call>`, `<answer>`, role tokens or instructions, by chance or by intent.
`neutralise` rewrites control marks one character for one (`<` becomes `‹`), so that the text still
reads the same and no parser, ours or a chat template's, takes it for structure. `corpus.quotes` undoes the
rewriting, so that a quote copied from the fenced text is still found in its source.
"""

from __future__ import annotations

import re

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
_TAG = re.compile(rf"<(?=\s*/?\s*(?:antml:)?(?:{'|'.join(CONTROL_TAGS)})\b)", re.IGNORECASE)
_ROLE_TOKEN = re.compile(
    r"<(?=[|｜])|(?<=[|｜])>|<(?=/?s>)|<<(?=/?SYS>>)|<(?=start_of_turn>|end_of_turn>|bos>|eos>|pad>)"
)
_BRACKET_TOKEN = re.compile(r"\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])")


def neutralise(text: str) -> str:
    """Make foreign text harmless: control tags and role tokens defused, invisible characters dropped."""
    text = INVISIBLE.sub("", text)
    text = _TAG.sub("‹", text)
    text = _ROLE_TOKEN.sub(lambda match: "‹" * len(match[0]) if "<" in match[0] else "›", text)
    return _BRACKET_TOKEN.sub("［", text)


def clean(text: str) -> str:
    """Make a model's text storable: lone surrogates and NULs, which no encoder takes, are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
