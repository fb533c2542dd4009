"""KDA on a GPU: a dispatch to flash-linear-attention (`fla.ops.kda`), imported at the first call and never on a CPU.

fla's `safe_gate` lets the gates of later tokens change earlier outputs (fla issue 1240); it is never asked for.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import torch
from torch import Tensor

from tamsa.errors import ConfigError

RECURRENT_TOKENS = 64
"""Up to this many tokens the fused recurrence is taken where no gradient is wanted; it has no backward pass."""


@cache
def _kernels() -> tuple[Any, Any]:
    try:
        from fla.ops.kda import chunk_kda, fused_recurrent_kda
    except ImportError as error:
        raise ConfigError(f"backend: 'gpu' cannot import fla.ops.kda ({error}); install tamsa[gpu]") from error
    return chunk_kda, fused_recurrent_kda


@lru_cache(maxsize=4)
def _long(cu_seqlens: Tensor) -> Tensor:
    """Return int64 offsets, the same tensor for the same one: fla lists a tensor's chunks once, waiting for the GPU."""
    return cu_seqlens.to(torch.long)


def forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    scale: float,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Run fla's kernels, differentiable; arguments as in `kda`, checked.

    Raises:
        ConfigError: flash-linear-attention is missing or too old.
    """
    chunk, recurrent = _kernels()
    tensors = [x for x in (q, k, v, g, beta, initial_state) if x is not None]
    wants_grad = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
    run = recurrent if q.shape[1] <= RECURRENT_TOKENS and not wants_grad else chunk
    if cu_seqlens is not None:
        cu_seqlens = _long(cu_seqlens)
    o, state = run(
        q=q.contiguous(),
        k=k.contiguous(),
        v=v.contiguous(),
        g=g.contiguous(),
        beta=beta.contiguous(),
        scale=scale,
        initial_state=initial_state,
        output_final_state=True,
        use_qk_l2norm_in_kernel=False,
        cu_seqlens=cu_seqlens,
    )
    return o.to(v.dtype), state
