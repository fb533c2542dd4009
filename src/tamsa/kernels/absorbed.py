"""Absorbed MLA decode on the CPU: all heads of a row read each cached latent once, and softmax runs along.

A decoded token needs a matrix product of a few rows with a matrix that has one row more at every token. Libraries
prepare a product anew for every new size, which costs them more than the product; here nothing depends on the size.
Scores, weights and sums are fp32, whatever the latents are. The running softmax is that of Milakov and Gimelshein
(arXiv 1805.02867).

Shapes: B rows, T new tokens, H heads, L cached tokens, R latent rank, P shared key width.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tamsa.kernels.gates import is_compiled
from tamsa.kernels.gates_cpu import LANES, address, entry, run
from tamsa.kernels.gates_vectors import biggest, read, write
from tamsa.kernels.kda.compiling import compiled, fingerprint
from tamsa.kernels.kda.vectors import add, exp_decay, fma, load, mul, splat, store, sub, total, zeros

TILE = 16
"""Latents that are widened to fp32 and read by all queries of a unit at a time: one vector of scores."""

MOST = 32
"""Queries of a row in a unit."""

_LOW = -1e30
"""Score of a hidden latent: its weight is exactly 0."""


@compiled
def _scores(query, tile, scores, W, zero):
    """Write the dot products of a query with the latents of a tile."""
    for row in range(0, TILE, 4):
        a0 = zero
        a1 = zero
        a2 = zero
        a3 = zero
        w0 = row * W
        w1 = w0 + W
        w2 = w1 + W
        w3 = w2 + W
        for i in range(0, W, LANES):
            value = load(query, i, zero)
            a0 = fma(value, load(tile, w0 + i, zero), a0)
            a1 = fma(value, load(tile, w1 + i, zero), a1)
            a2 = fma(value, load(tile, w2 + i, zero), a2)
            a3 = fma(value, load(tile, w3 + i, zero), a3)
        store(scores, row, total(a0))
        store(scores, row + 1, total(a1))
        store(scores, row + 2, total(a2))
        store(scores, row + 3, total(a3))


@compiled
def _collect(weights, tile, sums, faded, W, R, one, zero):
    """Fade the sums so far and add the tile's latents by their weights."""
    for i in range(0, R, LANES):
        value = mul(load(sums, i, zero), faded)
        for row in range(TILE):
            value = fma(splat(load(weights, row, one), zero), load(tile, row * W + i, zero), value)
        store(sums, i, value)


def absorbed_attention(first, last, a, eps):
    """Attend for a range of units: the queries of one row, or as many of them as a unit has."""
    q, latents, lengths, out, scratch, N, H, T, W, R, step, parts, size, room, bf = a
    one = eps / eps
    zero = zeros(one, 16)
    low = np.float32(_LOW) * one
    for unit in range(first, last):
        b = unit // parts
        n0 = unit % parts * size
        n1 = min(n0 + size, N)
        length = load(lengths, b, N)
        tile = scratch + unit * room * 4
        queries = tile + TILE * W * 4
        sums = queries + size * W * 4
        peaks = sums + size * R * 4
        masses = peaks + size * 4
        scores = masses + size * 4
        for n in range(n1 - n0):
            for i in range(0, W, LANES):
                store(queries, n * W + i, read(q, (b * N + n0 + n) * W + i, bf, zero))
            for i in range(0, R, LANES):
                store(sums, n * R + i, zero)
            store(peaks, n, low)
            store(masses, n, one - one)
        for start in range(0, length, TILE):
            count = min(TILE, length - start)
            for row in range(count):
                for i in range(0, W, LANES):
                    store(tile, row * W + i, read(latents, b * step + (start + row) * W + i, bf, zero))
            for i in range(count * W, TILE * W, LANES):
                store(tile, i, zero)
            for n in range(n1 - n0):
                seen = length - start - (T - 1 - (n0 + n) // H)
                if seen <= 0:
                    continue
                _scores(queries + n * W * 4, tile, scores, W, zero)
                for row in range(min(seen, TILE), TILE):
                    store(scores, row, low)
                found = load(scores, 0, zero)
                before = load(peaks, n, one)
                peak = max(before, biggest(found) * one)
                weights = exp_decay(sub(found, splat(peak, zero)))
                faded = exp_decay(splat(before - peak, zero))
                store(scores, 0, weights)
                store(peaks, n, peak)
                store(masses, n, total(add(weights, mul(faded, splat(load(masses, n, one) / np.float32(16), zero)))))
                _collect(scores, tile, sums + n * R * 4, faded, W, R, one, zero)
        for n in range(n1 - n0):
            factor = splat(one / load(masses, n, one), zero)
            for i in range(0, R, LANES):
                write(out, (b * N + n0 + n) * R + i, bf, mul(load(sums, n * R + i, zero), factor))
    return 0


def _entry() -> Any:
    digest = hashlib.sha256(fingerprint().encode())
    for name in ("gates_vectors.py", "gates_cpu.py", "absorbed.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    return entry(compiled(absorbed_attention), digest.hexdigest())


_ATTEND = _entry()


def takes(q: Tensor, latents: Tensor, rank: int) -> bool:
    """True where `attend` takes these tensors."""
    return (
        q.dtype == latents.dtype
        and rank % LANES == 0
        and not (torch.is_grad_enabled() and (q.requires_grad or latents.requires_grad))
        and latents.stride(1) == latents.shape[2]
        and latents.stride(2) == 1
        and is_compiled(q.shape[-1], q, latents)
    )


def attend(q: Tensor, latents: Tensor, lengths: Tensor, rank: int) -> Tensor:
    """Attend from `[B, T, H, R + P]` to `[B, L, R + P]`, of which row b has `lengths[b]`; see `latent_attention`."""
    B, T, H, W = q.shape
    N = T * H
    q, lengths = q.contiguous(), lengths.to(torch.int64).contiguous()
    out = q.new_empty(B, T, H, rank)
    size = min(N, MOST, max(1, -(-N * B // torch.get_num_threads())))
    parts = -(-N // size)
    room = TILE * W + size * (W + rank + 2) + TILE
    scratch = torch.empty(B * parts, room, dtype=torch.float32)
    places = (address(q), address(latents), address(lengths), address(out), address(scratch))
    sizes = (N, H, T, W, rank, latents.stride(0), parts, size, room, int(q.dtype == torch.bfloat16))
    run(_ATTEND, B * parts, places + sizes, 1.0, B * N * latents.shape[1])
    return out
