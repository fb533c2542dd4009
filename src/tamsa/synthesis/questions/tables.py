"""Questions over tables: look-ups, largest and smallest, counts, and facts about the row that is found."""

from __future__ import annotations

from collections import Counter
from random import Random

from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import Form, FormError, back, cell_items, evaluate, follow, table_rows, where
from tamsa.synthesis.graph.kinds import kind_of_phrase
from tamsa.synthesis.questions.draft import Draft, Relations
from tamsa.synthesis.questions.listing import Listing, cell_value, draw_listing, nameable
from tamsa.synthesis.records import Edge, Hop, QuestionKind
from tamsa.synthesis.things import hop_of, name_thing
from tamsa.synthesis.values import Item, clean_cell, day_of, item_of, make_item, number_of, number_text
from tamsa.synthesis.wording.frames import ask, ask_after, fitted, upper_first
from tamsa.synthesis.wording.headers import unit_of
from tamsa.synthesis.wording.lexicon import PERSON_RELATIONS, SAYINGS
from tamsa.synthesis.wording.nouns import plural

_PLACES = frozenset(f"column:{name}" for name in "location place city city_served town country state county".split())


def tabular(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a chain through a table: a row found by its cells, a cell of it, or a fact about what stands in it."""
    listing = draw_listing(domain, random)
    if listing is None:
        return None
    row = random.randrange(len(listing.table.rows))
    if random.random() < 0.12:
        return _cell_of_subject(domain, listing, row, random)
    clauses = listing.singling(row, random)
    if clauses is None:
        return None
    text, form, hops = clauses
    phrase = f"the {listing.noun} {text} {_in(listing, random, text)}"
    return _about_row(domain, listing, row, phrase, form, hops, "chain", random)


def superlative(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a question for the row with the largest or smallest value of a column."""
    listing = draw_listing(domain, random)
    if listing is None or len(listing.table.rows) == domain.cut_off_at:
        return None
    ordered = [at for at, column in listing.columns.items() if column.most or column.least]
    random.shuffle(ordered)
    for at in ordered[:2]:
        want = random.choice(("max", "min"))
        if not (extreme := listing.extreme(at, want, random)):
            continue
        base, text, more = _subset(listing, at, random)
        form: Form = {"op": "best", "of": base, "relation": f"#{at}", "want": want}
        found = _evaluated(form, domain)
        members = _evaluated(base, domain)
        if len(found) != 1 or len(members) < 3:
            continue
        row = table_rows(listing.table).index(found[0])
        phrase = f"{extreme}{text} {_in(listing, random, extreme + text)}"
        hops = (listing.hop(row, at), *(listing.hop(row, other) for other in more))
        return _about_row(domain, listing, row, phrase, form, hops, "superlative", random)
    return None


def counting(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a question how many rows have a value, or one above or below a bound."""
    listing = draw_listing(domain, random)
    if listing is None or len(listing.table.rows) == domain.cut_off_at:
        return None
    at = random.choice(list(listing.columns))
    condition = _condition(listing, at, random)
    if condition is None:
        return None
    text, part = condition
    form: Form = {"op": "count", "of": part}
    members = _evaluated(part, domain)
    if not 1 < len(members) < len(listing.table.rows) or len(members) > 40:
        return None
    if not listing.complete(at):
        return None
    many = plural(listing.noun)
    question = random.choice(
        (
            f"How many {many} {text} are there in {listing.place}?",
            f"How many {many} {text} does {listing.place} show?",
            f"In {listing.place}, how many {many} {text} are there?",
            f"Count the {many} {text} in {listing.place}.",
        )
    )
    rows = table_rows(listing.table)
    hops = tuple(listing.hop(rows.index(member), at) for member in members)
    answer = make_item(str(len(members)), "quantity")
    return Draft("counting", upper_first(question), form, answer, hops, (), (listing.relation(at),))


# --------------------------------------------------------------------------- parts


def _in(listing: Listing, random: Random, text: str) -> str:
    said = "listed" in text or listing.place.startswith("the list of ")
    word = "in" if said or random.random() < 0.5 else "listed in"
    return f"{word} {listing.place}"


def _subset(listing: Listing, but: int, random: Random) -> tuple[Form, str, tuple[int, ...]]:
    """Choose the rows among which the extreme is looked for: all, or those that share a value."""
    everything: Form = {"op": "rows", "table": listing.number}
    others = [at for at, column in listing.columns.items() if at != but and not column.most]
    if others and random.random() < 0.4:
        at = random.choice(others)
        counts = Counter(tuple(i.key for i in cell_items(row[at])) for row in listing.table.rows)
        shared = [
            r for r, row in enumerate(listing.table.rows) if counts[tuple(i.key for i in cell_items(row[at]))] >= 3
        ]
        if shared:
            row = random.choice(shared)
            clause = listing.clause(row, at, random)
            if clause:
                return listing.equal(row, at), f" among those {clause}", (at,)
    return everything, "", ()


def _condition(listing: Listing, at: int, random: Random) -> tuple[str, Form] | None:
    """Choose a condition on a column: a shared value, or a bound."""
    column = listing.columns[at]
    rows = listing.table.rows
    everything: Form = {"op": "rows", "table": listing.number}
    if column.more and column.fewer:
        items = [items[0] for row in rows if (items := cell_items(row[at]))]
        sizes = sorted({size for item in items if (size := _size(item)) is not None})
        if len(sizes) < 4:
            return None
        place = random.randrange(1, len(sizes) - 1)
        bound = _round_between(sizes[place - 1], sizes[place], column.asked == "date")
        if bound is None:
            return None
        more = random.random() < 0.5
        shown = str(bound) if column.asked == "date" else number_text(bound)
        unit = unit_of(listing.table.header[at])
        text = (column.more if more else column.fewer).replace("{V}", f"{shown} {unit}".strip())
        return text, where(everything, f"#{at}", ">" if more else "<", bound)
    row = random.randrange(len(rows))
    clause = listing.clause(row, at, random)
    return (clause, listing.equal(row, at)) if clause else None


def _size(item: Item) -> float | None:
    day = day_of(item)
    return float(day.year) if day is not None else number_of(item)


def _round_between(low: float, high: float, year: bool) -> int | None:
    """Return a round number strictly between two values, so that no row lies on the bound."""
    for step in (10, 5, 1) if year else (10_000, 5_000, 1_000, 500, 100, 50, 10, 5, 1):
        bound = (int(low) // step + 1) * step
        if low < bound < high:
            return bound
    return None


def _evaluated(form: Form, domain: Domain) -> tuple[Item, ...]:
    try:
        return evaluate(form, domain)
    except FormError:
        return ()


def _cell_of_subject(domain: Domain, listing: Listing, row: int, random: Random) -> Draft | None:
    """Ask for a cell of a row that is named by its subject."""
    table = listing.table
    subject = listing.subject(row)
    columns = [at for at in listing.columns if listing.good(row, at)]
    if not columns or not nameable(subject):
        return None
    at = random.choice(columns)
    noun = listing.asked(row, at)
    named = subject.object if random.random() < 0.7 else None
    thing = name_thing(domain, named, random) if named is not None else None
    name = thing.phrase if thing is not None else clean_cell(subject.text)
    form = follow(back(cell_value(subject), f"#{table.subject_column}", table.number), f"#{at}")
    (answer,) = cell_items(table.rows[row][at])
    question = random.choice(
        (
            f"Which {noun} is given for {name} in {listing.place}?",
            f"{listing.word(at)} is the {noun} of {name} in {listing.place}?",
            f"In {listing.place}, which {noun} is given for {name}?",
            f"Look at {listing.place}: {listing.word(at).lower()} is the {noun} of {name}?",
        )
    )
    hop = listing.hop(row, at, inverse=False)
    return Draft("chain", upper_first(question), form, answer, (hop,), (), (listing.relation(at),))


def _about_row(
    domain: Domain,
    listing: Listing,
    row: int,
    phrase: str,
    form: Form,
    hops: tuple[Hop, ...],
    kind: QuestionKind,
    random: Random,
) -> Draft | None:
    """Ask for the subject of a row, another cell of it, or a fact that another document states about it."""
    table = listing.table
    subject = listing.subject(row)
    used = tuple(hop.relation for hop in hops)
    entity = subject.object
    if entity is not None and random.random() < 0.9:
        edges = list(domain.facts_of(entity))
        edges = [
            edge
            for edge in edges
            if SAYINGS[edge.relation].single and domain.single(edge) and edge.evidence.document != table.document
        ]
        edges = [edge for edge in edges if not any(edge.relation in hop.relation for hop in hops)]  # asked already
        if kind_of_phrase(listing.noun) == "person":  # an artist may be a band, but is not founded
            edges = [edge for edge in edges if edge.relation in PERSON_RELATIONS]
        edges = [edge for edge in edges if edge.relation != "occupation"]  # what an actor did for a living
        if any(hop.relation in _PLACES for hop in hops):  # the airport in Seoul is in Korea
            edges = [edge for edge in edges if edge.relation not in ("located_in", "in_country", "in_region")]
        if edges:
            return _fact(domain, listing, phrase, form, hops, kind, random.choice(edges), random)
    others = [at for at in listing.columns if listing.relation(at) not in used and listing.good(row, at)]
    others = [at for at in others if listing.columns[at].noun not in ("year", "date")]
    if others and random.random() < 0.35:
        at = random.choice(others)
        (answer,) = cell_items(table.rows[row][at])
        question = f"{listing.word(at)} is the {listing.asked(row, at)} of {phrase}?"
        steps = (*hops, listing.hop(row, at, inverse=False))
        return Draft(kind, question, follow(form, f"#{at}"), answer, steps, (), (*used, listing.relation(at)))
    answers = cell_items(subject)
    if not answers or not nameable(subject):
        return None
    bare = phrase.removeprefix(f"the {listing.noun} ")
    question = random.choice(
        (
            f"Which {listing.noun} {bare.removeprefix('that ')}?"
            if bare.startswith("that ")
            else f"What is the name of {phrase}?",
            f"Name {phrase}.",
            f"{'Who' if listing.human else 'What'} is {phrase}?",
            f"Find {phrase}.",
        )
    )
    return Draft(kind, upper_first(question), follow(form, f"#{table.subject_column}"), answers[0], hops, (), used)


def _fact(
    domain: Domain,
    listing: Listing,
    phrase: str,
    form: Form,
    hops: tuple[Hop, ...],
    kind: QuestionKind,
    edge: Edge,
    random: Random,
) -> Draft:
    (answer,) = domain.values(edge.subject, edge.relation)
    stating = (other for other in domain.edges_of(edge.subject, edge.relation) if item_of(other) == answer)
    edge = next(stating, edge)  # the one that says the day, where another says the year alone
    saying = fitted(SAYINGS[edge.relation], answer)
    full = follow(follow(form, f"#{listing.table.subject_column}"), edge.relation)
    noun = "person" if listing.human else listing.noun
    that = f"that {noun}"
    if len(phrase.split()) > 9 or random.random() < 0.3:
        question = ask_after(saying, phrase, that, random)
    else:
        question = ask(saying, phrase, random)
    return Draft(kind, question, full, answer, (*hops, hop_of(edge)), (), (*(h.relation for h in hops), edge.relation))
