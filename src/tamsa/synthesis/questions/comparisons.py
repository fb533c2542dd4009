"""Questions over two things: which is more, whether they share something, whether something is so."""

from __future__ import annotations

import re
from random import Random

from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import NO, YES, Form, follow
from tamsa.synthesis.questions.draft import Draft, Relations, random_edge
from tamsa.synthesis.records import Edge
from tamsa.synthesis.things import Thing, hop_of, name_thing, refer
from tamsa.synthesis.values import Item, comparable, day_of, item_of, order_of
from tamsa.synthesis.wording.frames import fill, fit_clause, unrepeated, upper_first
from tamsa.synthesis.wording.lexicon import SAYINGS
from tamsa.synthesis.wording.nouns import VAGUE, plural, same_nouns
from tamsa.synthesis.wording.saying import expand

_SAME: dict[str, str] = {
    "born_in": "Were {A} and {B} born in the same [place|town or city]?",
    "died_in": "Did {A} and {B} die in the same place?",
    "buried_at": "Are {A} and {B} buried in the same place?",
    "studied_at": "Did {A} and {B} [study at|go to] the same [institution|school]?",
    "student_of": "Did {A} and {B} have the same teacher?",
    "worked_for": "Did {A} and {B} work for the same [organisation|employer]?",
    "father": "Did {A} and {B} have the same father?",
    "plays_for": "Do {A} and {B} play for the same [club|team]?",
    "party": "Do {A} and {B} belong to the same [party|political party]?",
    "citizen_of": "Did {A} and {B} come from the same country?",
    "nationality": "Do {A} and {B} have the same nationality?",
    "director": "Were {A} and {B} [directed by the same person|made by the same director]?",
    "producer": "Were {A} and {B} produced by the same person?",
    "composer": "Was the music of {A} and {B} written by the same person?",
    "screenwriter": "Were {A} and {B} written for the screen by the same person?",
    "writer": "Were {A} and {B} written by the same person?",
    "author": "Were {A} and {B} written by the same [author|person]?",
    "artist": "Were {A} and {B} recorded by the same artist?",
    "painter": "Were {A} and {B} painted by the same [artist|person]?",
    "publisher": "Were {A} and {B} published by the same company?",
    "label": "Did {A} and {B} come out on the same [record label|label]?",
    "studio": "Were {A} and {B} [made|produced] by the same [studio|company]?",
    "set_in": "Are {A} and {B} set in the same place?",
    "founder": "Were {A} and {B} founded by the same person?",
    "headquarters": "Are {A} and {B} based in the same place?",
    "designed_by": "Were {A} and {B} designed by the same person?",
    "architect": "Were {A} and {B} designed by the same architect?",
    "shipbuilder": "Were {A} and {B} built by the same company?",
    "manufacturer": "Were {A} and {B} made by the same company?",
    "crosses": "Do {A} and {B} cross the same river?",
    "stands_in": "Do {A} and {B} stand in the same [town|place]?",
    "in_region": "Do {A} and {B} lie in the same region?",
    "on_river": "Do {A} and {B} stand on the same river?",
    "described_by": "Were {A} and {B} first described by the same person?",
    "released": "Did {A} and {B} come out in the same year?",
    "born_on": "Were {A} and {B} born in the same year?",
    "founded": "Were {A} and {B} founded in the same year?",
}
_BEGINNINGS = frozenset({"born_on", "founded"})
_YEARLY = frozenset({"released", "born_on", "founded"})


def pair(domain: Domain, relation: str, random: Random, *, tries: int = 14) -> tuple[Edge, Edge] | None:
    """Draw two edges of a relation whose subjects have one noun and one value each."""
    first = random_edge(domain, relation, random)
    named = domain.named(first.subject) if first else None
    if first is None or named is None or named.noun in VAGUE or not domain.single(first):
        return None
    for _ in range(tries):
        second = random_edge(domain, relation, random, 2)
        if second is None or second.subject == first.subject or not domain.single(second):
            continue
        if not same_nouns(named.noun, domain.noun(second.subject)):
            continue
        other = domain.named(second.subject)
        if other is not None and other.name != named.name:
            return first, second
    return None


def told_by_name(edge: Edge) -> bool:
    """Whether the name of the subject gives its year away: `1952 Coupe de France Final`."""
    day = day_of(item_of(edge))
    years = [int(year) for year in re.findall(r"\d{4}", edge.subject_title)]
    return day is not None and any(abs(day.year - year) <= 1 for year in years)


def _single(thing: Thing, relation: str) -> Form:
    return follow(thing.form, relation)


def _disjoint(first: Thing, second: Thing) -> bool:
    return not first.seen & second.seen and first.phrase != second.phrase


