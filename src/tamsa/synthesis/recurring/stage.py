"""The stage of recurring facts: documents in, reading samples out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from tamsa.corpus import SearchIndex
from tamsa.synthesis.decontamination import Evaluations
from tamsa.synthesis.recurring.comparisons import comparisons
from tamsa.synthesis.recurring.gathering import gathered_rows
from tamsa.synthesis.recurring.rows import Sample
from tamsa.synthesis.recurring.samples import Samples
from tamsa.synthesis.recurring.shelf import Shelf
from tamsa.types import Document

OVERLAPS = "recurring fact: overlaps with an evaluation question"
COMPARED = 10
"""Every which sample compares two pages."""
GATHERED = 4
"""Of every which question of two sentences the evidence is gathered by rules, in all others it is laid out."""


def recurring_rows(
    documents: Iterable[Document],
    index: SearchIndex,
    count: int,
    *,
    seed: int = 0,
    barred: Collection[str] = (),
    evaluations: Evaluations | None = None,
    on_progress: Callable[[str, int], None] = lambda stage, done: None,
    left_out: dict[str, int] | None = None,
) -> Iterator[Mapping[str, Any]]:
    """Yield rows of the supervised data set.

    Args:
        documents: in a fixed order.
        index: of the same documents; finds the titles that a text names, and what rules gather.
        count: rows at most; poor documents give fewer.
        seed: the same gives the same rows.
        barred: ids of documents of which no sentence is shown.
        evaluations: questions that none may overlap with.
        on_progress: called with what is done and how much of it.
        left_out: receives how many were left out for overlapping.
    """
    shelf = Shelf(documents, index.mentions, lambda done: on_progress("read", done))
    done = bridged = 0
    for sample in islice(_mixed(shelf, seed, count, barred), 2 * count):
        if evaluations is not None and evaluations.overlap(sample.gold(shelf)) is not None:
            if left_out is not None:
                left_out[OVERLAPS] = left_out.get(OVERLAPS, 0) + 1
            continue
        rows: Iterable[Mapping[str, Any]] = [sample.row()]
        if sample.answer and sample.origin and len(sample.copied) == 2:
            bridged += 1
            if bridged % GATHERED == 0:
                rows = gathered_rows(sample, shelf, index, seed, barred)
        for row in islice(rows, count - done):
            yield row
            done += 1
            if done % 500 == 0:
                on_progress("write", done)
        if done >= count:
            return


def _mixed(shelf: Shelf, seed: int, count: int, barred: Collection[str]) -> Iterator[Sample]:
    """Yield samples of pairs, with a comparison among them now and then."""
    numbers = {number for number, page in enumerate(shelf.pages) if page.id in barred}
    compared = comparisons(shelf, seed, count, numbers)
    for place, sample in enumerate(Samples(shelf, seed, numbers), start=1):
        yield sample
        if place % (COMPARED - 1) == 0 and (other := next(compared, None)) is not None:
            yield other
