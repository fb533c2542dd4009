"""Attention in bf16 on a CPU: blocks of queries as matrix products, softmax and its adjoint as compiled passes.

The fused kernel of torch spends most of its time beside the products; here oneDNN's bf16 products do the work and
scores (bf16) exist for one block of queries and a few heads at a time.

Shapes: G batch times heads, T queries, L keys, d key width, e value width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tamsa.kernels.gates import apply, is_compiled
from tamsa.kernels.gates_cpu import LANES, address, run
from tamsa.kernels.softmax_cpu import BLOCK, KERNELS

QUERIES = 128
"""Queries in a block under a causal mask; twice as many without one, where a larger block wastes nothing."""

SCORES = 1 << 21
"""Scores that exist at a time: heads are taken in groups, so that they stay in the cache."""

WORTH = 32
"""Queries from which on the blocks beat torch's fused kernel."""


def takes(q: Tensor, k: Tensor, v: Tensor) -> bool:
    """True when the blocks can and should serve these `[B, H, T, *]` tensors."""
    return q.dtype == torch.bfloat16 and q.shape[2] >= WORTH and is_compiled(LANES, q, k, v)


def _step(length: int) -> int:
    """Return what a number of queries or keys is rounded up to a multiple of."""
    return QUERIES if length > QUERIES else LANES


def _flat(x: Tensor) -> Tensor:
    """Return `[B, H, T, d]` as contiguous `[G, T', d]`, with zeros up to whole blocks, short ones to whole vectors.

    The library keeps code and memory for every size of a product that it has met: lengths that are cut to blocks leave
    it few.
    """
    missing = -x.shape[2] % _step(x.shape[2])
    if missing:
        x = F.pad(x, (0, 0, 0, missing))
    return x.contiguous().flatten(0, 1)


def _blocks(q: Tensor, L: int, past: int | None) -> Any:
    """Yield the heads, queries and last-plus-one visible key of every block; `past` None shows all keys to all."""
    G, T = q.shape[:2]
    step = _step(L)
    size = 2 * QUERIES if past is None else QUERIES
    group = max(1, min(G, SCORES // (min(size, T) * L)))
    for g in range(0, G, group):
        for t in range(0, T, size):
            stop = min(t + size, T)
            end = L if past is None else min(L, -(-(past + stop) // step) * step)
            yield slice(g, min(g + group, G)), slice(t, stop), end


def _softmax(name: str, tensors: tuple[Tensor, ...], start: int, valid: int, scale: float, causal: bool) -> None:
    G, R, L = tensors[0].shape
    a = (*(address(x) for x in tensors), G * R, R, L, start, valid, int(causal))
    run(KERNELS[name], -(-G * R // BLOCK), a, scale, G * R * L)


def _forward(q: Tensor, k: Tensor, v: Tensor, valid: int, scale: float, past: int | None) -> tuple[Tensor, Tensor]:
    """Attend from `[G, T, d]`; return outputs `[G, T, e]` and log-sum-exps `[G, T]` fp32.

    Args:
        valid: keys that are no padding.
        past: keys before those of the queries themselves; None where every query sees all.
    """
    out = v.new_empty(q.shape[0], q.shape[1], v.shape[2])
    lse = q.new_empty(q.shape[:2], dtype=torch.float32)
    for heads, queries, end in _blocks(q, k.shape[1], past):
        scores = torch.bmm(q[heads, queries], k[heads, :end].transpose(1, 2))
        masses, sums = scores.new_empty(2, *scores.shape[:2], dtype=torch.float32)
        start = queries.start + (past or 0)
        _softmax("softmax_forward", (scores, masses, sums), start, min(valid, end), scale, past is not None)
        lse[heads, queries] = sums
        out[heads, queries] = torch.bmm(scores, v[heads, :end]) / masses[:, :, None]
    return out, lse


class _CausalAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        B, H, T, _ = q.shape
        L = k.shape[2]
        flat = _flat(q), _flat(k), _flat(v)
        out, lse = _forward(*flat, L, scale, L - T)
        ctx.save_for_backward(*flat, lse)
        ctx.scale, ctx.sizes = scale, (B, H, T, L)
        return out.unflatten(0, (B, H))[:, :, :T]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        q, k, v, lse = ctx.saved_tensors
        B, H, T, L = ctx.sizes
        do = _flat(grad)
        dq = torch.empty_like(q)
        # sums over blocks of queries are kept in fp32
        dk, dv = (torch.zeros(x.shape, dtype=torch.float32) for x in (k, v))
        for heads, queries, end in _blocks(q, k.shape[1], L - T):
            own, slope = q[heads, queries], do[heads, queries]
            weights = torch.bmm(own, k[heads, :end].transpose(1, 2))
            dp = torch.bmm(slope, v[heads, :end].transpose(1, 2))
            sums = lse[heads, queries].contiguous()
            _softmax("softmax_backward", (weights, dp, sums), queries.start + L - T, L, ctx.scale, True)
            dv[heads, :end] += torch.bmm(weights.transpose(1, 2), slope)
            dk[heads, :end] += torch.bmm(dp.transpose(1, 2), own)
            dq[heads, queries] = torch.bmm(dp, k[heads, :end])
        parts = ((dq, T), (dk.to(k.dtype), L), (dv.to(v.dtype), L))
        return *(x.unflatten(0, (B, H))[:, :, :length] for x, length in parts), None


def causal_block_attention(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
    """Attend causally from `[B, H, T, d]` to `[B, H, L, d]`, whose last T keys are the queries' own, with values
    `[B, H, L, e]`; differentiable.
    """
    return apply(_CausalAttention, q, k, v, scale)


def block_attention(q: Tensor, k: Tensor, v: Tensor, scale: float, causal: bool) -> tuple[Tensor, Tensor]:
    """Attend from `[B, H, T, d]` to `[B, H, L, d]` without gradients; also return log-sum-exps `[B, H, T]` fp32."""
    B, H, T, _ = q.shape
    out, lse = _forward(_flat(q), _flat(k), _flat(v), k.shape[2], scale, 0 if causal else None)
    return out.unflatten(0, (B, H))[:, :, :T], lse.unflatten(0, (B, H))[:, :, :T]
