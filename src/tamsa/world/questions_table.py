"""Questions over tables and values: comparisons, counts, superlatives, and questions of time."""

from __future__ import annotations

from random import Random

from tamsa.world.drafts import Draft, usable
from tamsa.world.graph import Entity, Fact, Place
from tamsa.world.lists import Listing
from tamsa.world.questions_chain import backward_steps, forward_steps, step_answers, step_query
from tamsa.world.realm import Realm
from tamsa.world.wording import count_forms, fill, fitting, name_forms, number_forms, reference, upper_first

_COMPARED: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("born_on", "person", ("Who was born earlier, {A} or {B}?", "Which of the two was born first: {A} or {B}?", "Who was older, {A} or {B}?"), ("Who was born later, {A} or {B}?", "Who was younger, {A} or {B}?")),
    ("died_on", "person", ("Who died first, {A} or {B}?", "Who died earlier, {A} or {B}?"), ("Who died later, {A} or {B}?", "Which of the two died last: {A} or {B}?")),
    ("height", "mountain", ("Which is lower, {A} or {B}?",), ("Which is higher, {A} or {B}?", "Which mountain is the higher one: {A} or {B}?")),
    ("height", "building", ("Which building is lower, {A} or {B}?",), ("Which is taller, {A} or {B}?", "Which of the two buildings is taller: {A} or {B}?")),
    ("length", "river", ("Which river is shorter, {A} or {B}?",), ("Which river is longer, {A} or {B}?", "Which is the longer river: {A} or {B}?")),
    ("length", "bridge", ("Which bridge is shorter, {A} or {B}?",), ("Which bridge is longer, {A} or {B}?",)),
    ("opened", "bridge", ("Which bridge was opened first, {A} or {B}?",), ("Which bridge was opened later, {A} or {B}?",)),
    ("opened", "building", ("Which was opened earlier, {A} or {B}?",), ("Which was opened later, {A} or {B}?",)),
    ("published", "novel", ("Which novel was published first, {A} or {B}?", "Which came out earlier, {A} or {B}?"), ("Which novel was published later, {A} or {B}?",)),
    ("released", "film", ("Which film was released first, {A} or {B}?", "Which came out earlier, {A} or {B}?"), ("Which film was released later, {A} or {B}?",)),
    ("released", "album", ("Which album was released first, {A} or {B}?",), ("Which album came out later, {A} or {B}?",)),
    ("painted", "painting", ("Which painting is older, {A} or {B}?",), ("Which was painted later, {A} or {B}?",)),
    ("founded", "company", ("Which company was founded first, {A} or {B}?", "Which is older, {A} or {B}?"), ("Which company was founded later, {A} or {B}?",)),
    ("founded", "university", ("Which institution is older, {A} or {B}?",), ("Which institution was founded later, {A} or {B}?",)),
    ("founded", "newspaper", ("Which newspaper was founded first, {A} or {B}?",), ("Which newspaper was founded later, {A} or {B}?",)),
    ("launched", "ship", ("Which ship was launched first, {A} or {B}?",), ("Which ship was launched later, {A} or {B}?",)),
    ("tonnage", "ship", ("Which ship was smaller by tonnage, {A} or {B}?",), ("Which ship was larger by tonnage, {A} or {B}?",)),
    ("running_time", "film", ("Which film is shorter, {A} or {B}?",), ("Which film runs longer, {A} or {B}?",)),
    ("area", "region", ("Which region is smaller, {A} or {B}?",), ("Which region is larger, {A} or {B}?",)),
    ("invented", "invention", ("Which was invented earlier, {A} or {B}?",), ("Which was invented later, {A} or {B}?",)),
    ("discovered", "mineral", ("Which mineral was discovered first, {A} or {B}?",), ("Which mineral was discovered later, {A} or {B}?",)),
    ("speakers", "language", ("Which language has fewer speakers, {A} or {B}?",), ("Which language has more speakers, {A} or {B}?",)),
)  # fmt: skip
_SAME: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("in_region", "town", ("Are {A} and {B} in the same region?", "Do {A} and {B} lie in the same region?")),
    ("born_in", "person", ("Were {A} and {B} born in the same town?", "Do {A} and {B} share a birthplace?")),
    ("studied_at", "person", ("Did {A} and {B} study at the same institution?", "Have {A} and {B} the same alma mater?")),
    ("citizen_of", "person", ("Were {A} and {B} citizens of the same country?",)),
    ("director", "film", ("Were {A} and {B} directed by the same person?",)),
    ("publisher", "novel", ("Were {A} and {B} brought out by the same publisher?",)),
    ("on_river", "town", ("Do {A} and {B} stand on the same river?",)),
    ("stands_in", "bridge", ("Do {A} and {B} stand in the same town?",)),
    ("held_by", "painting", ("Do {A} and {B} hang in the same museum?",)),
    ("industry", "company", ("Are {A} and {B} active in the same business?",)),
)  # fmt: skip
_THROUGH: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("director", "born_on", "film", ("Which film has the older director, {A} or {B}?", "Whose director was born earlier, {A} or {B}?"), ("Which film has the younger director, {A} or {B}?",)),
    ("author", "born_on", "novel", ("Which novel has the older author, {A} or {B}?",), ("Which novel was written by the younger person, {A} or {B}?",)),
    ("painter", "born_on", "painting", ("Which painting has the older painter, {A} or {B}?",), ("Which painting has the younger painter, {A} or {B}?",)),
    ("source", "height", "river", ("Which rises on the lower mountain, {A} or {B}?",), ("Which rises on the higher mountain, {A} or {B}?",)),
    ("studio", "founded", "film", ("Which was made by the older company, {A} or {B}?",), ("Which was made by the younger company, {A} or {B}?",)),
    ("held_by", "opened", "painting", ("Which hangs in the older museum, {A} or {B}?",), ("Which hangs in the younger museum, {A} or {B}?",)),
)  # fmt: skip


