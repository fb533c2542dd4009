"""Values of edges in a form that can be compared, and the accepted ways of writing them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from tamsa.agent.baseline.lexicon import MONTHS, NUMBER_WORDS
from tamsa.agent.baseline.values import DATE, read_number, when_of
from tamsa.synthesis.records import Edge, ValueType

MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_BRACKET = re.compile(r"\s*\([^()]*\)$")
_MARKS = re.compile(r"[*†‡§#^♦¤]+|\[\w{1,3}\]")
_SHORT_BRACKET = re.compile(r"\s*\((?:[A-Z]{2,4}|\d{1,2}|[a-z])\)$")
_SORTED = re.compile(r"^([^,]+), ([^,]+?) (\2 \1)$")
_ARTICLE = re.compile(r"^(?:the|a|an)\s+", re.IGNORECASE)
_MONTH = re.compile(r"^\s*(\d{4})-(\d{2})\s*$")
_QUANTITY = re.compile(r"^\D{0,3}(\d[\d,]*(?:\.\d+)?)\s*(.*)$")
_UNITS = {
    "m": ("m", "metres"), "metre": ("m", "metres"), "metres": ("m", "metres"), "meters": ("m", "metres"),
    "km": ("km", "kilometres"), "kilometres": ("km", "kilometres"), "kilometers": ("km", "kilometres"),
    "km²": ("km²", "square kilometres"), "km2": ("km²", "square kilometres"),
    "square kilometres": ("km²", "square kilometres"), "square kilometers": ("km²", "square kilometres"),
    "ft": ("ft", "feet"), "feet": ("ft", "feet"), "mi": ("mi", "miles"), "miles": ("mi", "miles"),
    "acres": ("acres", "acres"), "minutes": ("min", "minutes"), "min": ("min", "minutes"), "tons": ("tons", "tons"),
    "people": ("people", "people"), "inhabitants": ("people", "inhabitants"),
}  # fmt: skip
_SMALL = tuple("zero one two three four five six seven eight nine ten eleven twelve".split())


@dataclass(frozen=True, slots=True)
class Day:
    """A date; month and day are 0 where it is not said more exactly."""

    year: int
    month: int = 0
    day: int = 0

    def covers(self, other: Day) -> bool:
        """Whether the other date says the same, as exactly or more so."""
        return (
            self.year == other.year
            and self.month in (0, other.month)
            and (self.day in (0, other.day))
            and not (self.month == 0 and self.day)
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One member of a set that a form evaluates to. Two items are the same where their keys are."""

    key: str
    text: str
    type: ValueType
    id: str | None = None
    """Document id of an entity with a page."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Item) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)


def fold(text: str) -> str:
    """Fold a text for comparison: composed form, lower case, words and numbers alone, no leading article."""
    text = unicodedata.normalize("NFKC", text).casefold()
    words = re.findall(r"[^\W_]+(?:[.,]\d+)*", text)
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def clean_cell(text: str) -> str:
    """Drop marks of footnotes, a short bracket at the end, and a key for sorting: `Terry, B B Terry` is `B Terry`."""
    text = " ".join(_MARKS.sub(" ", text).split())
    text = _SHORT_BRACKET.sub("", text) or text
    if (twice := _SORTED.match(text)) is not None:
        text = twice[3]
    return text.strip(" ,;:") or text


def plain_title(title: str) -> str:
    """Drop the bracket that tells namesakes apart: `Embers (film)` becomes `Embers`."""
    return _BRACKET.sub("", title) or title


def read_day(text: str) -> Day | None:
    """Read a value that is one date and hardly anything else; None for ranges and for dates without a year."""
    if (month := _MONTH.match(text)) is not None:
        return Day(int(month[1]), int(month[2]))
    found = [when for match in DATE.finditer(text) if (when := when_of(match)) is not None]
    if len(found) != 1 or not found[0].year:
        return None
    when = found[0]
    return Day(when.year, when.month, when.day)


def read_quantity(text: str) -> tuple[float, str] | None:
    """Read a number and its unit (in a standard form, or as written); None where there is no single number."""
    text = text.strip()
    if text.casefold() in NUMBER_WORDS:
        return float(NUMBER_WORDS[text.casefold()]), ""
    match = _QUANTITY.match(text)
    if match is None or re.search(r"\d", match[2].replace("km2", "")):
        return None
    number = read_number(text)
    if number is None:
        return None
    unit = re.sub(r"^(?:hundred|thousand|million|billion|trillion)\b\s*", "", match[2].strip().casefold())
    return number, _UNITS.get(unit, (unit, unit))[0]


def number_text(number: float) -> str:
    """Write a number with separators, without a fraction where it has none."""
    return f"{int(number):,}" if number == int(number) else f"{number:,}"


def item_of(edge: Edge) -> Item:
    """Return the value of an edge."""
    return make_item(edge.value, edge.value_type, edge.object, edge.normal)


def subject_of(edge: Edge) -> Item:
    """Return the subject of an edge."""
    return entity_item(edge.subject_title, edge.subject or None)


def entity_item(title: str, identity: str | None) -> Item:
    """Return an entity by its page, or by its name where it has none."""
    return Item("@" + identity if identity else "n:" + fold(plain_title(title)), title, "entity", identity)


def row_item(table: int, row: int, text: str) -> Item:
    """Return a row of a table of the graph; its text is what the row is about."""
    return Item(f"r:{table}:{row}", text, "text")


def row_of(item: Item) -> tuple[int, int] | None:
    """Return the table and row of a row item, or None."""
    if not item.key.startswith("r:"):
        return None
    table, row = item.key[2:].split(":")
    return int(table), int(row)


def make_item(text: str, kind: ValueType, identity: str | None = None, normal: str = "") -> Item:
    """Make an item of a value as written; what cannot be read as its type says is compared as text.

    Args:
        text: the value as written.
        kind: its type.
        identity: document id of its own page.
        normal: its canonical form where it is known: `1916-02-13`, `1234.5 m`.
    """
    if identity or kind == "entity":
        return entity_item(text, identity)
    if kind in ("date", "year") and (day := read_day(normal or text)) is not None:
        return Item(f"d:{day.year:04d}-{day.month:02d}-{day.day:02d}", text, kind)
    if kind == "quantity" and (quantity := read_quantity(normal or text)) is not None:
        return Item(f"q:{quantity[0]:.10g} {quantity[1]}".rstrip(), text, kind)
    return Item("t:" + fold(text), text, kind)


def day_of(item: Item) -> Day | None:
    """Return the date of an item, or None."""
    if not item.key.startswith("d:"):
        return None
    year, month, day = item.key[2:].split("-")
    return Day(int(year), int(month), int(day))


def number_of(item: Item) -> float | None:
    """Return the number of an item, or None."""
    return float(item.key[2:].split(" ", 1)[0]) if item.key.startswith("q:") else None


def order_of(item: Item) -> tuple[float, ...] | None:
    """Return what an item is ordered by: its date or number; None where it has no order."""
    day = day_of(item)
    if day is not None:
        return (day.year, day.month, day.day)
    number = number_of(item)
    return (number,) if number is not None else None


def comparable(first: Item, second: Item) -> bool:
    """Whether two items can be ordered: two dates that differ where both are exact, two numbers of one unit."""
    a, b = day_of(first), day_of(second)
    if a is not None and b is not None:
        return not (a.covers(b) or b.covers(a)) and (a.year != b.year or (bool(a.month) and bool(b.month)))
    if number_of(first) is None or number_of(second) is None or number_of(first) == number_of(second):
        return False
    return first.key.partition(" ")[2] == second.key.partition(" ")[2]


def merged(items: list[Item]) -> list[Item]:
    """Drop dates that another says more exactly, so that `1950` and `12 March 1950` count as one value."""
    days = [day_of(item) for item in items]
    kept: list[Item] = []
    for item, day in zip(items, days, strict=True):
        finer = day is not None and any(other is not None and other != day and day.covers(other) for other in days)
        if not finer and item not in kept:
            kept.append(item)
    return kept


def answer_forms(item: Item, aliases: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the accepted forms of an answer, the canonical one first."""
    day = day_of(item)
    if day is not None:
        return _unique([*date_forms(day), item.text])
    if item.key.startswith("q:"):
        return _unique([item.text, *number_forms(item)])
    if item.type == "entity":
        plain = plain_title(item.text)
        return _unique([plain, item.text, *aliases, _ARTICLE.sub("", plain)])
    return _unique([item.text, _ARTICLE.sub("", item.text)])


