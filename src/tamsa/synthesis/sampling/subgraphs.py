"""Sub-graphs: connected stretches of the graph, branching or cyclic, of a wanted size and density.

Dense cyclic ones make questions that no single chain answers (WebSailor-V2: about 30 nodes, mean degree 2.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tamsa.synthesis.sampling.neighbours import Neighbours, Step
from tamsa.synthesis.sampling.wl import wl_hash

_TRIES = 20


@dataclass(frozen=True, slots=True)
class SubGraph:
    """Entities and the edges between them, connected. At most one edge joins two entities in one relation."""

    entities: tuple[int, ...]
    """Entity numbers in the order in which they were added."""
    steps: tuple[Step, ...]
    """Edges in the direction of the graph, ascending by number."""

    @property
    def mean_degree(self) -> float:
        """Twice the edges over the entities."""
        return 2 * len(self.steps) / len(self.entities) if self.entities else 0.0

    @property
    def num_cycles(self) -> int:
        """Independent cycles: 0 for a tree."""
        return len(self.steps) - len(self.entities) + 1 if self.entities else 0


def sample_subgraph(
    neighbours: Neighbours, random: Random, size: int = 30, mean_degree: float = 2.5, tolerance: float = 0.25
) -> SubGraph | None:
    """Grow a sub-graph from a random edge; None where the surroundings are too small or too thin.

    The next entity is drawn among the neighbours of those already in, by the number of edges that it brings: up to
    `mean_degree` its weight grows with the square of them, beyond it single edges are preferred.

    Args:
        neighbours: adjacency of the graph.
        random: source of randomness.
        size: number of entities.
        mean_degree: wanted twice the edges over the entities; `2 - 2 / size` and less gives trees.
        tolerance: how much less is accepted.
    """
    if size < 2 or not len(neighbours.starts):
        return None
    first = int(neighbours.starts[random.randrange(len(neighbours.starts))])
    entities = [int(neighbours.graph.subject_numbers[first])]
    inside = set(entities)
    bridges: dict[int, dict[tuple[int, int, str], Step]] = {}
    chosen: dict[tuple[int, int, str], Step] = {}

    def look_around(entity: int) -> None:
        for step in neighbours.of(entity):
            if step.target in inside:
                continue
            ends = (step.target, step.source) if step.inverse else (step.source, step.target)
            key = (*ends, neighbours.relation(step).lstrip("^"))
            bridges.setdefault(step.target, {}).setdefault(key, Step(step.edge, *ends, False))

    look_around(entities[0])
    while len(entities) < size:
        if not bridges:
            return None
        sparse = 2 * len(chosen) < mean_degree * len(entities)
        options = sorted(bridges)
        weights = [float(len(bridges[option])) ** 2 if sparse else 1.0 / len(bridges[option]) for option in options]
        entity = random.choices(options, weights)[0]
        brought = list(bridges.pop(entity).items())
        if not sparse:
            brought = [brought[random.randrange(len(brought))]]
        room = max(1, int(mean_degree * (len(entities) + 1) / 2 + 1e-9) - len(chosen))
        if len(brought) > room:
            brought = random.sample(brought, room)
        chosen.update(brought)
        entities.append(entity)
        inside.add(entity)
        look_around(entity)
    found = SubGraph(tuple(entities), tuple(sorted(chosen.values(), key=lambda step: step.edge)))
    return found if found.mean_degree >= mean_degree - tolerance else None


def sample_subgraphs(
    neighbours: Neighbours,
    seed: int,
    count: int,
    size: int = 30,
    mean_degree: float = 2.5,
    *,
    tolerance: float = 0.25,
) -> Iterator[SubGraph]:
    """Yield up to `count` sub-graphs, no two of the same structure (Weisfeiler–Leman hash of kinds and relations).

    The n-th depends on the graph, the arguments and those before it alone.
    """
    met: set[str] = set()
    for number in range(count):
        random = Random(f"subgraph-{seed}-{size}-{mean_degree}-{number}")
        for _ in range(_TRIES):
            found = sample_subgraph(neighbours, random, size, mean_degree, tolerance)
            if found is None:
                continue
            digest = wl_hash(neighbours, found.entities, found.steps)
            if digest not in met:
                met.add(digest)
                yield found
                break
