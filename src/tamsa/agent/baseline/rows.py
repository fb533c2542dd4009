"""The rows of the opened tables that speak of what is asked, and their cells."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tamsa.agent.baseline.grids import Table, cell_spans
from tamsa.agent.baseline.lexicon import concept, terms
from tamsa.agent.baseline.nouns import kind_of_noun
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.tables import Found, cell_reading, extreme_index

MAX_ROWS = 3
"""Rows of one table that are read cell by cell."""
NEAR_BEST = 0.75
"""Score, as a share of the table's best, from which on a row is read."""
MAX_CELL_WORDS = 12
UNASKED = 0.6
"""Share that a link keeps in a column whose head no word of the question names."""
_NAMES_ROWS = frozenset("name person player athlete title team club institution".split())
_MOST = "⟦most⟧"
"""Said by the row that has the most or the least of what a superlative measures."""
MOST_SIZE = 1.5
_RANK = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?")
_RANKS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
).split()


@dataclass(frozen=True)
class Row:
    """A row that says some of what the question says."""

    found: Found
    number: int
    match: float
    """Share of the question's words, the rarer in the table the more, that it says with its table and with the opened
    page that it leads to; in [0, 1]."""
    lead: float
    """The root of the same share, without what all rows say, parted among the rows as good."""

    @property
    def start(self) -> int:
        """Page offset of the row."""
        return self.found.table.spans[self.number][0]


class Rows:
    """The best rows of every opened table."""

    def __init__(self, state: State, question: Question) -> None:
        self.question = question
        self.best: list[Row] = [row for page in state.opened for row in _best_rows(state, page, question)]
        self.match = {(row.found.page.id, row.start): row.match for row in self.best}
        """Page and page offset of a row -> its match."""
        self.leads_to: dict[str, float] = {}
        """Document that a row links to -> the row's match."""
        self.points_to: dict[str, float] = {}
        """Document that a row links to -> how far the row stands out, less in a column that the question names not."""
        for row in self.best:
            start, end = row.found.table.spans[row.number]
            page, cells = row.found.page, cell_spans(row.found.page.text, start, end)
            for link in page.sound_links:
                at = int(link["start"]) - page.start
                if not start <= at < end:
                    continue
                key = str(link["id"])
                self.leads_to[key] = max(self.leads_to.get(key, 0.0), row.match)
                column = next((n for n, (left, right) in enumerate(cells) if left <= at < right), -1)
                heads = row.found.table.header[column : column + 1] if column >= 0 else ()
                asked = any(term in question.weights for head in heads for term in terms(head))
                points = row.lead * (1.0 if asked else UNASKED)
                self.points_to[key] = max(self.points_to.get(key, 0.0), points)

    def cells(self) -> Iterable[tuple[Reading, Row, float]]:
        """Yield the cells of the best rows, with how far the head of their column says what is asked for."""
        for row in self.best:
            table = row.found.table
            for column, cell in enumerate(table.rows[row.number]):
                if not cell or len(cell.split()) > MAX_CELL_WORDS or column >= len(table.header):
                    continue
                reading = cell_reading(row.found, row.number, column)
                if reading is not None and reading.text:
                    yield reading, row, self.heads(table.header[column])

    def heads(self, header: str) -> float:
        """Say whether a column's header names what is asked for: 1 by its noun, 0.5 by its kind, -1 another kind."""
        head, want = self.question.head, self.question.kind
        said = terms(header)
        if head and concept(head) in said:
            return 1.0
        words = header.split()
        kind = next((kind for word in reversed(words) if (kind := kind_of_noun(word)) is not None), None)
        if kind is not None and kind == want:
            return 0.5
        if kind == "name" or (words and words[0].casefold() in _NAMES_ROWS):
            return 0.25
        return -1.0 if kind is not None and want not in ("any", "name") else 0.0


def _best_rows(state: State, page: Page, question: Question) -> list[Row]:
    """Find the rows of a page's tables that say most of the question, alone or with an opened page they lead to."""
    out: list[Row] = []
    sizes = {**question.weights, _MOST: MOST_SIZE}
    title = frozenset(terms(page.title))
    behind = _Behind(state, page)
    for table in page.tables:
        topic = title | frozenset(terms(table.caption)) | {term for cell in table.header for term in terms(cell)}
        rows = [topic | own for own in _said(page, table, question)]
        others = [
            [said - own for said in behind.row(cells, *span)]
            for own, cells, span in zip(rows, table.rows, table.spans, strict=True)
        ]
        spread = Counter(term for own, said in zip(rows, others, strict=True) for term in own.union(*said))
        telling = {term: size * math.log(1 + len(rows) / spread[term]) for term, size in sizes.items() if spread[term]}
        whole = sum(question.weights.values()) * math.log(1 + len(rows)) or 1.0

        def worth(said: Collection[str], telling: Mapping[str, float] = telling) -> float:
            return sum(telling.get(term, 0.0) for term in said)

        common = worth(topic)
        scores = [
            worth(own) - common + max(map(worth, said), default=0.0) for own, said in zip(rows, others, strict=True)
        ]
        good = NEAR_BEST * max(scores, default=0.0)
        kept = sorted((at for at, score in enumerate(scores) if score >= good > 0), key=lambda at: -scores[at])
        out += [
            Row(Found(page, table, 0.0), at, (scores[at] + common) / whole, math.sqrt(scores[at] / whole) / len(kept))
            for at in kept[:MAX_ROWS]
        ]
    return out


class _Behind:
    """What stands behind the rows of a page's tables: the opened pages that their cells link to or name."""

    def __init__(self, state: State, page: Page) -> None:
        self.pages = {
            other.id: state.terms_of(other.id) for other in state.opened if other.id != page.id and not other.tables
        }
        self.named = {fold_title(other.name): other.id for other in state.opened if other.id in self.pages}
        self.links = sorted(
            (int(link["start"]) - page.start, str(link["id"]))
            for link in page.sound_links
            if str(link["id"]) in self.pages
        )

    def row(self, cells: Iterable[str], start: int, end: int) -> list[frozenset[str]]:
        """Return the concepts of each page behind a row."""
        first, last = bisect_left(self.links, (start, "")), bisect_left(self.links, (end, ""))
        keys = {key for _, key in self.links[first:last]}
        keys |= {self.named[name] for cell in cells if (name := fold_title(cell)) in self.named}
        return [self.pages[key] for key in sorted(keys)]


def _said(page: Page, table: Table, question: Question) -> list[frozenset[str]]:
    """Return the concepts of each row: of its words, of its ranks spelt out, and that it is the most where asked."""
    most = extreme_index(Found(page, table, 0.0), question.text, [*question.weights])
    out = []
    for at, cells in enumerate(table.rows):
        own = {term for cell in cells for term in terms(cell)}
        for cell in cells:
            rank = _RANK.fullmatch(cell)
            if rank and 0 < int(rank[1]) <= len(_RANKS):
                own |= {rank[1], _RANKS[int(rank[1]) - 1]}
        out.append(frozenset(own | {_MOST} if at == most else own))
    return out


__all__ = ["Row", "Rows"]
