"""The batches of the next step, packed while a GPU still works on this one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tamsa.train.packing import PackedBatch, Packer


@dataclass
class Ahead:
    """Takes a step's batches from a packer, prepared or not; its state is always that of what was taken.

    Args:
        packer: where they come from; nobody else may draw from it.
        count: batches of a step.
    """

    packer: Packer
    count: int
    _prepared: list[PackedBatch] | None = field(default=None, init=False)
    _before: dict[str, Any] | None = field(default=None, init=False)
    """State of the packer before what is prepared."""

    def take(self) -> list[PackedBatch]:
        """Return the next step's batches."""
        batches = self._prepared or self._pack()
        self._prepared = self._before = None
        return batches

    def prepare(self) -> None:
        """Pack the next step's batches now."""
        if self._prepared is None:
            self._before = self.packer.state()
            self._prepared = self._pack()

    def _pack(self) -> list[PackedBatch]:
        return [self.packer.next_batch() for _ in range(self.count)]

    def state(self) -> dict[str, Any]:
        """Return where the packer stands after what was taken, as JSON."""
        return self.packer.state() if self._before is None else self._before

    def set_context(self, context_length: int) -> None:
        """Change the length of the sequences drawn from now on; what is prepared is put back."""
        if self._before is not None:
            self.packer.restore(self._before)
            self._prepared = self._before = None
        self.packer.set_context(context_length)
