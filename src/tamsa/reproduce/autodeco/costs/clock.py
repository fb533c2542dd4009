"""Timing in turn: every candidate once a round, so that whatever slows the machine slows all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import torch

from tamsa.errors import ConfigError

Clock = Literal["cpu", "wall"]


@dataclass(frozen=True, slots=True)
class Timing:
    """How to time.

    Raises:
        ConfigError: a number is below 1.
    """

    clock: Clock = "cpu"
    """`cpu`: processor time of the process, which a busy machine changes little; `wall`: for an idle machine."""
    threads: int = 1
    """Of torch and of our kernels. Idle threads spin, so processor time means something with 1 alone."""
    rounds: int = 15

    def __post_init__(self) -> None:
        for name in ("threads", "rounds"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: {getattr(self, name)}, expected at least 1")

    @property
    def words(self) -> str:
        """Say how it was timed."""
        clock = "processor time" if self.clock == "cpu" else "wall clock"
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{clock}, {threads}, medians of {self.rounds} rounds taken in turn"


@dataclass(slots=True)
class Laps:
    """Seconds of each candidate, round by round."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def median_s(self, name: str) -> float:
        """Return the median time of a candidate, seconds."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, peer: str) -> float:
        """Return the median over the rounds of one candidate's time over another's."""
        pairs = zip(self.seconds[name], self.seconds[peer], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch and our kernels use so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def time_in_turn(runs: Mapping[str, Callable[[], object]], timing: Timing, warmup: int = 2) -> Laps:
    """Run all candidates once a round and time each; the first `warmup` rounds do not count."""
    read = time.process_time if timing.clock == "cpu" else time.perf_counter
    laps = Laps({name: [] for name in runs})
    with threads(timing.threads):
        for turn in range(warmup + timing.rounds):
            for name, run in runs.items():
                start = read()
                run()
                if turn >= warmup:
                    laps.seconds[name].append(read() - start)
    return laps
