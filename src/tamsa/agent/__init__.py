"""The research agent: one loop, budgets, verified quotes, reports."""

from tamsa.agent.budget import Budget
from tamsa.agent.loop import check_question, research

__all__ = ["Budget", "check_question", "research"]
