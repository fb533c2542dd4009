"""The stage that makes questions: drawn and checked shard by shard, then freed of near-duplicates in one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tamsa.corpus import SearchIndex, open_documents
from tamsa.synthesis.checks import Alike, Checker
from tamsa.synthesis.decontamination import Evaluations
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.flywheel import Steering
from tamsa.synthesis.graph import Graph
from tamsa.synthesis.questions import QuestionConfig, QuestionMaker
from tamsa.synthesis.questions.maker import SHARES
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.shards import Crew, Shards
from tamsa.synthesis.teacher.rehearsal import Rehearsal

EMPTY_SHARDS = 8
"""Shards in a row without one new question after which the documents are exhausted."""


@dataclass(frozen=True, slots=True)
class QuestionJob:
    """Draws and checks shards of questions."""

    index: str
    graph: str
    seed: int
    decontaminate: tuple[str, ...] = ()
    slots: Mapping[str, float] = field(default_factory=dict)
    """Factors on the shares of slots, from the flywheel."""
    relations: Mapping[str, float] = field(default_factory=dict)
    """Factors on relations."""

    def open(self) -> tuple[QuestionMaker, Checker, Graph, SearchIndex]:
        """Open graph and index."""
        graph = Graph.open(self.graph)
        index = open_documents([Path(self.index)])
        domain = Domain(graph, index.get)
        shares = {name: share * self.slots.get(name, 1.0) for name, share in SHARES.items()}
        config = QuestionConfig(shares=shares, relation_weights=dict(self.relations))
        evaluations = Evaluations.read(*self.decontaminate) if self.decontaminate else None
        maker = QuestionMaker(domain, config, seed=self.seed)
        checker = Checker(domain, index.search, evaluations, lost=Rehearsal(index).lost)
        return maker, checker, graph, index

    def run(
        self, state: tuple[QuestionMaker, Checker, Graph, SearchIndex], shard: tuple[int, None]
    ) -> list[dict[str, Any]]:
        """Make one shard: the counts of what was refused, then the questions that passed."""
        maker, checker, _, _ = state
        maker.refused.clear()
        checker.counts.clear()
        passed: list[dict[str, Any]] = []
        for drawn in maker.shard(shard[0]):
            outcome = checker.check(drawn)
            if isinstance(outcome, GoldQuestion):
                passed.append(outcome.to_json())
        return [{"drafts": dict(maker.refused), "checks": dict(checker.counts)}, *passed]


def make_questions(
    job: QuestionJob, shards: Shards, crew: Crew, counts: Counter[str], retired: frozenset[str]
) -> Iterator[GoldQuestion]:
    """Yield questions until the documents give no more; read as many as are wanted.

    Args:
        job: draws and checks.
        shards: where the shards are kept.
        crew: who does the work.
        counts: receives what was drawn, tested and refused, by reason.
        retired: ids that an earlier round is done with.
    """
    alike = Alike()
    empty = 0
    for records in shards.run(job, ((number, None) for number in count()), crew):
        head, *passed = records
        counts.update({name: number for name, number in head["checks"].items() if name != "passed"})
        fresh = 0
        for record in passed:
            question = GoldQuestion.from_json(record)
            if question.id in retired:
                counts["retired"] += 1
            elif not alike.admit(question):
                counts["alike"] += 1
            else:
                fresh += 1
                yield question
        empty = 0 if fresh else empty + 1
        if empty == EMPTY_SHARDS:
            return


def steered(job: QuestionJob, steering: Steering | None) -> QuestionJob:
    """Return a job that draws what an earlier round asks for."""
    if steering is None:
        return job
    return QuestionJob(job.index, job.graph, job.seed, job.decontaminate, steering.slots, steering.relations)
