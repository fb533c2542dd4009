"""The pointwise parts of the layers, forward and backward, as compiled loops over rows.

Each entry takes a range of units, a tuple of addresses and sizes (named where it is unpacked) and a small constant.
A unit is a block of rows; sums over rows (gradients of weights) are left as one partial sum a unit, which torch adds
up in a fixed order. Rows are multiples of 16 numbers, fp32 or bf16; sums are fp32.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

import builtins
import hashlib
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import torch

from tamsa.kernels.gates_vectors import biggest, larger, read, sigmoid, softplus, write
from tamsa.kernels.kda.compiling import compiled, fingerprint, inner
from tamsa.kernels.kda.threads import run_units
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

LANES = 16
"""Numbers that every row must be a multiple of."""

BLOCK = 32
"""Rows in a unit."""

SMALL = 1 << 16
"""Numbers below which a second thread costs more than it brings."""


def _entry(function: Any, key: str) -> Any:
    """Compile `function(first, last, a, eps)` under a disk-cache key that changes with the sources.

    The key is what the entry closes over, and all that it closes over: a compiled function is another one in every
    process, so that with it in the closure no process would find what an earlier one has compiled.
    """

    def call(first, last, a, eps):
        key  # noqa: B018 - part of the disk cache's key
        return kernel(first, last, a, eps)  # noqa: F821 - a global of the function made below

    names = {"__name__": __name__, "__builtins__": builtins, "kernel": function}
    made = FunctionType(call.__code__, names, function.__name__, None, call.__closure__)
    made.__qualname__ = function.__name__
    return compiled(made)


def entries(source: str, *functions: Any, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """Compile the functions of a file under a key that changes with it and with what it builds on; by name.

    Args:
        source: the file.
        functions: of it.
        also: names of further files beside this one that it builds on.
    """
    digest = hashlib.sha256(fingerprint().encode())
    beside = (Path(__file__).with_name(name) for name in ("gates_vectors.py", *also))
    for path in dict.fromkeys((*beside, Path(__file__), Path(source))):
        digest.update(path.read_bytes())
    return {f.__name__: _entry(inner(f), digest.hexdigest()) for f in functions}


def address(x: torch.Tensor | None) -> int:
    """Return where a tensor's memory begins, 0 for None."""
    return 0 if x is None else x.data_ptr()


