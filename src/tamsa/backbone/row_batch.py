"""Rows of many conversations decoded together, each with its own history: they join and leave between steps."""

from __future__ import annotations

import torch

from tamsa.backbone.cache import KimiLinearCache
from tamsa.backbone.config import Architecture
from tamsa.backbone.latents import Latents
from tamsa.backbone.recurrent import Recurrent
from tamsa.errors import InputError


class RowBatch:
    """A batch of one-row caches of different lengths, to be passed as `past_key_values` by `.cache`.

    Rows live in slots of larger tensors: to join is to write one row, to leave is to move the last row into the gap.
    What a row holds is bitwise what it held before it joined, plus what was fed since.

    Args:
        config: of the model.
        dtype: of the model's weights (convolution windows and latents).
        device: where the model is.
        capacity: rows to make room for at first; it grows as needed.
    """

    def __init__(
        self, config: Architecture, dtype: torch.dtype, device: torch.device | str = "cpu", capacity: int = 8
    ) -> None:
        self.config = config
        self.cache = KimiLinearCache(config)
        """What the model's next call continues; valid between calls only."""
        self._capacity = max(1, capacity)
        self._length = 0
        H, K, W = config.linear_num_heads, config.linear_head_dim, config.linear_conv_kernel_dim - 1
        self._width = config.kv_lora_rank + config.qk_rope_head_dim
        self._like = torch.empty(0, dtype=dtype, device=device)
        self._state_shape, self._window_shape = (H, K, K), (W, 3 * H * K)
        self._slots: list[tuple[torch.Tensor, ...]] = [self._room(state) for state in self.cache.states]

    def __len__(self) -> int:
        return len(self.cache.lengths)

    def _room(self, state: Recurrent | Latents) -> tuple[torch.Tensor, ...]:
        n = self._capacity
        if isinstance(state, Latents):
            return (self._like.new_zeros(n, self._length, self._width),)
        states = torch.zeros(n, *self._state_shape, dtype=torch.float32, device=self._like.device)
        return states, self._like.new_zeros(n, *self._window_shape)

    # ------------------------------------------------------------------ joining and leaving

    def join(self, row: KimiLinearCache) -> int:
        """Add a row and return its index, the last. The one-row cache is copied, or empty for a fresh row.

        Raises:
            InputError: the cache holds several rows or belongs to another configuration.
        """
        if len(row.lengths) > 1:
            raise InputError(f"join: the cache holds {len(row.lengths)} sequences; one row joins at a time")
        if row.config.fingerprint() != self.config.fingerprint():
            raise InputError("join: the cache belongs to another configuration than the batch")
        index = len(self)
        length = row.lengths[0] if row.lengths else 0
        self._collect()
        if index == self._capacity or length > self._length:
            self._grow(index + 1, length)
        for slots, state in zip(self._slots, row.states, strict=True):
            if isinstance(state, Latents):
                if length:
                    slots[0][index, :length] = state.data[0, :length]
            elif state.state is None or state.window is None:
                for slot in slots:
                    slot[index].zero_()
            else:
                slots[0][index], slots[1][index] = state.state[0], state.window[0]
        self._attach((*self.cache.lengths, length))
        return index

    def leave(self, index: int, *, keep: bool = True) -> KimiLinearCache | None:
        """Take a row out and return it as a cache of its own, or None where it is not kept; the last row fills the gap.

        Raises:
            InputError: there is no such row.
        """
        last = len(self) - 1
        if not 0 <= index <= last:
            raise InputError(f"leave: row {index}; the batch has {last + 1}")
        row = self.copy(index) if keep else None
        self._collect()
        lengths = list(self.cache.lengths)
        for slots, state in zip(self._slots, self.cache.states, strict=True):
            if isinstance(state, Latents):
                used = max(lengths[index], lengths[last])
                if index != last:
                    slots[0][index, :used] = slots[0][last, :used]
                slots[0][last, :used] = 0  # attention multiplies what lies beyond a row by 0: it must be finite
            elif index != last:
                for slot in slots:
                    slot[index] = slot[last]
        lengths[index] = lengths[last]
        self._attach(tuple(lengths[:last]))
        return row

    def copy(self, index: int) -> KimiLinearCache:
        """Return a cache of one row that has read what a row of the batch has; the batch stays as it is.

        Raises:
            InputError: there is no such row.
        """
        if not 0 <= index < len(self):
            raise InputError(f"copy: row {index}; the batch has {len(self)}")
        self._collect()
        length = self.cache.lengths[index]
        row = KimiLinearCache(self.config)
        if not length:
            return row
        for slots, state in zip(self._slots, row.states, strict=True):
            if isinstance(state, Latents):
                state.load(slots[0][index : index + 1, :length].clone(), (length,))
            else:
                state.state = slots[0][index : index + 1].clone()
                state.window = slots[1][index : index + 1].clone()
        row.columns, row.lengths = length, (length,)
        return row

    # ------------------------------------------------------------------ slots

    def _collect(self) -> None:
        """Bring home what the last calls left outside the slots: larger latents, states made anew."""
        n = len(self)
        if not n:
            return
        latents = [state for state in self.cache.states if isinstance(state, Latents)]
        if latents and (length := max(state.data.shape[1] for state in latents)) > self._length:
            self._grow(self._capacity, length)
        used, moved = max(self.cache.lengths), False
        for slots, state in zip(self._slots, self.cache.states, strict=True):
            if isinstance(state, Latents):
                if state.data.data_ptr() != slots[0].data_ptr():
                    slots[0][:n, :used] = state.data[:, :used]
                    moved = True
                continue
            assert state.state is not None and state.window is not None
            for slot, now in zip(slots, (state.state, state.window), strict=True):
                if now.data_ptr() != slot.data_ptr():
                    slot[:n] = now
                    moved = True
        if moved:
            self._attach(self.cache.lengths)

    def _grow(self, capacity: int, length: int) -> None:
        old, n = self._slots, len(self)
        if capacity > self._capacity:
            self._capacity = max(capacity, 2 * self._capacity)
        if length > self._length:
            self._length = max(64, length + length // 2)
        self._slots = [self._room(state) for state in self.cache.states]
        for new, before in zip(self._slots, old, strict=True):
            for to, at in zip(new, before, strict=True):
                if to.shape[1:] == at.shape[1:]:
                    to[:n] = at[:n]
                else:
                    to[:n, : at.shape[1]] = at[:n]

    def _attach(self, lengths: tuple[int, ...]) -> None:
        """Make the cache that the next call continues: views of the first slots."""
        n = len(lengths)
        cache = KimiLinearCache(self.config)
        if n:
            for slots, state in zip(self._slots, cache.states, strict=True):
                if isinstance(state, Latents):
                    state.load(slots[0][:n], lengths)
                else:
                    state.state, state.window = slots[0][:n], slots[1][:n]
        cache.lengths, cache.columns = lengths, max(lengths, default=0)
        self.cache = cache
