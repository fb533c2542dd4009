"""Questions of time: who ruled when, who came next, what was made next, how many years between."""

from __future__ import annotations

from random import Random

from tamsa.world.drafts import Draft, order, place_on, sole, usable
from tamsa.world.graph import Entity, Fact
from tamsa.world.questions_table import MADE, anchor, table_of
from tamsa.world.realm import Realm
from tamsa.world.wording import count_forms, fill, name_forms, number_forms, reference


def temporal(realm: Realm, random: Random) -> Draft | None:
    """Draw a question of time: who ruled when, who came next, what was made next, how many years between."""
    return random.choice((_ruler, _ruler, _succession, _next_work, _between, _winner))(realm, random)


_DATED = (
    ("film", "released", "{X} was released"),
    ("novel", "published", "{X} was published"),
    ("painting", "painted", "{X} was painted"),
    ("bridge", "opened", "{X} was opened"),
    ("building", "opened", "{X} was opened"),
    ("company", "founded", "{X} was founded"),
    ("ship", "launched", "{X} was launched"),
    ("invention", "invented", "{X} was invented"),
    ("album", "released", "{X} came out"),
    ("newspaper", "founded", "{X} was founded"),
    ("mineral", "discovered", "{X} was discovered"),
)


def _moment(realm: Realm, random: Random) -> tuple[str, Fact] | None:
    kind, relation, clause = random.choice(_DATED)
    entities = realm.graph.kind(kind)
    entity = random.choice(entities)
    fact = sole(entity, relation)
    return (clause.replace("{X}", reference(entity, random)), fact) if fact is not None else None


def _ruler(realm: Realm, random: Random) -> Draft | None:
    country = random.choice(realm.graph.kind("country"))
    terms = country.all("head_of_state")
    name, path_facts, path = anchor(random, country)
    if random.random() < 0.6:
        moment = _moment(realm, random)
        if moment is None:
            return None
        clause, fact = moment
        year = order(fact.object)
        found = [t for t in terms if t.year is not None and t.until is not None and t.year < year < t.until]
        if not found:
            return None
        question = random.choice(
            (f"Who was head of state of {name} in the year in which {clause}?", f"Who governed {name} when {clause}?")
        )
        facts = [*path_facts, fact, found[0]]
        query: dict[str, object] = {"op": "ruler", "anchor": path, "when": [fact.subject.title, fact.relation.name]}
    else:
        term = random.choice(terms)
        if term.year is None or term.until is None or term.until - term.year < 3:
            return None
        year = random.randint(term.year + 1, term.until - 1)
        question = random.choice(
            (
                f"Who was head of state of {name} in {year}?",
                f"Who governed {name} in {year}?",
                f"In {year}, who held the highest office of {name}?",
            )
        )
        found, facts = [term], [*path_facts, term]
        query = {"op": "ruler", "anchor": path, "when": year}
    holder = found[0].object
    assert isinstance(holder, Entity)
    return Draft("temporal", question, name_forms(holder), facts, len(facts), query)


def _succession(realm: Realm, random: Random) -> Draft | None:
    country = random.choice(realm.graph.kind("country"))
    terms = country.all("head_of_state")
    at = random.randrange(len(terms) - 1)
    later = random.random() < 0.5
    known, wanted = (terms[at], terms[at + 1]) if later else (terms[at + 1], terms[at])
    assert isinstance(known.object, Entity) and isinstance(wanted.object, Entity)
    person = reference(known.object, random)
    templates = (
        (
            "Who followed {X} as head of state?",
            "Who was the successor of {X} as head of state?",
            "Who came to office after {X} as head of state?",
        )
        if later
        else (
            "Who was head of state before {X}?",
            "Whom did {X} follow as head of state?",
            "Who was the predecessor of {X} as head of state?",
        )
    )
    query = {"op": "succession", "country": country.title, "person": known.object.title, "offset": 1 if later else -1}
    return Draft(
        "temporal", fill(random.choice(templates), person), name_forms(wanted.object), [known, wanted], 2, query
    )


