"""Decoding strategies as composable steps: the baselines that AutoDeco is measured against, and AutoDeco itself.

A step takes hidden states and logits and gives logits whose softmax is the distribution to draw from. `Chain` applies
steps in turn: `Chain(MinP(0.1), Temperature(2.0))` truncates first, as its paper has it.

Legend of shapes: N rows, V vocabulary, D width of the model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from tamsa.decoding.heads import DecodingHeads
from tamsa.decoding.strategy import apply_strategy
from tamsa.errors import ConfigError, InputError
from tamsa.kernels import sampling
from tamsa.kernels.sampling import MIN_TEMPERATURE

_CUT = 1000.0  # see `AutoDecoConfig.cut_shift`


class Shaped(NamedTuple):
    """A distribution to draw from and the strategy that made it."""

    logits: Tensor
    """`[N, V]` fp32; its softmax is the distribution."""
    temperature: Tensor
    """`[N]` the temperature applied, 1 where none was."""
    top_p: Tensor
    """`[N]` the top-p applied, 1 where none was."""


class Step(Protocol):
    """One way of reshaping a distribution."""

    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Reshape logits `[N, V]`; `hidden` `[N, D]` is what the heads read, and others ignore."""
        ...


def _shaped(logits: Tensor, temperature: float | Tensor = 1.0, top_p: float | Tensor = 1.0) -> Shaped:
    N = logits.shape[0]
    T, P = (torch.as_tensor(x, dtype=torch.float32, device=logits.device).expand(N) for x in (temperature, top_p))
    return Shaped(logits, T, P)


def _divide(logits: Tensor, T: Tensor) -> Tensor:
    """Divide by T `[N]`; a row with T = 0, or so near that logits overflow, keeps its first largest logit alone."""
    greedy = T < MIN_TEMPERATURE
    divided = logits / torch.where(greedy, 1.0, T)[:, None]
    if not bool(greedy.any()):
        return divided
    others = torch.ones_like(logits, dtype=torch.bool).scatter(1, logits.argmax(-1, keepdim=True), False)
    return torch.where(greedy[:, None] & others, divided - _CUT, divided)


def _cut(logits: Tensor, T: Tensor, P: Tensor) -> Tensor:
    """Divide by T and cut at P, both `[N]`."""
    return sampling.shape(logits, T, P, cut_shift=_CUT)


@dataclass(frozen=True, slots=True)
class Static:
    """One temperature and one top-p for every token; `temperature=0` is greedy.

    Raises:
        ConfigError: a value is out of its range.
    """

    temperature: float = 1.0
    """>= 0."""
    top_p: float = 1.0
    """In [0, 1]."""

    def __post_init__(self) -> None:
        if not (self.temperature >= 0 and math.isfinite(self.temperature)):
            raise ConfigError(f"temperature: {self.temperature}, expected a finite number >= 0")
        if not 0 <= self.top_p <= 1:
            raise ConfigError(f"top_p: {self.top_p}, expected a number in [0, 1]")

    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Divide and cut."""
        plain = _shaped(logits.float(), self.temperature, self.top_p)
        if self.top_p >= 1:
            return plain._replace(logits=_divide(plain.logits, plain.temperature))
        return plain._replace(logits=_cut(*plain))


GREEDY = Static(0.0)


def mean_shift(temperature: Tensor, top_p: Tensor) -> Static:
    """Make the static setting at the mean of predicted T and P (any shape, NaN ignored): the critique's MeanShift.

    Raises:
        InputError: nothing was predicted.
    """
    T, P = temperature[~temperature.isnan()], top_p[~top_p.isnan()]
    if T.numel() == 0 or P.numel() == 0:
        raise InputError("temperature and top_p: no predictions, expected those of some rollouts")
    return Static(float(T.double().mean()), float(P.double().mean().clamp(0, 1)))


@dataclass(frozen=True, slots=True)
class EDT:
    """Entropy-based dynamic temperature: T = T0 * 0.8^(theta / H), H in nats (arXiv 2403.14541)."""

    initial: float = 1.0
    """T0, > 0."""
    theta: float = 1.0
    """>= 0; at 0 the temperature is T0 everywhere."""

    def __post_init__(self) -> None:
        if not self.initial > 0:
            raise ConfigError(f"initial: {self.initial}, expected a number > 0")
        if not self.theta >= 0:
            raise ConfigError(f"theta: {self.theta}, expected a number >= 0")

    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Divide by a temperature that falls with the entropy."""
        wide = logits.float()
        log_p = torch.log_softmax(wide, -1)
        p = log_p.exp()
        entropy = -torch.where(p > 0, p * log_p, 0.0).sum(-1)
        factor = torch.exp(math.log(0.8) * self.theta / entropy.clamp_min(1e-12))
        T = (self.initial * factor).clamp_min(MIN_TEMPERATURE)
        return _shaped(_divide(wide, T), T)


