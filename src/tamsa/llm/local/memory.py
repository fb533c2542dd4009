"""What the engine asks of a model's memory: one row a conversation, kept between turns, batched while decoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor


class Step(NamedTuple):
    """What one decoding step gives."""

    logits: Tensor
    """`[B, V]` raw."""
    hidden: Tensor | None
    """`[B, D]` last hidden states, where the caller asked for them."""


class Opened(NamedTuple):
    """A row that is about to read a prompt."""

    row: Any
    length: int
    """Tokens of the prompt that it has read already."""
    mark: int = 0
    """Where to keep the state on the way, since other prompts begin alike; 0 for nowhere."""


class Rows(Protocol):
    """The memory of one model. A row is whatever it says it is; indices are those of the batch, 0 to its size - 1."""

    def open(self, ids: Sequence[int]) -> Opened:
        """Return a row that has read the longest kept prefix of `ids`, at most all but one."""
        ...

    def read(self, row: Any, ids: Sequence[int]) -> Any:
        """Feed tokens to a row outside the batch; returns the row."""
        ...

    def keep(self, ids: Sequence[int], row: Any) -> None:
        """Remember a row that has read exactly `ids`."""
        ...

    def join(self, row: Any) -> None:
        """Add a row at the end of the batch."""
        ...

    def copy(self, index: int) -> Any:
        """Return a row that has read what a row of the batch has; the two are independent."""
        ...

    def leave(self, index: int) -> None:
        """Take a row out of the batch; the last row takes its place."""
        ...

    def step(self, new: Sequence[Sequence[int]], *, hidden: bool) -> Step:
        """Feed every row of the batch its new tokens, at least one; what is given is of the last of each."""
        ...

    def forget(self) -> None:
        """Drop everything: kept rows and the batch."""
        ...


def common_length(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> int:
    """Return how many ids two prompts have in common at their beginning."""
    n = min(len(a), len(b))
    different = a[:n] != b[:n]
    return int(different.argmax()) if n and different.any() else n
