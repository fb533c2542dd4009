"""What makes the bundled model: one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tamsa.errors import ConfigError
from tamsa.synthesis.teacher import PROFILE
from tamsa.synthesis.teacher.habits import Habits
from tamsa.types import Profile


@dataclass(frozen=True, slots=True)
class Worlds:
    """Simulated encyclopedias of one kind, with their questions."""

    seeds: tuple[int, ...]
    pages: int = 2_400
    questions: int = 1_200
    name: str = "worlds"
    """By which stages choose."""
    habits: Habits = field(default_factory=Habits)
    """How often the teacher strays in them."""
    modes: tuple[str, ...] = ("react",)
    """How the teacher researches them."""
    tasks: bool = True
    """Whether tasks for mid-training are made from them; the tokenizer learns from these worlds alone."""


@dataclass(frozen=True, slots=True)
class Library:
    """Given documents, with questions that are made from them."""

    name: str
    """By which stages choose."""
    docs: tuple[Path, ...]
    questions: int = 10_000
    seed: int = 0
    habits: Habits = field(default_factory=Habits)
    modes: tuple[str, ...] = ("guided",)
    decontaminate: tuple[Path, ...] = ()
    """Evaluation files that no question may overlap with."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Questions over documents that nothing was trained on."""

    name: str
    questions: Path
    docs: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class NanoRecipe:
    """How the bundled model is made.

    Raises:
        ConfigError: a world is both trained on and evaluated on.
    """

    out: Path
    """Folder of all the work; what is there is not made again."""
    worlds: tuple[Worlds, ...]
    """To train on, in groups."""
    held_out: Worlds
    """To evaluate on."""
    libraries: tuple[Library, ...] = ()
    """Further documents to train on."""
    tokenizer: dict[str, Any] = field(default_factory=dict)
    """Fields of the recipe of `tamsa train tokenizer`, besides the data."""
    stages: tuple[dict[str, Any], ...] = ()
    """Stages of training in order: `stage` (pretrain, mid, sft, rl or heads), `name`, `mix` (weights of groups of
    worlds and of libraries, 1 unless said, 0 to leave one out), `modes` (weights of the teacher's ways of research,
    react alone unless said; the heaviest is how the model is used), `evaluate = false` to leave its model out of the
    comparison, and the fields of its recipe besides folders and data. Each begins from the model of the one before;
    heads leave it as it is."""
    corpora: tuple[Path, ...] = ()
    """Further documents that stages with `corpora = true` read, such as encyclopedia passages."""
    profile: Profile = PROFILE
    """How the teacher saw its tools, and the model sees them after it."""
    context_length: int = 4_096
    evaluations: tuple[EvaluationSet, ...] = ()
    evaluate: int = 500
    """Questions of each evaluation."""
    decodings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further ways to decode the finished model, each by its name and the model settings that differ; compared on
    worlds alone. The model itself decodes greedily."""
    workers: int = 2

    def __post_init__(self) -> None:
        both = set(self.seeds) & set(self.held_out.seeds)
        if both:
            raise ConfigError(f"held_out.seeds: {sorted(both)} are trained on; give other seeds")
        names = {group.name for group in self.worlds} | {library.name for library in self.libraries}
        if len(names) < len(self.worlds) + len(self.libraries) or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError("worlds: two groups have a name or a seed in common; give each its own")
        for stage in self.stages:
            if unknown := set(stage.get("mix", ())) - names:
                raise ConfigError(f"stages: mix names {sorted(unknown)}; the groups are {sorted(names)}")

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of all worlds that are trained on."""
        return tuple(seed for group in self.worlds for seed in group.seeds)
