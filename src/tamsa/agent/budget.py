"""What a run may spend, and what it has spent."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tamsa.errors import ConfigError
from tamsa.types import Usage


@dataclass(frozen=True)
class Budget:
    """Limits of one run. Whichever is reached first forces an answer.

    Raises:
        ConfigError: a value is out of range.
    """

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

    def __post_init__(self) -> None:
        for name, low, high in (
            ("max_calls", 0, math.inf),
            ("max_tokens", 0, math.inf),
            ("max_seconds", 0, math.inf),
            ("max_completion_tokens", 1, math.inf),
            ("observation_share", 0.001, 0.5),
            ("context_share", 0.001, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                to = f"a value from {low} to {high}" if high < math.inf else f"{low} or more"
                raise ConfigError(f"budget.{name} = {value!r}: choose {to}")


@dataclass
class Spent:
    """The running totals of one run; they survive a resume through the journal."""

    usage: Usage = field(default_factory=Usage)
    calls: int = 0
    steps: int = 0
    earlier_s: float = 0.0
    """Seconds spent by earlier processes."""
    waited_s: float = 0.0
    """Seconds in which this process waited for a person; they do not count."""
    _started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds of this and all earlier processes, without those in which a person was waited for."""
        return self.earlier_s + time.monotonic() - self._started - self.waited_s

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Leave out the time in which a person is waited for."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.waited_s += time.monotonic() - began

    def exhausted(self, budget: Budget) -> str | None:
        """Say which limit is reached, or None."""
        if self.calls >= budget.max_calls:
            return f"the limit of {budget.max_calls} tool calls is reached"
        if self.usage.total_tokens >= budget.max_tokens:
            return f"the limit of {budget.max_tokens:,} tokens is reached"
        if self.seconds >= budget.max_seconds:
            return f"the limit of {budget.max_seconds:g} seconds is reached"
        return None
