"""Calibration: from a model's own likelihoods to the probability that an answer is right.

A logistic model (Platt scaling, with his smoothed targets: Platt 1999, "Probabilistic outputs for support vector
machines", section 2.2) over three figures instead of one, and two measures: the expected calibration error (arXiv
1706.04599, Eq. 3), and the area under the ROC curve, since an error of 0 is also had by saying the base rate of all.

Legend of shapes: N answers, F features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tamsa.errors import InputError
from tamsa.types import Calibration, Likelihood

Array = npt.NDArray[np.float64]
MIN_ANSWERS = 50
"""Fewer answers calibrate nothing."""
NUM_FOLDS = 5
NUM_BINS = 10
RIDGE = 1.0
"""Penalty on the squared weights of standardised features; the bias is free."""


def calibrate(likelihoods: Sequence[Likelihood], right: Sequence[bool], questions: str = "") -> Calibration:
    """Fit a calibration to answers that are known to be right or wrong.

    Its `ece_after` is out of fold: the probability of each answer comes from a fit to four fifths without it.

    Args:
        likelihoods: N of them.
        right: whether each answer is right.
        questions: digest of the questions, to be kept with the fit.

    Raises:
        InputError: fewer than 50 answers.
    """
    if len(likelihoods) < MIN_ANSWERS:
        raise InputError(
            f"{len(likelihoods)} answers with probabilities are too few to calibrate on; give at least {MIN_ANSWERS} "
            "questions that the model answers in the expected form"
        )
    features = np.array([Calibration.features(likelihood) for likelihood in likelihoods])
    labels = np.asarray(right, dtype=np.float64)
    held_out = np.empty(len(labels))
    folds = np.arange(len(labels)) % NUM_FOLDS
    for fold in range(NUM_FOLDS):
        rest, own = folds != fold, folds == fold
        held_out[own] = _sigmoid(_with_bias(features[own]) @ fit_logistic(features[rest], labels[rest]))
    bias, answer, turn, run = fit_logistic(features, labels).tolist()
    own_words = np.exp([min(0.0, likelihood.answer) for likelihood in likelihoods])
    return Calibration(
        bias,
        answer,
        turn,
        run,
        num_answers=len(labels),
        ece_before=expected_calibration_error(own_words, labels),
        ece_after=expected_calibration_error(held_out, labels),
        questions=questions,
    )


def fit_logistic(features: npt.ArrayLike, labels: npt.ArrayLike) -> Array:
    """Fit a logistic model by Newton's method.

    Args:
        features: `[N, F]`.
        labels: `[N]`, each 0 or 1.

    Returns:
        `[1 + F]`: the bias, then the weights of the features as given.
    """
    x, y = np.asarray(features, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    center, scale = x.mean(0), x.std(0)
    scale = np.where(scale > 0, scale, 1.0)
    z = _with_bias((x - center) / scale)
    num_right = y.sum()
    num_wrong = len(y) - num_right
    target = np.where(y > 0, (num_right + 1) / (num_right + 2), 1 / (num_wrong + 2))
    penalty = np.diag([0.0] + [RIDGE] * x.shape[1])
    weights = np.zeros(z.shape[1])
    for _ in range(100):
        p = _sigmoid(z @ weights)
        slope = z.T @ (p - target) + penalty @ weights
        curvature = (z * (p * (1 - p) + 1e-9)[:, None]).T @ z + penalty
        step = np.linalg.solve(curvature, slope)
        step *= min(1.0, 5.0 / (np.abs(step).max() + 1e-12))  # far from the optimum the curve is nearly flat
        weights -= step
        if np.abs(step).max() < 1e-10:
            break
    weights[1:] /= scale
    weights[0] -= weights[1:] @ center
    return weights


def _with_bias(x: Array) -> Array:
    return np.hstack([np.ones((len(x), 1)), x])


def _sigmoid(z: Array) -> Array:
    result: Array = 0.5 * (1.0 + np.tanh(0.5 * z))
    return result


def expected_calibration_error(probabilities: npt.ArrayLike, right: npt.ArrayLike, num_bins: int = NUM_BINS) -> float:
    """Return the gap between confidence and accuracy over bins of equal width, weighted by their answers.

    Args:
        probabilities: `[N]` in [0, 1], N >= 1.
        right: `[N]`, each 0 or 1.
        num_bins: bins of [0, 1].
    """
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(right, dtype=np.float64)
    place = np.minimum((p * num_bins).astype(int), num_bins - 1)
    gap = np.bincount(place, weights=p - y, minlength=num_bins)
    return float(np.abs(gap).sum() / len(p))


def ranking_accuracy(probabilities: npt.ArrayLike, right: npt.ArrayLike) -> float | None:
    """Return how often a right answer has the higher probability of a right and a wrong one (the area under the ROC).

    Ties count half. None where all answers are right, or all wrong.

    Args:
        probabilities: `[N]`.
        right: `[N]`, each 0 or 1.
    """
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(right) > 0
    low, high = np.sort(p[~y]), p[y]
    if not len(low) or not len(high):
        return None
    below, not_above = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + not_above).sum() / (2 * len(low) * len(high)))
