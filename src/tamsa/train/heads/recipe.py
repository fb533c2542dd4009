"""The recipe of a head training run: one TOML file, every field named here.

Four sources of training signal, by `source`:

given       the texts or chats of a file, as they are
own         the model's own answers to the prompts of a file, those that a verifier accepts
reward      policy gradient on the heads: sample, verify, push T and P towards what scored
control     ranking: T and P of the same words must rise or fall with a prompt that asks for it
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tamsa.decoding import LossConfig
from tamsa.errors import ConfigError

Source = Literal["given", "own", "reward", "control"]


def _at_least(low: float, **values: float) -> None:
    for name, value in values.items():
        if not (value >= low and math.isfinite(value)):
            raise ConfigError(f"{name}: {value}, expected a finite number >= {low:g}")


@dataclass(frozen=True, slots=True)
class HeadsShape:
    """What fresh heads are like; ignored where training goes on from `heads`."""

    head_size: int = 256
    statistics: bool = True
    initial_temperature: float = 1.0
    initial_top_p: float = 0.95


@dataclass(frozen=True, slots=True)
class Data:
    """What is trained on."""

    path: Path | None = None
    """JSONL. given: `text`, or `prompt` and `completion`, or `messages`. own, reward: `prompt` or `messages`, and
    whatever the verifier reads (`answers`). control: `prompt`, `certain` and `varied`, three wordings of one task."""
    max_length: int = 1024
    """Tokens of an example; a longer one is cut at its end."""
    shard_positions: int = 65_536
    """Positions in one file of cached states."""

    def __post_init__(self) -> None:
        _at_least(2, max_length=self.max_length)
        _at_least(1, shard_positions=self.shard_positions)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the model's own answers are drawn."""

    verifier: str = "last_number"
    """`exact`, `contains`, `last_number`, or `package.module:function` of (completion, record) -> reward."""
    num_samples: int = 16
    """Samples of each prompt."""
    max_new_tokens: int = 512
    temperature: float = 1.0
    """own: of the rollouts; it enters what the objective learns (see LossConfig)."""
    top_p: float = 1.0
    max_kept: int = 4
    """own: accepted answers kept of one prompt, so that easy prompts do not crowd out the others."""
    prompts_at_once: int = 64
    must_end: bool = True
    """reward: a rollout without an end-of-sequence token scores 0, unread."""

    def __post_init__(self) -> None:
        _at_least(
            1,
            num_samples=self.num_samples,
            max_new_tokens=self.max_new_tokens,
            max_kept=self.max_kept,
            prompts_at_once=self.prompts_at_once,
        )


@dataclass(frozen=True, slots=True)
class Optimizer:
    """AdamW with linear warm-up and a constant rate."""

    learning_rate: float = 1e-4
    """The paper's 5e-6 is for heads of width 4096 and 400 steps of 32 long answers."""
    warmup_steps: int = 10
    batch_positions: int = 8192
    """given, own: positions of one step."""
    epochs: int = 1
    clip_norm: float = 1.0
    save_every: int = 20
    """Steps between checkpoints."""

    def __post_init__(self) -> None:
        _at_least(0, learning_rate=self.learning_rate, warmup_steps=self.warmup_steps, clip_norm=self.clip_norm)
        _at_least(1, batch_positions=self.batch_positions, epochs=self.epochs, save_every=self.save_every)


@dataclass(frozen=True, slots=True)
class Reward:
    """Policy gradient on the heads (source `reward`)."""

    num_batches: int = 40
    prompts_per_batch: int = 64
    k: int = 1
    """Train for pass@k: a sample counts by what it adds to k - 1 others."""
    passes: int = 4
    """Gradient steps on each batch of rollouts."""
    clip: float = 0.2
    """Clip of the likelihood ratio of a token, as in PPO."""
    exploration: Literal["soft", "perturb"] = "soft"
    """How P gets a gradient. `soft`: tokens are drawn from the softly cut distribution, whose likelihood is smooth in
    T and P. `perturb`: T and P are drawn around the heads' output, tokens by the hard cut."""
    alpha: float = 30.0
    """soft: steepness of the cut."""
    noise: float = 0.3
    """perturb: standard deviation of the noise on the heads' outputs before their sigmoids."""

    def __post_init__(self) -> None:
        _at_least(1, num_batches=self.num_batches, prompts_per_batch=self.prompts_per_batch, k=self.k)
        _at_least(1, passes=self.passes)
        for name in ("clip", "alpha", "noise"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name}: {getattr(self, name)}, expected a number > 0")


@dataclass(frozen=True, slots=True)
class Control:
    """Ranking loss for prompts that ask for certainty or variety (source `control`)."""

    margin_temperature: float = 0.1
    """How far T must move, at least."""
    margin_top_p: float = 0.05
    """How far P must move, at least."""
    anchor: float = 10.0
    """Weight of the squared distance from where training began, on prompts that ask for nothing."""
    held_out: float = 0.2
    """Share of the prompts that are kept for the measurement."""

    def __post_init__(self) -> None:
        _at_least(0, margin_temperature=self.margin_temperature, margin_top_p=self.margin_top_p, anchor=self.anchor)
        if not 0 < self.held_out < 1:
            raise ConfigError(f"held_out: {self.held_out}, expected a share in (0, 1)")


@dataclass(frozen=True, slots=True)
class HeadsRecipe:
    """One run of `tamsa train heads`.

    Raises:
        ConfigError: a value is out of its range.
    """

    model: str
    """The frozen base: a folder or the id of a Hub repository."""
    out: Path
    """The run's folder; `out/heads` is what `AutoDecoForCausalLM.from_pretrained` reads."""
    source: Source = "given"
    heads: str | None = None
    """A heads folder to go on from; fresh heads where None."""
    seed: int = 0
    shape: HeadsShape = field(default_factory=HeadsShape)
    data: Data = field(default_factory=Data)
    loss: LossConfig = field(default_factory=LossConfig)
    sampling: Sampling = field(default_factory=Sampling)
    optimizer: Optimizer = field(default_factory=Optimizer)
    reward: Reward = field(default_factory=Reward)
    control: Control = field(default_factory=Control)

    def __post_init__(self) -> None:
        if self.data.path is None:
            raise ConfigError("data.path: missing, expected a JSONL file")
        if self.source == "reward" and self.sampling.num_samples < self.reward.k + 1:
            raise ConfigError(
                f"sampling.num_samples: {self.sampling.num_samples}, expected at least reward.k + 1 = "
                f"{self.reward.k + 1} (a baseline needs one sample more)"
            )
