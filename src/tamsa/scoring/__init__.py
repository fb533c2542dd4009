"""Scoring: metrics of answers, retrieval and citations, calibration, and a language model as judge."""

from tamsa.scoring.calibration import calibrate, expected_calibration_error, ranking_accuracy
from tamsa.scoring.judge import Judge, Judgement, UnparsedVerdictError, parse_verdict, validate_answers
from tamsa.scoring.metrics import (
    CitationCheck,
    Estimate,
    bootstrap_interval,
    check_citations,
    estimate,
    exact_match,
    f1_score,
    normalize_answer,
    recall,
    recall_at_k,
)

__all__ = [
    "CitationCheck",
    "Estimate",
    "Judge",
    "Judgement",
    "UnparsedVerdictError",
    "bootstrap_interval",
    "calibrate",
    "check_citations",
    "estimate",
    "exact_match",
    "expected_calibration_error",
    "f1_score",
    "normalize_answer",
    "parse_verdict",
    "ranking_accuracy",
    "recall",
    "recall_at_k",
    "validate_answers",
]
