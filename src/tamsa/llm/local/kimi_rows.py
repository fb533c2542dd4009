"""The memory of Kimi Linear: states and latents in slots, beginnings kept as snapshots."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from tamsa.backbone.cache import KimiLinearCache
from tamsa.backbone.network import CausalDecoder
from tamsa.backbone.prefix_cache import PrefixCache
from tamsa.backbone.row_batch import RowBatch
from tamsa.llm.local.memory import Opened, Step, common_length

_FIRST_CAPACITY = 8
"""Rows that a batch has room for at first; it grows with them, since long contexts make rows large."""
_RECENT_PROMPTS = 8
_WORTH_KEEPING = 32
"""Tokens that a kept beginning must save."""


class KimiRows:
    """Rows of Kimi Linear: a prefix costs one snapshot, a batch of any lengths one call."""

    def __init__(self, model: CausalDecoder, max_bytes: int, batch_size: int) -> None:
        self._body, self._head = model.model, model.lm_head
        self._prefixes = PrefixCache(model.config, max_bytes)
        self._device, self._capacity = model.lm_head.weight.device, min(batch_size, _FIRST_CAPACITY)
        self._batch = RowBatch(model.config, model.lm_head.weight.dtype, self._device, self._capacity)
        self._recent: deque[np.ndarray[Any, Any]] = deque(maxlen=_RECENT_PROMPTS)

    def open(self, ids: Sequence[int]) -> Opened:
        """See `Rows`."""
        row, length = self._prefixes.lookup(ids)
        array = np.asarray(ids[:-1], dtype=np.int32)
        shared = max((common_length(array, other) for other in self._recent), default=0)
        self._recent.append(array)
        # a state exists only where it was kept: where two prompts part, it is worth keeping
        return Opened(row, length, shared if length + _WORTH_KEEPING <= shared < len(array) else 0)

    def read(self, row: KimiLinearCache, ids: Sequence[int]) -> KimiLinearCache:
        """See `Rows`."""
        self._body(torch.tensor([ids], device=self._device), past_key_values=row, use_cache=True)
        return row

    def keep(self, ids: Sequence[int], row: KimiLinearCache) -> None:
        """See `Rows`."""
        if row.lengths:
            self._prefixes.insert(ids, row)

    def join(self, row: KimiLinearCache) -> None:
        """See `Rows`."""
        self._batch.join(row)

    def copy(self, index: int) -> KimiLinearCache:
        """See `Rows`."""
        return self._batch.copy(index)

    def leave(self, index: int) -> None:
        """See `Rows`."""
        self._batch.leave(index, keep=False)

    def step(self, new: Sequence[Sequence[int]], *, hidden: bool) -> Step:
        """See `Rows`."""
        counts = torch.tensor([len(tokens) for tokens in new], device=self._device)
        longest = max(len(tokens) for tokens in new)
        ids = torch.tensor([[*tokens, *[0] * (longest - len(tokens))] for tokens in new], device=self._device)
        mask = torch.arange(longest, device=self._device) < counts[:, None] if longest > 1 else None
        state = self._body(ids, mask, past_key_values=self._batch.cache, use_cache=True).last_hidden_state
        last = state[torch.arange(len(new), device=self._device), counts - 1]
        return Step(self._head(last), last)

    def forget(self) -> None:
        """See `Rows`."""
        self._prefixes.clear()
        self._recent.clear()
        like = self._head.weight
        self._batch = RowBatch(self._body.config, like.dtype, like.device, self._capacity)
