"""How the segments of a packed call go on from one another: the geometry that layers need to read a forest.

Legend of shapes: N tokens, S segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

from tamsa.errors import InputError


@dataclass(frozen=True, slots=True)
class Level:
    """Segments of one depth; they are read together."""

    num_tokens: int
    cu_seqlens: torch.Tensor
    """Their bounds, from 0."""
    parents: torch.Tensor | None
    """Which segments of the level before they go on from; None at the first level."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Every segment with the tokens just before it, laid end to end: what a short convolution needs."""

    tokens: torch.Tensor
    """Which tokens of the call, some of them repeated."""
    bounds: tuple[int, ...]
    own: torch.Tensor
    """`[N]`: where among them the segments' own tokens stand."""


class Branches:
    """The tree of a packed call.

    Args:
        bounds: S + 1 offsets of the segments.
        parents: S: the segment that each one goes on from, -1 for none. Segments stand by depth.
        device: of the tensors.

    Raises:
        InputError: the parents are no such tree.
    """

    def __init__(self, bounds: Sequence[int], parents: Sequence[int], device: torch.device) -> None:
        self.sizes = [end - start for start, end in pairwise(bounds)]
        """S: tokens of each segment."""
        self.paths: list[list[int]] = []
        """S: the segments that each one reads, itself the last."""
        if len(parents) != len(self.sizes):
            raise InputError(f"parents: {len(parents)} given for {len(self.sizes)} segments; give one a segment")
        for segment, parent in enumerate(parents):
            if not -1 <= parent < segment:
                raise InputError(f"parents: segment {segment} goes on from {parent}; give one before it, or -1")
            self.paths.append([*(self.paths[parent] if parent >= 0 else ()), segment])
        depths = [len(path) for path in self.paths]
        if depths != sorted(depths):
            raise InputError(f"parents: segments must stand by depth, got depths {depths[:8]}")
        self.levels: list[Level] = []
        self._bounds, self._device = bounds, device
        self._windows: dict[int, Windows] = {}
        first = before = 0
        while first < len(parents):
            after = first + depths.count(depths[first])
            edges = [bound - bounds[first] for bound in bounds[first : after + 1]]
            from_ = None
            if first:
                from_ = torch.tensor([parent - before for parent in parents[first:after]], device=device)
            cu_seqlens = torch.tensor(edges, dtype=torch.int32, device=device)
            self.levels.append(Level(edges[-1], cu_seqlens, from_))
            before, first = first, after

    def windows(self, width: int) -> Windows:
        """Lay the segments out with up to `width` tokens of what they go on from before each."""
        if width not in self._windows:
            self._windows[width] = self._lay_out(width)
        return self._windows[width]

    def _lay_out(self, width: int) -> Windows:
        tokens: list[torch.Tensor] = []
        own: list[torch.Tensor] = []
        edges = [0]
        for path, size in zip(self.paths, self.sizes, strict=True):
            left, before = width, edges[-1]
            tails: list[torch.Tensor] = []
            for ancestor in reversed(path[:-1]):
                end = self._bounds[ancestor + 1]
                start = max(self._bounds[ancestor], end - left)
                tails.append(torch.arange(start, end))
                left -= end - start
            start = self._bounds[path[-1]]
            tokens += [*reversed(tails), torch.arange(start, start + size)]
            edges.append(before + width - left + size)
            own.append(torch.arange(edges[-1] - size, edges[-1]))
        return Windows(torch.cat(tokens).to(self._device), tuple(edges), torch.cat(own).to(self._device))
