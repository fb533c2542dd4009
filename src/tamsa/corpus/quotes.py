"""Quotes: where words said to stand in a document do stand in it."""

from __future__ import annotations

import re
import unicodedata

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\U000e0100-\U000e01ef\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
"""Characters that no reader sees; they neither make nor break a quote."""

_SAME = str.maketrans(
    {
        "‹": "<",
        "›": ">",
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

MIN_QUOTE_CHARS = 8
"""Shorter quotes are dropped unless they are a whole line or table cell: they would match by chance."""
MAX_QUOTE_CHARS = 1_200
_ELLIPSIS = re.compile(r"^(?:\.\.\.|…|\s)+|(?:\.\.\.|…|\s)+$")
_CELL_EDGES = frozenset("\n|,;\t")


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Find a quote in a text.

    White space, typographic quotes and dashes, and invisible characters may differ; nothing else may.

    Returns:
        Offsets `[start, end)` into `text`, or None if it does not stand there.
    """
    return FoldedText(text).locate(quote)


class FoldedText:
    """A text prepared for many quotes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded: tuple[str, list[int]] | None = None

    def locate(self, quote: str) -> tuple[int, int] | None:
        """Find a quote; see `locate`."""
        if len(quote) > 4 * MAX_QUOTE_CHARS:  # white space and all
            return None
        wanted = _ELLIPSIS.sub("", quote)
        if not wanted or len(wanted) > MAX_QUOTE_CHARS:
            return None
        start = self.text.find(wanted)
        if start >= 0:
            span = start, start + len(wanted)
        else:
            if self._folded is None:
                self._folded = fold(self.text)
            folded, origins = self._folded
            needle = _ELLIPSIS.sub("", fold(wanted)[0])
            at = folded.find(needle) if needle else -1
            if at < 0:
                return None
            last = at + len(needle) - 1
            span = origins[at], origins[last] + 1
        return span if self._telling(*span) else None

    def _telling(self, start: int, end: int) -> bool:
        quote = self.text[start:end]
        if not any(char.isalnum() for char in quote):
            return False
        if len(quote) >= MIN_QUOTE_CHARS:
            return True
        before = self.text[:start].rstrip(" ")[-1:]
        after = self.text[end:].lstrip(" ")[:1]
        return (not before or before in _CELL_EDGES) and (not after or after in _CELL_EDGES)


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
        if not (char.isascii() and char.isprintable()) and INVISIBLE.match(char):
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