@dataclass(frozen=True, slots=True)
class MinP:
    """Cut tokens less likely than `min_p` times the likeliest (arXiv 2407.01082)."""

    min_p: float
    """In [0, 1]."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_p <= 1:
            raise ConfigError(f"min_p: {self.min_p}, expected a number in [0, 1]")

    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Cut without dividing."""
        wide = logits.float()
        low = wide.amax(-1, keepdim=True) + (math.log(self.min_p) if self.min_p > 0 else -math.inf)
        return _shaped(torch.where(wide >= low, wide, wide - _CUT))


@dataclass(frozen=True, slots=True)
class TopNSigma:
    """Keep logits within n standard deviations (over the row's finite logits) of the largest (arXiv 2411.07641)."""

    n: float = 1.0
    """>= 0."""

    def __post_init__(self) -> None:
        if not self.n >= 0:
            raise ConfigError(f"n: {self.n}, expected a number >= 0")

    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Cut without dividing."""
        wide = logits.float()
        finite = torch.isfinite(wide)
        count = finite.sum(-1, keepdim=True)
        values = torch.where(finite, wide, 0.0)
        mean = values.sum(-1, keepdim=True) / count
        deviation = torch.where(finite, wide - mean, 0.0).square().sum(-1, keepdim=True)
        sigma = (deviation / (count - 1).clamp_min(1)).sqrt()
        return _shaped(torch.where(wide >= wide.amax(-1, keepdim=True) - self.n * sigma, wide, wide - _CUT))


@dataclass(frozen=True, slots=True)
class Learned:
    """The heads' T and P, token by token."""

    heads: DecodingHeads
    temperature_scale: float = 1.0
    top_p_scale: float = 1.0

    @torch.no_grad()
    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Predict, divide and cut."""
        done = apply_strategy(
            self.heads, hidden, logits, temperature_scale=self.temperature_scale, top_p_scale=self.top_p_scale
        )
        return Shaped(done.logits, done.temperature, done.top_p)


@dataclass(slots=True)
class Permuted:
    """The control for learned decoding: its (T, P) pairs, dealt to tokens at random.

    What remains of the heads is the joint distribution of T and P; what is lost is which token gets which.
    """

    temperature: Tensor
    """`[M]` of pairs that the heads predicted."""
    top_p: Tensor
    """`[M]`"""
    generator: torch.Generator | None = None

    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Divide and cut with pairs drawn with replacement."""
        M = self.temperature.shape[0]
        drawn = torch.randint(M, (logits.shape[0],), generator=self.generator, device=self.temperature.device)
        T, P = self.temperature[drawn].to(logits.device), self.top_p[drawn].to(logits.device)
        return Shaped(_cut(logits.float(), T, P), T, P)


class Chain:
    """Steps in turn; T and P reported are those of the last step that set them."""

    def __init__(self, *steps: Step) -> None:
        if not steps:
            raise ConfigError("steps: none, expected at least one")
        self.steps = steps

    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Apply every step."""
        done = self.steps[0](hidden, logits)
        for step in self.steps[1:]:
            after = step(hidden, done.logits)
            T = torch.where(after.temperature == 1, done.temperature, after.temperature)
            P = torch.where(after.top_p == 1, done.top_p, after.top_p)
            done = Shaped(after.logits, T, P)
        return done

    def __repr__(self) -> str:
        return f"Chain({', '.join(map(repr, self.steps))})"


def logits_processor(step: Step) -> Any:
    """Make a step that reads no hidden states a processor for transformers' `generate(logits_processor=[...])`.

    Raises:
        ConfigError: the step is `Learned`; use `AutoDecoForCausalLM`.
    """
    from transformers import LogitsProcessor

    if isinstance(step, Learned):
        raise ConfigError("step: Learned reads hidden states, which generate does not hand on; use AutoDecoForCausalLM")

    class StepProcessor(LogitsProcessor):
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            return step(scores, scores).logits

    return StepProcessor()
