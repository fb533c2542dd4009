"""Neighbours of an entity in the graph, over the edges that say something."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from tamsa.synthesis.graph import Graph

SAYS_LITTLE = frozenset({"links_to", "mentions"})
"""Relations that say only that one page points at another."""
MAX_FAN = 64
"""A hub has more edges than can be looked at: of one end's edges at most so many are considered, evenly spread."""


@dataclass(frozen=True, slots=True)
class Step:
    """One edge taken from an entity to another."""

    edge: int
    source: int
    target: int
    inverse: bool
    """True: taken from its value to its subject."""


class Neighbours:
    """Adjacency of a graph's entities.

    Args:
        graph: the graph.
        without: relations that are left out.
    """

    def __init__(self, graph: Graph, without: Collection[str] = SAYS_LITTLE) -> None:
        self.graph = graph
        self._without = frozenset(without)
        self.of = lru_cache(maxsize=1 << 14)(self._of)
        """Return the steps from the entity of a number, in the order of the edges."""

    @cached_property
    def _allowed(self) -> NDArray[np.bool_]:
        banned = [place for place, name in enumerate(self.graph.relation_names) if name in self._without]
        allowed = ~np.isin(self.graph.relation_numbers, banned)
        both = (self.graph.subject_numbers >= 0) & (self.graph.object_numbers >= 0)
        return np.asarray(allowed & both & (self.graph.subject_numbers != self.graph.object_numbers))

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Numbers of the edges between two entities, from which sampling can begin."""
        return np.nonzero(self._allowed)[0]

    def _of(self, entity: int) -> tuple[Step, ...]:
        out: list[Step] = []
        for numbers, other, inverse in (
            (self.graph.numbers_of(entity), self.graph.object_numbers, False),
            (self.graph.numbers_to(entity), self.graph.subject_numbers, True),
        ):
            numbers = numbers[self._allowed[numbers]]
            if len(numbers) > MAX_FAN:
                numbers = numbers[np.linspace(0, len(numbers) - 1, MAX_FAN).astype(np.int64)]
            out += [Step(int(n), entity, int(other[n]), inverse) for n in numbers]
        return tuple(out)

    def relation(self, step: Step) -> str:
        """Return the relation of a step, `^` before it if it is taken backwards."""
        name = self.graph.relation_names[int(self.graph.relation_numbers[step.edge])]
        return f"^{name}" if step.inverse else name