def _refer(domain: Domain, edge: Edge, depth: int, random: Random) -> Thing | None:
    if depth == 0:
        return name_thing(domain, edge.subject, random, plain=True)
    return refer(domain, edge.subject, depth, random)


def comparison(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a question which of two things comes first, is larger, and so on."""
    relation = relations.draw(random, relations.ordered)
    if relation is None:
        return None
    found = pair(domain, relation, random)
    if found is None or not comparable(item_of(found[0]), item_of(found[1])):
        return None
    if any(told_by_name(edge) for edge in found):
        return None
    depth = random.choice((0, 0, 1))
    things = [_refer(domain, edge, depth, random) for edge in found]
    first, second = things
    if first is None or second is None or not _disjoint(first, second):
        return None
    if first.relations != second.relations:
        return None
    more = random.random() < 0.5
    wording = random.choice(expand(SAYINGS[relation].later[0 if more else 1]))
    values = [order_of(item_of(edge)) for edge in found]
    assert values[0] is not None and values[1] is not None
    larger = first if (values[0] > values[1]) == more else second
    question = _which_of(first, second, wording, random)
    form: Form = {
        "op": "pick",
        "of": [first.form, second.form],
        "by": [_single(first, relation), _single(second, relation)],
        "want": "max" if more else "min",
    }
    hops = (*first.hops, hop_of(found[0]), *second.hops, hop_of(found[1]))
    return Draft("comparison", question, form, larger.item, hops, (), (*first.relations, relation))


def _which_of(first: Thing, second: Thing, wording: str, random: Random) -> str:
    a, b = first.phrase, second.phrase
    noun = first.named.noun
    if first.named.human:
        choices = [
            f"Who {wording}, {a} or {b}?",
            f"Which of the two {wording}: {a} or {b}?",
            f"{a} or {b}: who {wording}?",
        ]
    else:
        choices = [
            f"Which {noun} {wording}, {a} or {b}?",
            f"Which of these two {plural(noun)} {wording}: {a} or {b}?",
            f"Of {a} and {b}, which {wording}?",
            f"{a} or {b}: which {wording}?",
        ]
    return upper_first(random.choice(choices))


def yes_no(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a question that is answered by yes or no, as often the one as the other."""
    makers = (_same, _same, _before, _holds, _holds)
    return random.choice(makers)(domain, random, relations)


def _apart(domain: Domain, first: Item, second: Item) -> bool:
    """Whether two values are surely different things of one sort: one noun, and no fact that joins them."""
    if first.id is None or second.id is None:
        simple = first.type == second.type == "text" and first.text.isalpha() and second.text.isalpha()
        return simple or (first.type == second.type and first.key[:2] in ("d:", "q:"))
    a, b = domain.named(first.id), domain.named(second.id)
    if a is None or b is None or not same_nouns(a.noun, b.noun):
        return False
    joined = {edge.object for edge in domain.edges_of(first.id)} | {edge.subject for edge in domain.edges_of(first.id)}
    other = {edge.object for edge in domain.edges_of(second.id)}
    return second.id not in joined and first.id not in other


def _same(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    relation = relations.draw(random, [name for name in relations.names if name in _SAME and name not in _YEARLY])
    if relation is None:
        return None
    first = random_edge(domain, relation, random)
    if first is None or not domain.single(first):
        return None
    second: Edge | None = None
    if random.random() < 0.5 and first.object is not None:
        others = [
            edge
            for edge in domain.facts_to(first.object)
            if edge.relation == relation and edge.subject != first.subject
        ]
        second = random.choice(others) if others else None
    else:
        found = pair(domain, relation, random)
        first, second = found if found is not None else (first, None)
    if second is None or not domain.single(second):
        return None
    same = item_of(first) == item_of(second)
    if not same and not _apart(domain, item_of(first), item_of(second)):
        return None
    things = [name_thing(domain, edge.subject, random) for edge in (first, second)]
    a, b = things
    if a is None or b is None or not same_nouns(a.named.noun, b.named.noun) or not _disjoint(a, b):
        return None
    question = both_named(random.choice(expand(_SAME[relation])), a, b)
    form: Form = {"op": "same", "of": [_single(a, relation), _single(b, relation)]}
    return Draft(
        "yes_no", upper_first(question), form, YES if same else NO, (hop_of(first), hop_of(second)), (), (relation,)
    )


def both_named(template: str, a: Thing, b: Thing) -> str:
    """Put two things into a template, a noun that both begin with said once: `the films Munich and Jaws`."""
    opening = f"the {a.named.noun} "
    rest = [thing.phrase.removeprefix(opening) for thing in (a, b)]
    if all(thing.phrase.startswith(opening) and word[:1].isupper() for thing, word in zip((a, b), rest, strict=True)):
        return template.replace("{A}", f"the {plural(a.named.noun)} {rest[0]}").replace("{B}", rest[1])
    return template.replace("{A}", a.phrase).replace("{B}", b.phrase)


def event_clause(relation: str, phrase: str, random: Random) -> str:
    """Say what happened on the date of a relation: `Paris was founded`."""
    return fill(random.choice(SAYINGS[relation].events), phrase)


def related(domain: Domain, edge: Edge, random: Random) -> Edge | None:
    """Draw a dated edge of a thing that the subject's facts lead to, or of the subject itself."""
    near = [other.object for other in domain.facts_of(edge.subject) if other.object is not None]
    near.append(edge.subject)
    found = [
        other
        for identity in random.sample(near, min(3, len(near)))
        for other in domain.facts_of(identity)
        if SAYINGS[other.relation].events and other.id != edge.id
    ]
    return random.choice(found) if found else None


def _before(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    if not relations.dated:
        return None
    first = random_edge(domain, str(relations.draw(random, relations.dated)), random)
    if first is None:
        return None
    second = related(domain, first, random)
    if second is None or random.random() < 0.5:
        found = pair(domain, first.relation, random)
        first, second = found or (first, second)
    if second is None or first.subject == second.subject or told_by_name(first) or told_by_name(second):
        return None
    if random.random() < 0.5:
        first, second = second, first
    names = (first.relation, second.relation)
    if len(set(names)) > 1 and _BEGINNINGS & set(names):  # a maker is always there before what it made
        return None
    if not domain.single(first) or not domain.single(second) or not comparable(item_of(first), item_of(second)):
        return None
    a, b = name_thing(domain, first.subject, random), name_thing(domain, second.subject, random)
    if a is None or b is None or not _disjoint(a, b):
        return None
    event = event_clause(names[0], a.phrase, random)
    inverted = invert(event, a.phrase)
    if inverted is None:
        return None
    later = event_clause(names[1], b.phrase, random) if names[0] != names[1] else b.phrase
    question = f"{inverted} before {later}?"
    form: Form = {"op": "before", "of": [_single(a, names[0]), _single(b, names[1])]}
    x, y = order_of(item_of(first)), order_of(item_of(second))
    assert x is not None and y is not None
    return Draft(
        "yes_no", upper_first(question), form, YES if x < y else NO, (hop_of(first), hop_of(second)), (), names
    )


_BASE = {"died": "die", "came": "come", "opened": "open", "closed": "close", "appeared": "appear", "set": "set",
         "received": "receive", "took": "take", "studied": "study", "worked": "work", "played": "play"}  # fmt: skip


def invert(sentence: str, subject: str) -> str | None:
    """Turn `X was born` into `Was X born`, `X died` into `Did X die`; None for verbs it does not know."""
    rest = sentence.removeprefix(subject).strip().split(" ", 1)
    verb, tail = rest[0], rest[1] if len(rest) > 1 else ""
    if verb in ("was", "were", "is", "are"):
        return f"{verb} {subject} {tail}".strip()
    if verb in _BASE:
        return f"did {subject} {_BASE[verb]} {tail}".strip()
    return None


def _holds(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    relation = relations.draw(random)
    edge = random_edge(domain, relation, random) if relation else None
    if edge is None or relation is None or edge.object is None or not domain.single(edge):
        return None
    saying = SAYINGS[relation]
    if not saying.single:
        return None
    true = random.random() < 0.5
    value = item_of(edge)
    if not true:
        other = random_edge(domain, relation, random)
        if other is None or other.object is None or not _apart(domain, value, item_of(other)):
            return None
        value = item_of(other)
    depth = random.choice((0, 1, 1))
    thing = refer(domain, edge.subject, depth, random, frozenset({value.key}))
    assert value.id is not None
    named = name_thing(domain, value.id, random)
    if thing is None or named is None or value.key in thing.seen:
        return None
    for clause in random.sample(saying.clauses, len(saying.clauses)):
        said = fill(fit_clause(clause, named.phrase), unrepeated(clause, named.phrase))
        question = invert(f"{thing.phrase} {said}", thing.phrase)
        if question is not None:
            break
    else:
        return None
    form: Form = {"op": "holds", "of": thing.form, "relation": relation, "value": named.form}
    return Draft(
        "yes_no",
        upper_first(question) + "?",
        form,
        YES if true else NO,
        (*thing.hops, hop_of(edge)),
        thing.operations,
        (*thing.relations, relation),
    )
