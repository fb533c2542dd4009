"""The growing store of MLA latents: append-only, shared between snapshots without copying."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import torch

Lengths = tuple[int, ...]
"""Tokens held by each row."""


class _Buffer:
    """Memory `[B, capacity, width]` and who reads how much of it."""

    def __init__(self, data: torch.Tensor) -> None:
        self.data = data
        self.readers: weakref.WeakSet[Latents] = weakref.WeakSet()


class Latents:
    """The latents `[B, length, width]` of one MLA layer.

    Copies share memory: rows below a holder's length are never overwritten, and a holder appends in place
    exactly when nobody else reads beyond its own length. So a snapshot, a fork and a restore cost nothing,
    and the one who diverges pays for one copy.
    """

    def __init__(self) -> None:
        self.lengths: Lengths = ()
        self._buffer: _Buffer | None = None

    @property
    def is_empty(self) -> bool:
        """True before the first token."""
        return self._buffer is None

    @property
    def data(self) -> torch.Tensor:
        """The memory `[B, capacity, width]`; row b is valid up to `lengths[b]`."""
        assert self._buffer is not None, "no latents were appended yet"
        return self._buffer.data

    def view(self) -> torch.Tensor:
        """The latents up to the longest row, `[B, max(lengths), width]`."""
        return self.data[:, : max(self.lengths)]

    def copy(self) -> Latents:
        """Return a holder of the same tokens; no memory is copied."""
        other = Latents()
        other.lengths = self.lengths
        other._attach(self._buffer)
        return other

    def _attach(self, buffer: _Buffer | None) -> None:
        if self._buffer is not None:
            self._buffer.readers.discard(self)
        self._buffer = buffer
        if buffer is not None:
            buffer.readers.add(self)

    def take(self, other: Latents) -> None:
        """Become a holder of what another one holds."""
        self.lengths = other.lengths
        self._attach(other._buffer)

    def truncate(self, lengths: Lengths) -> None:
        """Forget the tokens beyond the given lengths."""
        self.lengths = lengths

    def clear(self) -> None:
        """Forget everything."""
        self.lengths = ()
        self._attach(None)

    def reserve(self, like: torch.Tensor, batch: int, length: int) -> None:
        """Make room for `length` tokens a row, so that appending up to it neither grows nor disturbs others."""
        if not self.lengths:
            self.lengths = (0,) * batch
        buffer = self._buffer
        if buffer is not None and buffer.data.shape[1] >= length:
            if len(buffer.readers) == 1 or self._alone(buffer):
                return
            capacity = buffer.data.shape[1]
        else:
            capacity = max(64, length) if buffer is None else max(length, 2 * buffer.data.shape[1])
        # zeros, since attention over rows of different length multiplies what lies beyond a row by 0
        data = like.new_zeros(batch, capacity, like.shape[-1])
        if buffer is not None and (used := max(self.lengths)):
            data[:, :used] = buffer.data[:, :used]
        self._attach(_Buffer(data))

    def _alone(self, buffer: _Buffer) -> bool:
        """True when no other holder reads what the next append would write."""
        for reader in buffer.readers:
            if reader is not self and any(a > b for a, b in zip(reader.lengths, self.lengths, strict=True)):
                return False
        return True

    def append(self, new: torch.Tensor) -> None:
        """Append `[B, T, width]` to rows of equal length."""
        batch, T = new.shape[:2]
        start = self.lengths[0] if self.lengths else 0
        self.reserve(new, batch, start + T)
        self.data[:, start : start + T] = new
        self.lengths = (start + T,) * batch

    def append_ragged(self, new: torch.Tensor, bounds: Sequence[int], rows: Sequence[int], batch: int) -> None:
        """Append packed tokens `[1, N, width]`: sequence i goes to the end of row `rows[i]`."""
        lengths = list(self.lengths) or [0] * batch
        ends = list(lengths)
        for row, start, end in zip(rows, bounds[:-1], bounds[1:], strict=True):
            ends[row] += end - start
        self.reserve(new, batch, max(ends))
        for row, start, end in zip(rows, bounds[:-1], bounds[1:], strict=True):
            self.data[row, lengths[row] : ends[row]] = new[0, start:end]
        self.lengths = tuple(ends)

    def append_step(self, new: torch.Tensor) -> None:
        """Append one token `[B, 1, width]` to rows of different length."""
        self.reserve(new, new.shape[0], max(self.lengths) + 1)
        positions = torch.tensor(self.lengths, device=new.device)
        self.data[torch.arange(new.shape[0], device=new.device), positions] = new[:, 0]
        self.lengths = tuple(length + 1 for length in self.lengths)

    def select(self, rows: torch.Tensor) -> None:
        """Keep (and repeat) the given batch rows; memory is copied."""
        if self._buffer is None:
            return
        chosen = self.view().index_select(0, rows.to(self.data.device))
        self.lengths = tuple(self.lengths[row] for row in rows.tolist())
        self._attach(_Buffer(chosen))

    def load(self, data: torch.Tensor, lengths: Lengths) -> None:
        """Take over a tensor `[B, length, width]`."""
        self.lengths = lengths
        self._attach(_Buffer(data))

    def memory(self) -> tuple[int, int]:
        """Return an identity of the shared memory and the bytes of the valid tokens."""
        if self._buffer is None:
            return 0, 0
        data = self._buffer.data
        return id(self._buffer), sum(self.lengths) * data.shape[-1] * data.element_size()
