"""The pipeline of synthesis: documents and questions in, data sets out, every step resumable.

    questions ▶ explorations ▶ data sets

Each shard of work is a file that appears whole under its name; a run that was killed goes on with the shards that
are missing, and ends in the same bits.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tamsa.corpus import SearchIndex, open_documents
from tamsa.errors import InputError
from tamsa.store import make_folder, read_json, read_jsonl, write_atomic, write_json
from tamsa.synthesis.datasets.files import write_parquet
from tamsa.synthesis.datasets.sft import SFT_SCHEMA, sft_rows, tools_json
from tamsa.synthesis.exploration import Exploration, TeacherExplorer, check_mode
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.teacher.script import Habits
from tamsa.synthesis.workers import map_shards
from tamsa.synthesis.world_questions import from_world, is_world_question
from tamsa.types import SCHEMA_VERSION, Document

QUESTIONS_PER_SHARD = 250
OnProgress = Callable[[str, int, int], None]
"""Called with the stage, what is done and of how much."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a synthesis is to make. The same plan over the same documents gives the same bits."""

    docs: tuple[str, ...]
    seed: int = 0
    questions: str | None = None
    """A question file; None makes questions from the documents."""
    limit: int | None = None
    modes: tuple[str, ...] = ("react",)
    samples: int = 1
    """Trajectories for each question and mode."""
    habits: Habits = field(default_factory=Habits)

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {**asdict(self), "schema_version": SCHEMA_VERSION}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a synthesis has made."""

    path: Path
    num_questions: int
    trajectories: dict[str, int]
    """Kept trajectories by mode."""
    rejected: dict[str, int]
    """Rejected ones by reason."""
    samples: dict[str, int]
    """Rows of each data set."""


def finder(index: SearchIndex) -> Callable[[str], Document | None]:
    """Return a function that finds a document by its exact title."""

    def find(title: str) -> Document | None:
        for key in index.find_title(title):
            document = index.get(key)
            if document is not None and document.title == title:
                return document
        return None

    return find


def read_gold(path: Path, index: SearchIndex, limit: int | None = None) -> list[GoldQuestion]:
    """Read gold questions: a world's, or those that synthesis wrote.

    Raises:
        InputError: a line has no chain to explore by.
    """
    find = finder(index)
    questions: list[GoldQuestion] = []
    for number, record in enumerate(read_jsonl(path), start=1):
        if limit is not None and len(questions) >= limit:
            break
        try:
            questions.append(from_world(record, find) if is_world_question(record) else GoldQuestion.from_json(record))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: line {number} is no gold question ({error}); give a world's questions.jsonl or one that "
                "tamsa synthesize wrote"
            ) from error
    if not questions:
        raise InputError(f"{path}: holds no question")
    return questions


@dataclass(frozen=True, slots=True)
class ExploreJob:
    """Explores shards of questions with the oracle teacher and writes each shard to a file."""

    index: str
    """Folder of the index."""
    folder: str
    """Where the shards go."""
    mode: str
    seed: int
    samples: int
    habits: Habits

    def open(self) -> TeacherExplorer:
        """Open the index."""
        index = open_documents([Path(self.index)])
        return TeacherExplorer(index, seed=self.seed, mode=self.mode, habits=self.habits)

    def path(self, number: int) -> Path:
        """Name the file of a shard."""
        return Path(self.folder) / f"{self.mode}-{number:05d}.jsonl"

    def run(self, state: TeacherExplorer, shard: tuple[int, Sequence[Mapping[str, Any]]]) -> int:
        """Explore a shard of questions and return its number."""
        number, records = shard
        lines = []
        for record in records:
            question = GoldQuestion.from_json(record)
            for sample in range(self.samples):
                exploration = state.explore(question, sample)
                lines.append(json.dumps(exploration.to_json(), ensure_ascii=False, separators=(",", ":")))
        write_atomic(self.path(number), "".join(line + "\n" for line in lines))
        return number


def synthesize(
    plan: Plan, out: Path, *, workers: int = 1, on_progress: OnProgress = lambda stage, done, total: None
) -> Summary:
    """Run the pipeline, or what of it has not been done.

    Args:
        plan: what to make.
        out: folder of the data sets.
        workers: processes side by side; the result does not depend on it.
        on_progress: called as the work goes on.

    Raises:
        InputError: the plan does not fit the documents, or the folder holds another plan's work.
        StorageError: it cannot be written.
    """
    modes = tuple(check_mode(mode) for mode in plan.modes)
    make_folder(out)
    _claim(out, plan)
    index = open_documents([Path(path) for path in plan.docs], out=out / "index")
    try:
        questions = _questions(plan, out, index)
        tools = tools_json(TeacherExplorer(index, seed=0).tools.schemas)
    finally:
        index.close()
    kept: dict[str, int] = {}
    rejected: Counter[str] = Counter()
    rows: dict[str, int] = {}
    for mode in modes:
        job = ExploreJob(
            str(out / "index"), str(make_folder(out / "explorations")), mode, plan.seed, plan.samples, plan.habits
        )
        _explore(job, questions, workers, on_progress)
        kept[mode], rows[f"sft_{mode}.parquet"] = _write_sft(job, questions, tools, out, rejected)
    summary = Summary(out, len(questions), kept, dict(sorted(rejected.items())), rows)
    write_json(out / "summary.json", {**asdict(summary), "path": "", "schema_version": SCHEMA_VERSION})
    return summary


def _claim(out: Path, plan: Plan) -> None:
    """Write the plan, or check that the folder's own is the same."""
    path = out / "plan.json"
    wanted = json.loads(json.dumps(plan.to_json()))
    if path.exists():
        if read_json(path) != wanted:
            raise InputError(f"{out}: holds the work of another plan; choose another --out or the same options")
        return
    write_json(path, wanted)


