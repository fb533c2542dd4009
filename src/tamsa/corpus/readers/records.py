"""Corpus files: JSON, JSONL and parquet with `id`, `title` and `text`, one record a document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tamsa.corpus.documents import as_document
from tamsa.corpus.readers import table_records
from tamsa.corpus.readers.draft import Draft, Found, ReadError, Skip
from tamsa.corpus.readers.text import decode, read_bytes, title_of
from tamsa.errors import InputError

MAX_LINE = 64_000_000
"""Longest line of a JSONL file, in bytes; a longer one is skipped."""
_FIELDS = ("id", "title", "text", "links", "sections", "date", "source")
_MAX_SKIPS = 1000


def read_jsonl(path: Path) -> Found:
    """Read JSON lines. A file whose records have no `text` is taken as a plain text."""
    bad = 0
    good = 0
    for number, line in _lines(path):
        if line is None:
            yield Skip(f"line {number}", f"longer than {MAX_LINE // 1_000_000} MB")
            bad += 1
            continue
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            found: Draft | Skip = Skip(f"line {number}", f"not JSON ({_short(error)})")
        else:
            if good == 0 and isinstance(record, dict) and "text" not in record and bad == 0:
                yield from _as_text(path)
                return
            found = _draft(record, f"line {number}")
        if isinstance(found, Skip):
            bad += 1
            if bad > _MAX_SKIPS:
                raise ReadError(f"more than {_MAX_SKIPS:,} bad lines; the first: line {number}: {found.reason}")
        else:
            good += 1
        yield found
    if not good and not bad:
        raise ReadError("no records in it")


def _lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Yield numbered lines, None for one that is too long, in bounded memory."""
    with open(path, "rb") as file:
        number = 0
        while True:
            line = file.readline(MAX_LINE)
            if not line:
                return
            number += 1
            if len(line) < MAX_LINE or line.endswith(b"\n"):
                yield number, line.removeprefix(b"\xef\xbb\xbf")
                continue
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield number, None


def read_json(path: Path) -> Found:
    """Read a JSON file: a list of records, one record, or else its text as it stands."""
    text = decode(read_bytes(path))
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ReadError("nests too deep") from error
    except ValueError as error:
        if text.lstrip().startswith("{") and "\n{" in text:  # JSON lines under another name
            yield from read_jsonl(path)
            return
        raise ReadError(f"not JSON ({_short(error)})") from error
    records = value if isinstance(value, list) else [value]
    if not records or not all(isinstance(r, dict) for r in records) or "text" not in records[0]:
        yield from _as_text(path)
        return
    for number, record in enumerate(records, start=1):
        yield _draft(record, f"record {number}")


def read_parquet(path: Path) -> Found:
    """Read a parquet file with the columns `id`, `title` and `text`, or of tables (`table_records`)."""
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        names = set(file.schema_arrow.names)
        if "text" not in names and names >= table_records.REQUIRED:
            yield from _read_tables(file)
            return
        if not {"id", "text"} <= names:
            raise ReadError(f"parquet without the columns id, title and text (it has {', '.join(sorted(names))[:100]})")
        columns = [name for name in _FIELDS if name in names]
        number = 0
        for batch in file.iter_batches(batch_size=512, columns=columns):
            for record in batch.to_pylist():
                number += 1
                yield _draft(record, f"row {number}")
    except (pyarrow.ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        raise ReadError(f"not a readable parquet file ({_short(error)})") from error
    if not number:
        raise ReadError("no records in it")


def _read_tables(file: Any) -> Found:
    columns = [name for name in table_records.COLUMNS if name in file.schema_arrow.names]
    number = 0
    for batch in file.iter_batches(batch_size=64, columns=columns):
        for record in batch.to_pylist():
            number += 1
            try:
                yield table_records.table_draft(record)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                yield Skip(f"row {number}", f"not a table ({_short(error)})")
    if not number:
        raise ReadError("no records in it")


def _as_text(path: Path) -> Found:
    text = decode(read_bytes(path))
    if not text.strip():
        raise ReadError("no text in it")
    yield Draft(title_of(path), text)


def _draft(record: Any, where: str) -> Draft | Skip:
    if not isinstance(record, Mapping):
        return Skip(where, "not an object with id, title and text")
    try:
        document = as_document(record)
    except InputError as error:
        return Skip(where, str(error))
    return Draft(document.title, document.text, document.sections, document.links, document.date, document.id)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]
