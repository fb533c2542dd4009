"""Weisfeiler–Leman colours of a small labelled graph: a hash of its structure, and the orbits of its entities.

Two graphs that differ only in who their entities are have the same hash. The converse can fail for graphs that the
refinement cannot tell apart, which costs a duplicate, never a wrong question.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tamsa.synthesis.sampling.neighbours import Neighbours, Step

ROUNDS = 4


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _refine(
    neighbours: Neighbours, entities: Sequence[int], steps: Sequence[Step], rounds: int
) -> list[dict[int, str]]:
    """Return the colours of the entities before and after every round."""
    colours = {entity: _digest(neighbours.graph.entity_at(entity).kind) for entity in entities}
    history = [colours]
    for _ in range(rounds):
        around: dict[int, list[str]] = {entity: [] for entity in entities}
        for step in steps:
            name = neighbours.relation(step)
            around[step.source].append(f"{name}>{colours[step.target]}")
            around[step.target].append(f"{name}<{colours[step.source]}")
        colours = {entity: _digest(colours[entity] + "|".join(sorted(around[entity]))) for entity in entities}
        history.append(colours)
    return history


def wl_hash(neighbours: Neighbours, entities: Sequence[int], steps: Sequence[Step], rounds: int = ROUNDS) -> str:
    """Return the Weisfeiler–Leman hash of some entities and the edges between them.

    Entities are labelled by kind, edges by relation and direction.
    """
    history = _refine(neighbours, entities, steps, rounds)
    return _digest("\n".join(",".join(sorted(colours.values())) for colours in history))


def orbits(neighbours: Neighbours, entities: Sequence[int], steps: Sequence[Step]) -> list[tuple[int, ...]]:
    """Group entities that stand in the same place of the structure, so that questions can be spread over the groups.

    Refinement goes on until the groups are stable; they are in the order of their first entities.
    """
    colours = _refine(neighbours, entities, steps, max(1, len(entities)))[-1]
    groups: dict[str, list[int]] = {}
    for entity in entities:
        groups.setdefault(colours[entity], []).append(entity)
    return [tuple(group) for group in groups.values()]
