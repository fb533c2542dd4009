"""The stage of recurring facts: documents in; reading samples, prompts and questions for evaluation out."""

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
from tamsa.synthesis.recurring.shelf import Line, Shelf
from tamsa.types import Document

OVERLAPS = "recurring fact: overlaps with an evaluation question"
HELD = "recurring fact: asks for what a question held out asks for"
COMPARED = 10
"""Every which sample compares two pages."""
GATHERED = 4
"""Of every which question of two sentences the evidence is gathered by rules, in all others it is laid out."""
PASSES, NEW = 40, 0.02
"""Times that the documents are gone through at most, and the share of new questions below which no further time is."""
SPREAD = 0.2
"""Share of the sentences that may be kept for evaluation."""


class Recurring:
    """Documents, read once, and what is asked about them in their own words.

    Args:
        documents: in a fixed order.
        index: of the same documents; finds the titles that a text names, and what rules gather.
        seed: the same gives the same questions.
        held: sentences that questions of another kind ask for in evaluation (document and offset).
        evaluations: questions that none may overlap with.
        on_progress: called with what is done and how much of it.
        left_out: receives how many questions were left out, by reason.
    """

    def __init__(
        self,
        documents: Iterable[Document],
        index: SearchIndex,
        *,
        seed: int = 0,
        held: Collection[tuple[str, int]] = (),
        evaluations: Evaluations | None = None,
        on_progress: Callable[[str, int], None] = lambda stage, done: None,
        left_out: dict[str, int] | None = None,
    ) -> None:
        self.shelf = Shelf(documents, index.mentions, lambda done: on_progress("read", done))
        self._index, self._seed, self._evaluations = index, seed, evaluations
        self._on_progress = on_progress
        self._left_out = {} if left_out is None else left_out
        self._held = set(held)
        """Sentences whose facts are asked for in evaluation alone."""
        self._answers: dict[str, set[int]] = {}
        """Answers held out, with the pages that their questions rest on."""
        self._questions: set[str] = set()

    def held_out(self, count: int, known: Collection[tuple[str, int]] = ()) -> list[Sample]:
        """Draw questions of two sentences for evaluation, each ending on a sentence of its own.

        What is drawn afterwards asks neither for what these sentences say nor for the same answer from a page of
        theirs; the sentences may still be shown.

        Args:
            count: questions at most; a fifth of the sentences are kept for evaluation at most.
            known: sentences that training asks about in other ways (document and offset); none ends on them.
        """
        known, found = frozenset(known), list[Sample]()
        most = min(count, int(SPREAD * len(self.shelf.lines)))
        for sample in self._drawn("held out", 20 * count):
            if len(found) >= most:
                break
            if _leads_on(sample) and (place := _place(sample.copied[-1])) not in known | self._held:
                self._held.add(place)
                self._questions.add(sample.question)
                self._answers.setdefault(sample.answer, set()).update(_pages(sample))
                found.append(sample)
        return found

    def prompts(self, count: int) -> Iterator[Sample]:
        """Yield questions of two sentences for reinforcement, `count` at most, each once."""
        asked = set[str]()
        for sample in self._drawn("prompts", 20 * count):
            if len(asked) >= count:
                return
            if _leads_on(sample) and not self._asks_for_held(sample) and sample.question not in asked:
                asked.add(sample.question)
                yield sample
                if len(asked) % 100 == 0:
                    self._on_progress("prompts", len(asked))

    def rows(self, count: int) -> Iterator[Mapping[str, Any]]:
        """Yield rows of the supervised data set, `count` at most; poor documents give fewer."""
        done = bridged = 0
        for sample in self._drawn("", 2 * count):
            if self._asks_for_held(sample):
                self._left_out[HELD] = self._left_out.get(HELD, 0) + 1
                continue
            rows: Iterable[Mapping[str, Any]] = [sample.row()]
            if _leads_on(sample):
                bridged += 1
                if bridged % GATHERED == 0:
                    rows = gathered_rows(sample, self.shelf, self._index, self._seed)
            for row in islice(rows, count - done):
                yield row
                done += 1
                if done % 500 == 0:
                    self._on_progress("write", done)
            if done >= count:
                return

    def _drawn(self, purpose: str, tries: int) -> Iterator[Sample]:
        """Yield samples of pairs, with a comparison among them now and then; none overlaps with an evaluation."""
        for sample in islice(self._passes(purpose, tries), tries):
            if self._evaluations is not None and self._evaluations.overlap(sample.gold(self.shelf)) is not None:
                self._left_out[OVERLAPS] = self._left_out.get(OVERLAPS, 0) + 1
                continue
            yield sample

    def _passes(self, purpose: str, tries: int) -> Iterator[Sample]:
        """Go through the documents again and again, in other words each time, until little is new."""
        asked, compared = set[str](), comparisons(self.shelf, self._seed, tries)
        for number in range(PASSES):
            known = len(asked)
            for sample in self._mixed(f"{purpose}{number or ''}", compared):
                if number == 0 or sample.question not in asked:
                    yield sample
                asked.add(sample.question)
            if len(asked) - known < NEW * len(asked):
                return

    def _mixed(self, purpose: str, compared: Iterator[Sample]) -> Iterator[Sample]:
        for place, sample in enumerate(Samples(self.shelf, self._seed, purpose), start=1):
            yield sample
            if place % (COMPARED - 1) == 0 and (other := next(compared, None)) is not None:
                yield other

    def _asks_for_held(self, sample: Sample) -> bool:
        asked = {_place(line) for line in (sample.origin, *sample.copied[-1:]) if line is not None}
        elsewhere = self._answers.get(sample.asked_for or sample.answer, set()) & _pages(sample)
        return bool(asked & self._held or elsewhere or sample.question in self._questions)


def _leads_on(sample: Sample) -> bool:
    """Tell whether an answerable question takes two sentences, the one leading to the other."""
    return bool(sample.answer and sample.origin is not None and len(sample.copied) == 2)


def _pages(sample: Sample) -> set[int]:
    return {line.page for line in (sample.origin, *sample.copied) if line is not None}


def _place(line: Line) -> tuple[str, int]:
    return line.page_id, line.sentence.start
