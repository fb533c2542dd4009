"""Questions over tables: look-ups, largest and smallest, counts, and facts about the row that is found."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from random import Random

from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import Form, FormError, back, both, cell_items, evaluate, follow, table_rows, where
from tamsa.synthesis.graph.store import Cell, GraphTable
from tamsa.synthesis.questions.draft import Draft, Relations
from tamsa.synthesis.records import Edge, Evidence, Hop, QuestionKind
from tamsa.synthesis.things import hop_of, name_thing
from tamsa.synthesis.values import Item, clean_cell, day_of, make_item, number_of, number_text
from tamsa.synthesis.wording.columns import ROWS, Column, column_of, unit_of
from tamsa.synthesis.wording.frames import ask, ask_after, fitted, lower_first, upper_first
from tamsa.synthesis.wording.lexicon import SAYINGS
from tamsa.synthesis.wording.nouns import GENERIC, call, plural, sayable

MIN_ROWS, MAX_ROWS = 4, 80
_SENTENCE_CASE = re.compile(r"[A-Z][a-z]+(?: [a-z]+)*")
_MAX_VALUE = 60
_HOMES = frozenset("location city town country state county region district hometown".split())
"""Places that a person of a row is from."""
_NAMES = frozenset({"name", "title", "person", "athlete", "site", "landmark name", "church name"})
"""Headers that name the things of the rows without saying what they are."""
_STRONG = frozenset(
    """player film album song driver stadium ship station bridge mountain building airport church event race battle
    candidate character swimmer cyclist gymnast skater horse jockey actor actress author book novel game newspaper
    magazine program series show episode museum castle dam tunnel senator governor mayor coach artist single""".split()
)
"""Headers that surely name what a row is about; others do so only where none of these stands beside them."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A table that can be asked about: the noun of its rows, where it stands, and the columns with words."""

    table: GraphTable
    noun: str
    human: bool
    place: str
    """`the list of bridges in Sodroviya`, `the “Nominations” table of 2011 AFL Rising Star`."""
    columns: dict[int, Column]

    @property
    def number(self) -> int:
        """Number of the table."""
        return self.table.number


def listing_of(domain: Domain, number: int) -> Listing | None:
    """Make a listing of a table, None where it cannot be asked about well."""
    table = domain.table(number)
    subject = table.subject_column
    if subject < 0 or not MIN_ROWS <= len(table.rows) <= MAX_ROWS:
        return None
    heads = [" ".join(head.casefold().split()) for head in table.header]
    columns = {
        at: column
        for at, head in enumerate(heads)
        if at != subject and heads.count(head) == 1 and (column := column_of(head)) is not None
    }
    noun, human = _noun(domain, table)
    place = _place(table, noun)
    if not columns or not noun or not place:
        return None
    return Listing(table, noun, human, place, columns)


def _noun(domain: Domain, table: GraphTable) -> tuple[str, bool]:
    """Say what the rows are about, and whether they are people; an empty noun where that cannot be told."""
    heads = [" ".join(head.casefold().split()) for head in table.header]
    head = heads[table.subject_column]
    others = {one for at, one in enumerate(heads) if at != table.subject_column}
    if head not in _STRONG and others & (_STRONG | _NAMES):
        return "", False
    named = [
        found
        for row in table.rows[:40]
        if (cell := row[table.subject_column]).object is not None and (found := domain.named(cell.object)) is not None
    ]
    human = sum(one.human for one in named) > 0.7 * max(1, len(named))
    if head in ROWS:
        return head, human
    if head not in _NAMES:
        return "", False
    if human and named:
        return "person", True
    counts = Counter(one.noun for one in named if one.noun and one.noun not in GENERIC)
    if not counts:
        return "", False
    noun, count = counts.most_common(1)[0]
    return (noun, False) if count >= 0.6 * len(named) and len(named) >= 3 else ("", False)


def _place(table: GraphTable, noun: str) -> str:
    """Say where a table stands: `the list of bridges in Sodroviya`, `the filmography of Joan Chen`."""
    page, _, section = table.title.partition(": ")
    caption = section or (table.caption if len(table.caption.split()) <= 6 else "")
    caption = re.sub(r"\s+('s|,)", r"\1", caption.strip(" ."))
    if not 2 < len(page) <= 70 or len(caption) > 60 or any(sign in page + caption for sign in '|"“”{}[]'):
        return ""
    if page.casefold().startswith(("list of ", "lists of ")):
        text = f"the {lower_first(page)}"
        return f"{text} (“{caption}”)" if section else text
    if not caption or caption.casefold() == page.casefold():
        return f"the table “{page}”"
    owner = call(page, "", "").name
    first, _, rest = caption.partition(", ")
    if first.casefold() in ("filmography", "discography", "bibliography"):
        return f"the {first.casefold()} of {owner}" + (f" (“{rest}”)" if rest else "")
    words = caption.split()
    many = words[0].casefold() == plural(noun) or (words[-1].endswith("s") and not words[-1].endswith("ss"))
    if many and len(words) <= 4 and _SENTENCE_CASE.fullmatch(caption):
        return f"the list of {lower_first(caption)} {'of' if len(words) == 1 else 'for'} {owner}"
    if rest and len(first) > 3:
        return f"the table “{rest}” ({first.strip()}) on the page about {owner}"
    return f"the table “{caption}” on the page about {owner}"


