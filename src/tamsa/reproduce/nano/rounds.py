"""A round of the flywheel within the making of nano: the model tries questions and learns from how it did.

    try ▶ lessons (its own good readings, the teacher's where it fails) ▶ fresh questions, steered ▶ fine-tune ▶ probe

Everything lies in shards and is a function of recipe, model and earlier rounds, so that a killed round goes on.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from tamsa.corpus import SearchIndex
from tamsa.llm import ModelSettings, open_model
from tamsa.reproduce.nano.data import Ground
from tamsa.reproduce.nano.recipe import RoundSettings
from tamsa.reproduce.nano.round_record import RECORD, by_kind, change
from tamsa.store import make_folder, read_json, write_json
from tamsa.synthesis.curation import grade
from tamsa.synthesis.datasets.files import write_parquet
from tamsa.synthesis.datasets.sft import SFT_SCHEMA, sft_rows
from tamsa.synthesis.exploration import TeacherExplorer
from tamsa.synthesis.explore_stage import Judged, Solver, TeachJob, read_judged
from tamsa.synthesis.flywheel import Steering, draw, slot_of, steer
from tamsa.synthesis.held_out import apart
from tamsa.synthesis.lessons import Tried, Tutor, count
from tamsa.synthesis.question_source import read_gold
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.shards import Crew, Shards
from tamsa.synthesis.teacher.habits import Habits
from tamsa.types import SCHEMA_VERSION, Model

PER_SHARD = 50
"""Questions tried, or shown, between two checkpoints."""
HELD_OUT = 0.02
"""Share of the fresh samples that the held-out loss is measured on."""


@dataclass(frozen=True, slots=True)
class Course:
    """What one round asks about one ground. Ids of questions begin with the ground's name."""

    ground: Ground
    probe: Sequence[GoldQuestion]
    asked: Sequence[GoldQuestion]
    rest: Sequence[GoldQuestion]
    """Questions that no round has asked or shown."""
    num_fresh: int

    def shards(self, questions: Sequence[GoldQuestion]) -> Iterator[tuple[Ground, list[Mapping[str, Any]]]]:
        """Cut questions into shards of plain records."""
        for start in range(0, len(questions), PER_SHARD):
            yield self.ground, [question.to_json() for question in questions[start : start + PER_SHARD]]


@dataclass(frozen=True, slots=True)
class ShowJob:
    """The teacher shows shards of questions about many grounds."""

    mode: str
    seed: int
    habits: Habits

    def open(self) -> dict[str, TeacherExplorer]:
        """Begin with no ground."""
        return {}

    def run(
        self, state: dict[str, TeacherExplorer], shard: tuple[int, tuple[Ground, Sequence[Mapping[str, Any]]]]
    ) -> list[dict[str, Any]]:
        """Explore a shard of questions."""
        number, (ground, records) = shard
        job = TeachJob(str(ground.index), self.mode, self.seed, 1, self.habits)
        if ground.name not in state:
            state[ground.name] = job.open()
        return job.run(state[ground.name], (number, records))


@dataclass(frozen=True, slots=True)
class TryJob:
    """A model tries shards of questions about many grounds."""

    model: Model
    runner: asyncio.Runner
    indexes: Indexes
    tries: int
    concurrency: int

    def open(self) -> None:
        """Do nothing: the model is open."""

    def run(self, state: None, shard: tuple[int, tuple[Ground, Sequence[Mapping[str, Any]]]]) -> list[dict[str, Any]]:
        """Try a shard of questions."""
        number, (ground, records) = shard
        solver = Solver(self.model, self.runner, self.indexes.open(ground), self.tries, self.concurrency)
        return solver.run(state, (number, records))


class Indexes:
    """The open indexes of grounds, by name."""

    def __init__(self) -> None:
        self._open: dict[str, SearchIndex] = {}

    def open(self, ground: Ground) -> SearchIndex:
        """Open an index, or return it where it is."""
        if ground.name not in self._open:
            self._open[ground.name] = ground.open()
        return self._open[ground.name]

    def close(self) -> None:
        """Close them all."""
        while self._open:
            self._open.popitem()[1].close()


