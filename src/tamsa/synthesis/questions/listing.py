"""A table as questions see it: the noun of its rows, where it stands, and its columns in words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from random import Random

from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import Form, back, both, cell_items
from tamsa.synthesis.graph.kinds import kind_of_phrase
from tamsa.synthesis.graph.store import Cell, GraphTable
from tamsa.synthesis.records import Evidence, Hop
from tamsa.synthesis.values import clean_cell, fold
from tamsa.synthesis.wording.columns import Column
from tamsa.synthesis.wording.frames import lower_first
from tamsa.synthesis.wording.headers import ROWS, column_of, unit_of
from tamsa.synthesis.wording.nouns import GENERIC, call, plural, sayable

MIN_ROWS, MAX_ROWS = 4, 80
_TOPIC = re.compile(r"\d{4}(?:[–-]\d{2,4})? in |[A-Z][a-z]*[^s\W]s (?:of|at|in|by|from|on) ")
"""Titles that name a topic, not a thing: `1988 in country music`, `Venues of the 2010 Winter Olympics`."""
_OWNED = re.compile(r" (?:filmography|discography|bibliography)$")
_ADJECTIVE = re.compile(r"(?<!ist)(?<!Ir)(?<!Om)(?<!Jord)(?<!Taiw)(?<!Sud)(?<!Jap)(?:an|ese|ish|ch|i|ic|ek|ss|ot|er)$")
"""Ends of words that say a nationality, not a country."""
_MARKS = frozenset("yes no y n none various unknown tba tbd tbc n/a na unnamed same himself herself".split())
"""Cells that tick a column off, or say that there is nothing to say."""
_SENTENCE_CASE = re.compile(r"[A-Z][a-z]+(?: [a-z]+)*")
_MAX_VALUE = 60
_FITS = {
    "person": """age|date of birth|nationality|position|home town|residence|profession|party|pick|round|number|medal|
              song|race|number of votes|number of goals|number of appearances|number of points|number of wins|
              number of titles|number of gold medals|height""",
    "person team": "school|college|team|club|country|state|county|city|town|region|district|coach",
    "person event": "sport|event|constructor|driver|film|tournament",
    "person work": "character|role",
    "team": """stadium|home ground|captain|league|conference|division|headquarters|nickname|capacity|enrollment|
            founding date|year of joining|location|attendance|average attendance|number of points|number of wins|
            number of titles""",
    "work": """director|artist|author|writer|producer|composer|publisher|developer|studio|label|network|genre|language|
            original title|album|sculptor|length|number of votes""",
    "event": """winner|champion|runner-up|opponent|host|venue|location|country|state|city|attendance|length""",
    "thing": """location|city|town|country|state|county|region|district|island|manufacturer|operator|owner|architect|
             river|capital|namesake|IATA code|ICAO code|frequency|call sign|family|capacity|area|height|length|
             population|number of floors|number of passengers|opening date|year of building|closing date|founding date|
             enrollment|listing date""",
}  # fmt: skip
"""What columns are said of: in a list of mayors the area is that of their towns."""
_COLUMNS = {
    sort: {noun.strip() for kinds, nouns in _FITS.items() if sort in kinds.split() for noun in nouns.split("|")}
    for sort in ("person", "team", "work", "event", "thing")
}
_SOURCES = frozenset({"river", "stream", "creek"})
_TEAMS = frozenset("team club school university college institution company organisation band".split())
_EVENTS = frozenset("race battle tournament event match festival competition election award".split())
_TIMED = frozenset(
    """film album song single book novel game series show program episode race battle tournament event match
    festival""".split()
)
"""Nouns of things that the date in their row is the date of: `the earliest film`."""
_HOMES = frozenset("location city town country state county region district hometown".split())
"""Places that a person of a row is from."""
_PLAIN = frozenset({"position", "profession", "genre"})
"""Columns of common words, which tables write with a capital: `First baseman`."""
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

    def extreme(self, at: int, want: str, random: Random) -> str:
        """Say which row has the largest (`max`) or smallest value of a column: `the stadium with the …`.

        Empty where nobody would ask for it.
        """
        column = self.columns[at]
        if column.noun in ("year", "date"):
            if self.noun not in _TIMED:
                return ""
            return f"the {random.choice(('latest', 'most recent')) if want == 'max' else 'earliest'} {self.noun}"
        words = column.most if want == "max" else column.least
        return f"the {self.noun} {random.choice(words)}" if words else ""

    def subject(self, row: int) -> Cell:
        """Return the cell that names the thing of a row."""
        return self.table.rows[row][self.table.subject_column]

    def relation(self, at: int) -> str:
        """Name the relation that a column is in the graph."""
        return "column:" + "_".join(self.table.header[at].casefold().split())

    def hop(self, row: int, at: int, *, inverse: bool = True) -> Hop:
        """Return the step that reads a cell: inverse, where the cell is known and the row is looked for."""
        table = self.table
        cells = table.rows[row]
        subject, cell = self.subject(row), cells[at]
        evidence = Evidence(table.document, table.title, min(c.start for c in cells), max(c.end for c in cells))
        return Hop(subject.text, subject.object, self.relation(at), cell.text, cell.object, evidence, inverse)

    def complete(self, at: int) -> bool:
        """Whether every row has a value in a column, of the type that its words expect."""
        wanted = {"date": ("date", "year"), "number": ("quantity", "year")}.get(self.columns[at].asked)
        cells = [row[at] for row in self.table.rows]
        return all(cell_items(cell) and (wanted is None or cell.type in wanted) for cell in cells)

    def good(self, row: int, at: int) -> bool:
        """Whether a cell reads well and is of the kind that its column's words expect."""
        column, cell = self.columns[at], self.table.rows[row][at]
        if not cell_items(cell) or len(cell.text) > _MAX_VALUE or "\n" in cell.text or fold(cell.text) in _MARKS:
            return False
        if any(sign in cell.text for sign in '|{}[]<>“”"*†‡#'):
            return False
        if column.noun == "position" and len(cell.text) < 5:  # `S`, `GK`
            return False
        if column.asked == "number":
            return cell.type in ("quantity", "year")
        if column.asked == "date":
            return cell.type in ("date", "year")
        if cell.type not in ("entity", "text") or not any(char.isalpha() for char in cell.text):
            return False
        return column.asked == "text" or cell.text[:1].isupper()

    def word(self, at: int) -> str:
        """Return the word that asks for a cell of a column."""
        return "Who" if self.columns[at].asked == "person" else "What"

    def asked(self, row: int, at: int) -> str:
        """Say what a cell is: of `Portugal` in a column of nationalities, the country."""
        noun = self.columns[at].noun
        country = noun == "nationality" and not _ADJECTIVE.search(self.table.rows[row][at].text)
        return "country" if country else noun

    def clause(self, row: int, at: int, random: Random) -> str | None:
        """Say of the thing in a row what a cell says: `from Aldham`; None where it reads badly."""
        column, cell = self.columns[at], self.table.rows[row][at]
        if not self.good(row, at):
            return None
        clause, text = random.choice(column.clauses), _value_text(cell, self.table.header[at])
        if column.noun in _PLAIN and re.match(r"[A-Z][a-z]{2,}", text):
            text = lower_first(text)
        if column.asked == "place" and self.human and column.noun in _HOMES:
            clause = "from {V}"
        elif self.human and clause.startswith(("held ", "that ", "located ")):
            clause = f"whose {column.noun} is {{V}}"
        elif self.human and column.asked == "work":
            clause = clause.replace("from the ", "with the ")
        elif self.human and clause.startswith(("dated ", "of {V}")):
            clause = "listed for {V}"
        elif not self.human and clause.startswith("in the role "):
            clause = "with the role of {V}"
        elif clause == "dated {V}" and self.noun in _TIMED and text.isdigit():
            clause = "of {V}"
        elif column.noun == "nationality" and not _ADJECTIVE.search(cell.text):
            clause = "from {V}"
        return clause.replace("{V}", text)

    def equal(self, row: int, at: int) -> Form:
        """Return the form of all rows that have the value of a cell in its column."""
        return back(cell_value(self.table.rows[row][at]), f"#{at}", self.number)

    def singling(self, row: int, random: Random) -> tuple[str, Form, tuple[Hop, ...]] | None:
        """Find one or two cells that single out a row: clauses, form, steps."""
        usable = [at for at in self.columns if self.good(row, at)]
        random.shuffle(usable)
        cells = self.table.rows

        def alone(*columns: int) -> bool:
            keys = [tuple(tuple(i.key for i in cell_items(cells[r][at])) for at in columns) for r in range(len(cells))]
            return keys.count(keys[row]) == 1

        for at in usable:
            if alone(at) and (clause := self.clause(row, at, random)):
                return clause, self.equal(row, at), (self.hop(row, at),)
        for first in usable:
            for second in usable:
                if first < second and alone(first, second):
                    one, other = self.clause(row, first, random), self.clause(row, second, random)
                    if one is None or other is None:
                        continue
                    form = both(self.equal(row, first), self.equal(row, second))
                    return joined(one, other), form, (self.hop(row, first), self.hop(row, second))
        return None


