"""The short convolution on the CPU: convolve, SiLU and normalise each token once, and take it back.

A unit is a block of tokens of one sequence; a row of the table of units holds the sequence's number, its first and
last-plus-one token, and the block's. Tokens are counted over the whole batch. Kernels are 4 wide, heads multiples of
16 channels, numbers fp32 or bf16 with fp32 sums.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from tamsa.kernels.gates_cpu import LANES, entry
from tamsa.kernels.gates_vectors import read, sigmoid, write
from tamsa.kernels.kda.compiling import compiled, fingerprint
from tamsa.kernels.kda.vectors import add, fma, load, mul, splat, store, sub, total, zeros

WIDTH = 4
"""Kernel width that is compiled."""

BLOCK = 64
"""Tokens in a unit."""

EPS = 1e-6


@compiled
def _row(x, x_step, state, nothing, p, n, s, C, size):
    """Return the address of input p of sequence n, which begins at s: a token, a row of the state, or zeros."""
    if p >= s:
        return x + p * x_step * size
    if state != 0:
        return state + (n * 3 + p - s + 3) * C * size
    return nothing


@compiled
def _convolved(r0, r1, r2, r3, w, c, C, bf, zero):
    """Return 16 channels of the convolution."""
    y = mul(read(r0, c, bf, zero), load(w, c, zero))
    y = fma(read(r1, c, bf, zero), load(w, C + c, zero), y)
    y = fma(read(r2, c, bf, zero), load(w, 2 * C + c, zero), y)
    return fma(read(r3, c, bf, zero), load(w, 3 * C + c, zero), y)


def conv_forward(first, last, a, eps):
    """Compute y = [normalised] SiLU(conv(x))."""
    x, w, state, nothing, y, table, C, K, num_normalised, x_step, bf, _ = a
    one = eps / eps
    zero = zeros(one, 16)
    size = 2 if bf else 4
    for unit in range(first, last):
        n = load(table, unit * 5, unit)
        s = load(table, unit * 5 + 1, unit)
        for t in range(load(table, unit * 5 + 3, unit), load(table, unit * 5 + 4, unit)):
            r0 = _row(x, x_step, state, nothing, t - 3, n, s, C, size)
            r1 = _row(x, x_step, state, nothing, t - 2, n, s, C, size)
            r2 = _row(x, x_step, state, nothing, t - 1, n, s, C, size)
            r3 = x + t * x_step * size
            for head in range(0, C, K):
                squares = zero
                for c in range(head, head + K, LANES):
                    pre = _convolved(r0, r1, r2, r3, w, c, C, bf, zero)
                    value = mul(pre, sigmoid(pre, one))
                    squares = fma(value, value, squares)
                    write(y, t * C + c, bf, value)
                if head < num_normalised:
                    factor = splat(one / np.sqrt(total(squares) + eps), zero)
                    for c in range(head, head + K, LANES):
                        write(y, t * C + c, bf, mul(read(y, t * C + c, bf, zero), factor))
    return 0


def conv_backward(first, last, a, eps):
    """Compute dx and a partial dw `[4, C]` per unit."""
    x, w, state, nothing, dy, dx, dw, table, C, K, num_normalised, x_step, bf, scratch = a
    one = eps / eps
    zero = zeros(one, 16)
    ones = splat(one, zero)
    size = 2 if bf else 4
    for unit in range(first, last):
        n = load(table, unit * 5, unit)
        s = load(table, unit * 5 + 1, unit)
        e = load(table, unit * 5 + 2, unit)
        t0 = load(table, unit * 5 + 3, unit)
        t1 = load(table, unit * 5 + 4, unit)
        part = dw + unit * 4 * C * 4
        for c in range(0, 4 * C, LANES):
            store(part, c, zero)
        for head in range(0, C, K):
            for t in range(t0, min(t1 + 3, e)):
                r0 = _row(x, x_step, state, nothing, t - 3, n, s, C, size)
                r1 = _row(x, x_step, state, nothing, t - 2, n, s, C, size)
                r2 = _row(x, x_step, state, nothing, t - 1, n, s, C, size)
                r3 = x + t * x_step * size
                here = scratch + (t - t0) * K * 4
                factor = ones
                pull = zero
                if head < num_normalised:
                    squares = zero
                    dots = zero
                    for c in range(head, head + K, LANES):
                        pre = _convolved(r0, r1, r2, r3, w, c, C, bf, zero)
                        value = mul(pre, sigmoid(pre, one))
                        squares = fma(value, value, squares)
                        dots = fma(value, read(dy, t * C + c, bf, zero), dots)
                    r = one / np.sqrt(total(squares) + eps)
                    factor = splat(r, zero)
                    pull = splat(-total(dots) * r * r * r, zero)
                for c in range(head, head + K, LANES):
                    pre = _convolved(r0, r1, r2, r3, w, c, C, bf, zero)
                    gate = sigmoid(pre, one)
                    value = mul(pre, gate)
                    slope = fma(pull, value, mul(factor, read(dy, t * C + c, bf, zero)))
                    slope = mul(slope, fma(value, sub(ones, gate), gate))
                    store(here, c - head, slope)
                    if t < t1:
                        store(part, c, fma(slope, read(r0, c, bf, zero), load(part, c, zero)))
                        store(part, C + c, fma(slope, read(r1, c, bf, zero), load(part, C + c, zero)))
                        store(part, 2 * C + c, fma(slope, read(r2, c, bf, zero), load(part, 2 * C + c, zero)))
                        store(part, 3 * C + c, fma(slope, read(r3, c, bf, zero), load(part, 3 * C + c, zero)))
            for t in range(t0, t1):
                here = scratch + (t - t0) * K * 4
                for c in range(0, K, LANES):
                    slope = mul(load(here, c, zero), load(w, 3 * C + head + c, zero))
                    for ahead in range(1, min(4, e - t)):
                        weight = load(w, (3 - ahead) * C + head + c, zero)
                        slope = add(slope, mul(load(here, ahead * K + c, zero), weight))
                    write(dx, t * C + head + c, bf, slope)
    return 0


def _entries() -> dict[str, Any]:
    digest = hashlib.sha256(fingerprint().encode())
    for name in ("gates_vectors.py", "gates_cpu.py", "short_conv_cpu.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    return {f.__name__: entry(compiled(f), digest.hexdigest()) for f in (conv_forward, conv_backward)}


KERNELS = _entries()
"""The compiled entries by name."""