def _questions(plan: Plan, out: Path, index: SearchIndex) -> list[GoldQuestion]:
    path = out / "questions.jsonl"
    if not path.exists():
        if plan.questions is None:
            raise InputError("--questions is missing; name a question file")
        found = read_gold(Path(plan.questions), index, plan.limit)
        lines = (json.dumps(item.to_json(), ensure_ascii=False, separators=(",", ":")) + "\n" for item in found)
        write_atomic(path, "".join(lines))
    return [GoldQuestion.from_json(record) for record in read_jsonl(path)]


def _explore(job: ExploreJob, questions: Sequence[GoldQuestion], workers: int, on_progress: OnProgress) -> None:
    starts = range(0, len(questions), QUESTIONS_PER_SHARD)
    shards = [
        (number, [item.to_json() for item in questions[start : start + QUESTIONS_PER_SHARD]])
        for number, start in enumerate(starts)
        if not job.path(number).exists()
    ]
    done = len(starts) - len(shards)
    for _ in map_shards(job, shards, workers=workers):
        done += 1
        on_progress(f"explore {job.mode}", min(done * QUESTIONS_PER_SHARD, len(questions)), len(questions))


def read_explorations(job: ExploreJob, num_questions: int) -> Iterator[Exploration]:
    """Read the trajectories of a finished stage, in the order of the questions."""
    for number in range((num_questions + QUESTIONS_PER_SHARD - 1) // QUESTIONS_PER_SHARD):
        for record in read_jsonl(job.path(number)):
            yield Exploration.from_json(record)


def _write_sft(
    job: ExploreJob, questions: Sequence[GoldQuestion], tools: str, out: Path, rejected: Counter[str]
) -> tuple[int, int]:
    by_id = {question.id: question for question in questions}
    kept = 0

    def rows() -> Iterator[Mapping[str, Any]]:
        nonlocal kept
        for exploration in read_explorations(job, len(questions)):
            if not exploration.correct:
                rejected[exploration.failure.split(":")[-1].strip() or "wrong answer"] += 1
                continue
            kept += 1
            yield from sft_rows(exploration, by_id[exploration.question_id], tools)

    return_rows = write_parquet(out / f"sft_{job.mode}.parquet", rows(), SFT_SCHEMA)
    return kept, return_rows
