"""Pointwise parts of the layers: forget gate, gated norm, norm and SwiGLU.

Shapes: `[..., H, K]` for heads and channels per head, `[..., D]` for the hidden size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def log_decay(
    z: torch.Tensor, A_log: torch.Tensor, dt_bias: torch.Tensor, lower_bound: float | None = None
) -> torch.Tensor:
    """Compute the log-decay g <= 0 in fp32 from the forget gate's projection.

    Args:
        z: `[..., H * K]`.
        A_log: one value a head, any shape with H elements.
        dt_bias: `[H * K]`.
        lower_bound: None for -exp(A_log) softplus(z + dt_bias), else bound * sigmoid(exp(A_log) (z + dt_bias)).

    Returns:
        `[..., H, K]` fp32.
    """
    rate = A_log.float().reshape(-1, 1).exp()
    pre = (z.float() + dt_bias.float()).unflatten(-1, (rate.shape[0], -1))
    if lower_bound is not None:
        return lower_bound * torch.sigmoid(rate * pre)
    return -rate * F.softplus(pre)


def gated_rms_norm(x: torch.Tensor, gate: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """Return sigmoid(gate) * RMSNorm(x) over the last dimension, computed in fp32, in gate's dtype."""
    wide = x.float()
    wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return (weight.float() * wide * torch.sigmoid(gate.float())).to(gate.dtype)


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """Return x / sqrt(mean of squares + eps) * weight, normalised in fp32, in x's dtype."""
    wide = x.float()
    wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return weight * wide.to(x.dtype)


def swiglu(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """Return SiLU(gate) * up."""
    return F.silu(gate) * up
