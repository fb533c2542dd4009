"""Random walks: chains of facts over entities that are all different."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tamsa.synthesis.sampling.neighbours import Neighbours, Step

_TRIES = 50


@dataclass(frozen=True, slots=True)
class Walk:
    """A chain of steps; each begins where the one before ended."""

    steps: tuple[Step, ...]

    @property
    def entities(self) -> tuple[int, ...]:
        """Entity numbers along the walk, start first."""
        return (self.steps[0].source, *(step.target for step in self.steps))


def sample_walk(neighbours: Neighbours, random: Random, length: int) -> Walk | None:
    """Walk `length` steps from a random edge; None where the walk gets stuck.

    At each entity a relation is drawn first, then one of its edges, so that a relation with many edges (`starring`)
    does not crowd out the others. No entity is met twice, and no relation is undone by its inverse.
    """
    if length < 1 or not len(neighbours.starts):
        return None
    first = int(neighbours.starts[random.randrange(len(neighbours.starts))])
    source = int(neighbours.graph.subject_numbers[first])
    target = int(neighbours.graph.object_numbers[first])
    step = Step(first, source, target, False)
    if random.random() < 0.5:
        step = Step(first, target, source, True)
    steps = [step]
    met = {step.source, step.target}
    while len(steps) < length:
        groups: dict[str, list[Step]] = {}
        last = neighbours.relation(steps[-1])
        undone = last[1:] if last.startswith("^") else f"^{last}"
        for option in neighbours.of(steps[-1].target):
            name = neighbours.relation(option)
            if option.target not in met and name != undone:
                groups.setdefault(name, []).append(option)
        if not groups:
            return None
        name = random.choice(sorted(groups))
        step = random.choice(groups[name])
        steps.append(step)
        met.add(step.target)
    return Walk(tuple(steps))


def sample_walks(neighbours: Neighbours, seed: int, count: int, length: int) -> Iterator[Walk]:
    """Yield up to `count` different walks; the n-th depends on the graph, the seed and n alone."""
    met: set[tuple[int, ...]] = set()
    for number in range(count):
        random = Random(f"walk-{seed}-{length}-{number}")
        for _ in range(_TRIES):
            walk = sample_walk(neighbours, random, length)
            if walk is not None:
                key = tuple(sorted(step.edge for step in walk.steps))
                if key not in met:
                    met.add(key)
                    yield walk
                    break
