"""Questions drawn from a graph: chains, comparisons, intersections, tables, times, conflicts, and the unanswerable."""

from tamsa.synthesis.questions.draft import Draft, finish
from tamsa.synthesis.questions.maker import QuestionConfig, QuestionMaker, generate

__all__ = ["Draft", "QuestionConfig", "QuestionMaker", "finish", "generate"]
