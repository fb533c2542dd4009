"""Tables: CSV, TSV and Excel files become one readable line per row, `header: value; header: value`."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from tamsa.corpus.readers.archive import check_archive
from tamsa.corpus.readers.draft import PART_CHARS, Found, ReadError, Skip, TextBuilder
from tamsa.corpus.readers.text import encoding_of, tidy, title_of

MAX_CHARS = 400_000_000
"""Most text of one table file; the rest is left out and reported."""
_ANCHOR_ROWS = 100
_DELIMITERS = (",", ";", "\t", "|")
_MAX_FIELD = 1_000_000
_MAX_EMPTY_ROWS = 100_000
_MAX_HEADER = 80


def read_csv(path: Path) -> Found:
    """Read comma-, semicolon- or tab-separated values; the delimiter is found in the file."""
    with open(path, "rb") as file:
        sample = telling = file.read(200_000)
        if not sample.strip():
            raise ReadError("no rows in it")
        encoding = encoding_of(sample)
        while encoding == "utf-8" and telling.isascii() and (block := file.read(1_000_000)):
            telling = block  # ASCII so far: the first bytes beyond it tell more
    if telling is not sample:
        encoding = encoding_of(telling)
    text = sample.decode(encoding, "ignore")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    csv.field_size_limit(_MAX_FIELD)
    with open(path, encoding=encoding, errors="replace", newline="") as lines:
        rows = csv.reader(_bounded(lines), delimiter=delimiter)
        yield from _documents([("", _values(rows))], title_of(path))


def _bounded(lines: io.TextIOBase) -> Iterator[str]:
    """Yield lines, never reading more of one than a field may hold."""
    while True:
        line = lines.readline(_MAX_FIELD * 2)
        if not line:
            return
        if len(line) >= _MAX_FIELD * 2:
            raise ReadError(f"has a line of more than {_MAX_FIELD * 2:,} characters")
        yield line.replace("\0", " ")


def _delimiter(text: str) -> str:
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    while lines and not any(delimiter in lines[0] for delimiter in _DELIMITERS):
        del lines[0]  # a title above the table
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        counts = [line.count(delimiter) for line in lines]
        score = min(counts, default=0) + sum(count == counts[0] for count in counts) / (len(counts) or 1)
        if counts and counts[0] and score > best_score:
            best, best_score = delimiter, score
    return best


def _values(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    while True:
        try:
            yield [" ".join(tidy(cell).split()) for cell in next(rows)]
        except StopIteration:
            return
        except csv.Error as error:
            raise ReadError(f"not readable as a table ({error})") from error


def read_xlsx(path: Path) -> Found:
    """Read an Excel file: every sheet, computed values, with the sheets as sections."""
    check_archive(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise ReadError(
            f"not a readable Excel file ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
        ) from error
    try:
        found = False
        for draft in _documents(((sheet.title, _cells(sheet)) for sheet in book.worksheets), title_of(path)):
            found = True
            yield draft
        if not found:
            raise ReadError("no rows in it")
    except ReadError:
        raise
    except Exception as error:
        raise ReadError(
            f"not a readable Excel file ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
        ) from error
    finally:
        book.close()


def _cells(sheet: Any) -> Iterator[list[str]]:
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()  # the size a file declares for a sheet may be anything
    empty = 0
    for row in sheet.iter_rows(values_only=True):
        if any(value is not None for value in row):
            empty = 0
            yield [_cell(value) for value in row]
        else:
            empty += 1
            if empty > _MAX_EMPTY_ROWS:
                return
            yield []  # it has a number


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return " ".join(tidy(str(value)).split())


def _documents(sheets: Iterable[tuple[str, Iterator[list[str]]]], title: str) -> Found:
    """Write rows as text, a new document when one is full."""
    builder = TextBuilder(MAX_CHARS)
    part, total = 1, 0
    for sheet, rows in sheets:
        header: list[str] = []
        number = last = 0
        for number, row in enumerate(rows, start=1):
            if not any(row):
                continue
            line = _line(header, row)
            if not header and _is_header(row):
                header, line = row, " | ".join(cell for cell in row if cell)
            full = builder.size > 0 and builder.size + len(line) > PART_CHARS
            if full:
                yield builder.draft(title if part == 1 else f"{title} (part {part})", part=part)
                builder, part = TextBuilder(MAX_CHARS), part + 1
            if full or number > last:
                last = number + -number % _ANCHOR_ROWS
                rows_name = f"rows {number}-{last}"
                builder.section(f"{sheet}, {rows_name}" if sheet else rows_name)
            builder.add(line + "\n")
            total += len(line)
            if total > MAX_CHARS:
                yield Skip(
                    f"{sheet} row {number}".strip(), f"more than {MAX_CHARS:,} characters of rows; the rest is left out"
                )
                break
        if number:
            builder.end_section()
    if builder.size:
        yield builder.draft(title if part == 1 else f"{title} (part {part})", part=part)
    elif part == 1:
        raise ReadError("no rows in it")


def _is_header(row: Sequence[str]) -> bool:
    """Tell whether a first row names its columns: short distinct words, not numbers."""
    cells = [cell for cell in row if cell]
    return (
        len(cells) >= 2
        and len(set(cells)) == len(cells)
        and all(
            len(cell) <= _MAX_HEADER and not cell.replace(".", "").replace(",", "").lstrip("-").isdigit()
            for cell in cells
        )
    )


def _line(header: Sequence[str], row: Sequence[str]) -> str:
    named = []
    for column, cell in enumerate(row):
        if cell:
            name = header[column] if column < len(header) else ""
            named.append(f"{name}: {cell}" if name else cell)
    return "; ".join(named)
