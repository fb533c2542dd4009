"""Short causal depthwise convolution with SiLU and per-head L2 normalisation (arXiv 2510.26692, Eq. 10).

Shapes: B batch, T tokens, C channels, W kernel width, N sequences (B, or the packed ones).
The channels of queries and keys come first and are normalised per head; values follow and are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tamsa.kernels import fused
from tamsa.kernels.gates import apply, is_compiled
from tamsa.kernels.gates_cpu import address, run
from tamsa.kernels.kda.threads import scratch
from tamsa.kernels.short_conv_cpu import BLOCK, KERNELS, WIDTH

L2_EPS = 1e-6


def reference_short_conv(
    x: Tensor,
    weight: Tensor,
    *,
    num_normalised: int,
    head_dim: int,
    initial_state: Tensor | None = None,
    bounds: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor]:
    """Convolve, apply SiLU and normalise in plain torch; differentiable anywhere.

    Args:
        x: `[B, T, C]`.
        weight: `[C, W]`, the last column multiplies the current token.
        num_normalised: the first channels, which are divided by sqrt(sum of squares + 1e-6) per head, in fp32.
        head_dim: channels per head.
        initial_state: `[N, W-1, C]`, the inputs before the first token; None for zeros.
        bounds: offsets of packed sequences `[0, ..., T]`, with B = 1.

    Returns:
        `[B, T, C]` in x's dtype and the final state `[N, W-1, C]`.
    """
    B, T, C = x.shape
    W = weight.shape[1]
    if bounds is not None:
        outputs, states = [], []
        for n, (start, end) in enumerate(pairwise(bounds)):
            state = None if initial_state is None else initial_state[n : n + 1]
            y, last = reference_short_conv(
                x[:, start:end], weight, num_normalised=num_normalised, head_dim=head_dim, initial_state=state
            )
            outputs.append(y)
            states.append(last)
        return torch.cat(outputs, 1), torch.cat(states, 0)
    if initial_state is None:
        initial_state = x.new_zeros(B, W - 1, C)
    padded = torch.cat([initial_state.to(x.dtype), x], 1)
    y = F.conv1d(padded.transpose(1, 2), weight.to(x.dtype)[:, None], groups=C).transpose(1, 2)
    y = F.silu(y)
    if num_normalised:
        heads = y[..., :num_normalised].unflatten(-1, (-1, head_dim)).float()
        heads = heads * torch.rsqrt(heads.square().sum(-1, keepdim=True) + L2_EPS)
        y = torch.cat([heads.flatten(-2).to(y.dtype), y[..., num_normalised:]], -1)
    return y, padded[:, T:]


def shifted_short_conv(x: Tensor, weight: Tensor, positions: Tensor, num_normalised: int, head_dim: int) -> Tensor:
    """Convolve all packed sequences at once, in fp32: one expression, made for a compiler to fuse.

    Args:
        x, weight, num_normalised, head_dim: as in `reference_short_conv`.
        positions: `[T]`, of each token in its sequence; taps that would reach before its beginning read zeros.

    Returns:
        `[B, T, C]` in x's dtype.
    """
    W, wide, taps = weight.shape[1], x.float(), weight.float()
    y = wide * taps[:, W - 1]
    for back in range(1, W):
        earlier = F.pad(wide, (0, 0, back, 0))[:, : x.shape[1]]
        y = y + torch.where((positions >= back)[:, None], earlier, 0.0) * taps[:, W - 1 - back]
    y = F.silu(y)
    heads = y[..., :num_normalised].unflatten(-1, (-1, head_dim))
    heads = heads * torch.rsqrt(heads.square().sum(-1, keepdim=True) + L2_EPS)
    return torch.cat([heads.flatten(-2), y[..., num_normalised:]], -1).to(x.dtype)


class _ShortConv(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, state: Tensor | None, table: Tensor, num_normalised: int, head_dim: int
    ) -> Tensor:
        B, T, C = x.shape
        if x.stride(2) != 1 or (B > 1 and x.stride(0) != T * x.stride(1)):
            x = x.contiguous()
        taps = weight.detach().float().t().contiguous()
        state = None if state is None else state.to(x.dtype).contiguous()
        nothing = x.new_zeros(C)
        y = x.new_empty(B, T, C)
        a: tuple[Any, ...] = (address(x), address(taps), address(state), address(nothing), address(y), address(table))
        a += (C, head_dim, num_normalised, x.stride(1), int(x.dtype == torch.bfloat16), 0)
        run(KERNELS["conv_forward"], table.shape[0], a, L2_EPS, x.numel())
        ctx.save_for_backward(x, weight, taps, state, table, nothing)
        ctx.sizes = num_normalised, head_dim
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        x, weight, taps, state, table, nothing = ctx.saved_tensors
        num_normalised, K = ctx.sizes
        dy = dy.contiguous()
        B, T, C = x.shape
        units = table.shape[0]
        dx = x.new_empty(B, T, C)
        dw = x.new_empty((units, WIDTH, C), dtype=torch.float32)
        a: tuple[Any, ...] = (
            address(x),
            address(taps),
            address(state),
            address(nothing),
            address(dy),
            address(dx),
            address(dw),
        )
        a += (address(table), C, K, num_normalised, x.stride(1), int(x.dtype == torch.bfloat16))
        kernel, size = KERNELS["conv_backward"], (BLOCK + WIDTH + 1) * K * 4

        def body(first: int, last: int, a: tuple[int, ...], eps: Any) -> int:
            return int(kernel(first, last, (*a, scratch(size)), eps))

        run(body, units, a, L2_EPS, x.numel())
        return dx, dw.sum(0).t().to(weight.dtype), None, None, None, None


def _table(B: int, T: int, bounds: Sequence[int] | None) -> Tensor:
    """List the units: sequence, its first and last-plus-one token, and the block's."""
    edges = range(0, B * T + 1, T) if bounds is None else bounds
    rows = [
        (n, start, end, t, min(t + BLOCK, end))
        for n, (start, end) in enumerate(pairwise(edges))
        for t in range(start, end, BLOCK)
    ]
    return torch.tensor(rows, dtype=torch.int64)