def said_of(column: Column, noun: str, human: bool) -> bool:
    """Say whether what a column says can be said of the things of a noun."""
    kind = kind_of_phrase(noun)
    if column.noun in ("year", "date", "rank", "status"):
        return True
    if column.noun == "source":
        return noun in _SOURCES
    sort = "person" if human or kind == "person" else "team" if noun.split()[-1:] and noun.split()[-1] in _TEAMS else ""
    sort = sort or ("work" if kind == "work" else "event" if noun in _EVENTS or kind == "event" else "thing")
    return column.noun.partition(" in 1")[0] in _COLUMNS[sort]


def joined(first: str, second: str) -> str:
    """Say two things of a row: what is said with `whose` or `that` stands last, without `and`."""
    loose = [clause.startswith(("whose ", "that ", "who ", "in which ")) for clause in (first, second)]
    if loose[0] == loose[1]:
        return f"{first} and {second}"
    return f"{second} {first}" if loose[0] else f"{first} {second}"


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
    columns = {at: column for at, column in columns.items() if said_of(column, noun, human)}
    place = place_of(table, noun)
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
    if head not in _STRONG and head not in _NAMES and not distinct(table):
        return "", False
    named = [
        found
        for row in table.rows[:40]
        if (cell := row[table.subject_column]).object is not None and (found := domain.named(cell.object)) is not None
    ]
    human = sum(one.human for one in named) > 0.7 * max(1, len(named))
    if head in ROWS:
        return ("", False) if human and head in _TEAMS else (head, human)  # `Team` over the names of people
    if head not in _NAMES:
        return "", False
    counts = Counter(one.noun for one in named if one.noun and one.noun not in GENERIC)
    noun, count = counts.most_common(1)[0] if counts else ("", 0)
    if human and named:
        return (noun if count >= 0.8 * len(named) and len(named) >= 3 else "person"), True
    if not counts:
        return "", False
    return (noun, False) if count >= 0.6 * len(named) and len(named) >= 3 else ("", False)


