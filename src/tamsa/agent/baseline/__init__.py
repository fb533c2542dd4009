"""The baseline: a rule-based research policy without a language model."""
