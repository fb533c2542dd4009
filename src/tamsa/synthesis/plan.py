"""What a synthesis is to make, and what it has made."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tamsa.errors import ConfigError, InputError
from tamsa.store import read_json, write_json
from tamsa.synthesis.exploration import check_mode
from tamsa.synthesis.teacher.habits import Habits
from tamsa.types import SCHEMA_VERSION

DEFAULT_QUESTIONS = 1_000
OnProgress = Callable[[str, int, int], None]
"""Called with the stage, what is done and of how much."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a synthesis is to make. The same plan over the same documents gives the same bits."""

    docs: tuple[str, ...]
    seed: int = 0
    questions: str | None = None
    """A file of gold questions; None makes questions from the documents."""
    num_questions: int = DEFAULT_QUESTIONS
    """Questions to make; of a given file, the most that are read."""
    held_out: int = 0
    """Of them, how many no data set sees: they are for evaluation."""
    writer: str | None = None
    """Spec of a model that makes the questions harder and rewords them."""
    passages: int = 0
    """Of the questions, how many the writer writes over passages alone, in its own words."""
    closed_book: str | None = None
    """Spec of a model that is asked each question without documents; what it knows is dropped."""
    modes: tuple[str, ...] = ("react",)
    samples: int = 1
    """Trajectories of the teacher for each question and mode."""
    decontaminate: tuple[str, ...] = ()
    """Evaluation files that no question may overlap with."""
    solvers: tuple[str, ...] = ()
    """Specs of models that try the questions, weakest first: their pass rates are the difficulty."""
    solver_samples: int = 4
    solver_questions: int = 200
    """Questions that the solvers try, from the first on."""
    judge: str | None = None
    """Spec of a model that judges answers which the exact match refuses."""
    midtraining: bool = True
    recurring: int = 0
    """Reading samples to make of what two documents say of the same things, in their own words."""
    habits: Habits = field(default_factory=Habits)

    def __post_init__(self) -> None:
        for mode in self.modes:
            check_mode(mode)
        for name in ("num_questions", "samples", "solver_samples", "solver_questions"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} = {getattr(self, name)}; give at least 1")
        if self.recurring < 0:
            raise ConfigError(f"recurring = {self.recurring}; give at least 0")
        if not 0 <= self.passages <= self.num_questions:
            raise ConfigError(
                f"passages = {self.passages}; give at least 0 and at most num_questions = {self.num_questions}"
            )
        if self.passages and (self.writer is None or self.questions is not None):
            raise ConfigError("passages: a writer writes over them, and no file gives the questions")
        if not 0 <= self.held_out < self.num_questions:
            raise ConfigError(
                f"held_out = {self.held_out}; give at least 0 and less than num_questions = {self.num_questions}"
            )
        if not self.docs:
            raise InputError("--docs is missing; name files, folders, a corpus or an index")

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {**asdict(self), "schema_version": SCHEMA_VERSION}

    @property
    def id(self) -> str:
        """Name of the plan: a hash of all that it says."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    @contextmanager
    def claim(self, out: Path) -> Iterator[None]:
        """Write the plan into a folder, or check that the folder's own is the same; keep other processes out of it.

        Raises:
            InputError: the folder holds the work of another plan, or another process is working in it.
        """
        handle = os.open(out, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(f"{out}: another process is working in it; wait for it or end it") from error
            self._write_or_compare(out)
            yield
        finally:
            os.close(handle)

    def _write_or_compare(self, out: Path) -> None:
        path = out / "plan.json"
        wanted = json.loads(json.dumps(self.to_json()))
        if not path.exists():
            write_json(path, wanted)
        elif (found := read_json(path)) != wanted:
            names = [name for name in wanted if not isinstance(found, dict) or found.get(name) != wanted[name]]
            raise InputError(f"{out}: holds the work of another plan ({', '.join(names)}); choose another --out")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a synthesis has made."""

    path: Path
    num_questions: int
    trajectories: dict[str, int]
    """Accepted trajectories of the teacher, by mode."""
    rejected: dict[str, int]
    """Trajectories that were not accepted, by reason."""
    refused: dict[str, int]
    """Questions that were not accepted, by reason."""
    rows: dict[str, int]
    """Rows of each data set."""
    notes: tuple[str, ...] = ()
    """What the card says of it in words: why there is less than was asked for."""

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form, without the path."""
        return {**{k: v for k, v in asdict(self).items() if k != "path"}, "schema_version": SCHEMA_VERSION}

    @classmethod
    def read(cls, out: Path) -> Summary:
        """Read the summary of a finished synthesis."""
        record = read_json(out / "summary.json")
        fields = {name: value for name, value in record.items() if name != "schema_version"}
        return cls(out, **{**fields, "notes": tuple(fields.get("notes", ()))})
