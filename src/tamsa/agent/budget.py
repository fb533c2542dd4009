"""What a run may spend, and what it has spent."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tamsa.types import Usage


@dataclass(frozen=True)
class Budget:
    """Limits of one run. Whichever is reached first forces an answer."""

    max_calls: int = 100
    """Tool calls."""
    max_tokens: int = 2_000_000
    """Tokens of all prompts and completions together."""
    max_seconds: float = 1_800.0
    """Wall clock, over all processes that worked on the run."""
    max_completion_tokens: int = 4_096
    """Tokens of one completion; as many are kept free for the forced answer."""
    observation_share: float = 0.2
    """Share of the model's context that the observations of one turn may fill, in (0, 0.5]."""
    context_share: float = 0.9
    """Share of the model's context at which the answer is forced, in (0, 1]."""


@dataclass
class Spent:
    """The running totals of one run; they survive a resume through the journal."""

    usage: Usage = field(default_factory=Usage)
    calls: int = 0
    steps: int = 0
    earlier_s: float = 0.0
    """Seconds spent by earlier processes."""
    _started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds of this and all earlier processes."""
        return self.earlier_s + time.monotonic() - self._started

    def exhausted(self, budget: Budget) -> str | None:
        """Say which limit is reached, or None."""
        if self.calls >= budget.max_calls:
            return f"the limit of {budget.max_calls} tool calls is reached"
        if self.usage.total_tokens >= budget.max_tokens:
            return f"the limit of {budget.max_tokens:,} tokens is reached"
        if self.seconds >= budget.max_seconds:
            return f"the limit of {budget.max_seconds:g} seconds is reached"
        return None