def _final_state(x: Tensor, state: Tensor | None, width: int, bounds: Sequence[int] | None) -> Tensor:
    """Return the last width - 1 inputs of every sequence."""
    keep = width - 1
    if bounds is None:
        if x.shape[1] >= keep:
            return x[:, x.shape[1] - keep :].contiguous()
        before = x.new_zeros(x.shape[0], keep, x.shape[2]) if state is None else state.to(x.dtype)
        return torch.cat([before, x], 1)[:, x.shape[1] :].contiguous()
    states = [
        _final_state(x[:, start:end], None if state is None else state[n : n + 1], width, None)
        for n, (start, end) in enumerate(pairwise(bounds))
    ]
    return torch.cat(states, 0)


def short_conv(
    x: Tensor,
    weight: Tensor,
    *,
    num_normalised: int,
    head_dim: int,
    initial_state: Tensor | None = None,
    output_final_state: bool = True,
    bounds: Sequence[int] | None = None,
    positions: Tensor | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Convolve, apply SiLU and normalise with the fastest backend for the device.

    Arguments and results are those of `reference_short_conv`; the final state is None where it is not asked for.
    `positions` `[T]` say on a GPU what `bounds` say; without them packed sequences are convolved one by one.
    """
    fits = weight.shape[1] == WIDTH and x.shape[2] % head_dim == 0 and num_normalised % head_dim == 0
    constant = initial_state is None or not initial_state.requires_grad
    if fits and constant and is_compiled(head_dim, x, weight):
        table = _table(x.shape[0], x.shape[1], bounds)
        y = apply(_ShortConv, x, weight, initial_state, table, num_normalised, head_dim)
        state = _final_state(x, initial_state, WIDTH, bounds) if output_final_state else None
        return y, state
    if initial_state is None and fused.takes(x) and (bounds is None or positions is not None):
        place = torch.arange(x.shape[1], device=x.device) if positions is None else positions
        y = fused.fused(shifted_short_conv, x, weight, place, num_normalised, head_dim)
        return y, _final_state(x, None, weight.shape[1], bounds) if output_final_state else None
    y, last = reference_short_conv(
        x, weight, num_normalised=num_normalised, head_dim=head_dim, initial_state=initial_state, bounds=bounds
    )
    return y, last if output_final_state else None
