"""Blocks of documents: what a graph is built by, and what a worker makes of one block."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tamsa.corpus.documents import as_document, content_hash, head_of
from tamsa.errors import CorruptError
from tamsa.synthesis.graph.columns import ColumnFile, ColumnWriter
from tamsa.synthesis.graph.extract import Extractor
from tamsa.synthesis.graph.linking import Entities
from tamsa.synthesis.graph.markup import without_marks
from tamsa.synthesis.graph.memory import read_memory
from tamsa.synthesis.graph.profile import profile
from tamsa.synthesis.graph.store import EDGE_LAYOUT, FORMAT, TABLE_LAYOUT
from tamsa.synthesis.workers import end_with_parent
from tamsa.types import Document

BLOCK_DOCUMENTS = 1000
BLOCK_CHARS = 4_000_000
"""A block ends at the first of the two."""
VERSION = 7
"""Changes when the extractor would read another graph from the same documents."""
PROFILE_LAYOUT = {
    "id": "s",
    "title": "s",
    "kind": "s",
    "description": "s",
    "aliases": "s",
    "context": "s",
    "about": "b",
    "hash": "s",
}
BLOCK_LAYOUT = {**EDGE_LAYOUT, "relation": "s"}
EVALUATION_PREFIX = "table/dev/"
"""Ids of tables that are for evaluation alone; no graph holds them."""


def blocks_of(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Cut a stream of documents into blocks; a document whose id came before is dropped."""
    seen: set[bytes] = set()
    block: list[Document] = []
    size = 0
    for given in documents:
        document = as_document(given)
        if document.id.startswith(EVALUATION_PREFIX):
            continue
        key = hashlib.blake2b(document.id.encode("utf-8", "replace"), digest_size=12).digest()
        if key in seen:
            continue
        seen.add(key)
        block.append(document)
        size += len(document.text)
        if len(block) >= BLOCK_DOCUMENTS or size >= BLOCK_CHARS:
            yield block
            block, size = [], 0
    if block:
        yield block


def fingerprint_of(block: Sequence[Document]) -> str:
    """Return a hash of what a block says, wherever it was read from."""
    digest = hashlib.blake2b(digest_size=12)
    for document in block:
        head = head_of(replace(document, source=None))
        digest.update(content_hash(head, document.text).to_bytes(8, "little"))
    return digest.hexdigest()


def graph_id(fingerprints: Sequence[str]) -> str:
    """Return the id of the graph of some blocks."""
    text = "\n".join([str(FORMAT), str(VERSION), *fingerprints])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def is_done(path: Path, fingerprint: str, layout: dict[str, str]) -> bool:
    """Say whether a file holds what a block with that hash gives."""
    if not path.is_file():
        return False
    try:
        file = ColumnFile(path, layout)
    except CorruptError:
        return False
    done = file.metadata.get("fingerprint") == fingerprint and file.metadata.get("version") == str(VERSION)
    file.close()
    return done


def tables_path(path: Path) -> Path:
    """Name the file of the tables beside that of a block's edges."""
    return path.with_name(path.name.replace("edges-", "tables-"))


# ---------------------------------------------------------------------- in the workers

_extractor: list[Extractor] = []


def begin(folder: Path | None = None, memory: Path | None = None) -> None:
    """Prepare a worker: for edges it needs the names of all entities."""
    end_with_parent()
    _extractor.clear()
    if folder is not None:
        _extractor.append(Extractor(Entities(folder), read_memory(memory) if memory else None))


def profile_block(path: Path, fingerprint: str, block: Sequence[Document]) -> None:
    """Write the profiles of a block's documents."""
    metadata = {"fingerprint": fingerprint, "version": str(VERSION)}
    columns: dict[str, list[Any]] = {name: [] for name in PROFILE_LAYOUT}
    for document in block:
        found = profile(without_marks(document).document)
        for name in ("id", "title", "kind", "description", "context", "about"):
            columns[name].append(getattr(found, name))
        columns["aliases"].append(json.dumps(found.aliases, ensure_ascii=False))
        columns["hash"].append(str(found.hash))
    with ColumnWriter(path, PROFILE_LAYOUT, metadata) as writer:
        writer.append(columns)


def extract_block(path: Path, fingerprint: str, block: Sequence[Document], start: int) -> None:
    """Write the edges and tables of a block, whose first entity has the number `start`."""
    extractor = _extractor[0]
    edges: dict[str, list[Any]] = {name: [] for name in BLOCK_LAYOUT}
    tables: dict[str, list[Any]] = {name: [] for name in TABLE_LAYOUT}
    left: dict[str, tuple[int, list[str]]] = {}
    num_tables = 0
    for number, document in enumerate(block, start):
        found = extractor.extract(document, number)
        for row in found.edges:
            for name, values in edges.items():
                values.append(row[name] + num_tables if name == "table" and row[name] >= 0 else row[name])
        for row in found.tables:
            for name, values in tables.items():
                values.append(row[name])
        num_tables += len(found.tables)
        if found.left:
            count, ids = left.setdefault(found.left, (0, []))
            left[found.left] = (count + 1, [*ids, document.id] if len(ids) < 10 else ids)
    metadata = {"fingerprint": fingerprint, "version": str(VERSION)}
    with ColumnWriter(tables_path(path), TABLE_LAYOUT, metadata) as writer:
        writer.append(tables)
    metadata |= {"relations": json.dumps(sorted(set(edges["relation"]))), "left": json.dumps(left)}
    with ColumnWriter(path, BLOCK_LAYOUT, metadata) as writer:
        writer.append(edges)
