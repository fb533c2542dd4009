"""Rounds of the flywheel: a model tries the last round's questions, learns from them, and the next are drawn by how
it did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tamsa.agent.budget import Budget
from tamsa.corpus import Index, SearchIndex
from tamsa.errors import InputError
from tamsa.scoring.judge import Judge
from tamsa.store import make_folder, read_json, read_jsonl
from tamsa.synthesis.curation import grade
from tamsa.synthesis.explore_stage import SOLVED_PER_SHARD, Judged, Solver, question_shards, read_judged
from tamsa.synthesis.flywheel import Steering, steer
from tamsa.synthesis.held_out import HELD_OUT, HELD_OUT_RECURRING, apart
from tamsa.synthesis.lessons import Tried, Tutor
from tamsa.synthesis.pipeline import Synthesis
from tamsa.synthesis.plan import OnProgress, Plan, Summary
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.shards import Crew, Shards
from tamsa.types import Model


@dataclass
class Flywheel:
    """A series of rounds in one folder, `round-0`, `round-1`, …, over one index and graph.

    Args:
        plan: what each round is to make; its seed moves on by one a round.
        out: folder of the rounds.
        runner: keeps the event loop of the model's connections.
        crew: who does the work.
        concurrency: runs of the model side by side.
        budget: limits of one of its runs.
        judge: asked about answers that the exact match refuses.
        on_progress: called as the work goes on.
    """

    plan: Plan
    out: Path
    runner: asyncio.Runner
    crew: Crew = field(default_factory=Crew)
    concurrency: int = 4
    budget: Budget | None = None
    judge: Judge | None = None
    on_progress: OnProgress = lambda stage, done, total: None

    def folder(self, number: int) -> Path:
        """Name the folder of a round."""
        return self.out / f"round-{number}"

    def run(self, number: int, model: Model | None) -> Summary:
        """Make one round. Round 0 needs no model; each other one needs the round before and the model.

        Raises:
            InputError: the round before is not finished, or the model is missing.
            ConfigError: the cluster is not there.
        """
        self.crew.check()
        steering: Steering | None = None
        tried: list[Tried] = []
        plan = replace(self.plan, seed=self.plan.seed + number)
        held = self._held_out(number)
        if number > 0:
            if model is None:
                raise InputError(f"--round {number} needs --model: the checkpoint whose failures steer it")
            plan = replace(plan, held_out=0)
            if not (self.folder(number) / "summary.json").exists():
                steering, tried = self._learn(number, model, held)
        work = Synthesis(
            plan,
            self.folder(number),
            self.crew,
            solvers={} if model is None or plan.closed_book is None else {plan.closed_book: model},
            runner=self.runner,
            judge=self.judge,
            budget=self.budget,
            concurrency=self.concurrency,
            steering=steering,
            tried=tried,
            kept_out=held,
            shared=self.out / "documents",
        )
        work.on_progress = self.on_progress
        return work.run()

    def _held_out(self, number: int) -> list[GoldQuestion]:
        """Return what earlier rounds keep for evaluation: the first holds out for all."""
        names = (HELD_OUT, HELD_OUT_RECURRING)
        files = [self.folder(earlier) / name for earlier in range(number) for name in names]
        return [GoldQuestion.from_json(record) for path in files if path.exists() for record in read_jsonl(path)]

    def _learn(self, number: int, model: Model, held: Sequence[GoldQuestion]) -> tuple[Steering, list[Tried]]:
        """Let the model try the questions of the round before: what that teaches, and what it asks for next."""
        before = self.folder(number - 1)
        if not (before / "summary.json").exists():
            raise InputError(f"{before}: round {number - 1} is not finished; run it first")
        docs = read_json(before / "plan.json")["docs"]
        if docs != list(self.plan.docs):
            raise InputError(
                f"{self.out}: its rounds are over other documents ({', '.join(docs)}); name the same --docs, or choose "
                "another --out"
            )
        questions = apart([GoldQuestion.from_json(record) for record in read_jsonl(before / "questions.jsonl")], held)
        make_folder(self.folder(number))
        mode = model.profile.mode if model.profile.mode in self.plan.modes else self.plan.modes[0]
        index = Index.open(self.out / "documents" / "index")
        try:
            judged = self._try(number, model, questions[: self.plan.solver_questions], index, mode)
            tutor = Tutor(index, mode=mode, seed=self.plan.seed + number, habits=self.plan.habits)
            tried = list(tutor.learn(questions, judged))
        finally:
            index.close()
        path = self.folder(number) / "steering.json"
        if path.exists():
            return Steering.read(path), tried
        graded = [grade(item.question, [item.rate(model.name)]) for item in tried]
        earlier = before / "steering.json"
        steering = steer(
            questions,
            graded,
            model=model.name,
            number=number,
            before=Steering.read(earlier) if earlier.exists() else None,
        )
        steering.write(path)
        return steering, tried

    def _try(
        self, number: int, model: Model, questions: Sequence[GoldQuestion], index: SearchIndex, mode: str
    ) -> list[Judged]:
        solver = Solver(
            model, self.runner, index, self.plan.solver_samples, self.concurrency, self.budget, self.judge, mode
        )
        judged: list[Judged] = []
        shards = Shards(self.folder(number) / "shards", "trial")
        for records in shards.run(solver, question_shards(questions, SOLVED_PER_SHARD), Crew()):
            judged += map(read_judged, records)
            self.on_progress(f"try {model.name}", len(judged) // self.plan.solver_samples, len(questions))
        return judged
