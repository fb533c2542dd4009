"""What the engine is asked for and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tamsa.types import FinishReason

LOOP_SPAN = 128
"""Tokens at the end of a completion that must repeat themselves for it to be given up."""
LOOP_PERIOD = 24
"""The longest piece that is repeated, in tokens: the span holds it five times."""


def is_looping(ids: Sequence[int]) -> bool:
    """Tell whether the end of a completion only repeats one short piece, as small models do when they are lost."""
    if len(ids) % 16:  # soon enough, and it costs nothing
        return False
    end = ids[-LOOP_SPAN:]
    return len(end) == LOOP_SPAN and any(end[p:] == end[:-p] for p in range(1, LOOP_PERIOD + 1))


@dataclass(slots=True)
class Sampling:
    """How the tokens of one completion are drawn. Every completion has a stream of random numbers of its own, so what
    is drawn does not depend on what else is decoded at the time.
    """

    temperature: float = 1.0
    """>= 0; 0 is greedy."""
    top_p: float = 1.0
    """In (0, 1]."""
    use_heads: bool = True
    """Where the model has AutoDeco heads, they choose temperature and top-p of every token (unless greedy)."""
    random: np.random.Generator = field(default_factory=np.random.default_rng)


@dataclass(slots=True)
class Outcome:
    """A finished completion."""

    ids: list[int]
    """Drawn tokens, the end token included."""
    logprobs: list[float]
    """Under the distribution drawn from; 0 where greedy."""
    model_logprobs: list[float]
    """Under the model's own distribution: temperature 1, nothing cut."""
    temperatures: list[float]
    top_ps: list[float]
    finish: FinishReason
    num_reused: int
    """Tokens of the prompt whose state was kept from earlier."""
    allowed: list[tuple[int, ...]] = field(default_factory=list)
    """By token: those that could be drawn; empty where all could."""


@dataclass(eq=False, slots=True)
class Request:
    """One completion to be made.

    The two callbacks run in the engine's thread and must be quick and raise nothing.
    """

    prompt_ids: list[int]
    max_tokens: int
    sampling: Sampling
    end_ids: frozenset[int]
    """Tokens that end the completion."""
    on_done: Callable[[Outcome | BaseException], None]
    on_token: Callable[[int], bool] | None = None
    """Receives each token but the end token; True ends the completion."""
    allowed: Callable[[Sequence[int]], Sequence[int]] | None = None
    """Given the tokens drawn so far, those that may come next, at least one; None allows all. Log-probabilities are
    then under the distribution among them. Where there is but one it is taken without a step of the model; each call
    gets the tokens of the one before and at least one more, or the same."""
    cancelled: bool = False
    """Set from any thread: the row is given up at the next step and `on_done` is not called."""
