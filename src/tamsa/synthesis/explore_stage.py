"""The stages that explore: the oracle teacher over shards of questions, and solvers that show how hard they are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from tamsa.agent.budget import Budget
from tamsa.agent.guided import MODE, GuidedPolicy
from tamsa.corpus import SearchIndex, open_documents
from tamsa.scoring.judge import Judge
from tamsa.synthesis.exploration import Exploration, TeacherExplorer, explore, explore_many
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.teacher.habits import Habits
from tamsa.synthesis.verdicts import Verdict, ask_judge, judge_trajectory
from tamsa.tools import corpus_toolset, page_chars
from tamsa.types import Model

QUESTIONS_PER_SHARD = 200
SOLVED_PER_SHARD = 25
"""Questions that a solver tries between two checkpoints."""

Judged = tuple[Exploration, Verdict]


def question_shards(questions: Iterable[GoldQuestion], size: int) -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """Cut questions into numbered shards of plain records; a stream is read no further than it must be."""
    stream = iter(questions)
    for number in count():
        shard: list[Mapping[str, Any]] = [question.to_json() for question in islice(stream, size)]
        if not shard:
            return
        yield number, shard


def read_judged(record: Mapping[str, Any]) -> Judged:
    """Read a trajectory with its verdict."""
    return Exploration.from_json(record["exploration"]), Verdict.from_json(record["verdict"])


def write_judged(exploration: Exploration, verdict: Verdict) -> dict[str, Any]:
    """Write a trajectory with its verdict as one record."""
    return {"exploration": exploration.to_json(), "verdict": verdict.to_json()}


@dataclass(frozen=True, slots=True)
class TeachJob:
    """Explores shards of questions with the oracle teacher and judges the trajectories."""

    index: str
    """Folder of the index."""
    mode: str
    seed: int
    samples: int
    habits: Habits

    def open(self) -> TeacherExplorer:
        """Open the index."""
        index = open_documents([Path(self.index)])
        return TeacherExplorer(index, seed=self.seed, mode=self.mode, habits=self.habits)

    def run(self, state: TeacherExplorer, shard: tuple[int, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
        """Explore a shard of questions."""
        records = []
        for record in shard[1]:
            question = GoldQuestion.from_json(record)
            for sample in range(self.samples):
                exploration = state.explore(question, sample)
                records.append(write_judged(exploration, judge_trajectory(question, exploration)))
        return records


@dataclass(frozen=True, slots=True)
class Solver:
    """A model that tries questions several times. Its endpoint is never asked for more than `concurrency` at once."""

    model: Model
    runner: asyncio.Runner
    """Keeps the event loop that the model's connections belong to."""
    index: SearchIndex
    samples: int
    concurrency: int = 4
    budget: Budget | None = None
    judge: Judge | None = None
    mode: str | None = None
    """How it researches; None: as it was trained to."""

    def open(self) -> None:
        """Do nothing: the model is open."""

    def run(self, state: None, shard: tuple[int, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
        """Try a shard of questions."""
        questions = [GoldQuestion.from_json(record) for record in shard[1]]
        return self.runner.run(self._solve(questions))

    async def _solve(self, questions: Sequence[GoldQuestion]) -> list[dict[str, Any]]:
        by_id = {question.id: question for question in questions}
        mode = self.mode or self.model.profile.mode
        led = GuidedPolicy(self.model) if mode == MODE else None
        policy = led or self.model

        async def one(question: GoldQuestion, sample: int) -> Exploration:
            tools = corpus_toolset(self.index, page_chars=page_chars(policy), profile=policy.profile)
            return await explore(
                question, model=self.model, tools=tools, mode=mode, sample=sample, budget=self.budget, led=led
            )

        found = await explore_many(questions, explorer=one, num_samples=self.samples, concurrency=self.concurrency)
        records = []
        for exploration in found:
            question = by_id[exploration.question_id]
            verdict = judge_trajectory(question, exploration)
            if self.judge is not None:
                verdict = await ask_judge(question, exploration, verdict, self.judge)
            records.append(write_judged(exploration, verdict))
        return records
