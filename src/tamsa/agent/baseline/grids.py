"""Markdown tables as text has them: head, rows, and where each row and cell stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ROW = re.compile(r"^\s*\|(.+)\|\s*$")


@dataclass(frozen=True, slots=True)
class Table:
    """A Markdown table: header cells, and rows of cells with the offsets of each row."""

    start: int
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spans: tuple[tuple[int, int], ...]
    caption: str = ""


def read_tables(text: str) -> list[Table]:
    """Find the Markdown tables of a text."""
    tables: list[Table] = []
    position = 0
    rows: list[tuple[tuple[str, ...], tuple[int, int]]] = []
    caption = last_line = ""
    for line in [*text.split("\n"), ""]:
        match = _ROW.match(line)
        if match:
            if not rows:
                caption = last_line
            cells = tuple(cell.strip() for cell in match[1].split("|"))
            rows.append((cells, (position, position + len(line))))
        else:
            if len(rows) >= 2:
                body = [row for row in rows[1:] if not all(re.fullmatch(r":?-+:?", cell or "-") for cell in row[0])]
                tables.append(
                    Table(
                        rows[0][1][0],
                        rows[0][0],
                        tuple(row[0] for row in body),
                        tuple(row[1] for row in body),
                        caption,
                    )
                )
            rows = []
            if line.strip():
                last_line = line.strip()
        position += len(line) + 1
    return tables


def cell_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the offsets of the cells of a table row that stands at `[start, end)` of a text."""
    out = []
    at = text.find("|", start, end) + 1
    while at > 0 and (stop := text.find("|", at, end)) >= 0:
        cell = text[at:stop]
        left = at + len(cell) - len(cell.lstrip())
        out.append((left, left + len(cell.strip())))
        at = stop + 1
    return out


__all__ = ["Table", "cell_spans", "read_tables"]
