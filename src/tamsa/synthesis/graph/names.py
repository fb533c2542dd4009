"""Names: which entity a name in a text may mean, looked up in a sorted file that processes share.

A title counts as a whole, without its qualifier ("Lilu (mythology)") and, for places, without what follows the
comma ("Selma, Alabama"). Ranks say how a name is made, best first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tamsa.corpus.names import TOKEN, fold
from tamsa.errors import CorruptError

TITLE, ALIAS, QUALIFIED, PLACED = 0, 1, 2, 3
"""Ranks of a name: the whole title; another name of the thing; without "(…)"; without ", …"."""


@lru_cache(maxsize=1 << 16)
def name_key(name: str) -> int:
    """Return 63 stable bits of a name, its case, diacritics and signs folded; 0 for a name without words."""
    tokens = [fold(token) for token in TOKEN.findall(name)]
    if len(tokens) > 1 and tokens[0] == "the":
        tokens = tokens[1:]
    if not tokens:
        return 0
    return int.from_bytes(hashlib.blake2b(" ".join(tokens).encode("utf-8", "replace"), digest_size=8).digest()) >> 1


class Names:
    """A read-only table from names to entity numbers."""

    def __init__(self, keys: NDArray[np.int64], rows: NDArray[np.int32], ranks: NDArray[np.int8]) -> None:
        self._keys, self._rows, self._ranks = keys, rows, ranks
        self.ranked = lru_cache(maxsize=1 << 17)(self._ranked)
        """Return `(rank, entity number)` of every entity with a name of this key, best first."""

    @classmethod
    def make(cls, entries: Iterable[tuple[int, int, int]]) -> Names:
        """Make a table of `(key, entity number, rank)`."""
        table = np.array(sorted(set(entries)), np.int64).reshape(-1, 3)
        table = table[np.lexsort((table[:, 1], table[:, 2], table[:, 0]))]
        return cls(np.ascontiguousarray(table[:, 0]), table[:, 1].astype(np.int32), table[:, 2].astype(np.int8))

    def save(self, folder: Path) -> None:
        """Write the table to a folder."""
        for name, array in (("keys", self._keys), ("rows", self._rows), ("ranks", self._ranks)):
            np.save(folder / f"names_{name}.npy", array)

    @classmethod
    def load(cls, folder: Path) -> Names:
        """Map the table of a folder into memory.

        Raises:
            CorruptError: it is missing or damaged.
        """
        try:
            return cls(*(np.load(folder / f"names_{name}.npy", mmap_mode="r") for name in ("keys", "rows", "ranks")))
        except (OSError, ValueError) as error:
            raise CorruptError(f"{folder}: damaged names ({error}); delete the folder and build it anew") from error

    def _ranked(self, key: int) -> tuple[tuple[int, int], ...]:
        if not key:
            return ()
        start = int(np.searchsorted(self._keys, key))
        found: list[tuple[int, int]] = []
        met: set[int] = set()
        while start < len(self._keys) and int(self._keys[start]) == key:
            row = int(self._rows[start])
            if row not in met:
                met.add(row)
                found.append((int(self._ranks[start]), row))
            start += 1
        return tuple(found)

    def find(self, key: int) -> list[int]:
        """Return the entities of a name, best first."""
        return [row for _, row in self.ranked(key)]
