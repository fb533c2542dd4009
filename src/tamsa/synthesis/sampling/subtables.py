"""Sub-tables: tables of one shape joined into one, and some rows and columns of it.

Isomorphic tables (the same header, folded) come from pages of one kind: seasons, countries, artists. Their union makes
questions that need several pages: the longest river of two countries, the number of medals over three games.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tamsa.synthesis.graph import Cell, Graph, GraphTable

_TRIES = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A row and where it comes from."""

    table: int
    row: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class JoinedTable:
    """Rows of tables of one shape. Every row has as many cells as the header."""

    header: tuple[str, ...]
    columns: tuple[int, ...]
    """Columns of the original tables that were kept."""
    tables: tuple[int, ...]
    """Numbers of the tables that were joined."""
    subject_column: int
    """Place in `header` of the column that names what the rows are about."""
    rows: tuple[Row, ...]


def join_tables(graph: Graph, numbers: Sequence[int], columns: Sequence[int] | None = None) -> JoinedTable:
    """Join tables of one shape; rows that say the same thing twice are kept once.

    Raises:
        ValueError: the tables are of different shapes, or there are none.
    """
    tables = [graph.table(number) for number in numbers]
    if not tables or len({table.shape for table in tables}) != 1:
        raise ValueError("only tables of one shape can be joined")
    kept = tuple(columns if columns is not None else range(len(tables[0].header)))
    rows: list[Row] = []
    met: set[tuple[str, ...]] = set()
    for table in tables:
        for place, cells in enumerate(table.rows):
            chosen = tuple(cells[column] for column in kept)
            key = tuple(cell.text.casefold() for cell in chosen)
            if key not in met:
                met.add(key)
                rows.append(Row(table.number, place, chosen))
    subject = _subject(tables)
    return JoinedTable(
        header=tuple(tables[0].header[column] for column in kept),
        columns=kept,
        tables=tuple(numbers),
        subject_column=kept.index(subject) if subject in kept else -1,
        rows=tuple(rows),
    )


def sample_subtables(
    graph: Graph, seed: int, count: int, *, max_tables: int = 3, min_rows: int = 4, max_rows: int = 60
) -> Iterator[JoinedTable]:
    """Yield up to `count` different sub-tables of one to `max_tables` joined tables, with a subject and a typed column.

    The n-th depends on the graph, the arguments and those before it alone.
    """
    groups = [
        usable
        for numbers in graph.shapes().values()
        if (usable := [number for number in numbers if graph.table(number).subject_column >= 0])
    ]
    met: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
    for number in range(count if groups else 0):
        random = Random(f"subtable-{seed}-{number}")
        for _ in range(_TRIES):
            group = groups[random.randrange(len(groups))]
            chosen = sorted(random.sample(group, random.randint(1, min(max_tables, len(group)))))
            tables = [graph.table(place) for place in chosen]
            subject = _subject(tables)
            typed = [place for place in range(len(tables[0].header)) if place != subject and _is_typed(tables, place)]
            others = [place for place in range(len(tables[0].header)) if place != subject and place not in typed]
            if subject < 0 or not typed:
                continue
            columns = {subject, random.choice(typed), *random.sample(others, min(len(others), random.randint(0, 2)))}
            joined = join_tables(graph, chosen, sorted(columns))
            key = joined.tables, joined.columns
            if min_rows <= len(joined.rows) <= max_rows and key not in met:
                met.add(key)
                yield joined
                break


def _subject(tables: Sequence[GraphTable]) -> int:
    columns = {table.subject_column for table in tables}
    return next(iter(columns)) if len(columns) == 1 else -1


def _is_typed(tables: Sequence[GraphTable], column: int) -> bool:
    kinds = [row[column].type for table in tables for row in table.rows if row[column].text]
    return bool(kinds) and sum(kind in ("date", "year", "quantity") for kind in kinds) >= 0.8 * len(kinds)