def date_forms(day: Day) -> list[str]:
    """Return `14 March 1893`, `March 14, 1893` and `1893-03-14`, or what of it is known."""
    if not day.month:
        return [str(day.year)]
    name = MONTH_NAMES[day.month - 1]
    if not day.day:
        return [f"{name} {day.year}", f"{day.year:04d}-{day.month:02d}"]
    return [
        f"{day.day} {name} {day.year}",
        f"{name} {day.day}, {day.year}",
        f"{day.day} {name}, {day.year}",
        f"{day.year:04d}-{day.month:02d}-{day.day:02d}",
    ]


def number_forms(item: Item) -> list[str]:
    """Return a number with and without separators and unit."""
    number, unit = number_of(item), item.key.partition(" ")[2]
    assert number is not None
    written = [number_text(number), number_text(number).replace(",", "")]
    long = next((names[1] for names in _UNITS.values() if names[0] == unit), unit)
    return [*written, *(f"{text} {name}" for name in (unit, long) if name for text in written)]


def count_forms(number: int) -> tuple[str, ...]:
    """Return a count as digits and, where small, as a word."""
    return (str(number), _SMALL[number]) if number < len(_SMALL) else _unique([str(number), f"{number:,}"])


def month_number(name: str) -> int:
    """Return the number of a month's English name, 0 for none."""
    return MONTHS.get(name.casefold(), 0)


def _unique(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))
