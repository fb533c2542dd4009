"""The lexical index: tantivy's schema, its settings and its failures.

One tantivy document per chunk holds the chunk's text; the first chunk of a document also holds its
head (id, title, sections, links). The title stands twice before each chunk's text in the indexed
field: over title fields with a weight of their own this was the best compromise between questions
about names and questions about contents (docs/log.md).

One more document, with the key `MANIFEST`, holds the state of the whole index. It changes in the
same tantivy commit as the chunks, which makes that commit the only moment at which anything changes.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import tantivy

from tamsa.corpus.analysis import MAX_TERMS, TOKENIZER, make_analyzer, spread
from tamsa.corpus.documents import compact_json
from tamsa.errors import CorruptError, InputError, StorageError, TamsaError
from tamsa.store import make_folder

MANIFEST = "manifest"
WRITER_MEMORY = 200_000_000
"""Bytes that the writer's threads may fill before they flush a segment."""

_HEAP_PER_THREAD = 16_000_000
_ADVICE = "delete the index folder and build it anew"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as read back: its document's key, its place in the document, its offsets and text."""

    key: bytes
    part: int
    start: int
    end: int
    id: str
    title: str
    anchors: tuple[tuple[int, str], ...]
    head: str
    text: str
    score: float = 0.0


def make_schema() -> Any:
    """Build the schema; changing it means a new `index.FORMAT`."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", tokenizer_name="raw", index_option="basic")
    # Signed: a plain integer given to an unsigned field ends tantivy's writer thread.
    builder.add_integer_field("part", indexed=True)
    builder.add_text_field("body", tokenizer_name=TOKENIZER, index_option="freq")
    builder.add_bytes_field("head", stored=True)
    builder.add_bytes_field("text", stored=True)
    return builder.build()


def chunk_document(
    key: bytes,
    part: int,
    start: int,
    text: str,
    doc_id: str,
    title: str,
    anchors: Sequence[tuple[int, str]],
    head: str | None,
) -> Any:
    """Make the tantivy document of one chunk."""
    document = tantivy.Document()
    document.add_text("key", key.hex())
    document.add_integer("part", part)
    document.add_text("body", spread(f"{title}\n{title}\n{text}"))
    place: list[Any] = [key.hex(), part, start, doc_id, title, list(anchors)]
    if head is not None:
        place.append(head)
    document.add_bytes("head", compact_json(place).encode())
    document.add_bytes("text", text.encode())
    return document


def guard(path: Path, action: Callable[[], T], *, writing: bool) -> T:
    """Run a tantivy call and turn its failures into ours.

    Raises:
        StorageError: a write failed.
        InputError: the files may not be opened.
        CorruptError: the files cannot be read.
    """
    try:
        return action()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic of the Rust side is no Exception
        if isinstance(error, TamsaError) or (
            not isinstance(error, Exception) and type(error).__name__ != "PanicException"
        ):
            raise
        reason = " ".join(str(error).split())[:200]
        if "PermissionDenied" in reason or "os error 13" in reason or isinstance(error, PermissionError):
            advice = "its lock must be writable even to search; mend the permissions or copy the folder"
            raise InputError(f"{path}: no permission to open the index ({advice})") from error
        if "os error 28" in reason or "No space left" in reason or getattr(error, "errno", None) == errno.ENOSPC:
            raise StorageError(f"{path}: the disk is full; free some space and run the same command again") from error
        if writing:
            raise StorageError(f"{path}: cannot write the index ({reason}); run the same command again") from error
        raise CorruptError(f"{path}: the index is damaged ({reason}); {_ADVICE}") from error


class LexicalReader:
    """One committed state of a lexical index; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open the latest committed state.

        Raises:
            CorruptError: the files are damaged.
        """
        self._path = path

        def open_index() -> tuple[Any, Any]:
            index = tantivy.Index.open(str(path))
            index.register_tokenizer(TOKENIZER, make_analyzer())
            index.config_reader("manual")
            index.reload()
            return index, index.searcher()

        self._index, self._searcher = guard(path, open_index, writing=False)
        self._schema = self._index.schema

    def reloaded(self) -> LexicalReader:
        """Return a reader of the state committed last."""
        fresh = object.__new__(LexicalReader)
        fresh._path, fresh._index, fresh._schema = self._path, self._index, self._schema

        def reload() -> Any:
            self._index.reload()
            return self._index.searcher()

        fresh._searcher = guard(self._path, reload, writing=False)
        return fresh

    def manifest(self) -> dict[str, Any] | None:
        """Read the manifest, None before the first commit."""
        found = self._fetch(self._term("key", MANIFEST, "basic"), 1)
        if not found:
            return None
        return guard(self._path, lambda: _manifest(found[0][1]), writing=False)

    def search(self, terms: Mapping[str, int], limit: int) -> list[StoredChunk]:
        """Return the best chunks for a bag of index terms, best first."""
        chosen = list(terms)
        if len(chosen) > MAX_TERMS:
            rarity = {term: self._searcher.doc_freq("body", term) for term in chosen}
            chosen = sorted((t for t in chosen if rarity[t]), key=lambda t: (rarity[t], t))[:MAX_TERMS]
        limit = min(limit, self._searcher.num_docs)  # tantivy reserves memory for as many as it is asked for
        if not chosen or limit < 1:
            return []
        parts = [(tantivy.Occur.Should, self._weighted(term, terms[term])) for term in chosen]
        return self._chunks(tantivy.Query.boolean_query(parts), limit)

    def document(self, key: bytes, count: int) -> list[StoredChunk]:
        """Return all chunks of a document, in order."""
        return sorted(self._chunks(self._term("key", key.hex(), "basic"), count), key=lambda chunk: chunk.part)

    def chunk(self, key: bytes, part: int) -> StoredChunk | None:
        """Return one chunk of a document."""
        query = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Must, self._term("key", key.hex(), "basic")),
                (tantivy.Occur.Must, tantivy.Query.term_query(self._schema, "part", part)),
            ]
        )
        found = self._chunks(query, 1)
        return found[0] if found else None

    def chunks(self, batch: int = 10_000) -> Iterable[StoredChunk]:
        """Yield every chunk, in no particular order."""
        offset = 0
        while True:
            hits = guard(self._path, partial(self._page, offset, batch), writing=False)
            yield from (chunk for chunk in hits if chunk is not None)
            if len(hits) < batch:
                return
            offset += batch

    def _page(self, offset: int, count: int) -> list[StoredChunk | None]:
        hits = self._searcher.search(tantivy.Query.all_query(), count, count=False, offset=offset).hits
        documents = [self._searcher.doc(address) for _, address in hits]
        return [None if len(json.loads(d.get_first("head"))) == 1 else _stored(d, 0.0) for d in documents]

    def _weighted(self, term: str, count: int) -> Any:
        query = self._term("body", term, "freq")
        return query if count == 1 else tantivy.Query.boost_query(query, float(count))

    def _term(self, field: str, value: str, option: str) -> Any:
        return tantivy.Query.term_query(self._schema, field, value, option)

    def _fetch(self, query: Any, limit: int) -> list[tuple[float, Any]]:
        def run() -> list[tuple[float, Any]]:
            hits = self._searcher.search(query, limit, count=False).hits
            return [(score, self._searcher.doc(address)) for score, address in hits]

        return guard(self._path, run, writing=False)

    def _chunks(self, query: Any, limit: int) -> list[StoredChunk]:
        found = self._fetch(query, limit)
        return guard(self._path, lambda: [_stored(document, score) for score, document in found], writing=False)


class LexicalWriter:
    """The one writer of a lexical index. Nothing is visible before `commit`."""

    def __init__(self, path: Path) -> None:
        """Open a folder for writing, creating the index in it if there is none.

        Raises:
            StorageError: it is not writable.
            CorruptError: its files are damaged.
        """
        self._path = make_folder(path)
        exists = (path / "meta.json").exists()

        def open_index() -> Any:
            index = tantivy.Index.open(str(path)) if exists else tantivy.Index(make_schema(), path=str(path))
            index.register_tokenizer(TOKENIZER, make_analyzer())
            return index

        self._index = guard(path, open_index, writing=not exists)
        threads = 2
        memory = max(WRITER_MEMORY, threads * _HEAP_PER_THREAD)
        self._writer = guard(path, lambda: self._index.writer(memory, threads), writing=True)

    def add(self, document: Any) -> None:
        """Add one chunk."""
        guard(self._path, lambda: self._writer.add_document(document), writing=True)

    def delete(self, key: bytes) -> None:
        """Delete all chunks of a document that were added before."""
        guard(self._path, lambda: self._writer.delete_documents_by_term("key", key.hex()), writing=True)

    def commit(self, manifest: Mapping[str, Any]) -> None:
        """Make everything since the last commit visible and durable, together with a manifest."""
        document = tantivy.Document()
        document.add_text("key", MANIFEST)
        document.add_integer("part", 0)
        document.add_bytes("head", json.dumps([MANIFEST]).encode())
        document.add_bytes("text", json.dumps(manifest, ensure_ascii=False).encode())

        def run() -> None:
            self._writer.delete_documents_by_term("key", MANIFEST)
            self._writer.add_document(document)
            self._writer.commit()

        guard(self._path, run, writing=True)

    def close(self) -> None:
        """Finish merges and release the folder; what was not committed is dropped."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            guard(self._path, writer.wait_merging_threads, writing=True)


def _manifest(document: Any) -> dict[str, Any]:
    value = json.loads(document.get_first("text"))
    if not isinstance(value, dict):
        raise ValueError("the manifest is no object")
    return value


def _stored(document: Any, score: float) -> StoredChunk:
    key, part, start, doc_id, title, anchors, *head = json.loads(document.get_first("head"))
    text = document.get_first("text").decode()
    return StoredChunk(
        key=bytes.fromhex(key),
        part=part,
        start=start,
        end=start + len(text),
        id=doc_id,
        title=title,
        anchors=tuple((at, name) for at, name in anchors),
        head=head[0] if head else "",
        text=text,
        score=score,
    )
