"""Rows of attention scores on the CPU: causal softmax in place, and its adjoint.

Scores are bf16 `[G, R, L]`: G heads, R queries, L keys, L a multiple of 16. Query r of a block that begins at key
`start` sees the keys up to `start + r`; without a causal mask it sees the first `valid` keys. A unit is 16 rows. The
constant is the factor of the scores. Hidden weights are exactly 0.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

import numpy as np

from tamsa.kernels.gates_cpu import LANES, entries
from tamsa.kernels.gates_vectors import biggest, larger
from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.vectors import (
    add,
    exp_decay,
    fma,
    load,
    load_bf16,
    mul,
    splat,
    store,
    store_bf16,
    sub,
    total,
    zeros,
)

BLOCK = 16
"""Rows in a unit."""


@inner
def _hide(s, row, seen, L, zero, low):
    """Overwrite what a row does not see: lanes beside visible ones with a number that becomes 0, the rest with 0."""
    whole = (seen + LANES - 1) // LANES * LANES
    for i in range(seen, whole):
        store_bf16(s, row + i, low)
    for i in range(whole, L, LANES):
        store_bf16(s, row + i, zero)
    return whole


def softmax_forward(first, last, a, eps):
    """Replace scores by e^(score - peak), and write the sums of these and log-sum-exps `[G, R]`."""
    s, masses, lse, N, R, L, start, valid, causal = a
    one = eps / eps
    zero = zeros(one, 16)
    low = np.float32(-1e30) * one
    scale = splat(eps, zero)
    for n in range(first * BLOCK, min(last * BLOCK, N)):
        row = n * L
        seen = valid
        if causal:
            seen = min(start + n % R + 1, L)
        whole = _hide(s, row, seen, L, zero, low)
        top = load_bf16(s, row, zero)
        for i in range(LANES, whole, LANES):
            top = larger(load_bf16(s, row + i, zero), top)
        peak = biggest(top) * eps
        shift = splat(-peak, zero)
        mass = zero
        for i in range(0, whole, LANES):
            weight = exp_decay(fma(load_bf16(s, row + i, zero), scale, shift))
            mass = add(mass, weight)
            store_bf16(s, row + i, weight)
        whole_mass = total(mass)
        store(masses, n, whole_mass)
        store(lse, n, peak + np.float32(np.log(whole_mass)))
    return 0


def softmax_backward(first, last, a, eps):
    """Replace scores by weights P, and their slopes dP `[G, R, L]` by those of the scores, scale P (dP - sum P dP)."""
    s, dp, lse, N, R, L, start, valid, causal = a
    one = eps / eps
    zero = zeros(one, 16)
    low = np.float32(-1e30) * one
    scale = splat(eps, zero)
    for n in range(first * BLOCK, min(last * BLOCK, N)):
        row = n * L
        seen = valid
        if causal:
            seen = min(start + n % R + 1, L)
        whole = _hide(s, row, seen, L, zero, low)
        shift = splat(-load(lse, n, one), zero)
        dots = zero
        for i in range(0, whole, LANES):
            # rounding may have left a score a little above its row's log-sum-exp: e^x is made for x <= 0
            x = fma(load_bf16(s, row + i, zero), scale, shift)
            store_bf16(s, row + i, exp_decay(sub(zero, larger(sub(zero, x), zero))))
            dots = fma(load_bf16(s, row + i, zero), load_bf16(dp, row + i, zero), dots)
        mean = splat(total(dots), zero)
        for i in range(0, whole, LANES):
            weight = mul(load_bf16(s, row + i, zero), scale)
            store_bf16(dp, row + i, mul(weight, sub(load_bf16(dp, row + i, zero), mean)))
        for i in range(whole, L, LANES):
            store_bf16(dp, row + i, zero)
    return 0


KERNELS = entries(__file__, softmax_forward, softmax_backward)
"""The compiled entries by name."""
