"""Apply the heads to logits: predict T and P, divide, cut. What every engine that serves AutoDeco calls.

Legend of shapes: N positions, V vocabulary, D width of the model.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tamsa.decoding.config import check_scale
from tamsa.decoding.heads import DecodingHeads
from tamsa.errors import InputError
from tamsa.kernels import sampling
from tamsa.kernels.sampling import MIN_TEMPERATURE, Strategy

__all__ = ["Strategy", "apply_strategy", "predict"]

_ROWS = 1024  # positions whose cut is found at once where gradients are wanted


def predict(
    heads: DecodingHeads,
    hidden: Tensor,
    logits: Tensor,
    *,
    temperature_scale: float = 1.0,
    top_p_scale: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Return T and P `[N]`, after the user's factors, for hidden states `[N, D]` and raw logits `[N, V]`."""
    T = heads.temperature(hidden)
    stats = None
    if heads.config.use_top_p and heads.config.statistics:
        stats = sampling.statistics(logits, T.detach())
    P = heads.top_p(hidden, T, stats)
    T = T * check_scale("temperature_scale", temperature_scale)
    P = P * check_scale("top_p_scale", top_p_scale)
    return torch.where(T < MIN_TEMPERATURE, 0.0, T), P.clamp_max(1.0)


def apply_strategy(
    heads: DecodingHeads,
    hidden: Tensor,
    logits: Tensor,
    *,
    temperature_scale: float = 1.0,
    top_p_scale: float = 1.0,
) -> Strategy:
    """Divide raw logits by the predicted T and cut them at the predicted P.

    A softmax of the result is the learned distribution; its argmax is that of the raw logits, ties included. With
    `temperature_scale=0` the first of the largest logits alone is kept and nothing is divided. Differentiable in T.

    Args:
        heads: the heads.
        hidden: `[N, D]` last hidden states after the final norm.
        logits: `[N, V]` raw logits of the same positions; -inf marks forbidden tokens.
        temperature_scale: the user's factor on T, >= 0.
        top_p_scale: the user's factor on P, >= 0.

    Raises:
        InputError: shapes do not fit, or a row holds NaN, +inf or no finite entry.
        ConfigError: a factor is out of range.
    """
    if hidden.dim() != 2 or logits.dim() != 2 or hidden.shape[0] != logits.shape[0] or hidden.shape[0] == 0:
        raise InputError(
            f"hidden and logits: shapes {list(hidden.shape)} and {list(logits.shape)}, "
            "expected [N, D] and [N, V], N >= 1"
        )
    config = heads.config
    if hidden.shape[1] != config.hidden_size:
        raise InputError(f"hidden: width {hidden.shape[1]}, the heads were made for {config.hidden_size}")
    if config.vocab_size is not None and logits.shape[1] != config.vocab_size:
        raise InputError(f"logits: {logits.shape[1]} entries, the heads were made for {config.vocab_size}")
    check_scale("temperature_scale", temperature_scale)
    check_scale("top_p_scale", top_p_scale)
    if torch.is_grad_enabled() and _wants_gradients(heads, hidden, logits):
        return _apply_differentiably(heads, hidden, logits, temperature_scale, top_p_scale)
    return sampling.apply(
        hidden,
        logits,
        heads.packed(),
        temperature_scale=temperature_scale,
        top_p_scale=top_p_scale,
        cut_shift=config.cut_shift,
    )


def _wants_gradients(heads: DecodingHeads, hidden: Tensor, logits: Tensor) -> bool:
    return hidden.requires_grad or logits.requires_grad or any(p.requires_grad for p in heads.parameters())


def _apply_differentiably(
    heads: DecodingHeads, hidden: Tensor, logits: Tensor, temperature_scale: float, top_p_scale: float
) -> Strategy:
    """Do what `sampling.apply` does in torch operations that a gradient runs back through."""
    parts = []
    for start in range(0, hidden.shape[0], _ROWS):
        rows = slice(start, start + _ROWS)
        raw = logits[rows].float()
        T, P = predict(heads, hidden[rows], raw, temperature_scale=temperature_scale, top_p_scale=top_p_scale)
        cut = sampling.nucleus(raw, T.detach(), P.detach())
        divided = raw / torch.where(T == 0, 1.0, T)[:, None]
        parts.append(Strategy(torch.where(sampling.kept(raw, cut), divided, divided - heads.config.cut_shift), T, P))
    return parts[0] if len(parts) == 1 else Strategy(*(torch.cat(x) for x in zip(*parts, strict=True)))
