"""What a call may be given: token ids, a mask, a cache."""

from __future__ import annotations

from typing import Any

import torch

from tamsa.backbone.cache import KimiLinearCache
from tamsa.errors import InputError


def check_ids(input_ids: torch.Tensor | None) -> torch.Tensor:
    """Refuse token ids that are not non-empty integers `[B, T]`."""
    if input_ids is None or input_ids.ndim != 2 or input_ids.dtype not in (torch.int64, torch.int32):
        found = None if input_ids is None else f"{input_ids.dtype} {list(input_ids.shape)}"
        raise InputError(f"input_ids must be integers of shape [B, T], got {found}")
    if input_ids.shape[0] == 0 or input_ids.shape[1] == 0:
        raise InputError(f"input_ids {list(input_ids.shape)} hold no token; give at least one")
    return input_ids


def check_cache(cache: Any) -> Any:
    """Refuse a cache of another kind."""
    if cache is not None and not isinstance(cache, KimiLinearCache):
        raise InputError(f"past_key_values must be a KimiLinearCache (model.new_cache()), got {type(cache).__name__}")
    return cache


def new_mask(mask: torch.Tensor | None, shape: tuple[int, int], past: int) -> torch.Tensor | None:
    """Return the mask `[B, T]` of the new columns, or None when every token is real."""
    if mask is None:
        return None
    B, T = shape
    if not isinstance(mask, torch.Tensor) or mask.ndim != 2 or mask.shape[0] != B or mask.shape[1] not in (T, past + T):
        found = list(mask.shape) if isinstance(mask, torch.Tensor) else type(mask).__name__
        expected = f"[{B}, {T}]" + (f" or [{B}, {past + T}]" if past else "")
        raise InputError(f"attention_mask must have shape {expected}, got {found}")
    mask = mask[:, mask.shape[1] - T :]
    return None if bool(mask.all()) else mask
