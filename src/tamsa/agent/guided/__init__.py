"""Guided research: the rules of the baseline find and open the documents, a model reads them once and answers."""

from tamsa.agent.guided.policy import MODE, GuidedPolicy
from tamsa.agent.guided.prompt import has_answer

__all__ = ["MODE", "GuidedPolicy", "has_answer"]