def distinct(table: GraphTable) -> bool:
    """Whether no two rows name the same: a column of makers or countries says what rows have, not what they are."""
    names = [tuple(item.key for item in cell_items(row[table.subject_column])) for row in table.rows]
    return len(set(names)) == len(names)


def place_of(table: GraphTable, noun: str) -> str:
    """Say where a table stands: `the list of bridges in Sodroviya`, `the filmography of Joan Chen`."""
    page, _, section = table.title.partition(": ")
    caption = section or (table.caption if len(table.caption.split()) <= 6 else "")
    caption = _written(caption.strip(" ."))
    if not 2 < len(page) <= 70 or len(caption) > 60 or any(sign in page + caption for sign in '|"“”{}[]'):
        return ""
    if page.casefold().startswith(("list of ", "lists of ")):
        text = f"the {lower_first(page)}"
        return f"{text} (“{caption}”)" if section and caption.casefold() not in page.casefold() else text
    if not caption or caption.casefold() == page.casefold():
        return f"the table “{page}”"
    named = not _TOPIC.match(page)
    owner = call(_OWNED.sub("", page), "", "").name if named else f"“{page}”"
    on_page = f"on the page about {owner}" if named else f"on the page {owner}"
    first, _, rest = caption.partition(", ")
    if named and first.casefold() in ("filmography", "discography", "bibliography"):
        return f"the {first.casefold()} of {owner}" + (f" (“{rest}”)" if rest else "")
    words = caption.split()
    many = words[0].casefold() == plural(noun) or (words[-1].endswith("s") and not words[-1].endswith("ss"))
    if many and len(words) <= 4 and _SENTENCE_CASE.fullmatch(caption):
        joined = f"{'of' if len(words) == 1 else 'for'} {owner}" if named else on_page
        return f"the list of {lower_first(caption)} {joined}"
    if rest.casefold() in ("table", "list", "overview"):
        caption, rest = first.strip(), ""
    if rest and len(first) > 3:
        return f"the table “{rest}” ({first.strip()}) {on_page}"
    return f"the table “{caption}” {on_page}"


def _written(caption: str) -> str:
    """Write a caption without the spaces and the marks of a tokenizer: `( selection )`, `` `` B '' final ``."""
    text = re.sub(r"``\s*|\s*''", "", caption)
    text = re.sub(r"\s+('s\b|[,;:)])", r"\1", text)
    text = re.sub(r"\(\s+", "(", text)
    return re.sub(r"^[Ll]ist of (\w)", lambda found: found[1].upper(), text)


def draw_listing(domain: Domain, random: Random) -> Listing | None:
    """Draw a table that can be asked about."""
    total = domain.graph.num_tables
    for _ in range(6 if total else 0):
        listing = listing_of(domain, random.randrange(total))
        if listing is not None:
            return listing
    return None


def cell_value(cell: Cell) -> Form:
    """Return the form of what stands in a cell."""
    if cell.object is not None:
        return {"op": "entity", "id": cell.object, "title": cell.text}
    return {"op": "value", "text": cell.text, "type": cell.type, "normal": cell.normal}


def nameable(cell: Cell) -> bool:
    """Whether a cell reads like a name."""
    text = clean_cell(cell.text)
    return sayable(text) and (cell.object is not None or not text[:1].isdigit() or not text.split()[0].isdigit())


def _value_text(cell: Cell, header: str) -> str:
    unit, text = unit_of(header), re.sub(r"(?<=[^\W\d_])- (?=[^\W\d_])", "-", clean_cell(cell.text))
    return f"{text} {unit}" if unit and unit not in text else text
