"""Obfuscation by atomic operations on the thing a question begins at (arXiv 2510.24701, section 3.4.1).

    description         the name gives way to two facts that fit nothing else
    vague_date          a year in a description gives way to a decade or a span
    vague_quantity      a number in a description gives way to `about`
    merged_attributes   the noun of a description takes on another attribute: `the Polish chemist who …`
    bridge              the name gives way to a relation of another thing: `the director of …`
    distractor          a true clause that does not help is added to the name

Every operation hands on a form; the thing is used only if the form still means it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tamsa.synthesis.descriptions import describe, distract
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import where
from tamsa.synthesis.things import Thing, name_thing, refer

OPERATIONS = ("description", "vague_date", "vague_quantity", "merged_attributes", "bridge", "distractor")
STEPS = frozenset({"description", "bridge"})
"""Operations that add steps to the chain; their steps are counted there and not a second time."""


def bridged(domain: Domain, identity: str, random: Random) -> Thing | None:
    """Refer to an entity by a relation of another one."""
    thing = refer(domain, identity, 1, random)
    return replace(thing, operations=(*thing.operations, "bridge")) if thing is not None else None


def described(domain: Domain, identity: str, random: Random) -> Thing | None:
    """Refer to an entity by exact facts."""
    return describe(domain, identity, random, vague=False)


def blurred(domain: Domain, identity: str, random: Random) -> Thing | None:
    """Refer to an entity by facts of which one is vague."""
    return describe(domain, identity, random, vague=True)


def merged(domain: Domain, identity: str, random: Random) -> Thing | None:
    """Refer to an entity by facts, with its nationality joined to its noun."""
    thing = describe(domain, identity, random, vague=random.random() < 0.7)
    if thing is None:
        return None
    nations = [edge for edge in domain.facts_of(identity) if edge.relation == "nationality"]
    if len(nations) != 1 or not domain.single(nations[0]) or not nations[0].value[:1].isupper():
        return thing
    opening = f"the {thing.named.noun} "
    return replace(
        thing,
        phrase=thing.phrase.replace(opening, f"the {nations[0].value} {thing.named.noun} ", 1),
        form=where(thing.form, "nationality", "=", nations[0].value),
        operations=(*thing.operations, "merged_attributes"),
        relations=(*thing.relations, "nationality"),
    )


def distracted(domain: Domain, identity: str, random: Random) -> Thing | None:
    """Refer to an entity by its name with a clause that does not help."""
    thing = name_thing(domain, identity, random)
    return distract(domain, thing, random) if thing is not None else None


_ANCHORS: tuple[Callable[[Domain, str, Random], Thing | None], ...] = (
    bridged,
    described,
    blurred,
    blurred,
    merged,
    merged,
    distracted,
)


def obscure(domain: Domain, identity: str, random: Random) -> Thing | None:
    """Refer to an entity after one or more operations, its form proven; None where none applies."""
    for make in random.sample(_ANCHORS, 3):
        thing = make(domain, identity, random)
        if thing is not None and thing.operations and thing.proven(domain):
            return thing
    return None


def obscure_or_name(domain: Domain, identity: str, random: Random) -> Thing | None:
    """Refer to an entity after operations where some apply, else by its name: a long chain is hard enough."""
    return obscure(domain, identity, random) or name_thing(domain, identity, random)


def difficulty(num_hops: int, operations: tuple[str, ...]) -> int:
    """Count the atomic operations of a question: its steps, and what was done to them."""
    return num_hops + sum(operation not in STEPS for operation in operations)
