"""What a pair of decoding heads is, what it was made for, and how its predictions are applied."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from tamsa.errors import ConfigError

FORMAT_VERSION = 1
"""Version of the heads-only folder; raised when an older Tamsa could no longer read it rightly."""


@dataclass(frozen=True, slots=True)
class BaseIdentity:
    """The model that heads were made for."""

    name_or_path: str = ""
    model_type: str = ""
    architecture: str = ""
    fingerprint: str = ""
    """Digest of a sample of the output embedding, rounded to bf16; empty where unknown."""


@dataclass(frozen=True, slots=True)
class AutoDecoConfig:
    """Configure AutoDeco (arXiv 2510.26697, Sec. 2).

    Raises:
        ConfigError: a value is out of its range.
    """

    hidden_size: int | None = None
    """Width of the base model; taken from it where None."""
    vocab_size: int | None = None
    """Entries of its logits; taken from it where None."""
    head_size: int = 256
    """Width of the hidden layer of both heads."""
    statistics: bool = True
    """Feed the top-p head max probability, entropy, variance and top-5 mass of softmax(logits / T)."""
    use_temperature: bool = True
    """Predict T; else T = 1."""
    use_top_p: bool = True
    """Predict P; else P = 1."""
    initial_temperature: float = 1.0
    """Mean T of untrained heads, in (0, 2)."""
    initial_top_p: float = 0.95
    """Mean P of untrained heads, in (0, 1); PyTorch's default initialisation would start at 0.5."""
    temperature_scale: float = 1.0
    """The user's factor on every predicted T, >= 0; 0 is greedy."""
    top_p_scale: float = 1.0
    """The user's factor on every predicted P, >= 0; the product is capped at 1."""
    cut_shift: float = 1000.0
    """How far the logits of cut tokens are lowered.

    At 1000 their probability is exactly 0 in fp32, yet a later mask that forbids every kept token (constrained
    decoding, `min_new_tokens`) still leaves the base distribution over the others. `inf` sets them to -inf.
    """
    base: BaseIdentity = field(default_factory=BaseIdentity)
    """The model that the heads were made for; filled in by `from_base`."""

    def __post_init__(self) -> None:
        for name in ("hidden_size", "vocab_size", "head_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name}: {value}, expected at least 1")
        if not 0 < self.initial_temperature < 2:
            raise ConfigError(f"initial_temperature: {self.initial_temperature}, expected a number in (0, 2)")
        if not 0 < self.initial_top_p < 1:
            raise ConfigError(f"initial_top_p: {self.initial_top_p}, expected a number in (0, 1)")
        for name in ("temperature_scale", "top_p_scale"):
            check_scale(name, getattr(self, name))
        if not self.cut_shift >= 100:
            raise ConfigError(
                f"cut_shift: {self.cut_shift}, expected at least 100 (cut tokens must have probability 0)"
            )


def check_scale(name: str, value: float) -> float:
    """Return a multiplier of T or P if it is a finite number >= 0.

    Raises:
        ConfigError: it is not.
    """
    if not (value >= 0 and math.isfinite(value)):
        raise ConfigError(f"{name}: {value}, expected a finite number >= 0")
    return float(value)


def first_given(*values: Any) -> Any:
    """Return the first value that is not None."""
    return next((value for value in values if value is not None), None)
