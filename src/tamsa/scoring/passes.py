"""pass@k over several seeds of a study, and bootstrap intervals of it and of differences.

Legend of shapes: S seeds, Q problems of a seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tamsa.errors import InputError

Array = npt.NDArray[np.float64]


def pass_at_k(num_right: npt.ArrayLike, num_samples: int, k: int) -> Array:
    """Return the unbiased estimate of pass@k of each problem: 1 - C(n - c, k) / C(n, k) (arXiv 2107.03374).

    Args:
        num_right: c, of n samples, any shape.
        num_samples: n.
        k: 1 <= k <= n.

    Raises:
        InputError: k or a count is out of range.
    """
    right = np.asarray(num_right, dtype=np.float64)
    if not 1 <= k <= num_samples:
        raise InputError(f"k: {k}, expected 1 <= k <= the {num_samples} samples of a problem")
    if right.size and not (right.min() >= 0 and right.max() <= num_samples):
        raise InputError(f"num_right: a count outside [0, {num_samples}]")
    none = np.ones_like(right)
    for i in range(k):
        none = none * np.maximum(num_samples - right - i, 0) / (num_samples - i)
    return 1.0 - none


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its bootstrap interval."""

    mean: float
    low: float
    high: float

    @property
    def clear_of_zero(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


def two_level_interval(
    values: npt.ArrayLike, *, confidence: float = 0.95, num_resamples: int = 4_000, seed: int = 0
) -> Interval:
    """Return the mean of `[S, Q]` values with a bootstrap interval over seeds and, within each, over problems.

    Resampling seeds too makes the interval one for another training run, not only for other problems. For the
    difference of two methods pass the differences, problem by problem.

    Args:
        values: `[S, Q]`.
        confidence: in (0, 1).
        num_resamples: resamples drawn.
        seed: of the generator.

    Raises:
        InputError: not two dimensions, or empty.
    """
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 2 or data.size == 0:
        raise InputError(f"values: shape {list(data.shape)}, expected [seeds, problems], not empty")
    draw = np.random.default_rng(seed)
    S, Q = data.shape
    means = np.empty(num_resamples)
    for at in range(num_resamples):
        seeds = draw.integers(0, S, size=(S, 1))
        means[at] = data[seeds, draw.integers(0, Q, size=(S, Q))].mean()
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(data.mean()), float(low), float(high))
