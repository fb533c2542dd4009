"""Evaluation: question files through the agent, with metrics, standard errors and resume."""

from tamsa.eval.evaluation import Progress, evaluate
from tamsa.eval.questions import Question, read_questions
from tamsa.eval.results import Result, Verdict
from tamsa.eval.scores import Scores, Summary, format_table

__all__ = [
    "Progress",
    "Question",
    "Result",
    "Scores",
    "Summary",
    "Verdict",
    "evaluate",
    "format_table",
    "read_questions",
]
