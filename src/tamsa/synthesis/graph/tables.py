"""Tables inside documents: Markdown tables become typed cells with offsets, and edges from row to cell.

`row entity -- column header -> value`. The row's entity is named in the subject column: the first column whose cells
name distinct things. A table without one gives a table but no edges: its rows are about nothing that has a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tamsa.synthesis.graph.values import read_value
from tamsa.synthesis.records import ValueType

MAX_ROWS = 2000
MAX_CELL_CHARS = 400
_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_CELL = re.compile(r"(?:\\.|[^|\\])*")
_FIGURE = re.compile(r"[\d#+±<>~$€£.,:/°-]*\d")
_TAIL = re.compile(r"\s+(?:\d{1,3}(?:\.\d+)?°.*|\(#\s?\d+\))$", re.DOTALL)
_COORDINATES = re.compile(r"\d{1,3}(?:\.\d+)?°")
_SILENT = frozenset(
    "ref refs reference references source sources citation citations image images photo picture".split()
)
_EMPTY = frozenset(
    {
        "",
        "not listed",
        "not available",
        "see note",
        "-",
        "–",
        "—",
        "n/a",
        "?",
        "tba",
        "tbd",
        "none",
        "unknown",
        "n.a.",
        "--",
        "...",
        "…",
        "na",
        "nil",
    }
)
_WORDS = re.compile(r"[^\W_]+")
_NOT_SUBJECT = frozenset(
    "notes note description comments comment remarks result results score scores year years date dates rank no number "
    "pos position season seasons week round time role roles ref reference references references website status type "
    "director directors writer writers producer producers studio studios publisher publishers developer developers "
    "operator operators owner owners coach manager captain opponent opponents opposing runner runners hometown venue "
    "stadium host hosts builder architect designer tribe tribes network label genre genres language languages author "
    "authors cast starring summary party constructor affiliation finish start event nickname frequency website "
    "medal details age state country nation nationality pick points location city region record episode episodes day "
    "month duration period".split()
)
_NAMING = frozenset(
    "name title player team club school film album song artist driver athlete mountain river building stadium company "
    "institution station church award battle ship airport bridge book novel series show game person winner "
    "candidate member party town village municipality district university college language species publication "
    "newspaper competition tournament race single character actor venue work program programme".split()
)

_NAMING_FIRST = frozenset("name title player driver athlete film album song artist mountain river building".split())
_WINNERS = frozenset("winner winners champion champions".split())
_EVENTS = frozenset("event events sport race tournament competition award category".split())


@dataclass(frozen=True, slots=True)
class CellSpan:
    """A cell: its text and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table as it stands in a text. `lines` are the spans of the rows."""

    caption: str
    header: tuple[CellSpan, ...]
    rows: tuple[tuple[CellSpan, ...], ...]
    lines: tuple[tuple[int, int], ...]


def find_tables(text: str) -> Iterator[FoundTable]:
    """Find the Markdown tables of a text: a header, a rule, rows. Rows of another width are left out."""
    if "|" not in text:
        return
    lines: list[tuple[int, str]] = []
    position = 0
    for line in text.split("\n"):
        lines.append((position, line))
        position += len(line) + 1
    number = 1
    while number < len(lines):
        start, line = lines[number]
        if "|" not in line or not _RULE.match(line) or "|" not in lines[number - 1][1]:
            number += 1
            continue
        header = cells_of(lines[number - 1][1], lines[number - 1][0])
        caption = _caption(lines, number - 2)
        rows: list[tuple[CellSpan, ...]] = []
        spans: list[tuple[int, int]] = []
        number += 1
        while number < len(lines) and lines[number][1].strip().startswith("|") and len(rows) < MAX_ROWS:
            start, line = lines[number]
            cells = cells_of(line, start)
            if len(cells) == len(header):
                rows.append(cells)
                left = len(line) - len(line.lstrip())
                spans.append((start + left, start + len(line.rstrip())))
            number += 1
        if rows and len(header) > 1:
            yield FoundTable(caption, header, tuple(rows), tuple(spans))


def cells_of(line: str, offset: int) -> tuple[CellSpan, ...]:
    """Split a line of a table into cells with offsets; `\\|` does not part cells."""
    left = len(line) - len(line.lstrip())
    end = len(line.rstrip())
    if line[left : left + 1] == "|":
        left += 1
    if end > left and line[end - 1] == "|" and line[end - 2 : end - 1] != "\\":
        end -= 1
    cells = []
    place = left
    while place <= end:
        match = _CELL.match(line, place, end)
        stop = match.end() if match else place
        piece = line[place:stop]
        inner = piece.strip()
        at = place + (len(piece) - len(piece.lstrip()) if inner else 0)
        cells.append(CellSpan(inner, offset + at, offset + at + len(inner)))
        if stop >= end:
            break
        place = stop + 1
    return tuple(cells)


def _caption(lines: Sequence[tuple[int, str]], number: int) -> str:
    while number >= 0 and not lines[number][1].strip():
        number -= 1
    if number < 0:
        return ""
    line = lines[number][1].strip()
    return line.lstrip("#").strip()[:200] if not line.startswith("|") else ""


def is_empty(text: str) -> bool:
    """Tell whether a cell says nothing."""
    return text.strip().casefold() in _EMPTY or not _WORDS.search(text)


def value_of(cell: CellSpan) -> CellSpan:
    """Return a cell without coordinates and register numbers at its end: `Main St. 35°30′47″N …` is `Main St.`."""
    match = _TAIL.search(cell.text)
    if _COORDINATES.match(cell.text):
        return cell
    if match is None or not match.start():
        return cell
    return CellSpan(cell.text[: match.start()], cell.start, cell.start + match.start())


def says_nothing(column: str) -> bool:
    """Tell whether a column holds footnotes or pictures only."""
    return column in _SILENT


def column_name(header: str) -> str:
    """Return a header in snake case: `Release date (UK)` is `release_date_uk`."""
    return "_".join(word.casefold() for word in _WORDS.findall(header))[:60]


def shape_of(header: Sequence[CellSpan]) -> str:
    """Return the folded header; tables of one shape can be joined."""
    return "|".join(column_name(cell.text) for cell in header)


def subject_column(table: FoundTable, has_object: Callable[[CellSpan], bool]) -> int:
    """Choose the column that names what the rows are about, -1 where there is none.

    A column qualifies if its cells are neither dates nor numbers and hardly ever repeat; headers that name
    ("Name", "Film") count for it, headers of attributes ("Notes", "Year") against it, and so do cells with pages.
    """
    best, best_score = -1, 0.0
    has_event = any(_EVENTS & set(column_name(head.text).split("_")) for head in table.header)
    for place, head in enumerate(table.header):
        cells = [row[place] for row in table.rows]
        filled = [cell for cell in cells if not is_empty(cell.text)]
        if len(filled) < max(1, 0.8 * len(cells)):
            continue
        texts = [cell.text.casefold() for cell in filled]
        figures = sum(read_value(cell.text)[0] != "text" or bool(_FIGURE.match(cell.text)) for cell in filled)
        if figures > 0.2 * len(filled):
            continue
        distinct = len(set(texts)) / len(texts)
        if distinct < 0.8 or sum(map(len, texts)) > 60 * len(texts):
            continue
        words = set(column_name(head.text).split("_"))
        score = 1.0 + distinct + sum(map(has_object, filled)) / len(filled) - 0.25 * place
        score += 2.6 if words & _NAMING_FIRST else 1.6 if words & _NAMING else 0.0
        score -= 1.5 * bool(words & _NOT_SUBJECT) + 2.0 * bool(words & _WINNERS and has_event)
        if score > best_score:
            best, best_score = place, score
    return best if best_score >= 1.6 else -1


def cell_type(text: str, has_object: bool) -> tuple[ValueType, str]:
    """Return the type and canonical form of a cell."""
    kind, normal = read_value(text)
    if kind == "text" and has_object:
        return "entity", ""
    return kind, normal
