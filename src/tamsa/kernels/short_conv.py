"""Short causal depthwise convolution with SiLU and per-head L2 normalisation (arXiv 2510.26692, Eq. 10).

Shapes: B batch, T tokens, C channels, W kernel width, N sequences (B, or the packed ones).
The channels of queries and keys come first and are normalised per head; values follow and are not.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

L2_EPS = 1e-6


def reference_short_conv(
    x: torch.Tensor,
    weight: torch.Tensor,
    *,
    num_normalised: int,
    head_dim: int,
    initial_state: torch.Tensor | None = None,
    bounds: Sequence[int] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
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
        for n, (start, end) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
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


def short_conv(
    x: torch.Tensor,
    weight: torch.Tensor,
    *,
    num_normalised: int,
    head_dim: int,
    initial_state: torch.Tensor | None = None,
    bounds: Sequence[int] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Convolve, apply SiLU and normalise with the fastest backend for the device.

    Arguments and results are those of `reference_short_conv`.
    """
    return reference_short_conv(
        x, weight, num_normalised=num_normalised, head_dim=head_dim, initial_state=initial_state, bounds=bounds
    )
