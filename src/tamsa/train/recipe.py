"""Recipes: what a stage of training reads, builds, does and writes. TOML files with `key=value` overrides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tamsa.errors import ConfigError
from tamsa.llm.specs import nano_folder
from tamsa.train.optimisers import OptimiserSettings
from tamsa.train.schedule import ScheduleSettings
from tamsa.train.sources import Source


def at_least(*bounds: tuple[str, float | None, float]) -> None:
    """Refuse numbers that are too small, or none that a computer counts with.

    Args:
        bounds: name, value (None is left alone) and least value of each.

    Raises:
        ConfigError: names the field.
    """
    for name, value, least in bounds:
        if value is not None and not least <= value < 2**63:
            raise ConfigError(f"{name} = {value}; give at least {least}")


def check_sources(sources: Sequence[Source]) -> None:
    """Refuse a mixture that cannot be read.

    Raises:
        ConfigError: names the field and the way out.
    """
    if not sources:
        raise ConfigError("sources: none given; add a [[sources]] table with a path")
    for source in sources:
        if not 0 < source.weight < math.inf:
            raise ConfigError(f"sources: weight = {source.weight} of {source.path}; give a weight above 0")
        if source.context_loss_weight is not None and not 0 <= source.context_loss_weight <= 1:
            raise ConfigError(f"sources: context_loss_weight = {source.context_loss_weight}; give 0 to 1")
        at_least(("sources: limit", source.limit, 1))


@dataclass(frozen=True, slots=True)
class TokenizerRecipe:
    """A tokenizer to be learned."""

    out: Path
    sources: tuple[Source, ...]
    vocab_size: int = 8192
    min_frequency: int = 2
    model_max_length: int = 4096
    max_chars: int = 40_000_000
    """Characters of the mixture to learn from."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a run with its own context length."""

    context: int
    """Tokens of the longest sequence."""
    until: float = 1.0
    """Share of the run, in (0, 1], at which the next stage begins."""


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """How many tokens a step takes."""

    tokens: int = 16_384
    """Tokens of one step, over all processes; a multiple of `micro_tokens`."""
    micro_tokens: int = 8_192
    """Tokens in memory at a time, at least the longest context."""


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """Low-rank adapters (peft) in place of all weights."""

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    targets: tuple[str, ...] = ()
    """Names of modules; empty for all linear layers."""


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """What is measured and kept on the way."""

    log_every: int = 10
    """Steps."""
    evaluate_every: int = 200
    """Steps between held-out losses; 0 for the end alone."""
    held_out_tokens: int = 32_768
    """Tokens of each source's held-out loss."""
    save_every: int = 200
    """Steps between checkpoints; 0 for the end alone."""
    save_minutes: float = 10.0
    """A checkpoint is also written after so many minutes without one."""
    keep: int = 2
    """Checkpoints kept."""
    samples: tuple[str, ...] = ()
    """Texts to continue at each evaluation; empty: two beginnings from the held-out items."""
    sample_tokens: int = 80
    trackio: str = ""
    """Project to log to as well, with the library trackio; empty for none."""


@dataclass(frozen=True, slots=True)
class TrainRecipe:
    """A stage of training on packed tokens: `pretrain`, `mid` or `sft`."""

    out: Path
    """Folder of the run."""
    sources: tuple[Source, ...]
    tokenizer: Path | None = None
    """Folder; None: that of `init`."""
    init: Path | None = None
    """Folder of a model to begin from, with a fresh optimiser, or `nano`; None: a new Kimi Linear from [model]."""
    model: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `KimiLinearConfig`; vocabulary and special ids come from the tokenizer."""
    stages: tuple[Stage, ...] = (Stage(2048),)
    batch: BatchSettings = BatchSettings()
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    lora: LoraSettings | None = None
    track: TrackSettings = TrackSettings()
    context_loss_weight: float = 1.0
    """Weight in [0, 1] of chat tokens that the model did not write; sft: 0 unless said."""
    copied_loss_weight: float = 1.0
    """Weight in [0, 1] of tokens of a guided reading that an earlier choice had settled: the rest of a copied line."""
    renamed: float = 0.0
    """Share in [0, 1] of the conversations in which rare tokens take each other's places (`tamsa.train.renaming`)."""
    precision: Literal["auto", "float32", "bfloat16", "autocast"] = "auto"
    """Of the computation; weights, gradient sums and optimiser are float32 in any case. auto: bfloat16 where the device
    has its arithmetic, else float32."""
    gradient_checkpointing: bool = False
    save_dtype: Literal["float32", "bfloat16"] = "float32"
    """Of the final model folder; checkpoints hold float32."""
    seed: int = 0
    threads: int | None = None
    """CPU threads; None: as torch chooses. A resumed run must use as many to be equal bit for bit."""
    cache: Path = Path("build/tokens")
    """Folder of token caches, shared between runs."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "init", begin_from(self.init))

    def check(self) -> None:
        """Refuse what cannot work, before anything is read.

        Raises:
            ConfigError: names the field and the way out.
        """
        check_sources(self.sources)
        at_least(
            ("schedule.epochs", self.schedule.epochs, 0),
            ("track.log_every", self.track.log_every, 1),
            ("seed", self.seed, 0),
            ("threads", self.threads, 1),
        )
        for name in ("context_loss_weight", "copied_loss_weight", "renamed"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} = {getattr(self, name)}; give 0 to 1")
        if self.init is None and self.tokenizer is None:
            raise ConfigError("tokenizer: missing; name its folder, or an `init` folder that holds one")
        if self.init is not None and self.model:
            raise ConfigError("model: the model comes from `init`; remove the [model] table")
        if self.batch.tokens < 1 or self.batch.micro_tokens < 1 or self.batch.tokens % self.batch.micro_tokens:
            raise ConfigError(
                f"batch: tokens = {self.batch.tokens}, micro_tokens = {self.batch.micro_tokens}; "
                "tokens must be a multiple of micro_tokens"
            )
        longest = max((stage.context for stage in self.stages), default=0)
        if not 2 <= longest <= self.batch.micro_tokens:
            raise ConfigError(
                f"stages: the longest context is {longest}, batch.micro_tokens = {self.batch.micro_tokens}; "
                "give 2 to micro_tokens"
            )
        shares = [stage.until for stage in self.stages]
        if shares != sorted(set(shares)) or not shares[0] > 0 or shares[-1] != 1.0:
            raise ConfigError(f"stages: until = {shares}; give rising shares that end with 1.0")

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {name: plain(value) for name, value in asdict(self).items()}


def begin_from(init: Path | None) -> Path | None:
    """Return the folder that `init` names: `nano` is the bundled model, unless a folder of that name is at hand.

    Raises:
        ConfigError: the bundled model is not part of this installation.
    """
    return nano_folder() if init == Path("nano") and not init.is_dir() else init


def plain(value: Any) -> Any:
    """Return the fields of a recipe as JSON values."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value
