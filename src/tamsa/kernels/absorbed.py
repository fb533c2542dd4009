"""Absorbed MLA decode on the CPU: all heads of a row read each cached latent once, and softmax runs along.

A decoded token needs a matrix product of a few rows with a matrix that has one row more at every token. Libraries
prepare a product anew for every new size, which costs them more than the product; here nothing depends on the size.
Queries are folded through the key half of kv_b and results unfolded through its value half in the same call. Scores,
weights and sums are fp32, whatever the latents are. The running softmax is that of Milakov and Gimelshein
(arXiv 1805.02867).

Shapes: B rows, T new tokens, H heads, L cached tokens, R latent rank, P shared key width, d private key width,
e value width.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tamsa.kernels.gates import is_compiled
from tamsa.kernels.gates_cpu import LANES, address, entries, run
from tamsa.kernels.gates_vectors import biggest, read, write
from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.threads import scratch
from tamsa.kernels.kda.vectors import add, exp_decay, fma, load, mul, splat, store, store_bf16, sub, total, zeros
from tamsa.kernels.tiles import single_tile

TILE = 16
"""Latents that are widened to fp32 and read by all queries of a unit at a time: one vector of scores."""

MOST = 32
"""Queries of a row in a unit."""

NEAR = 1 << 20
"""Numbers of kv_b up to which every row may read them anew; more are folded for all rows at once by the library."""

_LOW = -1e30
"""Score of a hidden latent: its weight is exactly 0."""


@inner
def _collect(weights, tile, sums, faded, W, R, one, zero):
    """Fade the sums so far and add the tile's latents by their weights; four vectors of sums at a time."""
    whole = R - R % (4 * LANES)
    for i in range(0, whole, 4 * LANES):
        a0 = mul(load(sums, i, zero), faded)
        a1 = mul(load(sums, i + LANES, zero), faded)
        a2 = mul(load(sums, i + 2 * LANES, zero), faded)
        a3 = mul(load(sums, i + 3 * LANES, zero), faded)
        for row in range(TILE):
            weight = splat(load(weights, row, one), zero)
            at = row * W + i
            a0 = fma(weight, load(tile, at, zero), a0)
            a1 = fma(weight, load(tile, at + LANES, zero), a1)
            a2 = fma(weight, load(tile, at + 2 * LANES, zero), a2)
            a3 = fma(weight, load(tile, at + 3 * LANES, zero), a3)
        store(sums, i, a0)
        store(sums, i + LANES, a1)
        store(sums, i + 2 * LANES, a2)
        store(sums, i + 3 * LANES, a3)
    for i in range(whole, R, LANES):
        value = mul(load(sums, i, zero), faded)
        for row in range(TILE):
            value = fma(splat(load(weights, row, one), zero), load(tile, row * W + i, zero), value)
        store(sums, i, value)


@inner
def _fold(q, at, up, query, d, R, P, scale, bf, one, zero):
    """Write a query through the key half of kv_b, `[d, R]` at `up`, and its shared part behind it, both scaled."""
    width = 2 if bf else 4
    factor = splat(scale, zero)
    whole = R - R % (4 * LANES)
    for i in range(0, whole, 4 * LANES):
        a0 = zero
        a1 = zero
        a2 = zero
        a3 = zero
        for j in range(d):
            number = splat(read(q, at + j, bf, one), zero)
            row = j * R + i
            a0 = fma(number, read(up, row, bf, zero), a0)
            a1 = fma(number, read(up, row + LANES, bf, zero), a1)
            a2 = fma(number, read(up, row + 2 * LANES, bf, zero), a2)
            a3 = fma(number, read(up, row + 3 * LANES, bf, zero), a3)
        store(query, i, mul(a0, factor))
        store(query, i + LANES, mul(a1, factor))
        store(query, i + 2 * LANES, mul(a2, factor))
        store(query, i + 3 * LANES, mul(a3, factor))
    for i in range(whole, R, LANES):
        value = zero
        for j in range(d):
            value = fma(splat(read(q, at + j, bf, one), zero), read(up, j * R + i, bf, zero), value)
        store(query, i, mul(value, factor))
    for i in range(0, P, LANES):
        store(query, R + i, mul(read(q + (at + d) * width, i, bf, zero), factor))


