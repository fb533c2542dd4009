"""The fixed-size state of one KDA layer, and how it is taken back token by token."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tamsa.kernels.kda import kda


@dataclass(slots=True)
class _Base:
    """The state as it was at a position."""

    position: int
    state: torch.Tensor | None
    window: torch.Tensor | None


@dataclass(slots=True)
class _Entry:
    """What a call fed to the recurrence, from `start` on: enough to play it again."""

    start: int
    raw: torch.Tensor
    q: torch.Tensor
    k: torch.Tensor
    v: torch.Tensor
    g: torch.Tensor
    beta: torch.Tensor

    def cut(self, end: int) -> _Entry:
        n = end - self.start
        return _Entry(
            self.start, self.raw[:, :n], self.q[:, :n], self.k[:, :n], self.v[:, :n], self.g[:, :n], self.beta[:, :n]
        )

    def select(self, rows: torch.Tensor) -> _Entry:
        tensors = (self.raw, self.q, self.k, self.v, self.g, self.beta)
        return _Entry(self.start, *(t.index_select(0, rows) for t in tensors))


class Recurrent:
    """State `[B, H, K, V]` (fp32) and convolution window `[B, W-1, C]` of one KDA layer.

    While recording, the inputs of the recurrence since a base state are kept, so that any of the last tokens
    can be taken back: the base is played forward again to the wanted position. A recurrence has no inverse
    (the decay forgets), so playing forward is the only exact way.
    """

    def __init__(self, window_length: int) -> None:
        self.window_length = window_length
        """Inputs the convolution looks back at, W - 1."""
        self.state: torch.Tensor | None = None
        self.window: torch.Tensor | None = None
        self._bases: list[_Base] = []
        self._log: list[_Entry] = []

    def copy(self) -> Recurrent:
        """Return an independent copy, without the undo log."""
        other = Recurrent(self.window_length)
        other.state = None if self.state is None else self.state.clone()
        other.window = None if self.window is None else self.window.clone()
        return other

    def take(self, other: Recurrent) -> None:
        """Become a copy of another state; the undo log is forgotten."""
        fresh = other.copy()
        self.state, self.window = fresh.state, fresh.window
        self.forget()

    def forget(self) -> None:
        """Drop the undo log: nothing before now can be taken back."""
        self._bases.clear()
        self._log.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.state = self.window = None
        self.forget()

    @property
    def earliest(self) -> int | None:
        """The earliest position that can be returned to; None when nothing is recorded."""
        return self._bases[0].position if self._bases else None

    def mark(self, position: int, window: int) -> None:
        """Before tokens from `position` on are fed: keep a base state where one is due, drop what is too old."""
        if not self._bases or position - self._bases[-1].position >= window:
            state = None if self.state is None else self.state.clone()
            conv = None if self.window is None else self.window.clone()
            self._bases.append(_Base(position, state, conv))
        while len(self._bases) > 1 and self._bases[1].position <= position - window:
            self._bases.pop(0)
        first = self._bases[0].position
        while self._log and self._log[0].start + self._log[0].raw.shape[1] <= first:
            self._log.pop(0)

    def record(
        self,
        position: int,
        raw: torch.Tensor,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        g: torch.Tensor,
        beta: torch.Tensor,
    ) -> None:
        """Keep the inputs of a call that began at `position`."""
        self._log.append(_Entry(position, raw, q, k, v, g, beta))

    def rewind(self, position: int) -> None:
        """Return to the state after `position` tokens, which must not be before `earliest`."""
        while self._bases[-1].position > position:
            self._bases.pop()
        base = self._bases[-1]
        while self._log and self._log[-1].start >= position:
            self._log.pop()
        if self._log and self._log[-1].start + self._log[-1].raw.shape[1] > position:
            self._log[-1] = self._log[-1].cut(position)
        entries = [e for e in self._log if e.start >= base.position]
        self.state = None if base.state is None else base.state.clone()
        self.window = None if base.window is None else base.window.clone()
        if not entries:
            return
        q, k, v, g, beta = (torch.cat([getattr(e, name) for e in entries], 1) for name in ("q", "k", "v", "g", "beta"))
        _, self.state = kda(q, k, v, g, beta, initial_state=self.state, output_final_state=True)
        raw = torch.cat([e.raw for e in entries], 1)
        before = raw.new_zeros(raw.shape[0], self.window_length, raw.shape[2]) if self.window is None else self.window
        self.window = torch.cat([before, raw], 1)[:, raw.shape[1] :].contiguous()

    def own(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return state and window, contiguous, to be written to."""
        assert self.state is not None and self.window is not None
        if not self.state.is_contiguous():
            self.state = self.state.contiguous()
        if not self.window.is_contiguous():
            self.window = self.window.contiguous()
        return self.state, self.window

    def select(self, rows: torch.Tensor) -> None:
        """Keep (and repeat) the given batch rows."""
        if self.state is None or self.window is None:
            return
        rows = rows.to(self.state.device)
        self.state = self.state.index_select(0, rows)
        self.window = self.window.index_select(0, rows)
        self._log = [entry.select(rows) for entry in self._log]
        for base in self._bases:
            if base.state is not None and base.window is not None:
                base.state = base.state.index_select(0, rows)
                base.window = base.window.index_select(0, rows)

    def nbytes(self) -> int:
        """Bytes of the state and the window."""
        return sum(t.numel() * t.element_size() for t in (self.state, self.window) if t is not None)