def _order(value: object) -> int:
    """Order dates and numbers on one scale; days of a year are kept apart."""
    if isinstance(value, tuple):
        year, month, day = value
        return int(year) * 400 + int(month) * 32 + int(day)
    return value if isinstance(value, int) else 0


def _sole(entity: Entity, relation: str) -> Fact | None:
    facts = entity.all(relation)
    return facts[0] if len(facts) == 1 and usable(facts[0]) else None


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
            step = _sole(end, name)
            if step is None or not isinstance(step.object, Entity) or step.object.foreign:
                return None
            facts.append(step)
            end = step.object
        fact = _sole(end, relation)
        if fact is None:
            return None
        facts.append(fact)
        values.append(_order(fact.object))
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
    fact = _sole(first, relation)
    if fact is None:
        return None
    # As many yes as no, or a guess of "no" would nearly always be right.
    wanted = random.random() < 0.5
    others = [
        e
        for e in entities
        if e is not first
        and e.name != first.name
        and (f := _sole(e, relation)) is not None
        and (f.object == fact.object) == wanted
    ]
    if not others:
        return None
    second = random.choice(others)
    other = _sole(second, relation)
    assert other is not None
    question = (
        random.choice(templates)
        .replace("{A}", reference(first, random, plain=True))
        .replace("{B}", reference(second, random, plain=True))
    )
    query = {"op": "same", "entities": [first.title, second.title], "relation": relation}
    return Draft("comparison", question, ["yes" if wanted else "no"], [fact, other], 2, query)


# --------------------------------------------------------------------------- tables

Row = tuple[Entity, Fact]


def _rows(listing: Listing, relation: str, year: int = 0) -> list[Row]:
    """The rows of a list that have a value in a column, as stated on the list page."""
    rows: list[Row] = []
    for member in listing.members:
        for fact in member.facts:
            if (
                fact.relation.name == relation
                and (not year or fact.year == year)
                and usable(fact)
                and _on(fact, listing.page.title)
            ):
                rows.append((member, fact))
    return rows


def _on(fact: Fact, page: str) -> Place | None:
    return next((place for place in fact.stated if place.page == page), None)


def _anchor(random: Random, subject: Entity) -> tuple[str, list[Fact], list[list[str]]]:
    """Name a country or region, half the time by what leads to it."""
    if random.random() < 0.5:
        steps = [
            s
            for s in backward_steps(subject)
            if s[0].relation.name
            in ("capital", "official_language", "national_animal", "in_region", "region_seat", "found_in", "spoken_in")
        ]
        steps = [
            (f, False)
            for f in subject.facts
            if f.relation.name in ("capital", "official_language", "national_animal", "region_seat") and usable(f)
        ] or steps
        if steps:
            fact = random.choice(steps)[0]
            assert isinstance(fact.object, Entity)
            text = random.choice(fact.relation.inp).replace("{X}", reference(fact.object, random, plain=True))
            return text, [fact], [[fact.object.title], [fact.relation.name, "<"]]
    return subject.name, [], [[subject.title]]


