"""Reciprocal rank fusion of two rankings (Cormack, Clarke and Buettcher, SIGIR 2009)."""

from __future__ import annotations

from collections.abc import Sequence

K = 10.0
"""Added to each rank; small, since only the first ranks of either list are worth much here."""
DENSE_WEIGHT = 0.5
"""Weight of the dense ranking beside the lexical one."""


def fuse(rankings: Sequence[tuple[Sequence[bytes], float]], k: float = K) -> dict[bytes, float]:
    """Fuse rankings, given best first with a weight each; return scores, best first."""
    scores: dict[bytes, float] = {}
    for ranking, weight in rankings:
        for rank, key in enumerate(ranking, start=1):
            scores[key] = scores.get(key, 0.0) + weight / (k + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