class Round:
    """One round.

    Args:
        folder: of its work.
        number: of the round, from 1.
        settings: how much is asked.
        grounds: what may be asked about.
        earlier: folders of the rounds before, in order.
        workers: processes of the teacher.
    """

    def __init__(
        self,
        folder: Path,
        number: int,
        settings: RoundSettings,
        grounds: Sequence[Ground],
        earlier: Sequence[Path],
        workers: int,
    ) -> None:
        self.folder, self.number, self.settings = folder, number, settings
        self._earlier, self._workers = tuple(earlier), workers
        self._indexes = Indexes()
        shares = settings.groups or {ground.group: 1.0 for ground in grounds}
        sizes = Counter(ground.group for ground in grounds)
        alike = not settings.groups
        self._grounds = [
            (ground, 1.0 if alike else shares[ground.group] / sizes[ground.group])
            for ground in grounds
            if shares.get(ground.group, 0.0) > 0
        ]

    def prepare(self, model: Path) -> list[dict[str, Any]]:
        """Let a model try questions and write what it is to learn; return the sources, whose weights add up to 1.

        Args:
            model: folder of the model before the round.
        """
        make_folder(self.folder)
        lessons, fresh = self.folder / "lessons.parquet", self.folder / "fresh.parquet"
        try:
            if not (self.folder / RECORD).is_file():
                self._prepare(model, lessons, fresh)
        finally:
            self._indexes.close()
        record = read_json(self.folder / RECORD)
        rows = [(lessons, record["rows"]["lessons"], 0.0), (fresh, record["rows"]["fresh"], HELD_OUT)]
        whole = sum(count for _, count, _ in rows)
        return [{"path": path, "weight": n / whole, "held_out": held} for path, n, held in rows if n]

    def mixed(self, model: Path, replayed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the sources of the round mixed with those of earlier stages, which have a share of the tokens.

        Args:
            model: folder of the model before the round.
            replayed: sources of earlier stages; none leaves the round by itself.
        """
        whole, share = sum(source["weight"] for source in replayed), self.settings.replay
        kept = [{**source, "weight": share * source["weight"] / whole} for source in replayed if share]
        return [{**source, "weight": (1 - share) * source["weight"]} for source in self.prepare(model)] + kept

    def finish(self, model: Path) -> dict[str, Any]:
        """Probe a model after the round, and return the record of the round.

        Args:
            model: folder of the trained model.
        """
        record: dict[str, Any] = read_json(self.folder / RECORD)
        if "after" not in record:
            try:
                record["after"] = self._probe(model, "after")
            finally:
                self._indexes.close()
            record["trained"] = _name(model)
            record["change"] = change(record["before"], record["after"])
            write_json(self.folder / RECORD, record)
        return record

    # ------------------------------------------------------------------ the questions

    @cached_property
    def courses(self) -> list[Course]:
        """What is asked about each ground."""
        used = {key for folder in self._earlier for key in read_json(folder / RECORD)["used"]}
        s, weights = self.settings, [weight for _, weight in self._grounds]
        numbers = zip(*(_split(n, weights) for n in (s.probe, s.asked, s.fresh)), strict=True)
        courses = []
        for (ground, _), (probe, asked, fresh) in zip(self._grounds, numbers, strict=True):
            found = read_gold(ground.questions, self._indexes.open(ground))
            questions = [replace(question, id=f"{ground.name}/{question.id}") for question in found]
            Random(ground.name).shuffle(questions)
            left = [q for q in apart(questions[probe:], questions[:probe]) if q.id not in used]
            courses.append(Course(ground, questions[:probe], left[:asked], left[asked:], fresh))
        return courses

    # ------------------------------------------------------------------ the work

    def _prepare(self, model: Path, lessons: Path, fresh: Path) -> None:
        before = self._before(model)
        steady = self._open(model, greedy=False)
        tried = list(self._tried(steady))
        name, mode = _name(model), steady.profile.mode
        graded = [grade(item.question, [item.rate(name)]) for item in tried]
        questions = [item.question for item in tried]
        earlier = Steering.read(self._earlier[-1] / "steering.json") if self._earlier else None
        steering = steer(questions, graded, model=name, number=self.number, before=earlier)
        steering.write(self.folder / "steering.json")
        shown = {
            course.ground.name: draw(
                course.rest, course.num_fresh, steering, Random(f"{self.number}/{course.ground.name}")
            )
            for course in self.courses
        }
        rows = {
            "lessons": write_parquet(
                lessons,
                (
                    row
                    for item in tried
                    for lesson in item.lessons
                    for row in sft_rows(lesson.exploration, item.question, "[]")
                ),
                SFT_SCHEMA,
            ),
            "fresh": write_parquet(fresh, self._shown(shown, mode), SFT_SCHEMA),
        }
        write_json(
            self.folder / RECORD,
            {
                "schema_version": SCHEMA_VERSION,
                "number": self.number,
                "settings": asdict(self.settings),
                "model": name,
                "mode": mode,
                **count(tried),
                "kinds": by_kind(tried, [question for some in shown.values() for question in some]),
                "rows": rows,
                "fresh": sum(map(len, shown.values())),
                "before": before,
                "used": [q.id for course in self.courses for q in (*course.asked, *shown[course.ground.name])],
            },
        )

    def _tried(self, model: Model) -> Iterator[Tried]:
        """Yield what became of the questions asked."""
        judged: dict[str, list[Judged]] = defaultdict(list)
        for ground, records in self._try(model, "tried", self.settings.tries, [(c, c.asked) for c in self.courses]):
            judged[ground.name] += records
        for course in self.courses:
            tutor = Tutor(self._indexes.open(course.ground), mode=model.profile.mode, seed=self.number)
            yield from tutor.learn(course.asked, judged[course.ground.name])

    def _shown(self, questions: Mapping[str, Sequence[GoldQuestion]], mode: str) -> Iterator[Mapping[str, Any]]:
        """Yield samples of the teacher on fresh questions."""
        by_id = {question.id: question for some in questions.values() for question in some}
        job = ShowJob(mode, self.number, Habits(open_chain=self.settings.open_chain))
        payloads = (shard for c in self.courses for shard in c.shards(questions[c.ground.name]))
        shards = Shards(self.folder / "shards", "fresh")
        for records in shards.run(job, enumerate(payloads), Crew(self._workers)):
            for exploration, verdict in map(read_judged, records):
                if verdict.accepted:
                    yield from sft_rows(exploration, by_id[exploration.question_id], "[]")

    def _before(self, model: Path) -> dict[str, Any]:
        """Return how the model does on the probe, by the round before where it made the model."""
        if self._earlier:
            last = read_json(self._earlier[-1] / RECORD)
            mine = asdict(self.settings)
            alike = all(last["settings"][name] == mine[name] for name in ("groups", "probe"))
            if alike and last.get("trained") == _name(model):
                return dict(last["after"])
        return self._probe(model, "before")

    def _probe(self, folder: Path, name: str) -> dict[str, Any]:
        """Let a model try the probe, greedily, once each."""
        model = self._open(folder, greedy=True)
        parts = [(course, course.probe) for course in self.courses]
        kinds = {question.id: slot_of(question) for _, some in parts for question in some}
        right: dict[str, bool] = {}
        good: dict[str, bool] = {}
        for ground, judged in self._try(model, name, 1, parts):
            tutor = Tutor(self._indexes.open(ground), mode=model.profile.mode, seed=self.number)
            asked = [question for course, some in parts if course.ground is ground for question in some]
            for item in tutor.learn(asked, judged):
                right[item.question.id], good[item.question.id] = item.num_right > 0, item.num_good > 0
        return {"right": right, "good": good, "kinds": kinds}

    def _try(
        self, model: Model, name: str, tries: int, parts: Sequence[tuple[Course, Sequence[GoldQuestion]]]
    ) -> Iterator[tuple[Ground, list[Judged]]]:
        """Yield the tries of each shard with their ground."""
        payloads = [shard for course, questions in parts for shard in course.shards(questions)]
        with asyncio.Runner() as runner:
            try:
                job = TryJob(model, runner, self._indexes, tries, self.settings.concurrency)
                shards = Shards(self.folder / "shards", name)
                records = shards.run(job, enumerate(payloads), Crew())
                for (ground, _), shard in zip(payloads, records, strict=True):
                    yield ground, list(map(read_judged, shard))
            finally:
                runner.run(model.aclose())

    def _open(self, folder: Path, *, greedy: bool) -> Model:
        s = self.settings
        settings = ModelSettings(
            greedy=greedy, temperature=s.temperature, top_p=s.top_p, batch_size=s.concurrency, seed=self.number
        )
        return open_model(f"hf:{folder}", settings)


def _name(model: Path) -> str:
    """Name a model by its stage."""
    return f"{model.parent.name}/{model.name}"


def _split(number: int, weights: Sequence[float]) -> list[int]:
    """Split a number by weights; the parts add up to it."""
    whole, ends, total = sum(weights), [0], 0.0
    for weight in weights:
        total += weight
        ends.append(round(number * total / whole))
    return [after - before for before, after in pairwise(ends)]