_COUNTS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    # kind: (relation, comparison, wording, scale)
    "bridge": (
        ("opened", "<", "How many of the bridges listed for {C} were opened before {V}?", "year"),
        ("opened", ">", "How many bridges in the list of bridges in {C} were opened after {V}?", "year"),
        ("length", ">", "According to the list of bridges in {C}, how many are longer than {V} m?", "number"),
    ),
    "mountain": (
        ("height", ">", "According to the list of mountains of {C}, how many rise above {V} m?", "number"),
        ("height", "<", "How many mountains in the list for {C} are lower than {V} m?", "number"),
    ),
    "river": (
        ("length", ">", "How many of the rivers listed for {C} are longer than {V} km?", "number"),
        ("length", "<", "How many rivers in the list of rivers of {C} are shorter than {V} km?", "number"),
    ),
    "building": (
        ("opened", "<", "How many of the notable buildings listed for {C} were opened before {V}?", "year"),
        ("height", ">", "According to the list of notable buildings in {C}, how many are taller than {V} m?", "number"),
    ),
    "town": (
        ("population", ">", "How many towns of {C} had more than {V} inhabitants at the census of {Y}?", "number"),
        ("population", "<", "According to the census of {Y}, how many towns of {C} had fewer than {V} inhabitants?", "number"),
    ),
    "club": (
        ("league_points", ">", "How many clubs took more than {V} points in the {Y} season of the league of {C}?", "number"),
        ("league_points", "<", "In the {Y} league season of {C}, how many clubs finished with fewer than {V} points?", "number"),
    ),
}  # fmt: skip


def counting(realm: Realm, random: Random) -> Draft | None:
    """Draw a question that counts the rows of a table."""
    if random.random() < 0.25:
        return _count_works(realm, random)
    listing = random.choice(realm.listings)
    if listing.kind not in _COUNTS:
        return None
    relation, sign, template, scale = random.choice(_COUNTS[listing.kind])
    year = random.choice((1901, 1931, 1961, 1991)) if listing.kind == "town" else listing.year
    rows = _rows(listing, relation, year)
    if len(rows) < 3:
        return None
    limit = _limit(random, [_order(f.object) for _, f in rows], scale)
    if limit is None:
        return None
    found = [(e, f) for e, f in rows if (_order(f.object) > limit) == (sign == ">")]
    name, facts, path = _anchor(random, listing.subject)
    question = (
        template.replace("{C}", name)
        .replace("{V}", str(limit) if scale == "year" else f"{limit:,}")
        .replace("{Y}", str(year))
    )
    query = {
        "op": "count",
        "anchor": path,
        "kind": listing.kind,
        "where": [relation, sign, limit],
        "year": year or None,
    }
    draft = Draft(
        "counting",
        upper_first(question),
        count_forms(len(found)),
        [*facts, *(f for _, f in found)],
        1 + len(facts),
        query,
    )
    draft.places = [(f, place) for _, f in found if (place := _on(f, listing.page.title)) is not None]
    draft.pages = [listing.page.title]
    return draft


def _limit(random: Random, values: list[int], scale: str) -> int | None:
    """Choose a round limit that splits the values and equals none of them."""
    ordered = sorted(values)
    at = random.randrange(1, len(ordered))
    low, high = ordered[at - 1], ordered[at]
    for step in (100_000, 50_000, 10_000, 5_000, 1_000, 500, 250, 100, 50, 10, 5, 1):
        if scale == "year" and step > 50:
            continue
        first = low - low % step + step
        if low < first < high:
            return first
    return None


_MADE = {
    "director": ("film", "released", "How many films directed by {X} were released {W} {V}?", "How many films did {X} direct?"),
    "author": ("novel", "published", "How many novels by {X} were published {W} {V}?", "How many novels did {X} write?"),
    "artist": ("album", "released", "How many albums by {X} came out {W} {V}?", "How many albums did {X} record?"),
    "painter": ("painting", "painted", "How many paintings by {X} were painted {W} {V}?", "How many paintings by {X} are known?"),
    "shipbuilder": ("ship", "launched", "How many ships built by {X} were launched {W} {V}?", "How many ships did {X} build?"),
}  # fmt: skip