@inner
def _unfold(sums, up, out, at, e, R, bf, zero):
    """Write a result through the value half of kv_b, `[e, R]` at `up`."""
    for j in range(e):
        a0 = zero
        for i in range(0, R, LANES):
            a0 = fma(load(sums, i, zero), read(up, j * R + i, bf, zero), a0)
        if bf:
            store_bf16(out, at + j, total(a0))
        else:
            store(out, at + j, total(a0))


def append_latents(first, last, a, eps):
    """Write one token's latents at the end of each row: the content normalised, the shared key as it is."""
    x, x_step, norm, latents, lengths, R, P, step, bf, norm_bf = a
    one = eps / eps
    zero = zeros(one, 16)
    width = 2 if bf else 4
    for b in range(first, last):
        row = x + b * x_step * width
        end = latents + (b * step + (load(lengths, b, R) - 1) * (R + P)) * width
        squares = zero
        for i in range(0, R, LANES):
            value = read(row, i, bf, zero)
            squares = fma(value, value, squares)
        factor = splat(one / np.sqrt(total(squares) / np.float32(R) + eps), zero)
        for i in range(0, R, LANES):
            write(end, i, bf, mul(mul(read(row, i, bf, zero), factor), read(norm, i, norm_bf, zero)))
        for i in range(R, R + P, LANES):
            write(end, i, bf, read(row, i, bf, zero))
    return 0


def absorbed_attention(first, last, a, scale):
    """Attend for a range of units: the queries of one row, or as many of them as a unit has."""
    q, q_step, latents, lengths, up, out, N, H, T, d, e, R, P, step, parts, size, bf, memory = a
    one = scale / scale
    zero = zeros(one, 16)
    low = np.float32(_LOW) * one
    W = R + P
    width = 2 if bf else 4
    for unit in range(first, last):
        b = unit // parts
        n0 = unit % parts * size
        n1 = min(n0 + size, N)
        length = load(lengths, b, N)
        tile = memory
        queries = tile + TILE * W * 4
        sums = queries + size * W * 4
        peaks = sums + size * R * 4
        masses = peaks + size * 4
        scores = masses + size * 4
        for n in range(n1 - n0):
            keys = up + (n0 + n) % H * (d + e) * R * width
            if up:
                _fold(q, b * q_step + (n0 + n) * (d + P), keys, queries + n * W * 4, d, R, P, scale, bf, one, zero)
            else:
                for i in range(0, W, LANES):
                    value = read(q, b * q_step + (n0 + n) * W + i, bf, zero)
                    store(queries, n * W + i, mul(value, splat(scale, zero)))
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
                # meanwhile the next tile is asked for, a part of it by each query
                ahead = latents + (b * step + (start + TILE) * W) * width + n * W * 4
                store(scores, 0, single_tile(queries + n * W * 4, W, tile, W, W, ahead, one, 1, 1))
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
                store(sums, n * R + i, mul(load(sums, n * R + i, zero), factor))
            if up:
                values = up + ((n0 + n) % H * (d + e) + d) * R * width
                _unfold(sums + n * R * 4, values, out, (b * N + n0 + n) * e, e, R, bf, zero)
            else:
                for i in range(0, R, LANES):
                    write(out, (b * N + n0 + n) * R + i, bf, load(sums, n * R + i, zero))
    return 0


_ATTEND = entries(__file__, absorbed_attention, also=("tiles.py",))["absorbed_attention"]


