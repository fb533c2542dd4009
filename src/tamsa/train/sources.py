"""What a stage trains on: corpora, plain files and chat samples, read one item at a time."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from string import Formatter
from typing import Any, Literal

import pyarrow.parquet as parquet

from tamsa.corpus.documents import clean
from tamsa.corpus.readers.draft import ReadError, Skip
from tamsa.corpus.readers.registry import read_file
from tamsa.corpus.sources import list_files
from tamsa.errors import InputError
from tamsa.store import read_jsonl

Kind = Literal["text", "chat"]
READ_ROWS = 1024
"""Rows of a parquet file held at a time."""


@dataclass(frozen=True, slots=True)
class Source:
    """One part of a mixture."""

    path: Path
    """A JSONL or parquet file of records, or a file or folder of documents."""
    weight: float = 1.0
    """Share of the mixture's tokens, relative to the other weights."""
    kind: Literal["auto", "text", "chat"] = "auto"
    """chat: records with `messages` (`role`, `content`); text: records with `text`, or documents."""
    template: str = "{title}\n{text}"
    """How a record of a corpus becomes a text; fields in braces."""
    join: bool = False
    """Lay texts end to end up to the context length, so that the model sees long rows; else each stands alone."""
    held_out: float = 0.005
    """Share of the items kept for the held-out loss, in [0, 0.5]."""
    limit: int | None = None
    """Only the first so many items."""
    context_loss_weight: float | None = None
    """Weight in [0, 1] of chat tokens that the model did not write; None: the stage's."""


@dataclass(frozen=True, slots=True)
class Item:
    """One text, or one conversation."""

    text: str = ""
    messages: tuple[Mapping[str, Any], ...] = ()


def kind_of(source: Source) -> Kind:
    """Tell what a source holds.

    Raises:
        InputError: it does not exist, or its first record is neither a text nor a conversation.
    """
    if not source.path.exists():
        raise InputError(f"{source.path}: no such file or folder; name training data in [[sources]] path")
    if source.kind != "auto":
        return source.kind
    if not _has_records(source.path):
        return "text"
    for record in _records(source.path):
        if "messages" in record:
            return "chat"
        if "text" in record or _fields(source.template) <= set(record):
            return "text"
        raise InputError(f"{source.path}: its records have {', '.join(sorted(record))}; need `messages` or `text`")
    raise InputError(f"{source.path}: holds no records")


def read_items(source: Source, skipped: Counter[str]) -> Iterator[Item]:
    """Read a source in its own order; what cannot be used is counted by reason.

    Raises:
        InputError: a file cannot be read at all.
    """
    kind = kind_of(source)
    yield from islice(_items(source, kind, skipped), source.limit)


def _items(source: Source, kind: Kind, skipped: Counter[str]) -> Iterator[Item]:
    if not _has_records(source.path):
        yield from _documents(source.path, skipped)
        return
    for record in _records(source.path):
        if kind == "chat":
            messages = record.get("messages")
            if isinstance(messages, str):
                try:
                    messages = json.loads(messages)
                except ValueError:
                    messages = None
            if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
                skipped["messages is not a list of objects"] += 1
            elif not any(message.get("role") == "assistant" for message in messages):
                skipped["no assistant message"] += 1
            else:
                yield Item(messages=tuple(messages))
            continue
        try:
            text = source.template.format_map({key: "" if value is None else value for key, value in record.items()})
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            text = record["text"] if isinstance(record.get("text"), str) else ""
            if not text:
                skipped[f"template does not fit the record ({error!r})"] += 1
                continue
        if text.strip():
            yield Item(text=text)
        else:
            skipped["empty text"] += 1


def _documents(path: Path, skipped: Counter[str]) -> Iterator[Item]:
    listing = list_files([path])
    for _, reason in listing.skipped:
        skipped[reason] += 1
    for file in listing.files:
        try:
            for found in read_file(file.path):
                if isinstance(found, Skip):
                    skipped[found.reason] += 1
                elif found.text.strip():
                    yield Item(text=found.text)
        except (ReadError, OSError) as error:
            skipped[f"unreadable file ({error})"] += 1


def _has_records(path: Path) -> bool:
    return path.is_file() and path.suffix in (".jsonl", ".parquet")


def _records(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".jsonl":
        for record in read_jsonl(path):
            yield _clean(record)
        return
    try:
        file = parquet.ParquetFile(path)
        for batch in file.iter_batches(batch_size=READ_ROWS):
            yield from batch.to_pylist()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable parquet file ({error})") from error


def _clean(value: Any) -> Any:
    """Clean every text of a record: half a surrogate pair, which JSON can spell, is read by no tokenizer."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return {key: _clean(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def _fields(template: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(template) if name}
    except ValueError as error:
        raise InputError(f"sources: template = {template!r}: {error}") from error


def fingerprint(source: Source) -> str:
    """Hash a source's content and all that decides how it is read."""
    digest = hashlib.sha256()
    settings = asdict(source)
    for name in ("path", "weight", "join", "held_out", "context_loss_weight"):
        del settings[name]
    digest.update(json.dumps(settings, sort_keys=True).encode())
    if source.path.is_file():
        with open(source.path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    else:
        for entry in list_files([source.path]).files:
            digest.update(f"{entry.name}\0{entry.size}\0{entry.mtime_ns}\0".encode())
    return digest.hexdigest()
