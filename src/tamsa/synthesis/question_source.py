"""Where the questions of a synthesis come from: a file of gold questions, or the documents, checked at every stage.

    graph ▶ drawn and checked ▶ rewritten by a model (where one writes) ┐
    passages ▶ written by a model (where one writes) ────────────────────┴▶ asked without documents (where one answers)

The stages are streams over shards on disk: each reads no more of the one before than it needs.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tamsa.agent.budget import Budget
from tamsa.agent.loop import MAX_QUESTION_CHARS
from tamsa.config import from_mapping
from tamsa.corpus import Index, SearchIndex
from tamsa.errors import ConfigError, InputError
from tamsa.scoring.judge import Judge
from tamsa.store import read_jsonl, write_atomic, write_json
from tamsa.synthesis.checks import Checker
from tamsa.synthesis.checks.closed_book import MAX_REPLY_TOKENS
from tamsa.synthesis.closed_book_stage import ASKED_PER_SHARD, MAX_ASKED, ClosedBookJob, choose_unknown
from tamsa.synthesis.decontamination import Evaluations
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.explore_stage import question_shards
from tamsa.synthesis.flywheel import Steering
from tamsa.synthesis.graph import Graph
from tamsa.synthesis.passages.records import from_passages, is_passage_question
from tamsa.synthesis.passages.sets import passage_sets
from tamsa.synthesis.passages.stage import WRITTEN, PassageJob, choose_passage_questions, set_shards
from tamsa.synthesis.plan import OnProgress, Plan
from tamsa.synthesis.question_stage import QuestionJob, make_questions, steered
from tamsa.synthesis.records import FindDocument, GoldQuestion
from tamsa.synthesis.shards import Crew, Shards
from tamsa.synthesis.teacher.rehearsal import Rehearsal
from tamsa.synthesis.world_questions import from_world, is_world_question
from tamsa.synthesis.write_stage import WRITTEN_PER_SHARD, WriteJob, choose_written
from tamsa.types import Document, Model

COUNTED = ("drawn", "tested", "survived", "asked closed book", "unread closed book", WRITTEN)
"""Counts beside those of refusals."""
MAX_STEPS = 1_000
"""Bound on the hops and the operations that a question from a file may claim."""


def finder(index: SearchIndex) -> FindDocument:
    """Return a function that finds a document by its exact title."""

    def find(title: str) -> Document | None:
        for key in index.find_title(title):
            document = index.get(key)
            if document is not None and document.title == title:
                return document
        return None

    return find


def read_gold(path: Path, index: SearchIndex, limit: int | None = None) -> list[GoldQuestion]:
    """Read gold questions: a world's, those that synthesis wrote, or questions over passages with their evidence.

    Raises:
        InputError: a line has no chain to explore by or a field of the wrong type, or an id comes twice.
    """
    find = finder(index)
    questions: dict[str, GoldQuestion] = {}
    for number, record in enumerate(read_jsonl(path), start=1):
        if limit is not None and len(questions) >= limit:
            break
        try:
            question = _gold(record, find)
        except (AttributeError, KeyError, TypeError, ValueError, ConfigError) as error:
            raise InputError(
                f"{path}: line {number} is no gold question ({error}); give a world's questions.jsonl, one that tamsa "
                "synthesize wrote, or lines with question, answers and evidence"
            ) from error
        if question.id in questions:
            raise InputError(f"{path}: line {number} has the id {question.id!r} of an earlier line")
        questions[question.id] = question
    if not questions:
        raise InputError(f"{path}: holds no question")
    return list(questions.values())


def _gold(record: Mapping[str, Any], find: FindDocument) -> GoldQuestion:
    if is_world_question(record):
        record = from_world(record, find).to_json()
    elif is_passage_question(record):
        record = from_passages(record, find).to_json()
    question = from_mapping(GoldQuestion, record, "fields")
    if not 0 < len(question.question.strip()) <= MAX_QUESTION_CHARS:
        raise ValueError(f"a question has 1 to {MAX_QUESTION_CHARS:,} characters")
    if not question.answers or not all(text.strip() for text in question.answers):
        raise ValueError("there is no answer, or an empty one")
    if not (0 < question.hops < MAX_STEPS and 0 < question.difficulty < MAX_STEPS):
        raise ValueError(f"hops and difficulty are at least 1 and below {MAX_STEPS:,}")
    json.dumps(question.to_json(), ensure_ascii=False).encode()  # lone surrogates are a UnicodeEncodeError
    return question


def write_gold(path: Path, questions: Iterable[GoldQuestion]) -> None:
    """Write gold questions, a line each; `read_gold` and `tamsa eval` read them.

    Raises:
        StorageError: the file cannot be written.
    """
    lines = (json.dumps(item.to_json(), ensure_ascii=False, separators=(",", ":")) + "\n" for item in questions)
    write_atomic(path, "".join(lines))


@dataclass(frozen=True, slots=True)
class QuestionSource:
    """Makes or reads the questions of a plan, once.

    Args:
        plan: what to make.
        out: folder of the data sets.
        documents: folder of index and graph.
        crew: who draws; the result does not depend on it.
        models: the models that the plan names, opened, by spec.
        runner: keeps the event loop of the models' connections.
        judge: asked about closed-book answers that the exact match refuses.
        budget: bounds the tokens of a closed-book reply as it bounds those of a solver.
        concurrency: requests to a model side by side.
        steering: what an earlier round asks for.
        on_progress: called as the work goes on.
    """

    plan: Plan
    out: Path
    documents: Path
    crew: Crew
    models: Mapping[str, Model]
    runner: asyncio.Runner | None
    judge: Judge | None
    budget: Budget | None
    concurrency: int
    steering: Steering | None
    on_progress: OnProgress

    def read(self, index: Index, graph: Graph | None, counts: Counter[str]) -> list[GoldQuestion]:
        """Return the questions, made where they are not there yet.

        Args:
            index: the documents.
            graph: their graph, None only where the plan gives the questions.
            counts: receives what was drawn, tested and refused, by reason.

        Raises:
            ConfigError: a model that the plan names is not given.
            InputError: the file of questions cannot be used.
        """
        path, counts_path = self.out / "questions.jsonl", self.out / "refused.json"
        if not (path.exists() and counts_path.exists()):
            if self.plan.questions is not None:
                found = self._apart(read_gold(Path(self.plan.questions), index, self.plan.num_questions), counts)
            else:
                assert graph is not None
                found = list(self._made(index, graph, counts))
            write_gold(path, found)
            write_json(counts_path, dict(sorted(counts.items())))
        counts.clear()
        counts.update(json.loads(counts_path.read_text()))
        return [GoldQuestion.from_json(record) for record in read_jsonl(path)]

    # ------------------------------------------------------------------ the streams

    def _made(self, index: Index, graph: Graph, counts: Counter[str]) -> Iterator[GoldQuestion]:
        wanted = self.plan.num_questions
        times = 1 if self.plan.closed_book is None else MAX_ASKED
        found: Iterator[GoldQuestion] = islice(self._drawn(counts), times * (wanted - self.plan.passages))
        if self.plan.writer is not None:
            found = self._written(index, graph, found, counts)
        if self.plan.passages:
            found = chain(islice(self._over_passages(index, counts), self.plan.passages), found)
        if self.plan.closed_book is not None:
            found = islice(self._unknown(found, counts), wanted)
        return found

    def _apart(self, questions: Iterable[GoldQuestion], counts: Counter[str]) -> list[GoldQuestion]:
        """Return the questions of a file that overlap with no evaluation question."""
        evaluations = Evaluations.read(*self.plan.decontaminate)
        kept = []
        for question in questions:
            if evaluations.overlap(question) is None:
                kept.append(question)
            else:
                counts["contaminated"] += 1
        return kept

    def _drawn(self, counts: Counter[str]) -> Iterator[GoldQuestion]:
        job = QuestionJob(
            str(self.documents / "index"), str(self.documents / "graph"), self.plan.seed, self.plan.decontaminate
        )
        retired = frozenset(self.steering.retired if self.steering else ())
        found = make_questions(steered(job, self.steering), self._shards("questions"), self.crew, counts, retired)
        for number, question in enumerate(found, start=1):
            self.on_progress("questions", number, max(number, self.plan.num_questions))
            yield question

    def _written(
        self, index: SearchIndex, graph: Graph, questions: Iterable[GoldQuestion], counts: Counter[str]
    ) -> Iterator[GoldQuestion]:
        """Yield the questions as a model has rewritten them, each checked again."""
        assert self.plan.writer is not None
        model, runner = self._model("writer", self.plan.writer)
        domain = Domain(graph, index.get)
        evaluations = Evaluations.read(*self.plan.decontaminate) if self.plan.decontaminate else None
        checker = Checker(domain, index.search, evaluations, lost=Rehearsal(index).lost)
        job = WriteJob(model, runner, domain, checker, self.plan.seed, self.concurrency)
        records = self._records("write", "written", job, questions, WRITTEN_PER_SHARD)
        yield from choose_written(records, counts)

    def _over_passages(self, index: Index, counts: Counter[str]) -> Iterator[GoldQuestion]:
        """Yield questions that a model writes over passages."""
        assert self.plan.writer is not None
        model, runner = self._model("writer", self.plan.writer)
        evaluations = Evaluations.read(*self.plan.decontaminate) if self.plan.decontaminate else None
        job = PassageJob(model, runner, index, evaluations, self.plan.seed, self.concurrency)
        shards = set_shards(passage_sets(index, list(index.ids()), self.plan.seed))
        found = choose_passage_questions(self._shards("passages").run(job, shards, Crew()), counts)
        for number, question in enumerate(found, start=1):
            self.on_progress("write over passages", number, max(number, self.plan.passages))
            yield question

    def _unknown(self, questions: Iterable[GoldQuestion], counts: Counter[str]) -> Iterator[GoldQuestion]:
        """Yield the questions that a model does not answer without documents."""
        assert self.plan.closed_book is not None
        model, runner = self._model("closed_book", self.plan.closed_book)
        most = min(MAX_REPLY_TOKENS, (self.budget or Budget()).max_completion_tokens)
        job = ClosedBookJob(model, runner, self.judge, self.concurrency, most)
        records = self._records("ask without documents", "closed-book", job, questions, ASKED_PER_SHARD)
        yield from choose_unknown(records, counts)

    def _records(
        self, stage: str, name: str, job: WriteJob | ClosedBookJob, questions: Iterable[GoldQuestion], size: int
    ) -> Iterator[Mapping[str, Any]]:
        done = 0
        for shard in self._shards(name).run(job, question_shards(questions, size), Crew()):
            done += len(shard)
            self.on_progress(stage, done, max(done, self.plan.num_questions))
            yield from shard

    def _shards(self, name: str) -> Shards:
        return Shards(self.out / "shards", name)

    def _model(self, role: str, spec: str) -> tuple[Model, asyncio.Runner]:
        model = self.models.get(spec)
        if model is None or self.runner is None:
            raise ConfigError(f"{role} {spec}: give the model and a runner, which keeps its event loop")
        return model, self.runner
