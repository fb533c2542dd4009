"""Descriptions: an entity referred to by facts that fit nothing else, exactly or vaguely, and clauses that distract."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tamsa.synthesis.domain import MANY_TO_ONE, UNSAYING, Domain
from tamsa.synthesis.forms import IS, back, where
from tamsa.synthesis.records import Edge
from tamsa.synthesis.things import Thing, clause_of, hop_of, name_thing, relative
from tamsa.synthesis.values import day_of, entity_item, item_of, number_of
from tamsa.synthesis.wording.frames import fill
from tamsa.synthesis.wording.lexicon import SAYINGS
from tamsa.synthesis.wording.nouns import GENERIC

_TRIES = 4


def describe(domain: Domain, identity: str, random: Random, *, vague: bool) -> Thing | None:
    """Refer to an entity by two facts that no other thing of its noun shares, never by its name.

    Args:
        domain: the graph.
        identity: document id of the entity.
        random: the generator.
        vague: True makes a date or quantity of the description vague.
    """
    edges = domain.facts_of(identity)
    links = [edge for edge in edges if edge.object is not None]
    random.shuffle(links)
    for first in links[:_TRIES]:
        seconds = [edge for edge in edges if edge.relation != first.relation and edge.object != first.object]
        random.shuffle(seconds)
        for second in seconds[:_TRIES]:
            thing = described_by(domain, first, second, random, vague=vague)
            if thing is not None:
                return thing
    return None


def described_by(domain: Domain, first: Edge, second: Edge, random: Random, *, vague: bool) -> Thing | None:
    """Refer to the subject of two edges by them, None where they do not single it out.

    The first fact leads to another entity; the second is a date or quantity (made vague on request) or leads to a
    second entity. Of all documents about things of the same noun that point at the first entity, every other one must
    contradict the second fact, so that what the graph has missed cannot make the description mean two things.
    """
    named, found = domain.named(first.subject), domain.entity(first.subject)
    if (
        named is None
        or found is None
        or named.noun in UNSAYING
        or (named.noun in GENERIC and first.relation in MANY_TO_ONE)  # `who died in Rome in the 1830s`
        or first.object is None
        or second.subject != first.subject
    ):
        return None
    rivals = domain.rivals(first.object, named.noun)
    value = name_thing(domain, first.object, random)
    clause = clause_of(first, value.phrase, random) if value else None
    made = _second(domain, second, random, vague)
    if rivals is None or value is None or clause is None or made is None:
        return None
    text, test, wanted, operations, more = made
    others = [rival for rival in rivals if rival != found.id]
    if not all(_contradicts(domain, rival, second.relation, test, wanted) for rival in others):
        return None
    base = where(back(value.form, first.relation), IS, "is", named.noun)
    item = entity_item(found.title, found.id)
    clauses = [clause, text]
    if second.object is not None:
        random.shuffle(clauses)
    thing = Thing(
        item,
        relative(named, clauses),
        where(base, second.relation, test, wanted),
        named,
        (hop_of(first, inverse=True), hop_of(second, inverse=True)),
        ("description", *operations),
        value.seen | more | {item.key},
        (first.relation, second.relation),
    )
    return thing if thing.proven(domain) else None


def _second(
    domain: Domain, edge: Edge, random: Random, vague: bool
) -> tuple[str, str, object, tuple[str, ...], frozenset[str]] | None:
    """Put a second fact into words: text, test, value of the test, operations, keys passed."""
    saying = SAYINGS[edge.relation]
    item = item_of(edge)
    if edge.object is not None:
        value = name_thing(domain, edge.object, random)
        text = clause_of(edge, value.phrase, random) if value else None
        return (text, "in", [edge.object], (), value.seen) if value and text else None
    if not domain.single(edge):
        return None
    day = day_of(item)
    if day is not None and saying.events:
        event = saying.events[0].replace("{X}", "").strip()
        if not vague:
            return f"{event} in {day.year}", "between", [day.year, day.year], (), frozenset()
        low, high, when = vague_years(day.year, random)
        return f"{event} {when}", "between", [low, high], ("vague_date",), frozenset()
    number = number_of(item)
    if number is not None and vague and saying.clauses and saying.later[0] and number >= 20:
        unit = item.key.partition(" ")[2]
        bottom, top, text = vague_number(number, unit)
        return fill(saying.clauses[0], text), "between", [bottom, top], ("vague_quantity",), frozenset()
    return None


def vague_years(year: int, random: Random) -> tuple[int, int, str]:
    """Widen a year to a decade, a part of it, or a span: low, high, and the words for it."""
    decade = year - year % 10
    early = year % 10 <= 4
    choices = [
        (decade, decade + 9, f"in the {decade}s"),
        (decade, decade + 4, f"in the first half of the {decade}s")
        if early
        else (decade + 5, decade + 9, f"in the second half of the {decade}s"),
    ]
    low = year - random.randint(1, 4)
    high = year + random.randint(1, 4)
    choices.append((low, high, f"between {low} and {high}"))
    if decade % 100:
        return random.choice(choices)
    return choices[-1]


def vague_number(number: float, unit: str) -> tuple[float, float, str]:
    """Widen a number to what `about` covers, 10 % on both sides of a round one: low, high, words."""
    digits = len(str(int(number)))
    step = 5 if digits <= 2 else 10 ** (digits - 2)
    middle = float(round(number / step) * step)
    words = f"about {int(middle):,}{' ' + unit if unit else ''}"
    return min(middle * 0.9, number), max(middle * 1.1, number), words


def _contradicts(domain: Domain, identity: str, relation: str, test: str, wanted: object) -> bool:
    """Whether a thing is known to fail a test: it has a value, and all its values fail."""
    if test == "in":
        assert isinstance(wanted, list)
        return not any(edge.object in wanted for edge in domain.edges_of(identity)) and not any(
            edge.subject == wanted[0] for edge in domain.edges_to(identity)
        )
    values = domain.values(identity, relation)
    assert isinstance(wanted, list)
    sizes = [day.year if (day := day_of(value)) is not None else number_of(value) for value in values]
    return bool(sizes) and all(size is not None and not wanted[0] <= size <= wanted[1] for size in sizes)


def distract(domain: Domain, thing: Thing, random: Random) -> Thing | None:
    """Add a true clause to a name that does not help to find the answer: `X, which was released in 1950,`."""
    if thing.hops or thing.form["op"] != "entity":
        return None
    edges = [edge for edge in domain.facts_of(thing.id) if edge.object is None]
    edges = [edge for edge in edges if SAYINGS[edge.relation].events and day_of(item_of(edge)) and domain.single(edge)]
    if not edges:
        return None
    edge = random.choice(edges)
    day = day_of(item_of(edge))
    assert day is not None
    if str(day.year) in thing.phrase:  # `the 1949 film X, which was released in 1949`
        return None
    event = SAYINGS[edge.relation].events[0].replace("{X}", "").strip()
    word = "who" if thing.named.human else "which"
    return replace(
        thing,
        phrase=f"{thing.phrase}, {word} {event} in {day.year},",
        form=where(thing.form, edge.relation, "=", str(day.year)),
        hops=(hop_of(edge),),
        operations=(*thing.operations, "distractor"),
        relations=(edge.relation,),
    )
