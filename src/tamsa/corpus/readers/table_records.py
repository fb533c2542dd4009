"""Corpora of tables: parquet files with `header` and `rows` of cells, one record a table, each a document.

    id, title, header [column], rows [[{text, links: [document id]}]], optional section_title, section_text, split

A document's text is its title, the text of its section and the table in Markdown, so that every cell has offsets; its
id says the split, `table/train/…`, so that evaluation tables are known wherever they turn up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tamsa.corpus.readers.draft import Draft
from tamsa.types import Link, Section

COLUMNS = ("id", "title", "section_title", "section_text", "header", "rows", "split")
REQUIRED = frozenset({"id", "title", "header", "rows"})

_QUALIFIER = re.compile(r"\s*\([^()]*\)$")


def table_id(record: Mapping[str, Any]) -> str:
    """Return the document id of a table."""
    return f"table/{record.get('split') or 'all'}/{record['id']}"


def table_draft(record: Mapping[str, Any]) -> Draft:
    """Write a table as a document.

    Raises:
        KeyError, TypeError, ValueError: the record is no table.
    """
    section = ", ".join(part.strip() for part in (record.get("section_title") or "").split("--") if part.strip())
    title = f"{record['title']}: {section}" if section else str(record["title"])
    head = f"# {title}\n\n"
    prose = " ".join((record.get("section_text") or "").split())
    pieces = [head, f"{prose}\n\n" if prose else ""]
    size = sum(map(len, pieces))
    links: list[Link] = []
    header = [_flat(cell) for cell in record["header"]]
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    size += sum(len(line) + 1 for line in lines)
    for row in record["rows"]:
        line = "|"
        for cell in row:
            text = _flat(cell["text"])
            links += _links(text, [str(target) for target in cell.get("links") or ()], size + len(line) + 1)
            line += f" {text} |"
        lines.append(line)
        size += len(line) + 1
    text = "".join(pieces) + "\n".join(lines)
    return Draft(title, text, (Section(title, 0, len(text)),), tuple(links), None, table_id(record))


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _links(text: str, targets: list[str], offset: int) -> Iterator[Link]:
    """Say which part of a cell each of its links covers, by the titles in their targets.

    A lone link whose title does not stand in the cell covers all of it, unless there are figures in it; of several,
    such a one is left out.
    """
    place = 0
    for target in targets:
        title = target.rpartition("/wiki/")[2].replace("_", " ")
        found = -1
        for form in (title, _QUALIFIER.sub("", title), title.split(", ")[0]):
            found = text.find(form, place) if form else -1
            if found >= 0:
                yield Link(target, offset + found, offset + found + len(form))
                place = found + len(form)
                break
        if found < 0 and len(targets) == 1 and text and not any(char.isdigit() for char in text):
            yield Link(target, offset, offset + len(text))
