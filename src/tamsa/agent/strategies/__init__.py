"""Strategies: how a transcript becomes the model's next prompt. One file each.

- `react`: the whole conversation; at 90% of the context it restarts from the model's own summary (ReSum).
- `iter`: a workspace of the question, an evolving report, the last action and its observation (IterResearch).
- `fold`: the conversation with ranges of steps folded into lines by the model (AgentFold).
"""

from __future__ import annotations

from collections.abc import Callable

from tamsa.agent.strategies.fold import Fold
from tamsa.agent.strategies.interface import Strategy
from tamsa.agent.strategies.iterative import Iterative
from tamsa.agent.strategies.react import React
from tamsa.errors import ConfigError

STRATEGIES: dict[str, Callable[[bool], Strategy]] = {"react": React, "iter": Iterative, "fold": Fold}


def make_strategy(name: str, *, native: bool) -> Strategy:
    """Make a strategy by name for one run.

    Args:
        name: `react`, `iter` or `fold`.
        native: whether the model takes tools natively.

    Raises:
        ConfigError: there is no such strategy.
    """
    if name not in STRATEGIES:
        raise ConfigError(f"mode {name!r}: unknown; choose one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name](native)


__all__ = ["STRATEGIES", "Fold", "Iterative", "React", "Strategy", "make_strategy"]
