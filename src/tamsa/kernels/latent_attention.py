"""Attention over MLA latents and causal attention in blocks: reads each cached token once, never builds T x T.

Shapes: B batch, H heads, T new tokens, L cached tokens, R latent rank, P shared key width, d (private) key width,
e value width.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from tamsa.kernels import absorbed
from tamsa.kernels.block_attention import block_attention, causal_block_attention, takes


def latent_attention(
    q: torch.Tensor, latents: torch.Tensor, lengths: torch.Tensor | None, up: torch.Tensor, scale: float
) -> torch.Tensor:
    """Attend to the latents themselves (absorbed MLA decode): `q^T W c = (W^T q)^T c`.

    Args:
        q: `[B, T, H, d + P]` queries; the last T valid latents are the new tokens themselves (causal among each other).
        latents: `[B, L, R + P]`, the new tokens' included.
        lengths: `[B]` valid latents of each row, the new tokens included; None when all are valid.
        up: `[H, d + e, R]`, the weight of kv_b: keys, then values.
        scale: of the scores.

    Returns:
        `[B, T, H, e]` weighted sums of values.
    """
    if absorbed.takes(q, latents, up):
        ends = torch.full((q.shape[0],), latents.shape[1]) if lengths is None else lengths
        return absorbed.attend(q, latents, ends, up, scale)
    return absorbed.reference(q, latents, lengths, up, scale)


def pad_to(x: torch.Tensor, width: int) -> torch.Tensor:
    """Pad the last dimension with zeros up to `width`."""
    return x if x.shape[-1] == width else F.pad(x, (0, width - x.shape[-1]))


def causal_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float, dropout: float = 0.0
) -> torch.Tensor:
    """Attend causally from `[B, H, T, d]` to `[B, H, L, d]`, whose last T keys are the queries' own; values may have
    another width.

    The fused CPU and GPU kernels want equal widths; with unequal ones torch would build T x L scores.
    """
    T, L = q.shape[2], k.shape[2]
    if not dropout and takes(q, k, v):
        return causal_block_attention(q, k, v, scale)
    width = max(q.shape[-1], v.shape[-1])
    visible = None if T == L else torch.ones(T, L, dtype=torch.bool, device=q.device).tril(L - T)
    out = F.scaled_dot_product_attention(
        pad_to(q, width),
        pad_to(k, width),
        pad_to(v, width),
        visible,
        is_causal=visible is None,
        scale=scale,
        dropout_p=dropout,
    )
    return out[..., : v.shape[-1]]


def packs(q: torch.Tensor) -> bool:
    """Tell whether `packed_attention` takes these queries: in half precision, on a GPU."""
    return q.is_cuda and q.dtype in (torch.bfloat16, torch.float16)


def packed_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, cu_seqlens: torch.Tensor, longest: int, scale: float
) -> torch.Tensor:
    """Attend causally within each packed sequence by one call of the GPU's flash kernel; differentiable.

    Args:
        q: `[1, N, H, d]`.
        k: `[1, N, H, d]`.
        v: `[1, N, H, e]`.
        cu_seqlens: `[S + 1]` int32 on the GPU.
        longest: tokens of the longest sequence.
        scale: of the scores.

    Returns:
        `[1, N, H, e]`.
    """
    width = max(q.shape[-1], v.shape[-1])
    width += -width % 8  # the kernel's unit
    parts = (pad_to(x, width)[0] for x in (q, k, v))
    out = torch.ops.aten._flash_attention_forward(
        *parts, cu_seqlens, cu_seqlens, longest, longest, 0.0, True, False, scale=scale
    )[0]
    return out[None, ..., : v.shape[-1]]


def attend_block(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend to one block of keys and return the output `[B, H, T, e]` and log-sum-exp `[B, H, T]`, without gradients.

    With `causal`, T equals the block's length.
    """
    if takes(q, k, v):
        return block_attention(q, k, v, scale, causal)
    width = max(q.shape[-1], v.shape[-1])
    if q.device.type == "cpu":
        out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            pad_to(q, width), pad_to(k, width), pad_to(v, width), 0.0, causal, scale=scale
        )
        return out[..., : v.shape[-1]], lse
    scores = (q.float() @ k.float().transpose(-1, -2)) * scale
    if causal:
        T = q.shape[2]
        scores = scores.masked_fill(torch.ones(T, T, dtype=torch.bool, device=q.device).triu(1), float("-inf"))
    lse = scores.logsumexp(-1)
    return (torch.exp(scores - lse[..., None]) @ v.float()).to(v.dtype), lse


def merge_blocks(
    out: torch.Tensor, lse: torch.Tensor, more: torch.Tensor, more_lse: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Combine attention over two disjoint sets of keys from their outputs (the first fp32) and log-sum-exps."""
    total = torch.logaddexp(lse, more_lse)
    left = torch.exp(lse - total)[..., None].to(out.dtype)
    right = torch.exp(more_lse - total)[..., None].to(out.dtype)
    return out * left + more * right, total
