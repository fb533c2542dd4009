"""The entity-statements memory: with a model, what documents state, each statement with a quote that was found.

`--generator llm`: the model reads document after document and writes statements; a statement whose quote does not stand
in the document, or that is not in the form asked for, is dropped and counted. The memory is a journal: a run that was
killed goes on with the next document. `build_graph(..., memory=path)` puts its statements into the graph as edges of
source `llm`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from tamsa.corpus.documents import clean
from tamsa.corpus.quotes import locate
from tamsa.errors import ContextLengthError, InputError
from tamsa.store import Journal, read_jsonl
from tamsa.synthesis.graph.values import read_value
from tamsa.synthesis.records import ValueType
from tamsa.tools.fencing import neutralise
from tamsa.types import Document, Message, Model

PART_CHARS = 6000
"""Characters of a document that are shown to the model at once."""
MAX_STATEMENTS = 60
"""Most statements taken from one part."""
_RELATION = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+){0,5}")
_FIELDS = ("subject", "relation", "value", "quote")
_SYSTEM = """You read a document and write down what it states about things that have names.
Write one JSON object a line and nothing else:
{"subject": "…", "relation": "…", "value": "…", "quote": "…"}
- subject: the full name of a person, place, work, organisation, event or other thing.
- relation: one to five words in snake case, such as born_in, director, located_in, founded, population.
- value: as written in the quote: a name, a date, a number or a few words.
- quote: the sentence that states it, copied word for word.
Write only what the document states. If it states nothing, write NONE."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a document states, with the stretch `[start, end)` of its text that does."""

    subject: str
    relation: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model made of one document."""

    document: str
    statements: tuple[Statement, ...]
    dropped: Mapping[str, int]
    """Number of lines that were dropped, by reason."""

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        statements = [[s.subject, s.relation, s.value, s.start, s.end] for s in self.statements]
        return {"document": self.document, "statements": statements, "dropped": dict(self.dropped)}


async def read_statements(model: Model, document: Document) -> Reading:
    """Let a model write down what a document states.

    Raises:
        ModelAuthError, ModelUnavailableError, ModelError: from the model. A part that does not fit its context is
            dropped and counted.
    """
    found: dict[Statement, None] = {}
    dropped: dict[str, int] = {}
    for start in range(0, max(1, len(document.text)), PART_CHARS):
        part = document.text[start : start + PART_CHARS]
        prompt = f"Title: {neutralise(document.title)}\n\n<document>\n{neutralise(part)}\n</document>"
        try:
            completion = await model.complete([Message("system", _SYSTEM), Message("user", prompt)])
        except ContextLengthError:
            dropped["part does not fit the context"] = dropped.get("part does not fit the context", 0) + 1
            continue
        for statement in parse_statements(completion.text, part, dropped):
            found.setdefault(
                Statement(
                    statement.subject,
                    statement.relation,
                    statement.value,
                    statement.start + start,
                    statement.end + start,
                )
            )
    return Reading(document.id, tuple(found), dict(sorted(dropped.items())))


def parse_statements(answer: str, text: str, dropped: dict[str, int]) -> Iterator[Statement]:
    """Read a model's answer line by line; what is not as asked for is counted in `dropped` by reason."""

    def drop(reason: str) -> None:
        dropped[reason] = dropped.get(reason, 0) + 1

    count = 0
    for raw in answer.splitlines():
        line = raw.strip()
        if not line or line == "NONE" or line.startswith("```"):
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            drop("not JSON")
            continue
        fields = [record.get(name) for name in _FIELDS] if isinstance(record, dict) else []
        if not fields or not all(isinstance(field, str) and field.strip() for field in fields):
            drop("fields missing")
            continue
        subject, relation, value, quote = (" ".join(clean(str(field)).split()) for field in fields)
        if not _RELATION.fullmatch(relation) or len(subject) > 120 or len(value) > 160:
            drop("fields not as asked for")
            continue
        span = locate(quote, text)
        if span is None:
            drop("quote not found")
            continue
        within = text[span[0] : span[1]]
        if value not in within:
            drop("value not in the quote")
            continue
        if count >= MAX_STATEMENTS:
            drop("too many")
            return
        count += 1
        yield Statement(subject, relation, value, *span)


async def build_memory(
    model: Model,
    documents: Iterable[Document],
    path: Path,
    *,
    concurrency: int = 1,
    on_read: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Read documents into a memory file, in their order; those that are in it already are not read again.

    Args:
        model: the model that reads.
        documents: what it reads.
        path: the memory file.
        concurrency: documents read side by side.
        on_read: called with the number of documents in the memory.

    Returns:
        Counts: `documents`, `statements`, and lines dropped by reason.

    Raises:
        CorruptError: the file is damaged.
        StorageError: it cannot be written.
        ModelError: the model failed; the memory holds what was read before.
    """
    with Journal(path) as journal:
        counts = {"documents": 0, "statements": 0}
        done: set[str] = set()
        for record in journal.records:
            done.add(str(record.get("document")))
            _count(counts, record)
        fresh = (document for document in documents if document.id not in done)
        reading: deque[asyncio.Task[Reading]] = deque()
        try:
            for document in chain(fresh, [None] * concurrency):
                if document is not None:
                    reading.append(asyncio.create_task(read_statements(model, document)))
                if reading and (document is None or len(reading) >= concurrency):
                    record = (await reading.popleft()).to_json()
                    journal.append(record)
                    _count(counts, record)
                    on_read(counts["documents"])
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
    return counts


def _count(counts: dict[str, int], record: Mapping[str, Any]) -> None:
    counts["documents"] += 1
    counts["statements"] += len(record["statements"])
    for reason, number in record["dropped"].items():
        counts[reason] = counts.get(reason, 0) + number


def read_memory(path: Path) -> dict[str, tuple[Statement, ...]]:
    """Read a memory file: statements by document id.

    Raises:
        InputError: it cannot be read or is no memory of statements.
    """
    try:
        return {
            str(record["document"]): tuple(Statement(*entry) for entry in record["statements"])
            for record in read_jsonl(path)
        }
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: not a memory of statements ({error}); read the documents anew") from error


def typed(value: str) -> tuple[ValueType, str]:
    """Return the type and canonical form of a statement's value; names are told from words by their capitals."""
    kind, normal = read_value(value)
    if kind == "text" and value[:1].isupper():
        return "entity", ""
    return kind, normal