def _next_work(realm: Realm, random: Random) -> Draft | None:
    relation = random.choice(("director", "author", "artist", "painter"))
    kind, dated, _, _ = MADE[relation]
    fact = random.choice(realm.graph.kind(kind)).get(relation)
    if fact is None or not isinstance(fact.object, Entity):
        return None
    facts = table_of(fact.object, relation)
    if facts is None:
        return None
    rows = sorted(
        (
            (order(y.object), f, y)
            for f in facts
            if (y := sole(f.subject, dated)) is not None and place_on(y, fact.object.title)
        ),
        key=lambda r: r[0],
    )
    if len(rows) != len(facts) or len({r[0] for r in rows}) != len(rows):
        return None
    at = random.randrange(len(rows) - 1)
    later = random.random() < 0.6
    known, wanted = (rows[at], rows[at + 1]) if later else (rows[at + 1], rows[at])
    maker = fact.object
    work = reference(known[1].subject, random)
    when = "after" if later else "before"
    verb = {"director": "directed by", "author": "written by", "artist": "recorded by", "painter": "painted by"}[
        relation
    ]
    who = reference(maker, random) if random.random() < 0.4 else "the same person"
    question = random.choice(
        (
            f"Which {kind} {verb} {who} came directly {when} {work}?",
            f"What was the {'next' if later else 'previous'} {kind} {verb} {who} {when} {work}?",
        )
    )
    query = {
        "op": "next_made",
        "maker": maker.title,
        "relation": relation,
        "dated": dated,
        "work": known[1].subject.title,
        "offset": 1 if later else -1,
    }
    draft = Draft(
        "temporal", question, name_forms(wanted[1].subject), [known[1], known[2], wanted[1], wanted[2]], 2, query
    )
    draft.places = [(f, place) for f in draft.facts if (place := place_on(f, maker.title)) is not None]
    return draft


def _between(realm: Realm, random: Random) -> Draft | None:
    first, second = _moment(realm, random), _moment(realm, random)
    if first is None or second is None or first[1].subject is second[1].subject:
        return None
    if order(first[1].object) > order(second[1].object):
        first, second = second, first
    years = order(second[1].object) - order(first[1].object)
    if years == 0:
        return None
    question = random.choice(
        (
            f"How many years lie between the year in which {first[0]} and the year in which {second[0]}?",
            f"How many years after {_gerund(first[1], random)} was it that {second[0]}?",
        )
    )
    query = {"op": "years_between", "entities": [[f.subject.title, f.relation.name] for _, f in (first, second)]}
    return Draft(
        "temporal",
        question,
        [*count_forms(years), *(n for n in number_forms(years, "years") if n != str(years))],
        [first[1], second[1]],
        2,
        query,
    )


def _gerund(fact: Fact, random: Random) -> str:
    word = {
        "released": "the release of",
        "published": "the publication of",
        "painted": "the painting of",
        "opened": "the opening of",
        "founded": "the founding of",
        "launched": "the launch of",
        "invented": "the invention of",
        "discovered": "the discovery of",
    }[fact.relation.name]
    return f"{word} {reference(fact.subject, random)}"


def _winner(realm: Realm, random: Random) -> Draft | None:
    awards = realm.graph.kind("award")
    award = random.choice(awards)
    wins = [f for f in award.all("winner") if usable(f) and place_on(f, award.title)]
    if not wins:
        return None
    win = random.choice(wins)
    assert isinstance(win.object, Entity)
    name = reference(award, random)
    moments = [
        (f, clause)
        for kind, relation, clause in _DATED
        for e in realm.graph.kind(kind)
        if (f := sole(e, relation)) is not None and f.object == win.year
    ]
    query: dict[str, object]
    if moments and random.random() < 0.6:
        fact, clause = random.choice(moments)
        question = f"Who received {name} in the year in which {clause.replace('{X}', reference(fact.subject, random))}?"
        query = {"op": "winner", "award": award.title, "when": [fact.subject.title, fact.relation.name]}
        facts = [fact, win]
    else:
        question = random.choice(
            (
                f"Who received {name} in {win.year}?",
                f"Who won {name} in {win.year}?",
                f"To whom was {name} given in {win.year}?",
            )
        )
        query = {"op": "winner", "award": award.title, "when": win.year}
        facts = [win]
    return Draft("temporal", question, name_forms(win.object), facts, len(facts), query)
