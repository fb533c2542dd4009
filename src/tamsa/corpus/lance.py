"""The same search over LanceDB: a local folder or an object store, for corpora beyond one machine.

Two tables hold everything. `chunks` has one row per chunk, with the index terms that our own
analysis makes of it, so that queries mean the same as in the local index; `names` has one row per
name of a title. Readers keep nothing of the collection in memory. Every batch of documents is one
atomic version of each table; a killed build is run again and skips what is there.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from tamsa.corpus import analysis, chunks, mentions
from tamsa.corpus.catalog import Catalog, Entry
from tamsa.corpus.documents import as_document, content_hash, head_of, key_of
from tamsa.corpus.hits import assemble, prefer_named, to_hit
from tamsa.corpus.lexical import StoredChunk
from tamsa.corpus.names import TOKEN, name_hash, names_of, tokens_of
from tamsa.corpus.writer import anchors_of
from tamsa.errors import ConfigError, CorruptError, InputError, StorageError
from tamsa.types import Document, Hit, Mention

BATCH = 500
"""Documents written in one version of the tables."""
MAX_NAME_TOKENS = 8
"""Longest title, in words, that is looked for in texts."""
_MAX_MENTION_CHARS = 20_000  # of a longer text the mentions are found piece by piece
_CANDIDATES = 50

_CHUNKS = {
    "uid": "string",
    "key": "string",
    "part": "int32",
    "start": "int64",
    "content": "int64",
    "id": "string",
    "title": "string",
    "anchors": "string",
    "head": "large_string",
    "text": "large_string",
    "terms": "large_string",
}
_NAMES = {"uid": "string", "key": "string", "hash": "int64", "id": "string", "title": "string"}
_SHOWN = ["key", "part", "start", "id", "title", "anchors", "head", "text"]

Record = Document | Mapping[str, Any]


class LanceIndex:
    """A searchable collection of documents in LanceDB; the interface is `SearchIndex`."""

    def __init__(self, uri: str, storage_options: Mapping[str, str] | None = None, *, create: bool = False) -> None:
        """Connect to a database, usually through `open` or `build`.

        Raises:
            ConfigError: the package lancedb is missing.
            InputError: there is no index at the address, or it cannot be reached.
        """
        try:
            lancedb = importlib.import_module("lancedb")
        except ImportError as error:
            raise ConfigError('this index needs lancedb; install it with: pip install "tamsa[lancedb]"') from error
        self.uri = uri
        self._arrow = importlib.import_module("pyarrow")
        self._skipped: list[tuple[str, str]] = []
        try:
            options = dict(storage_options) if storage_options else None
            self._database = lancedb.connect(uri, storage_options=options)
            if create:
                self._chunks = self._database.create_table("chunks", schema=self._schema(_CHUNKS), exist_ok=True)
                self._names = self._database.create_table("names", schema=self._schema(_NAMES), exist_ok=True)
            else:
                self._chunks = self._database.open_table("chunks")
                self._names = self._database.open_table("names")
        except Exception as error:
            raise InputError(f"{uri}: no index can be opened there ({_short(error)}); build it first") from error
        if self._chunks.schema.names != list(_CHUNKS) or self._names.schema.names != list(_NAMES):
            raise CorruptError(f"{uri}: holds tables of another layout; delete them and build the index anew")

    @classmethod
    def open(cls, uri: str, storage_options: Mapping[str, str] | None = None) -> LanceIndex:
        """Open an index that was built before.

        Args:
            uri: a folder, or an object store such as `s3://bucket/prefix`.
            storage_options: what LanceDB needs to reach it (keys, region, endpoint).

        Raises:
            ConfigError, InputError, CorruptError: as named in the message.
        """
        return cls(uri, storage_options)

    @classmethod
    def build(
        cls, documents: Iterable[Record], uri: str, storage_options: Mapping[str, str] | None = None
    ) -> LanceIndex:
        """Make a database hold exactly these documents, and open it.

        What is there already, unchanged, is kept; a killed build goes on when it is run again.

        Raises:
            ConfigError, InputError, CorruptError, StorageError: as named in the message.
        """
        index = cls(uri, storage_options, create=True)
        seen: set[str] = set()
        index._put(documents, seen)
        if not seen:
            raise InputError(f"{uri}: nothing to index; none of the records is a document")
        present = index._rows(index._chunks, "part = 0", ["key"])
        index._delete_keys([row["key"] for row in present if row["key"] not in seen])
        index._finish()
        return index

    def update(self, documents: Iterable[Record]) -> int:
        """Add or replace documents; return how many changed.

        Raises:
            StorageError: a write failed; batches before it are kept.
        """
        changed = self._put(documents, set())
        self._finish()
        return changed

    def delete(self, ids: Iterable[str]) -> int:
        """Delete documents by id; return how many were there.

        Raises:
            StorageError: a write failed.
        """
        keys = [key_of(doc_id).hex() for doc_id in ids]
        found = [row["key"] for part in _parts(keys) for row in self._of_keys(part, "part = 0", ["key"])]
        self._delete_keys(found)
        return len(found)

    # ------------------------------------------------------------------ reading

    @property
    def num_documents(self) -> int:
        """Documents in the index."""
        return int(self._chunks.count_rows("part = 0"))

    @property
    def num_chunks(self) -> int:
        """Chunks in the index."""
        return int(self._chunks.count_rows())

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """Records that this object could not index: (record, reason)."""
        return list(self._skipped)

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """Find the best documents for any text, one hit each, best first."""
        terms = analysis.terms(query[: analysis.MAX_QUERY_CHARS])
        if k < 1:
            return []
        best = self._best_chunks(dict(islice(terms.items(), analysis.MAX_TERMS)), k) if terms else {}
        short = len(query) <= mentions.MAX_TITLE_CHARS
        named = {key_of(mention.id) for mention in self.mentions(query)} if short else set()
        best = prefer_named(best, named)
        if short:
            lead: dict[bytes, StoredChunk] = {}
            for doc_id in self.find_title(query)[:3]:
                key = key_of(doc_id)
                chunk = best.get(key) or next(iter(self._document(key, "part = 0")), None)
                if chunk is not None:
                    lead[key] = chunk
            best = lead | {key: chunk for key, chunk in best.items() if key not in lead}
        return [to_hit(chunk, terms) for chunk in list(best.values())[:k]]

    def get(self, doc_id: str) -> Document | None:
        """Return a document, or None."""
        return assemble(self._document(key_of(doc_id)))

    def find_title(self, title: str) -> list[str]:
        """Return the ids of the documents with this title, best first."""
        tokens = tokens_of(title)
        hashes = {name_hash(tokens[start:]) for start in (0, 1) if tokens[start:]}
        return mentions.find_title(self._named(hashes), title)

    def mentions(self, text: str) -> list[Mention]:
        """Find known titles in a text, in order, longest first, without overlaps."""
        found: list[Mention] = []
        start = 0
        while start < len(text):
            end = start + _MAX_MENTION_CHARS
            if end < len(text):
                end = max(text.rfind("\n", start, end), text.rfind(". ", start, end)) + 1 or end
                end = end if end > start else start + _MAX_MENTION_CHARS
            piece = text[start:end]
            for mention in mentions.find_mentions(self._named(_candidates(piece)), piece):
                found.append(Mention(mention.id, mention.title, start + mention.start, start + mention.end))
            start = end
        return found

    def close(self) -> None:
        """Release the connection."""
        self._database = None

    # ------------------------------------------------------------------ inside

    def _schema(self, columns: Mapping[str, str]) -> Any:
        return self._arrow.schema([(name, getattr(self._arrow, kind)()) for name, kind in columns.items()])

    def _best_chunks(self, terms: Mapping[str, int], k: int) -> dict[bytes, StoredChunk]:
        query = " ".join(term for term, count in terms.items() for _ in range(min(count, 4)))
        limit = max(_CANDIDATES, 2 * k + 10)
        while True:
            rows = (
                self._chunks.search(query, query_type="fts", fts_columns="terms")
                .select([*_SHOWN, "_score"])
                .limit(limit)
                .to_list()
            )
            best: dict[bytes, StoredChunk] = {}
            for chunk in sorted(map(_stored, rows), key=lambda chunk: (-chunk.score, chunk.id, chunk.part)):
                best.setdefault(chunk.key, chunk)
            if len(best) >= k or len(rows) < limit:
                return best
            limit *= 4

    def _document(self, key: bytes, condition: str = "true") -> list[StoredChunk]:
        rows = self._of_keys([key.hex()], condition, _SHOWN)
        return sorted(map(_stored, rows), key=lambda chunk: chunk.part)

    def _named(self, hashes: Iterable[int]) -> Catalog:
        """Fetch the documents with names of these hashes as a small catalog."""
        entries: dict[bytes, Entry | None] = {}
        for part in _parts([_signed(value) for value in hashes]):
            condition = f"hash IN ({', '.join(map(str, part))})"
            for row in self._rows(self._names, condition, ["id", "title"]):
                entries[key_of(row["id"])] = Entry(row["id"], row["title"], 0, 1)
        return Catalog.empty().changed(entries) if entries else Catalog.empty()

    def _of_keys(self, keys: Sequence[str], condition: str, columns: list[str]) -> list[dict[str, Any]]:
        return self._rows(self._chunks, f"({condition}) AND {_in('key', keys)}", columns)

    def _rows(self, table: Any, condition: str, columns: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = table.search().where(condition).select(columns).to_list()
        return found

    def _put(self, documents: Iterable[Record], seen: set[str]) -> int:
        changed = 0
        for batch in _batches(self._checked(documents, seen)):
            stored = self._of_keys(list(batch), "part = 0", ["key", "content"])
            present = {row["key"]: row["content"] for row in stored}
            fresh = {key: entry for key, entry in batch.items() if present.get(key) != entry[2]}
            if fresh:
                self._write(fresh)
            changed += len(fresh)
        return changed

    def _checked(self, documents: Iterable[Record], seen: set[str]) -> Iterator[tuple[str, tuple[Document, str, int]]]:
        for number, record in enumerate(documents, start=1):
            try:
                document = as_document(record)
            except InputError as error:
                self._skipped.append((f"record {number}", str(error)))
                continue
            key = key_of(document.id).hex()
            if key in seen:
                reason = f"id {document.id!r} is there already; the first document counts"
                self._skipped.append((f"record {number}", reason))
                continue
            seen.add(key)
            head = head_of(document)
            yield key, (document, head, _signed(content_hash(head, document.text)))

    def _write(self, batch: Mapping[str, tuple[Document, str, int]]) -> None:
        rows: list[dict[str, Any]] = []
        names: list[dict[str, Any]] = []
        for key, (document, head, content) in batch.items():
            pieces = chunks.split(document.text, document.sections)
            for part, (piece, anchors) in enumerate(zip(pieces, anchors_of(document.sections, pieces), strict=True)):
                rows.append(
                    {
                        "uid": f"{key}:{part}",
                        "key": key,
                        "part": part,
                        "start": piece.start,
                        "content": content,
                        "id": document.id,
                        "title": document.title,
                        "anchors": json.dumps(anchors),
                        "head": "" if part else head,
                        "text": piece.text,
                        "terms": _terms(f"{document.title}\n{document.title}\n{piece.text}"),
                    }
                )
            for value in {name_hash(list(name.tokens)) for name in names_of(document.title)}:
                row = {"uid": f"{key}:{value}", "key": key, "hash": _signed(value)}
                names.append({**row, "id": document.id, "title": document.title})
        # Names first: a crash in between leaves names of documents that the next run writes (again).
        self._replace(self._names, names, _NAMES, list(batch))
        self._replace(self._chunks, rows, _CHUNKS, list(batch))

    def _replace(self, table: Any, rows: list[dict[str, Any]], columns: Mapping[str, str], keys: Sequence[str]) -> None:
        try:
            merge = table.merge_insert("uid").when_matched_update_all().when_not_matched_insert_all()
            merge.when_not_matched_by_source_delete(_in("key", keys)).execute(
                self._arrow.Table.from_pylist(rows, schema=self._schema(columns))
            )
        except Exception as error:
            raise StorageError(f"{self.uri}: cannot write the index ({_short(error)}); run the same again") from error

    def _delete_keys(self, keys: Sequence[str]) -> None:
        try:
            for part in _parts(list(keys)):
                self._chunks.delete(_in("key", part))
                self._names.delete(_in("key", part))
        except Exception as error:
            raise StorageError(f"{self.uri}: cannot write the index ({_short(error)}); run the same again") from error

    def _finish(self) -> None:
        """Build the indexes of the tables, or bring them up to date."""
        try:
            if not self._chunks.list_indices():
                self._chunks.create_fts_index(
                    "terms", base_tokenizer="whitespace", stem=False, remove_stop_words=False, lower_case=False,
                    ascii_folding=False, with_position=False, max_token_length=None,
                )  # fmt: skip
                self._chunks.create_scalar_index("key")
                self._names.create_scalar_index("hash")
            self._chunks.optimize()
            self._names.optimize()
        except Exception as error:
            raise StorageError(f"{self.uri}: cannot write the index ({_short(error)}); run the same again") from error


def _terms(text: str) -> str:
    return " ".join(term for term, count in analysis.terms(text).items() for _ in range(count))


def _stored(row: Mapping[str, Any]) -> StoredChunk:
    return StoredChunk(
        key=bytes.fromhex(row["key"]),
        part=row["part"],
        start=row["start"],
        end=row["start"] + len(row["text"]),
        id=row["id"],
        title=row["title"],
        anchors=tuple((at, name) for at, name in json.loads(row["anchors"])),
        head=row["head"],
        text=row["text"],
        score=float(row.get("_score") or 0.0),
    )


def _candidates(text: str) -> set[int]:
    """Return the hashes of the stretches of a text that may be names: those that begin like one."""
    tokens = TOKEN.findall(text)
    lower = text == text.lower()
    found: set[int] = set()
    for start, token in enumerate(tokens):
        if not lower and token == token.lower() and token != token.upper():
            continue
        for end in range(start + 1, min(start + MAX_NAME_TOKENS, len(tokens)) + 1):
            found.add(name_hash(tokens[start:end]))
    return found


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _in(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"  # keys are hexadecimal: nothing to escape


def _parts(values: Sequence[Any], size: int = 1000) -> Iterator[list[Any]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def _batches(items: Iterator[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    while batch := dict(islice(items, BATCH)):
        yield batch


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]
