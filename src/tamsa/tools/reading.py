"""Reading a long document for a goal: the passages that fit it best, chosen without any model."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tamsa.corpus.analysis import terms
from tamsa.corpus.chunks import split
from tamsa.types import Document

PASSAGE_CHARS = 480
"""Longest passage."""
GAP = "\n[…]\n"
"""Stands between passages that are not neighbours."""

Span = tuple[int, int]


def best_passages(document: Document, goal: str, size: int) -> list[Span]:
    """Choose the opening and the passages that share most with a goal.

    Time is linear in the document's length; 400,000 characters take well under a second.

    Args:
        document: the document.
        goal: what the reader wants to learn.
        size: characters that the passages may fill together.

    Returns:
        Half-open spans of the document's text in its order, neighbours joined; empty where no passage
        shares a word with the goal.
    """
    passages = split(document.text, document.sections, max_chars=min(PASSAGE_CHARS, size))
    wanted = terms(goal)
    counts = [{term: n for term, n in terms(passage.text).items() if term in wanted} for passage in passages]
    rarity = {term: math.log(1 + len(passages) / (1 + sum(term in found for found in counts))) for term in wanted}
    scores = [sum(rarity[term] * n / (n + 0.5) for term, n in found.items()) for found in counts]
    if not any(scores):
        return []
    order = sorted(range(len(passages)), key=lambda i: (i != 0, -scores[i], i))  # the opening says what it is about
    chosen, left = [], size
    for i in order:
        length = passages[i].end - passages[i].start + len(GAP)
        if (i == 0 or scores[i] > 0) and length <= left:
            chosen.append(i)
            left -= length
    return join(sorted((passages[i].start, passages[i].end) for i in chosen))


def join(spans: Sequence[Span]) -> list[Span]:
    """Join spans, given in order, that touch or overlap."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def show_passages(text: str, spans: Sequence[Span]) -> str:
    """Write passages one below the other, with a mark for what is left out."""
    shown = GAP.join(text[start:end].strip() for start, end in spans)
    before = GAP.lstrip() if spans and spans[0][0] > 0 else ""
    after = GAP.rstrip() if spans and spans[-1][1] < len(text) else ""
    return before + shown + after
