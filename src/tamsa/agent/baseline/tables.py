"""Answers from tables: counting rows, superlatives, the row of a year, the row before or after."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tamsa.agent.baseline.grids import Table, cell_spans
from tamsa.agent.baseline.lexicon import concept, terms
from tamsa.agent.baseline.nouns import Kind, kind_of_noun
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.values import read_date, read_number

_LARGEST: dict[str, tuple[str, ...]] = {
    "longest": ("long",), "highest": ("high",), "tallest": ("high",), "largest": ("big", "population"),
    "biggest": ("big", "population"), "populous": ("population",), "most": (), "newest": ("year",), "latest": ("year",),
    "youngest": ("year",), "deepest": ("deep",), "heaviest": ("weight",), "last": ("year",), "won": ("point",),
    "winner": ("point",), "champion": ("point",), "best": ("point",), "greatest": (),
}  # fmt: skip
_SMALLEST: dict[str, tuple[str, ...]] = {
    "shortest": ("long",), "lowest": ("high",), "smallest": ("big", "population"), "fewest": (), "least": (),
    "oldest": ("year",), "earliest": ("year",), "first": ("year",), "shallowest": ("deep",),
}  # fmt: skip
SUPERLATIVE = re.compile(
    r"\b(?:most|least|fewest|longest|shortest|highest|lowest|tallest|largest|biggest|smallest|oldest|newest|earliest|latest|"
    r"deepest|won)\b", re.IGNORECASE,
)  # fmt: skip
_FILTER = re.compile(
    r"\b(?P<more>more than|greater than|longer than|taller than|higher than|larger than|bigger than|over|above|"
    r"exceeding|exceeds?|at least|no fewer than|after|since|later than|deeper than|older than)\s+(?P<a>[\d.,]+)"
    r"|\b(?P<less>fewer than|less than|shorter than|lower than|smaller than|under|below|at most|no more than|before|"
    r"earlier than|until)\s+(?P<b>[\d.,]+)", re.IGNORECASE,
)  # fmt: skip
_INCLUSIVE = ("at least", "since", "no fewer than", "at most", "no more than")
_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")
_MEASURES = {
    "longer": "long", "shorter": "long", "taller": "high", "higher": "high", "lower": "high", "larger": "big",
    "smaller": "big", "bigger": "big", "deeper": "deep", "before": "year", "after": "year", "since": "year",
    "until": "year", "earlier": "year", "later": "year", "older": "year",
}  # fmt: skip
_ORDINAL_HEADERS = frozenset("number no rank place position order".split())


@dataclass(frozen=True)
class Found:
    """A table with the page that holds it and how well it fits the question."""

    page: Page
    table: Table
    fit: float


def tables_for(state: State, wanted: Collection[str], scope: Collection[str]) -> list[Found]:
    """Rank the tables of the opened pages by the words of title, caption and header that a question uses."""
    wanted = set(wanted)
    scope_terms = {term for name in scope for term in terms(name)}
    out = []
    for page in state.opened:
        title = set(terms(page.title)) - {"list"}
        for table in page.tables:
            if not table.rows:
                continue
            head = {term for cell in table.header for term in terms(cell)} | set(terms(table.caption))
            fit = 1.5 * len(head & wanted) + 2.0 * len(title & (wanted | scope_terms)) / (len(title) or 1)
            if title and title <= wanted | scope_terms:
                fit += 1.0
            if title & scope_terms:
                fit += 0.8
            if title - wanted - scope_terms and not _named(page, scope):
                fit -= 2.0  # "List of rivers of Y", where X was asked for
            out.append(Found(page, table, fit))
    out.sort(key=lambda found: -found.fit)
    return out


def _named(page: Page, scope: Collection[str]) -> bool:
    return any(fold_title(name) == fold_title(page.name) for name in scope)


def numbers_in(table: Table, column: int) -> list[float | None]:
    """Read a column as numbers."""
    return [
        read_number(row[column]) if column < len(row) and re.search(r"\d", row[column]) else None for row in table.rows
    ]


def _numeric_columns(table: Table) -> list[int]:
    out = []
    for column in range(len(table.header)):
        values = numbers_in(table, column)
        if sum(value is not None for value in values) >= max(1, len(values) // 3):
            out.append(column)
    return out


def measure_column(table: Table, question_text: str, hints: Collection[str]) -> int | None:
    """Choose the column that a question measures by: a year that heads it, its unit or its noun."""
    numeric = _numeric_columns(table)
    years = set(_YEAR.findall(question_text))
    for column in numeric:
        if table.header[column].strip() in years:
            return column
    wanted = set(hints)
    best, best_score = None, 0.0
    for column in numeric:
        head = set(terms(re.sub(r"\([^()]*\)", "", table.header[column])))
        if (
            not head & wanted
            and "year" in wanted
            and re.search(r"\b(?:year|opened|built|founded|completed|from)\b", table.header[column], re.I)
        ):
            head = head | {"year"}
        score = len(head & wanted) + 0.1 * (not head & _ORDINAL_HEADERS)
        if score > best_score:
            best, best_score = column, score
    if best is not None and best_score >= 1:
        return best
    plain = [c for c in numeric if not {concept(w) for w in terms(table.header[c])} & (_ORDINAL_HEADERS | {"year"})]
    return plain[0] if len(plain) == 1 else None


def name_column(table: Table, head: str = "") -> int:
    """Choose the column that names the rows: the one headed by the noun asked for, else the first with words."""
    numeric = set(_numeric_columns(table))
    wordy = [c for c in range(len(table.header)) if c not in numeric]
    for column in wordy:
        if head and concept(head) in terms(table.header[column]):
            return column
    for column in wordy:
        kind = kind_of_noun(table.header[column].split()[0]) if table.header[column].split() else None
        if head and kind is not None and kind == kind_of_noun(head):
            return column
    return wordy[0] if wordy else 0


def lists(found: Found, head: str) -> bool:
    """Tell whether the rows of a table are what a noun names, so that counting them answers "how many"."""
    table = found.table
    names = table.header[name_column(table, head)] if table.header else ""
    said = {term for text in (found.page.title, table.caption, names) for term in terms(text)}
    return not head or concept(head) in said


def count_rows(found: Found, question_text: str, hints: Collection[str]) -> Reading | None:
    """Count the rows that pass the question's bound, or all rows where it sets none."""
    table = found.table
    match = _FILTER.search(question_text)
    span = (table.start, table.spans[-1][1] if table.spans else table.start)
    if not match:
        return Reading(str(len(table.rows)), 1.0, found.page, *span, kind="number")
    bound = read_number(match["a"] or match["b"])
    word = (match["more"] or match["less"]).casefold()
    extra = [_MEASURES[w] for w in word.split() if w in _MEASURES]
    column = measure_column(
        table,
        question_text[: match.start()] + question_text[match.end() :] if extra == ["year"] else question_text,
        [*extra] if extra else hints,
    )
    if column is None or bound is None:
        return None
    inclusive = word in _INCLUSIVE
    number = 0
    for value in numbers_in(table, column):
        if value is None:
            continue
        if match["more"]:
            number += value > bound or (inclusive and value == bound)
        else:
            number += value < bound or (inclusive and value == bound)
    return Reading(str(number), 1.0, found.page, *span, kind="number")


