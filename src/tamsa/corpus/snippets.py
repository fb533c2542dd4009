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
    best, best_score, needed, first = 0, 0, 0, -1
    for edge in edges:
        inside: dict[str, int] = {}
        for at, stem in places:
            if edge <= at and at + len(stem) <= edge + max_chars:
                inside.setdefault(stem, at + len(stem))
        if not inside:
            continue
        opening = next(at for at, _ in places if at >= edge)
        # Of equals the first, which tells what the thing is; it begins with the sentence of its first word.
        if len(inside) > best_score or (len(inside) == best_score and opening == first):
            best, best_score, needed, first = edge, len(inside), max(inside.values()), opening
    if not best_score and places:
        best = max(0, places[0][0] - 40)
    end = min(len(text), best + max_chars)
    if end < len(text):
        least = max(needed, best + max_chars // 2)
        inner = [edge for edge in edges if least <= edge <= end]
        last = text.rfind(" ", least, end)
        end = inner[-1] if inner else last if last > 0 else end
    return best, end