def parts_of(N: int, rows: int, threads: int) -> tuple[int, int]:
    """Return in how many units a row's N queries are taken, and how many queries a unit has."""
    size = min(N, MOST, max(1, -(-N * rows // threads)))
    return -(-N // size), size


def memory_of(size: int, R: int, P: int) -> int:
    """Return the bytes of scratch memory that a thread needs for units of `size` queries."""
    return (TILE * (R + P) + size * (R + P + R + 2) + TILE) * 4


def takes(q: Tensor, latents: Tensor, up: Tensor) -> bool:
    """True where `attend` takes these tensors."""
    rank = up.shape[2]
    return (
        q.dtype == latents.dtype == up.dtype
        and rank % LANES == 0
        and not (torch.is_grad_enabled() and (q.requires_grad or latents.requires_grad))
        and latents.stride(1) == latents.shape[2]
        and latents.stride(2) == 1
        and up.is_contiguous()
        and is_compiled(latents.shape[2], q, latents, up)
    )


def attend(q: Tensor, latents: Tensor, lengths: Tensor, up: Tensor, scale: float) -> Tensor:
    """Attend from `[B, T, H, d + P]` to `[B, L, R + P]`, of which row b has `lengths[b]`; see `latent_attention`."""
    B, T, H, key = q.shape
    R, P = up.shape[2], latents.shape[2] - up.shape[2]
    d = key - P
    e = up.shape[1] - d
    near = up.numel() <= NEAR or B * T == 1
    if not near:
        q = _folded(q, up[:, :d], d)
    N = T * H
    q, lengths = q.contiguous(), lengths.to(torch.int64).contiguous()
    out = q.new_empty(B, T, H, e if near else R)
    parts, size = parts_of(N, B, torch.get_num_threads())
    places = (address(q), q.stride(0), address(latents), address(lengths), address(up) if near else 0, address(out))
    sizes = (N, H, T, d, e, R, P, latents.stride(0), parts, size, int(q.dtype == torch.bfloat16))
    bytes_ = memory_of(size, R, P)

    def body(first: int, last: int, a: tuple[int, ...], scale: Any) -> int:
        return int(_ATTEND(first, last, (*a, scratch(bytes_)), scale))

    run(body, B * parts, (*places, *sizes), scale, B * N * latents.shape[1])
    return out if near else _unfolded(out, up[:, d:])


def _folded(q: Tensor, keys: Tensor, d: int) -> Tensor:
    """Fold `[B, T, H, d + P]` through `[H, d, R]` to `[B, T, H, R + P]`."""
    B, T, H, _ = q.shape
    folded = torch.bmm(q[..., :d].reshape(B * T, H, d).transpose(0, 1), keys).transpose(0, 1)
    return torch.cat([folded.reshape(B, T, H, -1), q[..., d:]], -1)


def _unfolded(mixed: Tensor, values: Tensor) -> Tensor:
    """Unfold `[B, T, H, R]` through `[H, e, R]` to `[B, T, H, e]`."""
    B, T, H, R = mixed.shape
    out = torch.bmm(mixed.reshape(B * T, H, R).transpose(0, 1), values.transpose(1, 2))
    return out.transpose(0, 1).reshape(B, T, H, -1)


def reference(q: Tensor, latents: Tensor, lengths: Tensor | None, up: Tensor, scale: float) -> Tensor:
    """Compute `latent_attention` in plain torch: its definition."""
    B, T, H, key = q.shape
    L, R = latents.shape[1], up.shape[2]
    d = key - (latents.shape[2] - R)
    folded = _folded(q, up[:, :d], d) * scale
    scores = torch.bmm(folded.reshape(B, T * H, -1), latents.transpose(1, 2)).view(B, T, H, L)
    if T > 1 or lengths is not None:
        ends = torch.full((B,), L, device=q.device) if lengths is None else lengths
        last = ends[:, None] - torch.arange(T - 1, -1, -1, device=q.device)
        hidden = torch.arange(L, device=q.device) >= last[:, :, None]
        scores = scores.masked_fill(hidden[:, :, None], float("-inf"))
    weights = scores.float().softmax(-1).to(latents.dtype).view(B, T * H, L)
    return _unfolded(torch.bmm(weights, latents[..., :R]).view(B, T, H, R), up[:, d:])
