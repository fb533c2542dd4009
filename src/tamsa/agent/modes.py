"""Modes: ways in which a model researches. A strategy composes what it sees; guided research leads it by rules."""

from __future__ import annotations

from tamsa.agent.guided import MODE as GUIDED
from tamsa.agent.guided import GuidedPolicy
from tamsa.agent.strategies import STRATEGIES
from tamsa.types import Model

MODES = (*STRATEGIES, GUIDED)
"""Every mode of one agent."""


def with_mode(model: Model, mode: str | None = None) -> tuple[Model, str]:
    """Return what runs a mode with a model, and the strategy of its conversation.

    Args:
        model: a model.
        mode: one of `MODES`; None for the one that the model was trained for.
    """
    mode = mode or model.profile.mode
    return (GuidedPolicy(model), "react") if mode == GUIDED else (model, mode)
