"""Questions over tables: counts and superlatives."""

from __future__ import annotations

from random import Random

from tamsa.world.drafts import Draft, order, place_on, sole, usable
from tamsa.world.graph import Entity, Fact
from tamsa.world.lists import Listing
from tamsa.world.questions_chain import backward_steps, forward_steps, step_answers, step_query
from tamsa.world.realm import Realm
from tamsa.world.wording import count_forms, fill, fitting, name_forms, reference, upper_first

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
                and place_on(fact, listing.page.title)
            ):
                rows.append((member, fact))
    return rows


def anchor(random: Random, subject: Entity) -> tuple[str, list[Fact], list[list[str]]]:
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
        (
            "population",
            "<",
            "According to the census of {Y}, how many towns of {C} had fewer than {V} inhabitants?",
            "number",
        ),
    ),
    "club": (
        (
            "league_points",
            ">",
            "How many clubs took more than {V} points in the {Y} season of the league of {C}?",
            "number",
        ),
        (
            "league_points",
            "<",
            "In the {Y} league season of {C}, how many clubs finished with fewer than {V} points?",
            "number",
        ),
    ),
}


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
    limit = _limit(random, [order(f.object) for _, f in rows], scale)
    if limit is None:
        return None
    found = [(e, f) for e, f in rows if (order(f.object) > limit) == (sign == ">")]
    name, facts, path = anchor(random, listing.subject)
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
    draft.places = [(f, place) for _, f in found if (place := place_on(f, listing.page.title)) is not None]
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


MADE = {
    "director": (
        "film",
        "released",
        "How many films directed by {X} were released {W} {V}?",
        "How many films did {X} direct?",
    ),
    "author": (
        "novel",
        "published",
        "How many novels by {X} were published {W} {V}?",
        "How many novels did {X} write?",
    ),
    "artist": ("album", "released", "How many albums by {X} came out {W} {V}?", "How many albums did {X} record?"),
    "painter": (
        "painting",
        "painted",
        "How many paintings by {X} were painted {W} {V}?",
        "How many paintings by {X} are known?",
    ),
    "shipbuilder": (
        "ship",
        "launched",
        "How many ships built by {X} were launched {W} {V}?",
        "How many ships did {X} build?",
    ),
}


def table_of(maker: Entity, relation: str) -> list[Fact] | None:
    """The complete table of a maker's works on the maker's own page, or None if there is none."""
    facts = [f for f in maker.inverse if f.relation.name == relation]
    if len(facts) < 3 or not all(usable(f) and place_on(f, maker.title) for f in facts):
        return None
    return facts


def _count_works(realm: Realm, random: Random) -> Draft | None:
    relation = random.choice(tuple(MADE))
    kind, dated, template, plain = MADE[relation]
    works = realm.graph.kind(kind)
    fact = random.choice(works).get(relation)
    if fact is None or not isinstance(fact.object, Entity):
        return None
    maker = fact.object
    facts = table_of(maker, relation)
    if facts is None:
        return None
    name = reference(maker, random)
    query: dict[str, object] = {"op": "count_made", "maker": maker.title, "relation": relation}
    if random.random() < 0.3:
        draft = Draft("counting", plain.replace("{X}", name), count_forms(len(facts)), facts, 1, query)
    else:
        rows = [(f, y) for f in facts if (y := sole(f.subject, dated)) is not None]
        limit = _limit(random, [order(y.object) for _, y in rows], "year") if len(rows) >= 3 else None
        if limit is None:
            return None
        word = random.choice(("before", "after"))
        found = [(f, y) for f, y in rows if (order(y.object) > limit) == (word == "after")]
        if any(not place_on(y, maker.title) for _, y in found):
            return None
        question = template.replace("{X}", name).replace("{W}", word).replace("{V}", str(limit))
        query["where"] = [dated, ">" if word == "after" else "<", limit]
        draft = Draft("counting", question, count_forms(len(found)), [x for pair in found for x in pair], 1, query)
    draft.places = [(f, place) for f in draft.facts if (place := place_on(f, maker.title)) is not None]
    draft.pages = [maker.title]
    return draft


_BEST: dict[str, tuple[tuple[str, str, str], ...]] = {
    # kind: (relation, min or max, noun phrase)
    "bridge": (
        ("length", "max", "the longest bridge in {C}"),
        ("length", "min", "the shortest bridge in the list of bridges in {C}"),
        ("opened", "min", "the oldest bridge listed for {C}"),
    ),
    "mountain": (
        ("height", "max", "the highest mountain in the list of mountains of {C}"),
        ("height", "min", "the lowest mountain in the list of mountains of {C}"),
    ),
    "river": (
        ("length", "max", "the longest river of {C}"),
        ("length", "min", "the shortest river in the list of rivers of {C}"),
    ),
    "building": (
        ("height", "max", "the tallest of the notable buildings in {C}"),
        ("opened", "min", "the oldest of the notable buildings listed for {C}"),
    ),
    "town": (
        ("population", "max", "the most populous town of {C} at the census of {Y}"),
        ("population", "min", "the town of {C} with the fewest inhabitants in {Y}"),
    ),
    "club": (
        ("league_position", "min", "the club that won the {Y} league of {C}"),
        ("league_points", "min", "the club that took the fewest points in the {Y} league of {C}"),
    ),
}


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
    values = [order(f.object) for _, f in rows]
    top = min(values) if want == "min" else max(values)
    if values.count(top) != 1:
        return None
    entity, fact = rows[values.index(top)]
    name, facts, path = anchor(random, listing.subject)
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
    place = place_on(fact, listing.page.title)
    assert place is not None
    draft.places, draft.pages = [(fact, place)], [listing.page.title]
    return None if draft.answers[0].lower() in draft.question.lower() else draft
