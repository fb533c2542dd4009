"""Where a local model comes from: what both ways of opening one give."""

from __future__ import annotations

from typing import Any, Protocol

import torch


class Source(Protocol):
    """A model that can be loaded. `PlainSource` reads a Kimi Linear alone, `HubSource` asks transformers."""

    config: Any
    tokenizer: Any
    end_ids: frozenset[int]
    """Tokens that end a completion, by the generation configuration."""

    def load(self, dtype: torch.dtype) -> Any:
        """Load the weights; the model has `model`, an output layer and `config`, as those of transformers.

        Raises:
            InputError: weights are missing, damaged or of another shape than the configuration says.
        """
        ...


def ids_of(value: Any) -> frozenset[int]:
    """Return token ids that configurations give as one number, a list or None."""
    return (
        frozenset(value) if isinstance(value, list | tuple) else frozenset() if value is None else frozenset((value,))
    )


def first_line(error: BaseException) -> str:
    """Name an error of a library in one short line."""
    lines = str(error).strip().splitlines()
    return " ".join(lines[0].split())[:200] if lines else type(error).__name__