def run(kernel: Any, num_units: int, a: tuple[int, ...], eps: float, work: int) -> None:
    """Run an entry over all its units, on threads where `work` numbers are enough for them."""
    constant = np.float32(eps)
    num_threads = torch.get_num_threads() if work >= SMALL else 1
    if num_threads == 1 or num_units == 1:
        kernel(0, num_units, a, constant)
        return
    step = max(1, num_units // (4 * num_threads))
    run_units(num_units, step, num_threads, lambda first, last: kernel(first, last, a, constant))


@inner
def _mean_square(x, row, D, bf, zero):
    s = zero
    for i in range(0, D, LANES):
        value = read(x, row + i, bf, zero)
        s = fma(value, value, s)
    return total(s)


def norm_forward(first, last, a, eps):
    """Compute y = x w / sqrt(mean(x^2) + eps)."""
    x, w, y, N, D, x_bf, w_bf, block = a
    one = eps / eps
    zero = zeros(one, 16)
    for n in range(first * block, min(last * block, N)):
        r = one / np.sqrt(_mean_square(x, n * D, D, x_bf, zero) / np.float32(D) + eps)
        factor = splat(r, zero)
        for i in range(0, D, LANES):
            value = mul(mul(read(x, n * D + i, x_bf, zero), factor), read(w, i, w_bf, zero))
            write(y, n * D + i, x_bf, value)
    return 0


def norm_backward(first, last, a, eps):
    """Compute dx and a partial dw per unit."""
    x, w, dy, dx, dw, N, D, x_bf, w_bf, block = a
    one = eps / eps
    zero = zeros(one, 16)
    for unit in range(first, last):
        part = dw + unit * D * 4
        for i in range(0, D, LANES):
            store(part, i, zero)
        for n in range(unit * block, min(unit * block + block, N)):
            row = n * D
            squares = zero
            dots = zero
            for i in range(0, D, LANES):
                value = read(x, row + i, x_bf, zero)
                squares = fma(value, value, squares)
                dots = fma(mul(read(dy, row + i, x_bf, zero), read(w, i, w_bf, zero)), value, dots)
            r = one / np.sqrt(total(squares) / np.float32(D) + eps)
            factor = splat(r, zero)
            pull = splat(-total(dots) * r * r * r / np.float32(D), zero)
            for i in range(0, D, LANES):
                value = read(x, row + i, x_bf, zero)
                slope = mul(read(dy, row + i, x_bf, zero), factor)
                write(dx, row + i, x_bf, fma(pull, value, mul(slope, read(w, i, w_bf, zero))))
                store(part, i, fma(slope, value, load(part, i, zero)))
    return 0


def gated_norm_forward(first, last, a, eps):
    """Compute y = x w sigmoid(z) / sqrt(mean(x^2) + eps) over rows of one head."""
    x, z, w, y, N, D, x_bf, z_bf, w_bf, block = a
    one = eps / eps
    zero = zeros(one, 16)
    for n in range(first * block, min(last * block, N)):
        r = one / np.sqrt(_mean_square(x, n * D, D, x_bf, zero) / np.float32(D) + eps)
        factor = splat(r, zero)
        for i in range(0, D, LANES):
            value = mul(mul(read(x, n * D + i, x_bf, zero), factor), read(w, i, w_bf, zero))
            write(y, n * D + i, z_bf, mul(value, sigmoid(read(z, n * D + i, z_bf, zero), one)))
    return 0


def gated_norm_backward(first, last, a, eps):
    """Compute dx, dz and a partial dw per unit."""
    x, z, w, dy, dx, dz, dw, N, D, x_bf, z_bf, w_bf, block = a
    one = eps / eps
    zero = zeros(one, 16)
    ones = splat(one, zero)
    for unit in range(first, last):
        part = dw + unit * D * 4
        for i in range(0, D, LANES):
            store(part, i, zero)
        for n in range(unit * block, min(unit * block + block, N)):
            row = n * D
            squares = zero
            dots = zero
            for i in range(0, D, LANES):
                value = read(x, row + i, x_bf, zero)
                squares = fma(value, value, squares)
                open_ = sigmoid(read(z, row + i, z_bf, zero), one)
                slope = mul(mul(read(dy, row + i, z_bf, zero), open_), read(w, i, w_bf, zero))
                dots = fma(slope, value, dots)
            r = one / np.sqrt(total(squares) / np.float32(D) + eps)
            factor = splat(r, zero)
            pull = splat(-total(dots) * r * r * r / np.float32(D), zero)
            for i in range(0, D, LANES):
                value = read(x, row + i, x_bf, zero)
                weight = read(w, i, w_bf, zero)
                open_ = sigmoid(read(z, row + i, z_bf, zero), one)
                slope = mul(read(dy, row + i, z_bf, zero), factor)
                gated = mul(slope, open_)
                write(dx, row + i, x_bf, fma(pull, value, mul(gated, weight)))
                store(part, i, fma(gated, value, load(part, i, zero)))
                write(dz, row + i, z_bf, mul(mul(gated, sub(ones, open_)), mul(weight, value)))
    return 0


def swiglu_forward(first, last, a, eps):
    """Compute y = g sigmoid(g) u for rows [g | u]."""
    x, y, N, D, bf, block = a
    one = eps / eps
    zero = zeros(one, 16)
    for n in range(first * block, min(last * block, N)):
        for i in range(0, D, LANES):
            g = read(x, 2 * n * D + i, bf, zero)
            u = read(x, 2 * n * D + D + i, bf, zero)
            write(y, n * D + i, bf, mul(mul(g, sigmoid(g, one)), u))
    return 0


def swiglu_backward(first, last, a, eps):
    """Compute the gradients of rows [g | u]."""
    x, dy, dx, N, D, bf, block = a
    one = eps / eps
    zero = zeros(one, 16)
    ones = splat(one, zero)
    for n in range(first * block, min(last * block, N)):
        for i in range(0, D, LANES):
            g = read(x, 2 * n * D + i, bf, zero)
            u = read(x, 2 * n * D + D + i, bf, zero)
            slope = read(dy, n * D + i, bf, zero)
            s = sigmoid(g, one)
            silu = mul(g, s)
            write(dx, 2 * n * D + D + i, bf, mul(slope, silu))
            bend = fma(silu, sub(ones, s), s)
            write(dx, 2 * n * D + i, bf, mul(mul(slope, u), bend))
    return 0


def decay_forward(first, last, a, eps):
    """Compute log-decays from the gate's projection; `eps` carries the lower bound, positive where there is none."""
    z, rate, dt, g, N, H, K, z_stride, bf, block = a
    one = rate_one = eps / eps
    zero = zeros(rate_one, 16)
    for n in range(first * block, min(last * block, N)):
        for h in range(H):
            speed = load(rate, h, one)
            for i in range(h * K, h * K + K, LANES):
                pre = add(read(z, n * z_stride + i, bf, zero), load(dt, i, zero))
                if eps > 0:
                    value = mul(splat(-speed, zero), softplus(pre, one))
                else:
                    value = mul(splat(eps, zero), sigmoid(mul(splat(speed, zero), pre), one))
                store(g, n * H * K + i, value)
    return 0


def decay_backward(first, last, a, eps):
    """Compute dz and, per unit and channel, partial gradients of dt_bias and of A_log."""
    z, rate, dt, dg, dz, d_dt, d_rate, N, H, K, z_stride, bf, block = a
    one = eps / eps
    zero = zeros(one, 16)
    ones = splat(one, zero)
    for unit in range(first, last):
        dt_part = d_dt + unit * H * K * 4
        rate_part = d_rate + unit * H * K * 4
        for i in range(0, H * K, LANES):
            store(dt_part, i, zero)
            store(rate_part, i, zero)
        for n in range(unit * block, min(unit * block + block, N)):
            for h in range(H):
                speed = load(rate, h, one)
                for i in range(h * K, h * K + K, LANES):
                    pre = add(read(z, n * z_stride + i, bf, zero), load(dt, i, zero))
                    slope = load(dg, n * H * K + i, zero)
                    if eps > 0:
                        rise = mul(mul(slope, splat(-speed, zero)), sigmoid(pre, one))
                        spread = mul(mul(slope, splat(-speed, zero)), softplus(pre, one))
                    else:
                        s = sigmoid(mul(splat(speed, zero), pre), one)
                        rise = mul(mul(mul(slope, splat(eps * speed, zero)), s), sub(ones, s))
                        spread = mul(rise, pre)
                    write(dz, n * H * K + i, bf, rise)
                    store(dt_part, i, add(load(dt_part, i, zero), rise))
                    store(rate_part, i, add(load(rate_part, i, zero), spread))
    return 0


def entropy(first, last, a, eps):
    """Replace rows of logits by softmax - one-hot, and write each row's loss; rows with label -100 become 0."""
    x, labels, losses, N, V, bf, block = a
    one = eps / eps
    zero = zeros(one, 16)
    for n in range(first * block, min(last * block, N)):
        row = n * V
        label = load(labels, n, n)
        if label < 0:
            for i in range(0, V, LANES):
                write(x, row + i, bf, zero)
            store(losses, n, one - one)
            continue
        top = read(x, row, bf, zero)
        for i in range(LANES, V, LANES):
            top = larger(read(x, row + i, bf, zero), top)
        peak = biggest(top)
        shift = splat(-peak, zero)
        mass = zero
        target = load_bf16(x, row + label, one) if bf else load(x, row + label, one)
        for i in range(0, V, LANES):
            mass = add(mass, exp_decay(add(read(x, row + i, bf, zero), shift)))
        whole = total(mass)
        store(losses, n, np.float32(np.log(whole)) + peak - target)
        factor = splat(one / whole, zero)
        for i in range(0, V, LANES):
            write(x, row + i, bf, mul(exp_decay(add(read(x, row + i, bf, zero), shift)), factor))
        slope = np.exp(target - peak) / whole - one
        if bf:
            store_bf16(x, row + label, slope)
        else:
            store(x, row + label, slope)
    return 0


KERNELS = entries(
    __file__,
    norm_forward,
    norm_backward,
    gated_norm_forward,
    gated_norm_backward,
    swiglu_forward,
    swiglu_backward,
    decay_forward,
    decay_backward,
    entropy,
)
"""The compiled entries by name."""
