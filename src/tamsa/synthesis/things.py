"""A thing as a question refers to it: the phrase, the form that proves what it means, the steps that find it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tamsa.synthesis.domain import Domain, Way
from tamsa.synthesis.forms import IS, Form, FormError, back, entity, evaluate, follow, where
from tamsa.synthesis.records import Edge, Hop
from tamsa.synthesis.values import Item, entity_item, item_of
from tamsa.synthesis.wording.frames import fill, fit_clause, fitting, nominal, unrepeated
from tamsa.synthesis.wording.lexicon import SAYINGS
from tamsa.synthesis.wording.nouns import Named

MAX_PHRASE_WORDS = 34
_RARE_STEPS = frozenset({"nationality", "occupation", "genre", "in_country", "part_of", "citizen_of"})
"""Relations that make for flat steps; taken now and then only."""
_TOWN = re.compile(r"^the town\b")
_STREAMS = frozenset({"", "place", "river", "stream", "creek"})
_TOWNS = frozenset({"", "place", "city", "town", "village", "municipality", "borough", "hamlet", "township", "suburb"})
_OFFICE = re.compile(r"^the (?:headquarters|venue) of|\} (?:headquarters|venue)$")


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing and a way to refer to it."""

    item: Item
    phrase: str
    form: Form
    named: Named
    hops: tuple[Hop, ...] = ()
    operations: tuple[str, ...] = ()
    seen: frozenset[str] = frozenset()
    """Keys of the items that the phrase goes through, so that no question goes in circles."""
    relations: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Document id of the thing."""
        assert self.item.id is not None
        return self.item.id

    @property
    def back(self) -> str:
        """How a second sentence refers back: `that film`; `that person` for one whose profession was not said."""
        said = re.match(rf"the (?:\S+ )?{re.escape(self.named.noun)}\b", self.phrase)
        return "that person" if self.named.human and said is None else self.named.that

    def proven(self, domain: Domain) -> bool:
        """Whether the form means this thing and no other."""
        try:
            return evaluate(self.form, domain) == (self.item,)
        except FormError:
            return False


def hop_of(edge: Edge, *, inverse: bool = False) -> Hop:
    """Return the step that an edge is."""
    return Hop(edge.subject_title, edge.subject or None, edge.relation, edge.value, edge.object, edge.evidence, inverse)


def name_thing(domain: Domain, identity: str, random: Random, *, plain: bool = False) -> Thing | None:
    """Refer to an entity by its name; by noun and name where the name alone may mislead, or now and then.

    `plain` leaves the noun out, for questions that name it elsewhere: `Which film …, A or B?`.
    """
    named, found = domain.named(identity), domain.entity(identity)
    if named is None or found is None:
        return None
    item = entity_item(found.title, found.id)
    share = 0.75 if named.qualifier else (0.5 if named.kind == "work" else 0.12)
    phrase = named.introduced if random.random() < share and not plain else named.name
    if named.qualifier and phrase == named.name and (not plain or named.noun not in named.qualifier):
        phrase = named.introduced
    return Thing(item, phrase, entity(found.title, found.id), named, seen=frozenset({item.key}))


def step_to(domain: Domain, start: Thing, edge: Edge, random: Random) -> Thing | None:
    """Refer to the value of an edge by its relation to a thing: `the birthplace of …`."""
    saying = SAYINGS[edge.relation]
    item = item_of(edge)
    named = domain.named(edge.object) if edge.object else None
    templates = nominal(saying, start.phrase)
    if not domain.steps_on(edge) or named is None or not templates or item.key in start.seen:
        return None
    if edge.relation in start.relations[-1:]:
        return None
    if saying.asked == "place":  # what is done in a place is not done in a headquarters
        templates = tuple(one for one in templates if not _OFFICE.search(one)) or templates
    if named.noun not in _STREAMS:
        templates = tuple(one for one in templates if not one.startswith("the river ")) or templates
    if named.noun not in _TOWNS:  # `the town or city that is home to …` is no airport
        templates = tuple(one for one in templates if not _TOWN.search(one)) or templates
    if start.phrase.count(" of the ") > 1:  # `the source of the river of the town of the …`
        templates = tuple(one for one in templates if not one.endswith(" of {X}")) or templates
    return Thing(
        item,
        fill(random.choice(templates), start.phrase),
        follow(start.form, edge.relation),
        named,
        (*start.hops, hop_of(edge)),
        start.operations,
        start.seen | {item.key},
        (*start.relations, edge.relation),
    )


def clause_of(edge: Edge, phrase: str, random: Random) -> str | None:
    """Say an edge of its subject, with a phrase for the value: `was directed by …`."""
    clauses = fitting(SAYINGS[edge.relation].clauses, phrase)
    if not clauses:
        return None
    clause = random.choice(clauses)
    return fill(fit_clause(clause, phrase), unrepeated(clause, phrase))


def relative(named: Named, clauses: Sequence[str]) -> str:
    """Say `the film that was directed by … and …`."""
    word = "who" if named.human else "that"
    first, *others = clauses
    for other in others:
        verb = re.match(r"(?:was \w+|\w+) (?=in |on |at |between )", other)
        joined = verb is not None and first.startswith(verb[0])
        first = f"{first} {other[len(verb[0]) :]}" if joined and verb is not None else f"{first} and {other}"
    return f"the {named.noun} {word} {first}"


def back_to(domain: Domain, value: Thing, edge: Edge, random: Random) -> Thing | None:
    """Refer to the subject of an edge by its value: `the film that was directed by …`.

    No other document about a thing of the same noun may point at the value at all, so that a fact which the graph
    missed cannot make the phrase mean two things.
    """
    named, found = domain.named(edge.subject), domain.entity(edge.subject)
    if named is None or found is None or not domain.leads_back(edge):
        return None
    item = entity_item(found.title, found.id)
    if item.key in value.seen or edge.relation in value.relations[-1:]:
        return None
    clause = clause_of(edge, value.phrase, random)
    if clause is None:
        return None
    form = where(back(value.form, edge.relation), IS, "is", named.noun)
    return Thing(
        item,
        relative(named, [clause]),
        form,
        named,
        (*value.hops, hop_of(edge, inverse=True)),
        value.operations,
        value.seen | {item.key},
        (*value.relations, edge.relation),
    )


Anchor = Callable[[Domain, str, Random], Thing | None]
"""Refers to the entity at which a question begins."""


def refer(
    domain: Domain,
    identity: str,
    depth: int,
    random: Random,
    avoid: frozenset[str] = frozenset(),
    anchor: Anchor = name_thing,
) -> Thing | None:
    """Refer to an entity over `depth` steps that begin at an anchor; None where chance finds no way.

    Args:
        domain: the graph.
        identity: document id of the entity.
        depth: steps, 0 for its name alone.
        random: the generator.
        avoid: keys of items that must not be passed.
        anchor: refers to the first entity, by its name as a rule.
    """
    if depth == 0:
        return anchor(domain, identity, random)
    avoid |= {"@" + identity}
    ways = [way for way in domain.ways(identity) if "@" + way.start not in avoid and domain.leads(way.start, depth - 1)]
    for _ in range(min(4, len(ways))):
        way = ways.pop(_choose(ways, random))
        start = refer(domain, way.start, depth - 1, random, avoid, anchor)
        if start is None:
            continue
        step = back_to if way.inverse else step_to
        thing = step(domain, start, way.edge, random)
        if thing is not None and len(thing.phrase.split()) <= MAX_PHRASE_WORDS:
            return thing
    return None


def _choose(ways: list[Way], random: Random) -> int:
    """Choose among ways so that no relation crowds out the others."""
    counts = Counter((way.edge.relation, way.inverse) for way in ways)
    weights = [
        (0.2 if way.edge.relation in _RARE_STEPS else 1.0) / counts[way.edge.relation, way.inverse] for way in ways
    ]
    return random.choices(range(len(ways)), weights)[0]
