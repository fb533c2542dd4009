"""The research agent: one loop, budgets, verified quotes, reports."""

from tamsa.agent.budget import Budget
from tamsa.agent.loop import research

__all__ = ["Budget", "research"]