def _table_of(maker: Entity, relation: str) -> list[Fact] | None:
    """The complete table of a maker's works on the maker's own page, or None if there is none."""
    facts = [f for f in maker.inverse if f.relation.name == relation]
    if len(facts) < 3 or not all(usable(f) and _on(f, maker.title) for f in facts):
        return None
    return facts


def _count_works(realm: Realm, random: Random) -> Draft | None:
    relation = random.choice(tuple(_MADE))
    kind, dated, template, plain = _MADE[relation]
    works = realm.graph.kind(kind)
    fact = random.choice(works).get(relation)
    if fact is None or not isinstance(fact.object, Entity):
        return None
    maker = fact.object
    facts = _table_of(maker, relation)
    if facts is None:
        return None
    name = reference(maker, random)
    query: dict[str, object] = {"op": "count_made", "maker": maker.title, "relation": relation}
    if random.random() < 0.3:
        draft = Draft("counting", plain.replace("{X}", name), count_forms(len(facts)), facts, 1, query)
    else:
        rows = [(f, y) for f in facts if (y := _sole(f.subject, dated)) is not None]
        limit = _limit(random, [_order(y.object) for _, y in rows], "year") if len(rows) >= 3 else None
        if limit is None:
            return None
        word = random.choice(("before", "after"))
        found = [(f, y) for f, y in rows if (_order(y.object) > limit) == (word == "after")]
        if any(not _on(y, maker.title) for _, y in found):
            return None
        question = template.replace("{X}", name).replace("{W}", word).replace("{V}", str(limit))
        query["where"] = [dated, ">" if word == "after" else "<", limit]
        draft = Draft("counting", question, count_forms(len(found)), [x for pair in found for x in pair], 1, query)
    draft.places = [(f, place) for f in draft.facts if (place := _on(f, maker.title)) is not None]
    draft.pages = [maker.title]
    return draft


_BEST: dict[str, tuple[tuple[str, str, str], ...]] = {
    # kind: (relation, min or max, noun phrase)
    "bridge": (("length", "max", "the longest bridge in {C}"), ("length", "min", "the shortest bridge in the list of bridges in {C}"), ("opened", "min", "the oldest bridge listed for {C}")),
    "mountain": (("height", "max", "the highest mountain in the list of mountains of {C}"), ("height", "min", "the lowest mountain in the list of mountains of {C}")),
    "river": (("length", "max", "the longest river of {C}"), ("length", "min", "the shortest river in the list of rivers of {C}")),
    "building": (("height", "max", "the tallest of the notable buildings in {C}"), ("opened", "min", "the oldest of the notable buildings listed for {C}")),
    "town": (("population", "max", "the most populous town of {C} at the census of {Y}"), ("population", "min", "the town of {C} with the fewest inhabitants in {Y}")),
    "club": (("league_position", "min", "the club that won the {Y} league of {C}"), ("league_points", "min", "the club that took the fewest points in the {Y} league of {C}")),
}  # fmt: skip


def superlative(realm: Realm, random: Random) -> Draft | None:
    """Draw a question for the first or last of a table, or for something about it."""
    listing = random.choice(realm.listings)
    if listing.kind not in _BEST:
        return None
    relation, want, phrase = random.choice(_BEST[listing.kind])
    year = random.choice((1901, 1931, 1961, 1991)) if listing.kind == "town" else listing.year
    rows = _rows(listing, relation, year)
    if len(rows) < 3:
        return None
    values = [_order(f.object) for _, f in rows]
    top = min(values) if want == "min" else max(values)
    if values.count(top) != 1:
        return None
    entity, fact = rows[values.index(top)]
    name, facts, path = _anchor(random, listing.subject)
    text = phrase.replace("{C}", name).replace("{Y}", str(year))
    query: dict[str, object] = {
        "op": "best",
        "anchor": path,
        "kind": listing.kind,
        "relation": relation,
        "want": want,
        "year": year or None,
        "then": [],
    }
    after = [s for s in forward_steps(entity) if s[0].relation.name not in (relation, "in_region", "length", "height")]
    if after and random.random() < 0.5:
        step = random.choice(after)
        question = fill(fitting(random, step[0].relation.q, text), text)
        query["then"] = step_query([step])
        draft = Draft("superlative", question, step_answers(step), [*facts, fact, step[0]], 2 + len(facts), query)
    else:
        questions = [f"What is the name of {text}?", f"Name {text}."]
        questions.append(
            text.replace("the club that", "Which club", 1) + "?" if "the club" in text else f"What is {text}?"
        )
        question = random.choice(questions)
        draft = Draft("superlative", question, name_forms(entity), [*facts, fact], 1 + len(facts), query)
    place = _on(fact, listing.page.title)
    assert place is not None
    draft.places, draft.pages = [(fact, place)], [listing.page.title]
    return None if draft.answers[0].lower() in draft.question.lower() else draft


