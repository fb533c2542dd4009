"""Documents on their way into an index: made from mappings, cleaned, keyed and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tamsa.errors import InputError
from tamsa.types import Document, Link, Section

MAX_ID_CHARS = 4096
"""Longest document id; a longer one is a mistake of the corpus and is refused."""


compact_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Write JSON without spaces; one encoder for all calls, since `json.dumps` would make one for each."""


def clean(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 file can hold, by U+FFFD; every offset stays as it was."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def as_document(record: Document | Mapping[str, Any]) -> Document:
    """Make a document of a corpus record (`id`, `title`, `text`, optional `links`, `sections`, `date`, `source`).

    Links are `{"target", "start", "end"}` objects, `[target, start, end]` lists or plain titles (no
    offsets, kept at 0). Links and sections that leave the text are dropped.

    Raises:
        InputError: a required field is missing or of another type; the message names it.
    """
    if isinstance(record, Document):
        return _checked(record)
    if not isinstance(record, Mapping):
        raise InputError(f"record is {type(record).__name__}, not an object with id, title and text")
    text = record.get("text")
    if not isinstance(text, str):
        raise InputError(f"field text is {_kind(text)}; each record needs a string id, title and text")
    title = record.get("title")
    if title is None:
        title = record.get("id")
    if not isinstance(title, (str, int)) or isinstance(title, bool):
        raise InputError(f"field title is {_kind(title)}; each record needs a string id, title and text")
    identity = record.get("id", title)
    if not isinstance(identity, (str, int)) or isinstance(identity, bool):
        raise InputError(f"field id is {_kind(identity)}; each record needs a string id, title and text")
    date, source = record.get("date"), record.get("source")
    return _checked(
        Document(
            id=str(identity),
            title=str(title),
            text=text,
            sections=tuple(_sections(record.get("sections"))),
            links=tuple(_links(record.get("links"))),
            source=str(source) if source is not None else None,
            date=str(date) if date is not None else None,
        )
    )


def _kind(value: object) -> str:
    return "missing" if value is None else f"{type(value).__name__}, not a string"


def _entries(value: object, first: str) -> Iterable[tuple[str, int, int]]:
    if not isinstance(value, (list, tuple)):
        return
    for entry in value:
        if isinstance(entry, (Section, Link)):
            yield (entry.title if isinstance(entry, Section) else entry.target), entry.start, entry.end
        elif isinstance(entry, str):
            yield entry, 0, 0
        elif isinstance(entry, Mapping):
            name, start, end = entry.get(first), entry.get("start", 0), entry.get("end", 0)
            if isinstance(name, str) and type(start) is int and type(end) is int:
                yield name, start, end
        elif isinstance(entry, (list, tuple)) and len(entry) == 3:
            name, start, end = entry
            if isinstance(name, str) and type(start) is int and type(end) is int:
                yield name, start, end


def _sections(value: object) -> Iterable[Section]:
    return (Section(*entry) for entry in _entries(value, "title"))


def _links(value: object) -> Iterable[Link]:
    return (Link(*entry) for entry in _entries(value, "target"))


def _checked(document: Document) -> Document:
    if not document.id or len(document.id) > MAX_ID_CHARS:
        raise InputError(f"field id has {len(document.id)} characters; 1 to {MAX_ID_CHARS} are allowed")
    size = len(document.text)
    links = tuple(
        Link(clean(link.target), link.start, link.end)
        for link in document.links
        if 0 <= link.start <= link.end <= size and link.target
    )
    sections = tuple(
        Section(clean(part.title), part.start, part.end)
        for part in document.sections
        if 0 <= part.start <= part.end <= size
    )
    return Document(
        id=clean(document.id),
        title=clean(document.title) or clean(document.id),
        text=clean(document.text),
        sections=sections,
        links=links,
        source=None if document.source is None else clean(document.source),
        date=None if document.date is None else clean(document.date),
    )


def key_of(doc_id: str) -> bytes:
    """Return the 16-byte key of a document id."""
    return hashlib.blake2b(doc_id.encode("utf-8", "replace"), digest_size=16).digest()


def head_of(document: Document) -> str:
    """Return everything of a document but its text, as JSON."""
    head: dict[str, Any] = {"id": document.id, "title": document.title}
    if document.sections:
        head["sections"] = [(s.title, s.start, s.end) for s in document.sections]
    if document.links:
        head["links"] = [(link.target, link.start, link.end) for link in document.links]
    if document.source is not None:
        head["source"] = document.source
    if document.date is not None:
        head["date"] = document.date
    return compact_json(head)


def content_hash(head: str, text: str) -> int:
    """Return 64 bits that change whenever anything of a document changes."""
    digest = hashlib.blake2b(head.encode(), digest_size=8)
    digest.update(b"\0")
    digest.update(text.encode())
    return int.from_bytes(digest.digest(), "little")
