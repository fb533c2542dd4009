"""The shortcut test: one plain search on the question, one page read, must not give the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tamsa.synthesis.records import GoldQuestion
from tamsa.types import Hit

SEEN_HITS = 5
"""Hits of the plain search that count as seen."""
_OVER_SEVERAL = frozenset({"comparison", "yes_no", "temporal", "counting"})
"""Kinds whose answer is worked out from all the evidence, not read off the last page."""


def takes_shortcut(
    question: GoldQuestion, search: Callable[[str, int], Sequence[Hit]], *, hits: int = SEEN_HITS
) -> bool:
    """Tell whether the first search on the question shows a page that alone gives the answer.

    A chain ends on one page that states the answer: it fails if that page is among the first hits. Where the answer
    is worked out from several facts, the test fails only if one page among the first hits states all of them. A
    question without an answer takes no shortcut: nothing shows that there is none. Neither does a conflict: the page
    that is right looks no different from the pages that are wrong.
    """
    if question.kind in ("unanswerable", "conflict") or not question.chain:
        return False
    pages = [hop.evidence.document for hop in question.chain]
    if question.kind in _OVER_SEVERAL and len(set(pages)) > 1:
        return False
    return pages[-1] in {hit.id for hit in search(question.question, hits)}