def draw_listing(domain: Domain, random: Random) -> Listing | None:
    """Draw a table that can be asked about."""
    total = domain.graph.num_tables
    for _ in range(6 if total else 0):
        listing = listing_of(domain, random.randrange(total))
        if listing is not None:
            return listing
    return None


def tabular(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a chain through a table: a row found by its cells, a cell of it, or a fact about what stands in it."""
    listing = draw_listing(domain, random)
    if listing is None:
        return None
    row = random.randrange(len(listing.table.rows))
    if random.random() < 0.12:
        return _cell_of_subject(domain, listing, row, random)
    clauses = _singling(listing, row, random)
    if clauses is None:
        return None
    text, form, hops = clauses
    phrase = f"the {listing.noun} {text} {_in(listing, random, text)}"
    return _about_row(domain, listing, row, phrase, form, hops, "chain", random)


def superlative(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a question for the row with the largest or smallest value of a column."""
    listing = draw_listing(domain, random)
    if listing is None:
        return None
    ordered = [at for at, column in listing.columns.items() if column.most or column.least]
    random.shuffle(ordered)
    for at in ordered[:2]:
        column = listing.columns[at]
        want = random.choice([w for w in ("max", "min") if (column.most if w == "max" else column.least)])
        base, text, more = _subset(listing, at, random)
        form: Form = {"op": "best", "of": base, "relation": f"#{at}", "want": want}
        found = _evaluated(form, domain)
        members = _evaluated(base, domain)
        if len(found) != 1 or len(members) < 3:
            continue
        row = table_rows(listing.table).index(found[0])
        wording = random.choice(column.most if want == "max" else column.least)
        phrase = f"the {listing.noun} {wording}{text} {_in(listing, random, wording + text)}"
        hops = (_hop(listing, row, at), *(_hop(listing, row, other) for other in more))
        return _about_row(domain, listing, row, phrase, form, hops, "superlative", random)
    return None


def counting(domain: Domain, random: Random, relations: Relations) -> Draft | None:
    """Draw a question how many rows have a value, or one above or below a bound."""
    listing = draw_listing(domain, random)
    if listing is None:
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
    if not _complete(listing, at):
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
    hops = tuple(_hop(listing, rows.index(member), at) for member in members)
    answer = make_item(str(len(members)), "quantity")
    return Draft("counting", upper_first(question), form, answer, hops, (), (_relation(listing, at),))


# --------------------------------------------------------------------------- parts


def _in(listing: Listing, random: Random, text: str) -> str:
    word = "in" if "listed" in text or random.random() < 0.5 else "listed in"
    return f"{word} {listing.place}"


def _relation(listing: Listing, at: int) -> str:
    return "column:" + "_".join(listing.table.header[at].casefold().split())


def _hop(listing: Listing, row: int, at: int, *, inverse: bool = True) -> Hop:
    """Return the step that reads a cell: inverse, where the cell is known and the row is looked for."""
    table = listing.table
    cells = table.rows[row]
    subject, cell = cells[table.subject_column], cells[at]
    evidence = Evidence(table.document, table.title, min(c.start for c in cells), max(c.end for c in cells))
    return Hop(subject.text, subject.object, _relation(listing, at), cell.text, cell.object, evidence, inverse)


def _complete(listing: Listing, at: int) -> bool:
    """Whether every row has a value in a column, of the type that its words expect."""
    wanted = {"date": ("date", "year"), "number": ("quantity", "year")}.get(listing.columns[at].asked)
    cells = [row[at] for row in listing.table.rows]
    return all(cell_items(cell) and (wanted is None or cell.type in wanted) for cell in cells)


def _value_text(cell: Cell, header: str) -> str:
    unit, text = unit_of(header), clean_cell(cell.text)
    return f"{text} {unit}" if unit and unit not in text else text


def _good(cell: Cell, column: Column) -> bool:
    if not cell_items(cell) or len(cell.text) > _MAX_VALUE or "\n" in cell.text:
        return False
    if any(sign in cell.text for sign in '|{}[]<>“”"*†‡#'):
        return False
    if column.asked == "number":
        return cell.type in ("quantity", "year")
    if column.asked == "date":
        return cell.type in ("date", "year")
    if cell.type not in ("entity", "text") or not any(char.isalpha() for char in cell.text):
        return False
    return column.asked == "text" or cell.text[:1].isupper()


def _clause(listing: Listing, row: int, at: int, random: Random) -> str | None:
    column, cell = listing.columns[at], listing.table.rows[row][at]
    if not _good(cell, column):
        return None
    clause = random.choice(column.clauses)
    if column.asked == "place" and listing.human and column.noun in _HOMES:
        clause = "from {V}"
    elif listing.human and clause.startswith(("held ", "that ", "located ")):
        clause = f"whose {column.noun} is {{V}}"
    return clause.replace("{V}", _value_text(cell, listing.table.header[at]))


def _equal(listing: Listing, row: int, at: int) -> Form:
    cell = listing.table.rows[row][at]
    if cell.object is not None:
        value: Form = {"op": "entity", "id": cell.object, "title": cell.text}
    else:
        value = {"op": "value", "text": cell.text, "type": cell.type, "normal": cell.normal}
    return back(value, f"#{at}", listing.number)


def _singling(listing: Listing, row: int, random: Random) -> tuple[str, Form, tuple[Hop, ...]] | None:
    """Find one or two cells that single out a row: clauses, form, steps."""
    usable = [at for at, column in listing.columns.items() if _good(listing.table.rows[row][at], column)]
    random.shuffle(usable)
    cells = listing.table.rows

    def alone(*columns: int) -> bool:
        keys = [tuple(tuple(i.key for i in cell_items(cells[r][at])) for at in columns) for r in range(len(cells))]
        return keys.count(keys[row]) == 1

    for at in usable:
        if alone(at) and (clause := _clause(listing, row, at, random)):
            return clause, _equal(listing, row, at), (_hop(listing, row, at),)
    for first in usable:
        for second in usable:
            if first < second and alone(first, second):
                clauses = [_clause(listing, row, at, random) for at in (first, second)]
                if clauses[0] is None or clauses[1] is None:
                    continue
                form = both(_equal(listing, row, first), _equal(listing, row, second))
                return f"{clauses[0]} and {clauses[1]}", form, (_hop(listing, row, first), _hop(listing, row, second))
    return None


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
            clause = _clause(listing, row, at, random)
            if clause:
                return _equal(listing, row, at), f" among those {clause}", (at,)
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
    clause = _clause(listing, row, at, random)
    return (clause, _equal(listing, row, at)) if clause else None


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
    subject = table.rows[row][table.subject_column]
    columns = [at for at, column in listing.columns.items() if _good(table.rows[row][at], column)]
    if not columns or not _nameable(subject):
        return None
    at = random.choice(columns)
    column = listing.columns[at]
    named = subject.object if random.random() < 0.7 else None
    thing = name_thing(domain, named, random) if named is not None else None
    name = thing.phrase if thing is not None else clean_cell(subject.text)
    form = follow(back(_subject_value(subject), f"#{table.subject_column}", table.number), f"#{at}")
    (answer,) = cell_items(table.rows[row][at])
    question = random.choice(
        (
            f"Which {column.noun} is given for {name} in {listing.place}?",
            f"What is the {column.noun} of {name} in {listing.place}?",
            f"In {listing.place}, which {column.noun} is given for {name}?",
            f"Look at {listing.place}: what is the {column.noun} of {name}?",
        )
    )
    hop = _hop(listing, row, at, inverse=False)
    return Draft("chain", upper_first(question), form, answer, (hop,), (), (_relation(listing, at),))


def _nameable(cell: Cell) -> bool:
    """Whether a cell reads like a name."""
    text = clean_cell(cell.text)
    return sayable(text) and (cell.object is not None or not text[:1].isdigit() or not text.split()[0].isdigit())


def _subject_value(cell: Cell) -> Form:
    if cell.object is not None:
        return {"op": "entity", "id": cell.object, "title": cell.text}
    return {"op": "value", "text": cell.text, "type": cell.type, "normal": cell.normal}


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
    subject = table.rows[row][table.subject_column]
    used = tuple(hop.relation for hop in hops)
    entity = subject.object
    if entity is not None and random.random() < 0.9:
        edges = [edge for edge in domain.edges_of(entity) if domain.askable(edge)]
        edges = [
            edge
            for edge in edges
            if SAYINGS[edge.relation].single and domain.single(edge) and edge.evidence.document != table.document
        ]
        if edges:
            return _fact(domain, listing, phrase, form, hops, kind, random.choice(edges), random)
    others = [
        at
        for at, column in listing.columns.items()
        if _relation(listing, at) not in used and _good(table.rows[row][at], column)
    ]
    if others and random.random() < 0.35:
        at = random.choice(others)
        (answer,) = cell_items(table.rows[row][at])
        question = f"What is the {listing.columns[at].noun} of {phrase}?"
        steps = (*hops, _hop(listing, row, at, inverse=False))
        return Draft(kind, question, follow(form, f"#{at}"), answer, steps, (), (*used, _relation(listing, at)))
    answers = cell_items(subject)
    if not answers or not _nameable(subject):
        return None
    bare = phrase.removeprefix(f"the {listing.noun} ")
    question = random.choice(
        (
            f"Which {listing.noun} {bare.removeprefix('that ') if bare.startswith('that ') else 'is ' + bare}?"
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
    saying = fitted(SAYINGS[edge.relation], answer)
    full = follow(follow(form, f"#{listing.table.subject_column}"), edge.relation)
    noun = "person" if listing.human else listing.noun
    that = f"that {noun}"
    if len(phrase.split()) > 9 or random.random() < 0.3:
        question = ask_after(saying, phrase, that, random)
    else:
        question = ask(saying, phrase, random)
    return Draft(kind, question, full, answer, (*hops, hop_of(edge)), (), (*(h.relation for h in hops), edge.relation))
