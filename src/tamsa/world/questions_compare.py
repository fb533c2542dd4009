"""Questions that compare two things: by value, by sameness, or by value one step further."""

from __future__ import annotations

from random import Random

from tamsa.world.drafts import Draft, order, sole
from tamsa.world.graph import Entity, Fact
from tamsa.world.realm import Realm
from tamsa.world.wording import name_forms, reference, upper_first

_COMPARED: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "born_on",
        "person",
        (
            "Who was born earlier, {A} or {B}?",
            "Which of the two was born first: {A} or {B}?",
            "Who was older, {A} or {B}?",
        ),
        ("Who was born later, {A} or {B}?", "Who was younger, {A} or {B}?"),
    ),
    (
        "died_on",
        "person",
        ("Who died first, {A} or {B}?", "Who died earlier, {A} or {B}?"),
        ("Who died later, {A} or {B}?", "Which of the two died last: {A} or {B}?"),
    ),
    (
        "height",
        "mountain",
        ("Which is lower, {A} or {B}?",),
        ("Which is higher, {A} or {B}?", "Which mountain is the higher one: {A} or {B}?"),
    ),
    (
        "height",
        "building",
        ("Which building is lower, {A} or {B}?",),
        ("Which is taller, {A} or {B}?", "Which of the two buildings is taller: {A} or {B}?"),
    ),
    (
        "length",
        "river",
        ("Which river is shorter, {A} or {B}?",),
        ("Which river is longer, {A} or {B}?", "Which is the longer river: {A} or {B}?"),
    ),
    ("length", "bridge", ("Which bridge is shorter, {A} or {B}?",), ("Which bridge is longer, {A} or {B}?",)),
    (
        "opened",
        "bridge",
        ("Which bridge was opened first, {A} or {B}?",),
        ("Which bridge was opened later, {A} or {B}?",),
    ),
    ("opened", "building", ("Which was opened earlier, {A} or {B}?",), ("Which was opened later, {A} or {B}?",)),
    (
        "published",
        "novel",
        ("Which novel was published first, {A} or {B}?", "Which came out earlier, {A} or {B}?"),
        ("Which novel was published later, {A} or {B}?",),
    ),
    (
        "released",
        "film",
        ("Which film was released first, {A} or {B}?", "Which came out earlier, {A} or {B}?"),
        ("Which film was released later, {A} or {B}?",),
    ),
    (
        "released",
        "album",
        ("Which album was released first, {A} or {B}?",),
        ("Which album came out later, {A} or {B}?",),
    ),
    ("painted", "painting", ("Which painting is older, {A} or {B}?",), ("Which was painted later, {A} or {B}?",)),
    (
        "founded",
        "company",
        ("Which company was founded first, {A} or {B}?", "Which is older, {A} or {B}?"),
        ("Which company was founded later, {A} or {B}?",),
    ),
    (
        "founded",
        "university",
        ("Which institution is older, {A} or {B}?",),
        ("Which institution was founded later, {A} or {B}?",),
    ),
    (
        "founded",
        "newspaper",
        ("Which newspaper was founded first, {A} or {B}?",),
        ("Which newspaper was founded later, {A} or {B}?",),
    ),
    (
        "launched",
        "ship",
        ("Which ship was launched first, {A} or {B}?",),
        ("Which ship was launched later, {A} or {B}?",),
    ),
    (
        "tonnage",
        "ship",
        ("Which ship was smaller by tonnage, {A} or {B}?",),
        ("Which ship was larger by tonnage, {A} or {B}?",),
    ),
    ("running_time", "film", ("Which film is shorter, {A} or {B}?",), ("Which film runs longer, {A} or {B}?",)),
    ("area", "region", ("Which region is smaller, {A} or {B}?",), ("Which region is larger, {A} or {B}?",)),
    ("invented", "invention", ("Which was invented earlier, {A} or {B}?",), ("Which was invented later, {A} or {B}?",)),
    (
        "discovered",
        "mineral",
        ("Which mineral was discovered first, {A} or {B}?",),
        ("Which mineral was discovered later, {A} or {B}?",),
    ),
    (
        "speakers",
        "language",
        ("Which language has fewer speakers, {A} or {B}?",),
        ("Which language has more speakers, {A} or {B}?",),
    ),
)
_SAME: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("in_region", "town", ("Are {A} and {B} in the same region?", "Do {A} and {B} lie in the same region?")),
    ("born_in", "person", ("Were {A} and {B} born in the same town?", "Do {A} and {B} share a birthplace?")),
    (
        "studied_at",
        "person",
        ("Did {A} and {B} study at the same institution?", "Have {A} and {B} the same alma mater?"),
    ),
    ("citizen_of", "person", ("Were {A} and {B} citizens of the same country?",)),
    ("director", "film", ("Were {A} and {B} directed by the same person?",)),
    ("publisher", "novel", ("Were {A} and {B} brought out by the same publisher?",)),
    ("on_river", "town", ("Do {A} and {B} stand on the same river?",)),
    ("stands_in", "bridge", ("Do {A} and {B} stand in the same town?",)),
    ("held_by", "painting", ("Do {A} and {B} hang in the same museum?",)),
    ("industry", "company", ("Are {A} and {B} active in the same business?",)),
)
_THROUGH: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "director",
        "born_on",
        "film",
        ("Which film has the older director, {A} or {B}?", "Whose director was born earlier, {A} or {B}?"),
        ("Which film has the younger director, {A} or {B}?",),
    ),
    (
        "author",
        "born_on",
        "novel",
        ("Which novel has the older author, {A} or {B}?",),
        ("Which novel was written by the younger person, {A} or {B}?",),
    ),
    (
        "painter",
        "born_on",
        "painting",
        ("Which painting has the older painter, {A} or {B}?",),
        ("Which painting has the younger painter, {A} or {B}?",),
    ),
    (
        "source",
        "height",
        "river",
        ("Which rises on the lower mountain, {A} or {B}?",),
        ("Which rises on the higher mountain, {A} or {B}?",),
    ),
    (
        "studio",
        "founded",
        "film",
        ("Which was made by the older company, {A} or {B}?",),
        ("Which was made by the younger company, {A} or {B}?",),
    ),
    (
        "held_by",
        "opened",
        "painting",
        ("Which hangs in the older museum, {A} or {B}?",),
        ("Which hangs in the younger museum, {A} or {B}?",),
    ),
)


