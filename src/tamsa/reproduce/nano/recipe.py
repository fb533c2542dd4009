"""What makes the bundled model: one TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tamsa.errors import ConfigError
from tamsa.synthesis.teacher import PROFILE
from tamsa.synthesis.teacher.habits import Habits
from tamsa.train.recipe import begin_from
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
    """How the teacher researches them; none for worlds that only rounds ask about."""
    tasks: bool = True
    """Whether tasks for mid-training are made from them; the tokenizer learns from these worlds alone."""


@dataclass(frozen=True, slots=True)
class Library:
    """Given documents, with questions that are made from them.

    Raises:
        ConfigError: neither documents nor folders are given, or both.
    """

    name: str
    """By which stages choose."""
    docs: tuple[Path, ...] = ()
    made: tuple[Path, ...] = ()
    """In place of documents: folders that `tamsa synthesize` has written, each with `index/`, `questions.jsonl` and
    perhaps trajectories. Nothing is made then."""
    questions: int = 10_000
    seed: int = 0
    habits: Habits = field(default_factory=Habits)
    modes: tuple[str, ...] = ("guided",)
    recurring: int = 0
    """Reading samples in the documents' own words; stages weigh them by `modes` under the name `recurring`."""
    decontaminate: tuple[Path, ...] = ()
    """Evaluation files that no question may overlap with."""

    def __post_init__(self) -> None:
        if bool(self.docs) == bool(self.made):
            raise ConfigError(f"libraries: {self.name}: give either docs or made")


@dataclass(frozen=True, slots=True)
class RoundSettings:
    """A round of the flywheel: the model tries questions, and learns from how it did."""

    groups: Mapping[str, float] = field(default_factory=dict)
    """Groups of worlds, and libraries, that are asked about, each with its share; none named: all worlds alike."""
    asked: int = 300
    """Questions that the model tries, none that an earlier round asked."""
    tries: int = 4
    fresh: int = 400
    """New questions that the teacher shows, drawn by what the model fails at."""
    probe: int = 100
    """Questions that are tried before and after and never trained on, the same in every round."""
    replay: float = 0.25
    """Share of the tokens that come from the trajectories which the stage's `mix` and `modes` name."""
    open_chain: float = 0.5
    """How often the teacher opens the documents of the chain of a fresh question (`Habits.open_chain`)."""
    temperature: float = 0.85
    """Of the tries, in (0, 2], where the model has no heads to choose it."""
    top_p: float = 0.95
    concurrency: int = 32
    """Tries side by side."""

    def __post_init__(self) -> None:
        for name in ("asked", "tries", "concurrency"):
            if getattr(self, name) < 1:
                raise ConfigError(f"round: {name} = {getattr(self, name)}; give at least 1")
        if not 0 <= self.replay < 1:
            raise ConfigError(f"round: replay = {self.replay}; give at least 0 and less than 1")


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
    worlds: tuple[Worlds, ...] = ()
    """To train on, in groups."""
    held_out: Worlds = Worlds(())
    """To evaluate on."""
    init: Path | None = None
    """Folder of a model to go on from, or `nano`; None begins with a tokenizer and nothing else."""
    libraries: tuple[Library, ...] = ()
    """Further documents to train on."""
    tokenizer: dict[str, Any] = field(default_factory=dict)
    """Fields of the recipe of `tamsa train tokenizer`, besides the data."""
    stages: tuple[dict[str, Any], ...] = ()
    """Stages of training in order: `stage` (pretrain, mid, sft, round, rl or heads), `name`, `mix` (weights of groups
    of worlds and of libraries, 1 unless said, 0 to leave one out), `modes` (weights of the teacher's ways of research,
    react alone unless said; the heaviest is how the model is used), `evaluate = false` to leave its model out of the
    comparison, and the fields of its recipe besides folders and data. Each begins from the model of the one before;
    heads leave it as it is. With `grow` (fields of `tamsa train grow`) that model is made larger first. A round is
    fine-tuning (`sft`) on what the model's own tries teach, with `RoundSettings` in its table `round`."""
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
        object.__setattr__(self, "init", begin_from(self.init))
        if not self.worlds and not self.libraries:
            raise ConfigError("worlds: none given, and no libraries; add a [[worlds]] table with seeds")
        both = set(self.seeds) & set(self.held_out.seeds)
        if both:
            raise ConfigError(f"held_out.seeds: {sorted(both)} are trained on; give other seeds")
        names = {group.name for group in self.worlds} | {library.name for library in self.libraries}
        if len(names) < len(self.worlds) + len(self.libraries) or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError("worlds: two groups have a name or a seed in common; give each its own")
        for stage in self.stages:
            asked = stage.get("round", {}).get("groups", ())
            for what, given in (("mix", stage.get("mix", ())), ("round.groups", asked)):
                if unknown := set(given) - names:
                    raise ConfigError(f"stages: {what} names {sorted(unknown)}; the groups are {sorted(names)}")

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of all worlds that are trained on."""
        return tuple(seed for group in self.worlds for seed in group.seeds)
