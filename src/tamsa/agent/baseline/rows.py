"""The rows of the opened tables that speak of what is asked, and their cells."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tamsa.agent.baseline.lexicon import concept, terms
from tamsa.agent.baseline.nouns import kind_of_noun
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.state import State
from tamsa.agent.baseline.tables import Found, cell_reading

MAX_ROWS = 3
"""Rows of one table that are read cell by cell."""
NEAR_BEST = 0.75
"""Score, as a share of the table's best, from which on a row is read."""
MAX_CELL_WORDS = 12
_NAMES_ROWS = frozenset("name person player athlete title team club institution".split())


@dataclass(frozen=True)
class Row:
    """A row that says some of what the question says."""

    found: Found
    number: int
    match: float
    """Share of the question's words, the rarer in the table the more, that it says; in [0, 1]."""

    @property
    def start(self) -> int:
        """Page offset of the row."""
        return self.found.table.spans[self.number][0]


class Rows:
    """The best rows of every opened table."""

    def __init__(self, state: State, question: Question) -> None:
        self.question = question
        self.best: list[Row] = [row for page in state.opened for row in _best_rows(page, question)]
        self.match = {(row.found.page.id, row.start): row.match for row in self.best}
        """Page and page offset of a row -> its match."""
        self.leads_to: dict[str, float] = {}
        """Document that a row links to -> the row's match."""
        for row in self.best:
            start, end = row.found.table.spans[row.number]
            page = row.found.page
            for link in page.sound_links:
                if start <= int(link["start"]) - page.start < end:
                    key = str(link["id"])
                    self.leads_to[key] = max(self.leads_to.get(key, 0.0), row.match)

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


def _best_rows(page: Page, question: Question) -> list[Row]:
    out: list[Row] = []
    for table in page.tables:
        said = [frozenset(term for cell in cells for term in terms(cell)) for cells in table.rows]
        spread = Counter(term for row in said for term in row if term in question.weights)
        if not spread:
            continue
        telling = {term: question.weights[term] * math.log(1 + len(said) / count) for term, count in spread.items()}
        scores = [sum(telling[term] for term in row if term in telling) for row in said]
        top = max(scores)
        whole = sum(weight * math.log(1 + len(said)) for weight in question.weights.values()) or 1.0
        order = sorted(range(len(scores)), key=lambda at: -scores[at])
        kept = [at for at in order[:MAX_ROWS] if scores[at] >= NEAR_BEST * top > 0]
        out += [Row(Found(page, table, 0.0), at, scores[at] / whole) for at in kept]
    return out


__all__ = ["Row", "Rows"]
