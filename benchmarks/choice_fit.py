"""The likeliest weights of a choice among alternatives that are described by signs: a softmax over each choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

PENALTY = 1e-3


def fit_choices(signs: Sequence[np.ndarray], right: Sequence[np.ndarray], shares: Sequence[float]) -> np.ndarray:
    """Return the weights `[S]` under which a right alternative is likeliest, with a small L2 penalty.

    Args:
        signs: of each choice's alternatives, `[C, S]`.
        right: which of them are right, `[C]`.
        shares: what each choice counts.
    """
    sizes = [len(good) for good in right]
    rows, good = np.concatenate(signs), np.concatenate(right).astype(float)
    share, starts = np.array(shares), np.concatenate([[0], np.cumsum(sizes)[:-1]])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        worth = rows @ weights
        odds = np.exp(worth - np.repeat(np.maximum.reduceat(worth, starts), sizes))
        every, best = np.add.reduceat(odds, starts), np.add.reduceat(odds * good, starts) + 1e-12
        slope = np.repeat(share / every, sizes) * odds - np.repeat(share / best, sizes) * odds * good
        total = float(share @ np.log(every / best)) + PENALTY * float(weights @ weights)
        return total, slope @ rows + 2 * PENALTY * weights

    return np.asarray(minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x)
