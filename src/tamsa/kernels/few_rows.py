"""Products of a few rows with a matrix on the CPU: a decoded token reads every weight once, at the speed of memory.

BLAS libraries are made for many rows: at one to eight they spend their time packing weights, most of all in bf16.
Sums are fp32 and each row's are made in the same order whatever the other rows are.

Shapes: N rows, D inputs, M outputs.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

import torch
from torch import Tensor

from tamsa.kernels.gates import is_compiled
from tamsa.kernels.gates_cpu import LANES, address, entries, run
from tamsa.kernels.gates_vectors import read
from tamsa.kernels.kda.compiling import compiled
from tamsa.kernels.kda.vectors import fma, store, store_bf16, total, zeros

BLOCK = 64
"""Outputs in a unit; a multiple of four."""

MOST = {torch.float32: 16, torch.bfloat16: 8}
"""Rows up to which this beats the library."""


@compiled
def _put(y, index, bf, value):
    if bf:
        store_bf16(y, index, value)
    else:
        store(y, index, value)


@compiled
def _four(x, w, y, row, out, D, M, w_step, bf, zero):
    """Write four outputs of one row."""
    a0 = zero
    a1 = zero
    a2 = zero
    a3 = zero
    w0 = out * w_step
    w1 = w0 + w_step
    w2 = w1 + w_step
    w3 = w2 + w_step
    for i in range(0, D, LANES):
        value = read(x, row * D + i, bf, zero)
        a0 = fma(value, read(w, w0 + i, bf, zero), a0)
        a1 = fma(value, read(w, w1 + i, bf, zero), a1)
        a2 = fma(value, read(w, w2 + i, bf, zero), a2)
        a3 = fma(value, read(w, w3 + i, bf, zero), a3)
    _put(y, row * M + out, bf, total(a0))
    _put(y, row * M + out + 1, bf, total(a1))
    _put(y, row * M + out + 2, bf, total(a2))
    _put(y, row * M + out + 3, bf, total(a3))


@compiled
def _four_of_two(x, w, y, row, out, D, M, w_step, bf, zero):
    """Write four outputs of two rows: each weight is read and widened once for both."""
    a0 = zero
    a1 = zero
    a2 = zero
    a3 = zero
    b0 = zero
    b1 = zero
    b2 = zero
    b3 = zero
    w0 = out * w_step
    w1 = w0 + w_step
    w2 = w1 + w_step
    w3 = w2 + w_step
    for i in range(0, D, LANES):
        a = read(x, row * D + i, bf, zero)
        b = read(x, row * D + D + i, bf, zero)
        weight = read(w, w0 + i, bf, zero)
        a0 = fma(a, weight, a0)
        b0 = fma(b, weight, b0)
        weight = read(w, w1 + i, bf, zero)
        a1 = fma(a, weight, a1)
        b1 = fma(b, weight, b1)
        weight = read(w, w2 + i, bf, zero)
        a2 = fma(a, weight, a2)
        b2 = fma(b, weight, b2)
        weight = read(w, w3 + i, bf, zero)
        a3 = fma(a, weight, a3)
        b3 = fma(b, weight, b3)
    _put(y, row * M + out, bf, total(a0))
    _put(y, row * M + out + 1, bf, total(a1))
    _put(y, row * M + out + 2, bf, total(a2))
    _put(y, row * M + out + 3, bf, total(a3))
    _put(y, row * M + M + out, bf, total(b0))
    _put(y, row * M + M + out + 1, bf, total(b1))
    _put(y, row * M + M + out + 2, bf, total(b2))
    _put(y, row * M + M + out + 3, bf, total(b3))


def few_rows_product(first, last, a, eps):
    """Compute y = x w^T for a range of blocks of outputs."""
    x, w, y, N, D, M, w_step, bf, block = a
    zero = zeros(eps / eps, 16)
    for out in range(first * block, min(last * block, M), 4):
        for row in range(0, N - 1, 2):
            _four_of_two(x, w, y, row, out, D, M, w_step, bf, zero)
        if N % 2:
            _four(x, w, y, N - 1, out, D, M, w_step, bf, zero)
    return 0


_PRODUCT = entries(__file__, few_rows_product)["few_rows_product"]


def fits(x: Tensor, weight: Tensor) -> bool:
    """True where `product` takes these tensors and beats the library."""
    rows = x.numel() // x.shape[-1]
    return (
        rows <= MOST.get(x.dtype, 0)
        and weight.dtype == x.dtype
        and weight.shape[0] % 4 == 0
        and weight.stride(1) == 1
        and not torch.is_grad_enabled()
        and is_compiled(x.shape[-1], x, weight)
    )


def product(x: Tensor, weight: Tensor) -> Tensor:
    """Return `x weight^T` for `[..., D]` and `[M, D]` that `fits`, without gradients."""
    x = x.contiguous()
    size, (outputs, inputs) = x.numel() // x.shape[-1], weight.shape
    y = x.new_empty((*x.shape[:-1], outputs))
    a = (address(x), address(weight), address(y), size, inputs, outputs, weight.stride(0))
    a += (int(x.dtype == torch.bfloat16), BLOCK)
    run(_PRODUCT, -(-outputs // BLOCK), a, 1.0, size * inputs * outputs // 8)
    return y
