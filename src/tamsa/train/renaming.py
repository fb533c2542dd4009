"""Rare tokens take each other's places, alike all through a conversation, so that a model learns to copy any name.

Most tokens of a vocabulary are met a few times in training, mostly in names. What a small model learns to copy are the
frequent ones; where a page is called by others, it writes something else. In a renamed conversation every rare token
stands for another of its class, in the question, in what is shown and in the reply, so that all of them are copied
equally often and none can be known by heart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

FREQUENT = 1_200
"""Tokens that keep their places: the most frequent ones, which carry the language."""
_CLASSES = tuple(map(re.compile, (r"[A-Z][a-z]+", r"[a-z]{2,}", r"Ġ[a-z]{2,}")))
"""Beginnings of names, their other parts, and words after a space, in byte-level spelling."""


class Renaming:
    """Renames a share of the conversations; which and how is a pure function of the seed and the item.

    Args:
        tokens: by id, as the tokenizer spells them.
        counts: `[V]`, how often each occurs in the data.
        share: of the conversations, in [0, 1].
        seed: of what is drawn.
    """

    def __init__(self, tokens: Sequence[str], counts: np.ndarray[Any, Any], share: float, seed: int) -> None:
        self.share, self.seed = share, seed
        rank = np.empty(len(counts), np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        self._classes = [
            np.array([n for n, token in enumerate(tokens) if rank[n] >= FREQUENT and form.fullmatch(token)], np.int64)
            for form in _CLASSES
        ]
        self._size = len(tokens)

    def __call__(self, ids: np.ndarray[Any, Any], item: int) -> np.ndarray[Any, Any]:
        """Return the ids of a conversation, renamed or as they are."""
        dice = np.random.default_rng((self.seed, item))
        if dice.random() >= self.share:
            return ids
        names = np.arange(self._size)
        for group in self._classes:
            names[group] = dice.permutation(group)
        renamed: np.ndarray[Any, Any] = names[ids].astype(ids.dtype)
        return renamed
