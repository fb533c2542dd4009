"""Fences around text that the agent did not write.

A document may hold `<tool_call>`, `<answer>`, role tokens or instructions, by chance or by intent.
`neutralise` rewrites control marks one character for one (`<` becomes `‹`), so that the text still
reads the same and no parser, ours or a chat template's, takes it for structure. `fold` undoes the
rewriting, so that a quote copied from the fenced text is still found in its source.
"""

from __future__ import annotations

import re
import unicodedata

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
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\U000e0100-\U000e01ef\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)

_SAME = str.maketrans(
    {
        "‹": "<",
        "［": "[",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "‚": "'",
        "′": "'",
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "…": ".",
    }
)


def neutralise(text: str) -> str:
    """Make foreign text harmless: control tags and role tokens defused, invisible characters dropped."""
    text = _INVISIBLE.sub("", text)
    text = _TAG.sub("‹", text)
    text = _ROLE_TOKEN.sub(lambda match: "‹" * len(match[0]) if "<" in match[0] else "›", text)
    return _BRACKET_TOKEN.sub("［", text)


def clean(text: str) -> str:
    """Make a model's text storable: lone surrogates and NULs, which no encoder takes, are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def fold(text: str) -> tuple[str, list[int]]:
    """Reduce a text to what a quote must share with its source.

    White space runs become one space, typographic quotes and dashes their plain forms, invisible
    characters vanish, compatibility forms are unified (NFKC). Letters, digits and their case stay.

    Returns:
        The folded text, and for each of its characters the offset of its origin in `text`; one more
        entry closes the list with `len(text)`.
    """
    folded: list[str] = []
    origins: list[int] = []
    space = True  # leading white space vanishes
    for offset, char in enumerate(text):
        if not (char.isascii() and char.isprintable()) and _INVISIBLE.match(char):
            continue
        if char.isspace():
            if not space:
                folded.append(" ")
                origins.append(offset)
                space = True
            continue
        if not char.isascii():
            char = unicodedata.normalize("NFKC", char.translate(_SAME)).translate(_SAME)
        elif char == "`":
            char = "'"
        for part in char:
            folded.append(part)
            origins.append(offset)
        space = False
    if folded and folded[-1] == " ":
        folded.pop()
        origins.pop()
    origins.append(len(text))
    return "".join(folded), origins
