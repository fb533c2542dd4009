"""Guided research: the rules of the baseline find and open the documents, a model reads them and answers."""

from tamsa.agent.guided.policy import MODE, GuidedPolicy, with_mode
from tamsa.agent.guided.prompt import has_answer

__all__ = ["MODE", "GuidedPolicy", "has_answer", "with_mode"]
