"""pass@k against its definition, and intervals that cover."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tamsa.errors import InputError
from tamsa.scoring.passes import pass_at_k, two_level_interval


@pytest.mark.parametrize("n", [1, 5, 6])
def test_pass_at_k_is_the_mean_over_subsets(n):
    for right in range(n + 1):
        results = [1] * right + [0] * (n - right)
        for k in range(1, n + 1):
            expected = np.mean([max(group) for group in combinations(results, k)])
            assert pass_at_k([right], n, k)[0] == pytest.approx(expected)


def test_impossible_counts_are_named():
    for right, n, k in (([1], 4, 5), ([5], 4, 1), ([1], 4, 0)):
        with pytest.raises(InputError):
            pass_at_k(right, n, k)
    with pytest.raises(InputError, match="seeds, problems"):
        two_level_interval([1.0, 2.0])


def test_intervals_cover_and_know_about_seeds():
    """A shift per seed, which problems alone would not show, must widen the interval enough to cover."""
    draw = np.random.default_rng(0)
    hits = 0
    for trial in range(60):
        values = draw.normal(0, 0.5, (8, 1)) + draw.normal(0, 1, (8, 30))
        hits += (found := two_level_interval(values, num_resamples=300, seed=trial)).low <= 0 <= found.high
    assert hits >= 48
    clear = two_level_interval(np.full((3, 4), 0.5))
    assert clear.clear_of_zero and clear.low == clear.mean == 0.5
