"""Text without the marks of Markdown, so that sentences read as they are said; every place leads back to the document.

`Crash was made by [Ann Lee](Ann%20Lee.md)` says what `Crash was made by Ann Lee` says, and no pattern should have to
know of brackets.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from tamsa.types import Document

_MARKUP = re.compile(
    r"!\[[^\[\]\n]*\]\([^()\n]*\)"  # a picture says nothing
    r"|\[\[(?:[^\[\]|\n]*\|)?(?P<wiki>[^\[\]|\n]+)\]\]"
    r"|\[(?P<link>[^\[\]\n]+)\]\((?:[^()\n]|\([^()\n]*\))*\)"
    r"|\*\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*\*"
)


@dataclass(frozen=True, slots=True)
class Plain:
    """A document without marks."""

    document: Document
    """The document, its text and links without marks."""
    starts: Sequence[int]
    """Where the stretches that were kept begin in the plain text; empty where nothing was left out."""
    shifts: Sequence[int]
    """How many characters were left out before each."""

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the document of a place in the plain text."""
        if not self.starts or start >= end:
            return start, end
        first, last = (bisect_right(self.starts, at) - 1 for at in (start, end - 1))
        return start + self.shifts[first], end + self.shifts[last]

    def plain(self, at: int) -> int:
        """Return the place in the plain text of a place in the document; of a mark, where the text goes on."""
        if not self.starts:
            return at
        begins = [start + shift for start, shift in zip(self.starts, self.shifts, strict=True)]
        piece = bisect_right(begins, at) - 1
        if piece < 0:
            return 0
        end = self.starts[piece + 1] if piece + 1 < len(self.starts) else len(self.document.text)
        return min(at - self.shifts[piece], end)


def without_marks(document: Document) -> Plain:
    """Leave out what a document writes around its words: brackets and targets of links, pictures, bold type."""
    text = document.text
    if not any(mark in text for mark in ("](", "[[", "**")):
        return Plain(document, (), ())
    kept: list[tuple[int, int]] = []
    at = 0
    for match in _MARKUP.finditer(text):
        kept.append((at, match.start()))
        if match.lastgroup:
            kept.append(match.span(match.lastgroup))
        at = match.end()
    kept = [(start, end) for start, end in (*kept, (at, len(text))) if start < end]
    if at == 0:
        return Plain(document, (), ())
    starts = [0, *accumulate(end - start for start, end in kept)][:-1]
    shifts = [start - plain for (start, _), plain in zip(kept, starts, strict=True)]
    shown = Plain(replace(document, text="".join(text[start:end] for start, end in kept)), starts, shifts)
    links = tuple(replace(link, start=shown.plain(link.start), end=shown.plain(link.end)) for link in document.links)
    whole = replace(shown.document, links=tuple(link for link in links if link.start < link.end), sections=())
    return replace(shown, document=whole)
