"""The baseline: a rule-based research policy without a language model."""

from tamsa.agent.baseline.policy import BaselinePolicy

__all__ = ["BaselinePolicy"]
