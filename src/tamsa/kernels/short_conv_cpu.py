"""The short convolution on the CPU: convolve, SiLU and normalise each token once, and take it back.

A unit is a block of tokens of one sequence; a row of the table of units holds the sequence's number, its first and
last-plus-one token, and the block's. Tokens are counted over the whole batch. Kernels are 4 wide, heads multiples of
16 channels, numbers fp32 or bf16 with fp32 sums.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

import numpy as np

from tamsa.kernels.gates_cpu import LANES, entries
from tamsa.kernels.gates_vectors import read, sigmoid, write
from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.vectors import fma, load, mul, splat, store, sub, total, zeros

WIDTH = 4
"""Kernel width that is compiled."""

BLOCK = 64
"""Tokens in a unit."""

EPS = 1e-6


@inner
def _row(x, x_step, state, nothing, p, n, s, C, size):
    """Return the address of input p of sequence n, which begins at s: a token, a row of the state, or zeros."""
    if p >= s:
        return x + p * x_step * size
    if state != 0:
        return state + (n * 3 + p - s + 3) * C * size
    return nothing


@inner
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
    slopes = scratch
    values = slopes + (BLOCK + WIDTH - 1) * K * 4
    bends = values + K * 4
    for unit in range(first, last):
        n = load(table, unit * 5, unit)
        s = load(table, unit * 5 + 1, unit)
        e = load(table, unit * 5 + 2, unit)
        t0 = load(table, unit * 5 + 3, unit)
        t1 = load(table, unit * 5 + 4, unit)
        part = dw + unit * 4 * C * 4
        stop = min(t1 + 3, e)
        for head in range(0, C, K):
            # the slope before SiLU of every token that a token of this block was an input of
            for t in range(t0, stop):
                r0 = _row(x, x_step, state, nothing, t - 3, n, s, C, size)
                r1 = _row(x, x_step, state, nothing, t - 2, n, s, C, size)
                r2 = _row(x, x_step, state, nothing, t - 1, n, s, C, size)
                r3 = x + t * x_step * size
                here = slopes + (t - t0) * K * 4
                squares = zero
                dots = zero
                for c in range(0, K, LANES):
                    pre = _convolved(r0, r1, r2, r3, w, head + c, C, bf, zero)
                    gate = sigmoid(pre, one)
                    value = mul(pre, gate)
                    squares = fma(value, value, squares)
                    dots = fma(value, read(dy, t * C + head + c, bf, zero), dots)
                    store(values, c, value)
                    store(bends, c, fma(value, sub(ones, gate), gate))
                factor = ones
                pull = zero
                if head < num_normalised:
                    r = one / np.sqrt(total(squares) + eps)
                    factor = splat(r, zero)
                    pull = splat(-total(dots) * r * r * r, zero)
                for c in range(0, K, LANES):
                    slope = mul(factor, read(dy, t * C + head + c, bf, zero))
                    store(here, c, mul(fma(pull, load(values, c, zero), slope), load(bends, c, zero)))
            for t in range(stop - t0, t1 + 3 - t0):  # beyond the sequence
                for c in range(0, K, LANES):
                    store(slopes + t * K * 4, c, zero)
            # along the block, with four inputs, slopes and sums in registers
            for c in range(0, K, LANES):
                x0 = read(_row(x, x_step, state, nothing, t0 - 3, n, s, C, size), head + c, bf, zero)
                x1 = read(_row(x, x_step, state, nothing, t0 - 2, n, s, C, size), head + c, bf, zero)
                x2 = read(_row(x, x_step, state, nothing, t0 - 1, n, s, C, size), head + c, bf, zero)
                w0 = load(w, head + c, zero)
                w1 = load(w, C + head + c, zero)
                w2 = load(w, 2 * C + head + c, zero)
                w3 = load(w, 3 * C + head + c, zero)
                d0 = zero
                d1 = zero
                d2 = zero
                d3 = zero
                s0 = load(slopes, c, zero)
                s1 = load(slopes, K + c, zero)
                s2 = load(slopes, 2 * K + c, zero)
                for t in range(t0, t1):
                    x3 = read(x, t * x_step + head + c, bf, zero)
                    s3 = load(slopes, (t - t0 + 3) * K + c, zero)
                    d0 = fma(s0, x0, d0)
                    d1 = fma(s0, x1, d1)
                    d2 = fma(s0, x2, d2)
                    d3 = fma(s0, x3, d3)
                    write(dx, t * C + head + c, bf, fma(s3, w0, fma(s2, w1, fma(s1, w2, mul(s0, w3)))))
                    x0 = x1
                    x1 = x2
                    x2 = x3
                    s0 = s1
                    s1 = s2
                    s2 = s3
                store(part, head + c, d0)
                store(part, C + head + c, d1)
                store(part, 2 * C + head + c, d2)
                store(part, 3 * C + head + c, d3)
    return 0


KERNELS = entries(__file__, conv_forward, conv_backward)
"""The compiled entries by name."""
