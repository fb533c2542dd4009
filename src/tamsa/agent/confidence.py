"""How sure a model is of its answer, by its own probabilities.

A local model says with what log-probability it drew each token (`Completion.sampled`). Three figures are made of them:
of the short answer itself, of the turn that answered, and of the whole run, since an answer copied from a wrong thought
is likely in itself. Where the model carries a `Calibration`, they become the probability that the answer is right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamsa.agent.react import Turn, short_answer_span
from tamsa.types import Calibration, Confidence, Likelihood, Sampled


def measure(sampled: Sampled, turn: Turn) -> dict[str, Any]:
    """Return what the journal keeps of a turn: `tokens`, `logprob` of all together, and `answer`, of the short answer.

    `answer` is None where the turn holds none, or where its tokens cannot be told.
    """
    logprobs = sampled.model_logprobs
    return {"tokens": len(logprobs), "logprob": math.fsum(logprobs), "answer": _of_answer(sampled, turn)}


def _of_answer(sampled: Sampled, turn: Turn) -> float | None:
    """Add the log-probabilities of the tokens of the short answer, and of the one that ends it."""
    if sampled.answer_logprob is not None:
        return sampled.answer_logprob
    if turn.answer is None or not turn.answer.strip() or not sampled.text_ends:
        return None
    first, last = (turn.answer_start + offset for offset in short_answer_span(turn.answer))
    total, start = [], 0
    for end, logprob in zip(sampled.text_ends, sampled.model_logprobs, strict=False):
        # a token without text of its own, as part of a character or the end of the turn, stands where it was drawn
        if start <= last and (end > first or start == end >= first):
            total.append(logprob)
        start = end
    return math.fsum(total) if total else None


@dataclass
class Likely:
    """The likelihoods of a run so far; a function of its journal."""

    tokens: int = 0
    logprob: float = 0.0
    answer: float | None = None
    """Of the answer given last."""
    turn: float = 0.0
    """Mean of a token of the turn that gave it."""

    def add(self, measured: Mapping[str, Any] | None) -> None:
        """Take in what `measure` said of the next turn; None where the model gives no probabilities."""
        if measured is None or not measured["tokens"]:
            return
        self.tokens += measured["tokens"]
        self.logprob += measured["logprob"]
        if measured["answer"] is not None:
            self.answer, self.turn = measured["answer"], measured["logprob"] / measured["tokens"]

    def confidence(self, calibration: Calibration | None) -> Confidence | None:
        """Say how sure the model is of the answer given last; None where nothing is known."""
        if self.answer is None:
            return None
        likelihood = Likelihood(self.answer, self.turn, self.logprob / self.tokens)
        if calibration is None:
            return Confidence(math.exp(min(0.0, self.answer)), False, likelihood)
        return Confidence(calibration.probability(likelihood), True, likelihood)


def in_words(confidence: Confidence) -> str:
    """Say it in one sentence, for reports."""
    shown = f"{confidence.probability:.2f}"
    if not confidence.calibrated:
        return f"The model's own probability of this answer: {shown} (not calibrated)."
    if confidence.unsure:
        return f"Unsure: confidence {shown} (calibrated); this answer is more likely wrong than right."
    return f"Confidence {shown} (calibrated)."