# --------------------------------------------------------------------------- time


def temporal(realm: Realm, random: Random) -> Draft | None:
    """Draw a question of time: who ruled when, who came next, what was made next, how many years between."""
    return random.choice((_ruler, _ruler, _succession, _next_work, _between, _winner))(realm, random)


_DATED = (
    ("film", "released", "{X} was released"), ("novel", "published", "{X} was published"), ("painting", "painted", "{X} was painted"),
    ("bridge", "opened", "{X} was opened"), ("building", "opened", "{X} was opened"), ("company", "founded", "{X} was founded"),
    ("ship", "launched", "{X} was launched"), ("invention", "invented", "{X} was invented"), ("album", "released", "{X} came out"),
    ("newspaper", "founded", "{X} was founded"), ("mineral", "discovered", "{X} was discovered"),
)  # fmt: skip


def _moment(realm: Realm, random: Random) -> tuple[str, Fact] | None:
    kind, relation, clause = random.choice(_DATED)
    entities = realm.graph.kind(kind)
    entity = random.choice(entities)
    fact = _sole(entity, relation)
    return (clause.replace("{X}", reference(entity, random)), fact) if fact is not None else None


def _ruler(realm: Realm, random: Random) -> Draft | None:
    country = random.choice(realm.graph.kind("country"))
    terms = country.all("head_of_state")
    name, path_facts, path = _anchor(random, country)
    if random.random() < 0.6:
        moment = _moment(realm, random)
        if moment is None:
            return None
        clause, fact = moment
        year = _order(fact.object)
        found = [t for t in terms if t.year is not None and t.until is not None and t.year < year < t.until]
        if not found:
            return None
        question = random.choice(
            (f"Who was head of state of {name} in the year in which {clause}?", f"Who governed {name} when {clause}?")
        )
        facts = [*path_facts, fact, found[0]]
        query = {"op": "ruler", "anchor": path, "when": [fact.subject.title, fact.relation.name]}
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
    kind, dated, _, _ = _MADE[relation]
    fact = random.choice(realm.graph.kind(kind)).get(relation)
    if fact is None or not isinstance(fact.object, Entity):
        return None
    facts = _table_of(fact.object, relation)
    if facts is None:
        return None
    rows = sorted(
        (
            (_order(y.object), f, y)
            for f in facts
            if (y := _sole(f.subject, dated)) is not None and _on(y, fact.object.title)
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
    verb = {"director": "directed by", "author": "written by", "artist": "recorded by", "painter": "painted by"}[
        relation
    ]
    who = reference(maker, random) if random.random() < 0.4 else "the same person"
    question = random.choice(
        (f"Which {kind} {verb} {who} came {'directly after' if later else 'directly before'} {work}?",
         f"What was the {'next' if later else 'previous'} {kind} {verb} {who} {'after' if later else 'before'} {work}?")
    )  # fmt: skip
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
    draft.places = [(f, place) for f in draft.facts if (place := _on(f, maker.title)) is not None]
    return draft


def _between(realm: Realm, random: Random) -> Draft | None:
    first, second = _moment(realm, random), _moment(realm, random)
    if first is None or second is None or first[1].subject is second[1].subject:
        return None
    if _order(first[1].object) > _order(second[1].object):
        first, second = second, first
    years = _order(second[1].object) - _order(first[1].object)
    if years == 0:
        return None
    question = random.choice(
        (f"How many years lie between the year in which {first[0]} and the year in which {second[0]}?",
         f"How many years after {_gerund(first[1], random)} was it that {second[0]}?")
    )  # fmt: skip
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
    wins = [f for f in award.all("winner") if usable(f) and _on(f, award.title)]
    if not wins:
        return None
    win = random.choice(wins)
    assert isinstance(win.object, Entity)
    name = reference(award, random)
    moments = [
        (f, clause)
        for kind, relation, clause in _DATED
        for e in realm.graph.kind(kind)
        if (f := _sole(e, relation)) is not None and f.object == win.year
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
