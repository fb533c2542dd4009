"""Chunks: the stretches of a document that are indexed one by one.

The chunks of a document partition its text: joined in order they are the text, so that nothing is
lost or stored twice, and `chunk.text == document.text[chunk.start:chunk.end]` always holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tamsa.types import Section

MAX_CHARS = 1600
"""Longest chunk. Long enough for most leads and paragraphs to stay whole, short enough for BM25 to be sharp."""

_SENTENCE = re.compile(r"""[.!?…][)\]"'»”’]*\s+|[。！？][」』”’]*""")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n")
_SPACE = re.compile(r"\s+")
_MERGE = 0.6  # neighbouring sections are one chunk while they fill less than this share of one


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch `[start, end)` of a document's text."""

    text: str
    start: int
    end: int


def split(text: str, sections: Sequence[Section] = (), max_chars: int = MAX_CHARS) -> list[Chunk]:
    """Partition a text into chunks of at most `max_chars` characters.

    Cuts fall on the starts of sections where these are long enough, else (in this order of
    preference) between paragraphs, lines, sentences and words; a run without any of them is cut
    where it must be. An empty text gives one empty chunk, so that a title alone can be found.
    """
    if len(text) <= max_chars and not sections:
        return [Chunk(text, 0, len(text))]
    cuts = [0]
    for start, end in _blocks(len(text), {part.start for part in sections}, max_chars):
        while end - start > max_chars:
            start = _cut(text, start, end, max_chars)
            cuts.append(start)
        cuts.append(end)
    if len(cuts) == 1:
        cuts.append(len(text))
    return [Chunk(text[a:b], a, b) for a, b in pairwise(cuts)]


def _blocks(size: int, starts: Iterable[int], max_chars: int) -> Iterable[tuple[int, int]]:
    if size == 0:
        return
    bounds = sorted({0, size, *(start for start in starts if 0 < start < size)})
    begin = 0
    for here, after in zip(bounds[1:], [*bounds[2:], size], strict=True):
        if here == size or after - begin > max_chars * _MERGE:
            yield begin, here
            begin = here


def _cut(text: str, start: int, end: int, max_chars: int) -> int:
    """Choose where the first chunk of a too long block ends: near an even share of what remains."""
    remaining = end - start
    goal = start + remaining // -(-remaining // max_chars)
    low, high = start + max_chars // 3, min(start + max_chars, end - 1)
    for pattern in (_PARAGRAPH, _LINE, _SENTENCE, _SPACE):
        found = [m.end() for m in pattern.finditer(text, low, high) if low < m.end() <= high]
        if found:
            return min(found, key=lambda place: abs(place - goal))
    return high
