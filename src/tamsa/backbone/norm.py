"""RMS normalisation."""

from __future__ import annotations

import torch
from torch import nn

from tamsa.kernels.gates import gated_rms_norm, rms_norm


class RMSNorm(nn.Module):
    """Divide by the root mean square over the last dimension, in fp32."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise `[..., size]`."""
        return rms_norm(x, self.weight, self.eps)


class GatedRMSNorm(RMSNorm):
    """Normalise each head and multiply by the sigmoid of a gate (arXiv 2510.26692, Eq. 10)."""

    def forward(self, x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """Normalise `[..., size]` and gate it."""
        return gated_rms_norm(x, gate, self.weight, self.eps)