def _pair(random: Random, entities: list[Entity]) -> tuple[Entity, Entity] | None:
    if len(entities) < 2:
        return None
    first, second = random.sample(entities, 2)
    return (first, second) if first.name != second.name else None


def comparison(realm: Realm, random: Random) -> Draft | None:
    """Draw a question that compares two things: by value, by sameness, or by value one step further."""
    roll = random.random()
    if roll < 0.45:
        relation, kind, least, most = random.choice(_COMPARED)
        return _compare(random, realm.graph.kind(kind), [], relation, least, most)
    if roll < 0.70:
        through, relation, kind, least, most = random.choice(_THROUGH)
        return _compare(random, realm.graph.kind(kind), [through], relation, least, most)
    return _same(realm, random)


def _compare(
    random: Random,
    entities: list[Entity],
    path: list[str],
    relation: str,
    least: tuple[str, ...],
    most: tuple[str, ...],
) -> Draft | None:
    pair = _pair(random, entities)
    if pair is None:
        return None
    facts: list[Fact] = []
    values: list[int] = []
    for entity in pair:
        end = entity
        for name in path:
            step = sole(end, name)
            if step is None or not isinstance(step.object, Entity) or step.object.foreign:
                return None
            facts.append(step)
            end = step.object
        fact = sole(end, relation)
        if fact is None:
            return None
        facts.append(fact)
        values.append(order(fact.object))
    if values[0] == values[1]:
        return None
    want = random.choice(("min", "max"))
    winner = pair[(values[0] > values[1]) == (want == "min")]
    template = random.choice(least if want == "min" else most)
    question = template.replace("{A}", reference(pair[0], random)).replace("{B}", reference(pair[1], random))
    query = {
        "op": "compare",
        "entities": [e.title for e in pair],
        "path": [[p, ">"] for p in path],
        "relation": relation,
        "want": want,
    }
    return Draft("comparison", upper_first(question), name_forms(winner), facts, len(facts), query)


def _same(realm: Realm, random: Random) -> Draft | None:
    relation, kind, templates = random.choice(_SAME)
    entities = realm.graph.kind(kind)
    first = random.choice(entities)
    fact = sole(first, relation)
    if fact is None:
        return None
    # As many yes as no, or a guess of "no" would nearly always be right.
    wanted = random.random() < 0.5
    others = [
        e
        for e in entities
        if e is not first
        and e.name != first.name
        and (f := sole(e, relation)) is not None
        and (f.object == fact.object) == wanted
    ]
    if not others:
        return None
    second = random.choice(others)
    other = sole(second, relation)
    assert other is not None
    question = (
        random.choice(templates)
        .replace("{A}", reference(first, random, plain=True))
        .replace("{B}", reference(second, random, plain=True))
    )
    query = {"op": "same", "entities": [first.title, second.title], "relation": relation}
    return Draft("comparison", question, ["yes" if wanted else "no"], [fact, other], 2, query)