def extreme_row(found: Found, question_text: str, head: str, hints: Collection[str]) -> Reading | None:
    """Read the name of the row with the largest or smallest value of what a superlative measures."""
    index = extreme_index(found, question_text, hints)
    return None if index is None else cell_reading(found, index, name_column(found.table, head))


def extreme_index(found: Found, question_text: str, hints: Collection[str]) -> int | None:
    """Find the row with the largest or smallest value of what a superlative measures."""
    low = re.findall(r"[a-z]+", question_text.casefold())
    # "the first to climb the highest mountain" measures by height
    low = [word for word in low if word == "populous" or (word != "won" and SUPERLATIVE.fullmatch(word))] or low
    direction, measures = "", list(hints)
    for word in low:
        if word in _SMALLEST:
            direction, measures = "min", [*_SMALLEST[word], *([] if _SMALLEST[word] else hints)]
            break
        if word in _LARGEST:
            direction, measures = "max", [*_LARGEST[word], *([] if _LARGEST[word] else hints)]
            if word != "most":
                break
            if "populous" in low:
                measures = ["population"]
            break
    if not direction:
        return None
    table = found.table
    place = next((c for c, cell in enumerate(table.header) if cell.casefold() in ("place", "rank", "position")), None)
    column = measure_column(table, question_text, measures)
    if column is None and place is not None and measures == ["point"]:
        column, direction = place, "min"
    if column is None:
        return None
    values = [(value, index) for index, value in enumerate(numbers_in(table, column)) if value is not None]
    if not values:
        return None
    return (min if direction == "min" else max)(
        values, key=lambda item: (item[0], -item[1]) if direction == "max" else item
    )[1]


