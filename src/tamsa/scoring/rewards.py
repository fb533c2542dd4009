"""Rewards that can be verified: from a report and the gold answers, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tamsa.scoring.metrics import exact_match
from tamsa.types import Report

UNANSWERED = "no answer"
"""Outcome of a run that was cut off before the model gave an answer in the expected form."""


@dataclass(frozen=True, slots=True)
class Reward:
    """What a run earned, and why."""

    value: float
    """0 or 1."""
    outcome: str
    """`right`, `wrong`, `unsupported` or `no answer`."""


def answer_reward(report: Report, answers: Sequence[str], *, refusal: str, need_citation: bool = False) -> Reward:
    """Reward the answer alone: 1 where it equals one of the gold answers after normalisation (arXiv 2510.24701).

    Args:
        report: of the run.
        answers: accepted answers.
        refusal: the answer that says that the documents do not say.
        need_citation: a right answer earns nothing unless a verified quote carries one of its findings.
    """
    if report.status == "forced" or not report.answer.strip():
        return Reward(0.0, UNANSWERED)
    if not exact_match(report.answer, answers):
        return Reward(0.0, "wrong")
    if need_citation and report.answer != refusal and not any(finding.supported for finding in report.findings):
        return Reward(0.0, "unsupported")
    return Reward(1.0, "right")
