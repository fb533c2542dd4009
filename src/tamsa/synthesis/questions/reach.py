"""From which facts a chain can be led back: a draw among all facts would mostly end where no step leads on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tamsa.synthesis.domain import LAST_ONLY, MAX_POINTING, Domain
from tamsa.synthesis.graph.store import Numbers
from tamsa.synthesis.wording.lexicon import SAYINGS

MAX_STEPS = 5


class Reach:
    """Finds the edges of a relation whose subject may be referred to over so many steps.

    A step leads forward along a relation that has one value, or back from a value that few documents point at. Whether
    it reads well and means one thing is seen when it is taken; most edges have none that could be tried.

    Args:
        domain: the graph.
    """

    def __init__(self, domain: Domain) -> None:
        graph = domain.graph
        self._graph = graph
        subject, value, relation = graph.subject_numbers, graph.object_numbers, graph.relation_numbers
        single = np.array([name in SAYINGS and SAYINGS[name].single for name in graph.relation_names], bool)
        onward = single & np.array([name not in LAST_ONLY for name in graph.relation_names], bool)
        linked = domain.worded & (subject >= 0) & (value >= 0) & (subject != value)
        pointing = np.bincount(value[value >= 0], minlength=graph.num_entities)
        forward = linked & onward[relation] if len(relation) else linked
        back = linked & (pointing[value] <= MAX_POINTING) if len(relation) else linked
        self._within: list[NDArray[np.bool_]] = [np.ones(graph.num_entities, bool)]
        for _ in range(MAX_STEPS):
            reached = np.zeros(graph.num_entities, bool)
            reached[value[forward][self._within[-1][subject[forward]]]] = True
            reached[subject[back][self._within[-1][value[back]]]] = True
            self._within.append(reached)
        self.edges = lru_cache(maxsize=None)(self._edges)
        """Return the numbers of the edges of a relation whose subject may be referred to over a number of steps."""

    def _edges(self, relation: str, steps: int) -> Numbers:
        numbers = self._graph.by_relation(relation)
        subjects = self._graph.subject_numbers[numbers]
        reached: Numbers = numbers[(subjects >= 0) & self._within[min(steps, MAX_STEPS)][subjects]]
        return reached
