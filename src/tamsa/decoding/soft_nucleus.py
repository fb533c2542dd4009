"""Soft top-p: the differentiable cut of AutoDeco (arXiv 2510.26697, Eq. 2 and 3), in log space.

Legend of shapes: V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tamsa.errors import InputError


def soft_top_p(logits: Tensor, top_p: Tensor | float, alpha: float = 30.0, exclusive: bool = True) -> Tensor:
    """Return the log-probabilities of the softly cut distribution.

    `log q = log p - alpha relu(c - P) - logsumexp(...)`, where p = softmax(logits) and c is the mass ranked before a
    token (`exclusive`, as hard top-p keeps it) or up to and with it (the paper's sum, which damps the very token at
    the boundary that hard top-p keeps). Equal logits are ranked by id, lowest first. No epsilon enters, so a token's
    loss is right at any P.

    Args:
        logits: `[..., V]`, divided by the temperature already; -inf marks forbidden tokens and stays -inf.
        top_p: `[...]` in (0, 1), or a number.
        alpha: steepness, > 0.
        exclusive: which cumulative sum.

    Returns:
        `[..., V]` in the logits' dtype, fp32 at least; differentiable in both arguments.

    Raises:
        InputError: a shape does not fit, or alpha or top_p is out of range.
    """
    if not logits.is_floating_point() or logits.dim() == 0 or logits.shape[-1] == 0:
        raise InputError(f"logits: {logits.dtype} {list(logits.shape)}, expected floating-point [..., V] with V >= 1")
    if not alpha > 0:
        raise InputError(f"alpha: {alpha}, expected a number > 0")
    wide = logits if logits.dtype == torch.float64 else logits.float()
    P = torch.as_tensor(top_p, dtype=wide.dtype, device=wide.device)
    if P.dim() > 0 and P.shape != wide.shape[:-1]:
        raise InputError(f"top_p: shape {list(P.shape)}, expected {list(wide.shape[:-1])} as the logits' rows")
    if wide.device.type == "cpu" and not bool(((P >= 0) & (P <= 1)).all()):
        raise InputError("top_p: holds a value outside [0, 1] or NaN, expected probabilities in (0, 1)")
    if wide.device.type == "cpu":
        top = wide.detach().amax(-1)  # NaN spreads through a maximum
        if not bool(torch.isfinite(top).all()):
            raise InputError(
                "logits: a row holds NaN or +inf, or has no finite entry; -inf alone marks forbidden tokens"
            )
    log_p = torch.log_softmax(wide, dim=-1)
    ranked, ids = torch.sort(log_p, dim=-1, descending=True, stable=True)
    p = ranked.exp()
    mass = p.cumsum(-1)
    if exclusive:
        mass = mass - p
    damped = ranked - alpha * torch.relu(mass - P.unsqueeze(-1))
    log_q = damped - torch.logsumexp(damped, dim=-1, keepdim=True)
    return torch.empty_like(log_q).scatter(-1, ids, log_q)