def cell_reading(found: Found, row: int, column: int) -> Reading | None:
    """Return a cell as a reading; its quote is the row."""
    cells = found.table.rows[row]
    if column >= len(cells) or not cells[column]:
        return None
    at, end = cell_spans(found.page.text, *found.table.spans[row])[column]
    target = next(
        (str(link["id"]) for link in found.page.sound_links if int(link["start"]) - found.page.start == at), ""
    )
    text = re.sub(r"\s*\([^()]*\)$", "", cells[column])
    return Reading(text, 1.0, found.page, at, end, target, "name")


def row_of_year(found: Found, year: int, head: str, kind: Kind) -> Reading | None:
    """Find the row of a year: one whose year column says it, or whose term of office spans it.

    Nothing where the column that names the rows is headed by another kind of thing than is asked for.
    """
    table = found.table
    low = [cell.casefold() for cell in table.header]
    starts = next(
        (c for c, cell in enumerate(low) if re.search(r"\b(?:from|start|began|since|took office)\b", cell)), None
    )
    ends = next((c for c, cell in enumerate(low) if re.search(r"\b(?:to|until|end|ended|left)\b", cell)), None)
    wanted = name_column(table, head)
    if not _may_be(table.header[wanted], head, kind):
        return None
    if starts is not None and ends is not None:
        for row, cells in enumerate(table.rows):
            begin = read_number(cells[starts]) if starts < len(cells) else None
            end = read_number(cells[ends]) if ends < len(cells) and re.search(r"\d", cells[ends]) else 9999.0
            if begin is not None and end is not None and begin <= year < end + (1 if row == len(table.rows) - 1 else 0):
                return cell_reading(found, row, wanted)
        return None
    for column, cell in enumerate(low):
        if not re.search(r"\byear\b|\bdate\b|\bseason\b|\bedition\b", cell):
            continue
        for row, cells in enumerate(table.rows):
            if column < len(cells) and str(year) in cells[column]:
                return cell_reading(found, row, wanted)
    return None


def _may_be(header: str, head: str, kind: Kind) -> bool:
    """Tell whether what a column's head names may be of a kind: "Award" names no person."""
    if head and concept(head) in terms(header):
        return True
    kinds = {found for word in header.split() if (found := kind_of_noun(word)) is not None}
    return not kinds or bool(kinds & {kind, "name", "any"}) or kind in ("any", "name")


def neighbour_row(found: Found, name: str, step: int) -> Reading | None:
    """Find the row just before (-1) or after (+1) that of a name."""
    wanted = fold_title(name)
    for row, cells in enumerate(found.table.rows):
        if any(fold_title(cell) == wanted for cell in cells) and 0 <= row + step < len(found.table.rows):
            column = next(c for c, cell in enumerate(cells) if fold_title(cell) == wanted)
            return cell_reading(found, row + step, column)
    return None


def terms_of_office(page: Page, start: int) -> list[tuple[Reading, int, int]]:
    """Find who held an office from when to when in a page's prose: "From 1866 to 1873 X was governed by Y"."""
    out = []
    for sentence in page.sentences:
        if sentence.row:
            continue
        match = re.search(
            r"(?:from|between|years)\s+(?:from\s+)?(\d{4})\s+(?:to|until|and|till|[-–])\s*(\d{4})",
            sentence.text,
            re.IGNORECASE,
        )
        if not match:
            continue
        spans = [s for s in page.spans_in(sentence.start, sentence.end) if s.kind in ("name", "any") and s.when is None]
        named = [s for s in spans if len(s.text.split()) > 1 or s.target]
        named = [s for s in named if fold_title(s.text) != fold_title(page.name)]
        if named:
            best = max(named, key=lambda s: (bool(s.target), len(s.text)))
            out.append(
                (
                    Reading(best.text, 0.9, page, best.start, best.end, best.target, "person"),
                    int(match[1]),
                    int(match[2]),
                )
            )
        elif page.kind == "person":
            out.append(
                (
                    Reading(page.name, 0.9, page, sentence.start, sentence.end, page.id, "person", is_title=True),
                    int(match[1]),
                    int(match[2]),
                )
            )
    return out


def year_in(text: str) -> int | None:
    """Return the first year of a text."""
    match = _YEAR.search(text)
    if match:
        return int(match[1])
    when = read_date(text)
    return when.year if when is not None and when.year else None
