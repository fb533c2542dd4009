"""The oracle teacher: knows the chain of a gold question, acts through tools alone, says only what it has read."""

from tamsa.synthesis.teacher.model import PROFILE, OracleTeacher

__all__ = ["PROFILE", "OracleTeacher"]
