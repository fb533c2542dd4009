"""Sequences that share their beginnings, as a tree of segments: what is common stands, and is read, once.

Runs of one prompt differ only in what was drawn. Laid out as a forest they cost their prompt once, forward and
backward, and each token still reads exactly the sequence that it belongs to.

Legend of shapes: N tokens of all segments laid end to end, S segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

MIN_SHARED = 16
"""Tokens from which on a common stretch becomes a segment: each level of a tree costs a call of every layer."""


@dataclass(slots=True)
class _Segment:
    ids: np.ndarray[tuple[int], np.dtype[np.int64]]
    parent: int
    depth: int


@dataclass(frozen=True, slots=True)
class Forest:
    """Segments by depth, those that nothing stands before first. Give `ids[None]`, `cu_seqlens` and `parents` to a
    Kimi Linear's decoder, and find a sequence's tokens in its output by `places`.
    """

    ids: torch.Tensor
    """`[N]`, int64."""
    bounds: tuple[int, ...]
    """S + 1 offsets of the segments."""
    parents: tuple[int, ...]
    """S: the segment that each one goes on from, -1 for none; a parent stands before its children."""
    last: tuple[int, ...]
    """By sequence: the segment that it ends with."""

    @classmethod
    def grow(cls, sequences: Sequence[Sequence[int]], min_shared: int = MIN_SHARED) -> Forest:
        """Find what sequences share from their beginning on.

        Args:
            sequences: of token ids, none empty.
            min_shared: shorter common stretches are repeated instead.
        """
        arrays = [np.asarray(sequence, dtype=np.int64) for sequence in sequences]
        segments: list[_Segment] = []
        last = [-1] * len(arrays)

        def add(ids: np.ndarray[tuple[int], np.dtype[np.int64]], parent: int) -> int:
            segments.append(_Segment(ids, parent, segments[parent].depth + 1 if parent >= 0 else 0))
            return len(segments) - 1

        waiting = [(list(range(len(arrays))), 0, -1)]
        while waiting:
            members, start, parent = waiting.pop()
            first = arrays[members[0]]
            end = min(_common(first, arrays[member]) for member in members)
            alike = all(len(arrays[member]) == end for member in members)
            if alike or end - start >= min_shared:
                parent = add(first[start:end], parent) if end > start else parent
                start = end
            parts: dict[int, list[int]] = {}
            for member in members:
                if alike or (len(arrays[member]) == end and start == end):
                    last[member] = parent
                elif len(arrays[member]) == end:
                    last[member] = add(arrays[member][start:], parent)
                else:
                    parts.setdefault(int(arrays[member][end]), []).append(member)
            waiting += [(part, start, parent) for part in reversed(parts.values())]
        order = sorted(range(len(segments)), key=lambda number: segments[number].depth)
        place = {number: at for at, number in enumerate(order)}
        place[-1] = -1
        chosen = [segments[number] for number in order]
        bounds = np.cumsum([0, *(len(segment.ids) for segment in chosen)])
        return cls(
            ids=torch.from_numpy(np.concatenate([segment.ids for segment in chosen])),
            bounds=tuple(bounds.tolist()),
            parents=tuple(place[segment.parent] for segment in chosen),
            last=tuple(place[number] for number in last),
        )

    @classmethod
    def apart(cls, sequences: Sequence[Sequence[int]]) -> Forest:
        """Lay sequences end to end without looking for what they share, for models that cannot read a tree."""
        bounds = np.cumsum([0, *map(len, sequences)])
        ids = torch.tensor([token for sequence in sequences for token in sequence])
        return cls(ids, tuple(bounds.tolist()), (-1,) * len(sequences), tuple(range(len(sequences))))

    @property
    def num_tokens(self) -> int:
        """Tokens that are read."""
        return self.bounds[-1]

    @property
    def cu_seqlens(self) -> torch.Tensor:
        """The bounds as `[S + 1]`, int32."""
        return torch.tensor(self.bounds, dtype=torch.int32)

    def path(self, segment: int) -> list[int]:
        """Return the segments of a sequence that ends with this one, the first one first."""
        found = []
        while segment >= 0:
            found.append(segment)
            segment = self.parents[segment]
        return found[::-1]

    def places(self, sequence: int) -> torch.Tensor:
        """Return where in `ids` the tokens of a sequence stand, in its order."""
        return torch.cat([torch.arange(self.bounds[s], self.bounds[s + 1]) for s in self.path(self.last[sequence])])

    def cut(self, max_tokens: int) -> Iterator[list[int]]:
        """Divide the sequences into rows of at most so many tokens, each a forest of its own; neighbours in the tree
        stay together. A sequence that is longer stands alone.
        """
        sizes = [end - start for start, end in zip(self.bounds[:-1], self.bounds[1:], strict=True)]
        paths = [self.path(segment) for segment in self.last]
        row: list[int] = []
        read: set[int] = set()
        used = 0
        for sequence in sorted(range(len(paths)), key=lambda number: paths[number]):
            more = sum(sizes[segment] for segment in paths[sequence] if segment not in read)
            if row and used + more > max_tokens:
                yield row
                row, read, used = [], set(), 0
                more = sum(sizes[segment] for segment in paths[sequence])
            row.append(sequence)
            read.update(paths[sequence])
            used += more
        if row:
            yield row


def _common(a: np.ndarray[tuple[int], np.dtype[np.int64]], b: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    """Count the tokens that two sequences have in common from their beginning on."""
    length = min(len(a), len(b))
    differ = (a[:length] != b[:length]).nonzero()[0]
    return int(differ[0]) if len(differ) else length
