"""Products of a few rows with a matrix on the CPU, for decoding: each weight is read once from memory, as it lies.

BLAS libraries are made for many rows: with few they spend their time packing weights. Sums are fp32, and each
row's are made in the same order whatever the other rows are, so that its result does not depend on them.

Shapes: N rows, D inputs, M outputs.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

import torch
from torch import Tensor

from tamsa.kernels.gates import is_compiled
from tamsa.kernels.gates_cpu import address, entries, run
from tamsa.kernels.gates_vectors import read, write
from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.vectors import add
from tamsa.kernels.tiles import paired_tile, part, single_tile

BLOCK = 64
"""Outputs in a unit; a multiple of 16."""

MOST = {torch.float32: 256, torch.bfloat16: 64}
"""Rows up to which this is about as fast as the library, or faster."""


@inner
def _put(y, index, bf, value, adds):
    """Write outputs, or add them to what is there."""
    if adds:
        value = add(value, read(y, index, bf, value))
    write(y, index, bf, value)


@inner
def _four_rows(x, x_step, w, w_step, y, M, D, ahead, bf, adds, one):
    """Write four outputs of four rows."""
    if bf:
        found = paired_tile(x, x_step, w, w_step, D, ahead, one, 4, 2)
    else:
        found = single_tile(x, x_step, w, w_step, D, ahead, one, 4, 2)
    _put(y, 0, bf, part(found, 0, 4), adds)
    _put(y, M, bf, part(found, 1, 4), adds)
    _put(y, 2 * M, bf, part(found, 2, 4), adds)
    _put(y, 3 * M, bf, part(found, 3, 4), adds)


@inner
def _two_rows(x, x_step, w, w_step, y, M, D, ahead, bf, adds, one):
    """Write eight outputs of two rows."""
    if bf:
        found = paired_tile(x, x_step, w, w_step, D, ahead, one, 2, 8)
    else:
        found = single_tile(x, x_step, w, w_step, D, ahead, one, 2, 8)
    _put(y, 0, bf, part(found, 0, 8), adds)
    _put(y, M, bf, part(found, 1, 8), adds)


@inner
def _one_row(x, w, w_step, y, D, ahead, bf, adds, one):
    """Write sixteen outputs of one row."""
    if bf:
        found = paired_tile(x, D, w, w_step, D, ahead, one, 1, 16)
    else:
        found = single_tile(x, D, w, w_step, D, ahead, one, 1, 16)
    _put(y, 0, bf, found, adds)


def few_rows_product(first, last, a, eps):
    """Compute y = x w^T, or add it to y, for a range of blocks of outputs."""
    x, x_step, w, w_step, y, N, D, M, bf, adds = a
    one = eps / eps
    size = 2 if bf else 4
    row_size, weight_size = x_step * size, w_step * size
    for out in range(first * BLOCK, min(last * BLOCK, M), 16):
        weights = w + out * weight_size
        # each tile asks for its share of the next sixteen rows of weights: asked for at once, they would be waited for
        share = max(2 * D * size, 16 * weight_size // N)
        ahead = weights + 16 * weight_size
        end = ahead + 16 * weight_size - 2 * D * size
        at = y + out * size
        whole = N - N % 4
        for o in range(0, 16, 4):
            for row in range(0, whole, 4):
                _four_rows(
                    x + row * row_size,
                    x_step,
                    weights + o * weight_size,
                    w_step,
                    at + (row * M + o) * size,
                    M,
                    D,
                    min(ahead, end),
                    bf,
                    adds,
                    one,
                )
                ahead += share
        ahead = weights + 16 * weight_size
        if N % 4 >= 2:
            for o in range(0, 16, 8):
                _two_rows(
                    x + whole * row_size,
                    x_step,
                    weights + o * weight_size,
                    w_step,
                    at + (whole * M + o) * size,
                    M,
                    D,
                    ahead + o * weight_size,
                    bf,
                    adds,
                    one,
                )
        if N % 2:
            row = N - 1
            _one_row(x + row * row_size, weights, w_step, at + row * M * size, D, ahead, bf, adds, one)
    return 0


_PRODUCT = entries(__file__, few_rows_product, also=("tiles.py",))["few_rows_product"]


def fits(x: Tensor, weight: Tensor) -> bool:
    """True where `product` takes these tensors and beats the library."""
    rows = x.numel() // max(1, x.shape[-1])
    return (
        rows <= MOST.get(x.dtype, 0)
        and weight.dtype == x.dtype
        and weight.shape[0] % 16 == 0
        and weight.stride(1) == 1
        and not torch.is_grad_enabled()
        and is_compiled(x.shape[-1], x, weight)
    )


def product(x: Tensor, weight: Tensor) -> Tensor:
    """Return `x weight^T` for `[..., D]` and `[M, D]` that `fits`, without gradients."""
    x = x.contiguous()
    size, (outputs, inputs) = x.numel() // x.shape[-1], weight.shape
    y = x.new_empty((*x.shape[:-1], outputs))
    a = (address(x), inputs, address(weight), weight.stride(0), address(y), size, inputs, outputs)
    run(_PRODUCT, -(-outputs // BLOCK), (*a, int(x.dtype == torch.bfloat16), 0), 1.0, size * inputs * outputs // 8)
    return y
