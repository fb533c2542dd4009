"""Calibration: the fit finds the truth it was drawn from, its error is measured on answers it has not seen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tamsa.errors import InputError
from tamsa.scoring import calibrate, expected_calibration_error, ranking_accuracy
from tamsa.scoring.calibration import fit_logistic
from tamsa.types import Calibration, Likelihood


def answers(count: int, seed: int = 0) -> tuple[list[Likelihood], list[bool], np.ndarray]:
    """Answers of an overconfident model: right with a probability that its likelihoods tell, but do not equal."""
    draw = np.random.default_rng(seed)
    made = [
        Likelihood(float(-draw.gamma(0.5, 0.6)), float(-draw.gamma(2.0, 0.1)), float(-draw.gamma(2.0, 0.1)))
        for _ in range(count)
    ]
    features = np.array([Calibration.features(one) for one in made])
    truth = 1 / (1 + np.exp(-(0.5 + features @ [0.4, 2.0, 6.0])))
    return made, (draw.random(count) < truth).tolist(), truth


def test_calibration_finds_the_probabilities_that_answers_were_drawn_with():
    known, right, _ = answers(20_000)
    fitted = calibrate(known, right, "digest")
    unseen, unseen_right, truth = answers(4_000, seed=1)
    said = np.array([fitted.probability(one) for one in unseen])
    assert np.abs(said - truth).mean() < 0.02
    assert fitted.ece_before > 0.2 > 0.02 > fitted.ece_after
    assert expected_calibration_error(said, unseen_right) < 0.03
    assert fitted.num_answers == 20_000 and fitted.questions == "digest"


def test_what_tells_nothing_is_not_called_better_than_the_base_rate():
    draw = np.random.default_rng(3)
    noise = [Likelihood(*(-draw.gamma(1.0, 1.0, 3)).tolist()) for _ in range(200)]
    fitted = calibrate(noise, (draw.random(200) < 0.3).tolist())
    said = [fitted.probability(one) for one in noise]
    assert 0.2 < np.mean(said) < 0.4 and np.std(said) < 0.15


@pytest.mark.parametrize("right", [True, False])
def test_answers_that_are_all_alike_leave_room_for_the_other(right):
    fitted = calibrate([Likelihood(0.0, -0.1, -0.1)] * 60, [right] * 60)
    said = fitted.probability(Likelihood(0.0, -0.1, -0.1))
    assert abs(said - (61 / 62 if right else 1 / 62)) < 1e-6


def test_the_optimum_is_one():
    known, right, _ = answers(400)
    features = np.array([Calibration.features(one) for one in known])
    weights = fit_logistic(features, right)
    scale = features.std(0)
    target = np.where(right, (sum(right) + 1) / (sum(right) + 2), 1 / (400 - sum(right) + 2))

    def loss(w: np.ndarray) -> float:
        z = w[0] + features @ w[1:]
        return float(np.sum(np.logaddexp(0, z) - target * z) + 0.5 * np.sum((w[1:] * scale) ** 2))

    least = loss(weights)
    for direction in np.random.default_rng(0).normal(size=(50, 4)):
        assert loss(weights + 1e-2 * direction) > least
    assert min(loss(weights + 1e-4 * d) for d in np.vstack([np.eye(4), -np.eye(4)])) > least - 1e-9


def test_few_answers_are_refused():
    with pytest.raises(InputError, match="49 answers with probabilities are too few"):
        calibrate([Likelihood(-1.0, -1.0, -1.0)] * 49, [True] * 49)


def test_features_are_finite_at_both_ends():
    for answer in (0.0, -1e-18, -1e-9, -0.5, -800.0, 1e-12):
        features = Calibration.features(Likelihood(answer, -0.1, -0.1))
        assert all(math.isfinite(value) for value in features) and abs(features[0]) <= 20
    steep = Calibration(0.0, 100.0, 0.0, 0.0, 50, 0.1, 0.1)
    assert steep.probability(Likelihood(0.0, 0.0, 0.0)) == 1.0
    assert steep.probability(Likelihood(-50.0, 0.0, 0.0)) < 1e-300


def test_calibration_error_is_the_gap_of_each_bin():
    # bin 0: says 0.05 three times, right once; bin 9: says 0.95 and 1.0, right once
    error = expected_calibration_error([0.05, 0.05, 0.05, 0.95, 1.0], [1, 0, 0, 1, 0])
    assert abs(error - (3 * abs(0.05 - 1 / 3) + 2 * abs(0.975 - 0.5)) / 5) < 1e-12
    draw = np.random.default_rng(0)
    p = draw.random(200_000)
    assert expected_calibration_error(p, draw.random(200_000) < p) < 0.01


def test_ranking_is_the_share_of_pairs_in_order():
    high, low = [0.9, 0.4], [0.4, 0.1, 0.7]
    p, y = [*high, *low], [1, 1, 0, 0, 0]
    pairs = [(a > b) + 0.5 * (a == b) for a in high for b in low]
    assert ranking_accuracy(p, y) == sum(pairs) / len(pairs)
    assert ranking_accuracy(p, [1] * 5) is None and ranking_accuracy(p, [0] * 5) is None
