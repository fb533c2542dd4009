"""Snippets: the part of a chunk that answers a query best, cut at sentence ends."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_CHARS = 400
"""Longest snippet."""

_EDGE = re.compile(r"""(?<=[.!?…。])["'»”’)\]]*\s+|\n+""")


def best_window(text: str, stems: Iterable[str], max_chars: int = MAX_CHARS) -> tuple[int, int]:
    """Return `[start, end)` of the stretch of a text that holds most of the query's distinct words.

    Args:
        text: a chunk.
        stems: the query's index terms; a word counts when it begins with one.
        max_chars: bound on the stretch.
    """
    if len(text) <= max_chars:
        return 0, len(text)
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals change length in lower case; offsets must not move
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    places: list[tuple[int, str]] = []
    for stem in set(stems):
        at = lowered.find(stem)
        while at >= 0 and len(places) < 400:
            if at == 0 or not lowered[at - 1].isalnum():
                places.append((at, stem))
            at = lowered.find(stem, at + 1)
    places.sort()
    edges = [0, *(match.end() for match in _EDGE.finditer(text))]
    best, best_score = 0, -1
    for edge in edges:
        score = len({stem for at, stem in places if edge <= at < edge + max_chars})
        if score > best_score:
            best, best_score = edge, score
    if best_score <= 0 and places:
        best = max(0, places[0][0] - 40)
    end = min(len(text), best + max_chars)
    if end < len(text):
        inner = [edge for edge in edges if best + max_chars // 2 < edge <= end]
        space = text.rfind(" ", best + max_chars // 2, end)
        end = inner[-1] if inner else (space if space > 0 else end)
    return best, end
