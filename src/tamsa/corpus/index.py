"""The index of one machine: build, open, search, read, update."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tamsa.corpus import analysis, mentions
from tamsa.corpus.dense import DenseReader, check_vectors, make_vectors
from tamsa.corpus.documents import as_document, key_of
from tamsa.corpus.encoder import Encoder, MiniLM
from tamsa.corpus.hits import assemble, to_hit
from tamsa.corpus.lock import WriterLock
from tamsa.corpus.snapshot import Snapshot
from tamsa.corpus.writer import IndexWriter, check_marker, read_state
from tamsa.errors import InputError
from tamsa.types import Document, Hit, Mention

CHECKPOINT_S = 30.0
"""Seconds of building after which a checkpoint is committed, so that a crash loses no more than these."""
_CACHED_CHARS = 16_000_000

Record = Document | Mapping[str, Any]
Progress = Callable[[int], None]


class Index:
    """A searchable collection of documents in a folder.

    Reading is safe from several threads, and beside a writer in this or another process: each call
    sees the state committed last. Open one with `Index.open`, make one with `Index.build`.
    """

    def __init__(self, path: Path, encoder: Encoder | None = None) -> None:
        self.path = path
        self._committed = path / "lexical" / "meta.json"  # looked at with every call
        self._encoder = encoder
        self._lock = threading.Lock()
        self._cache: OrderedDict[tuple[bytes, int], Document] = OrderedDict()
        self._cached_chars = 0
        self._state: Snapshot | None = self._read()

    # ------------------------------------------------------------------ making

    @classmethod
    def build(
        cls,
        documents: Iterable[Record],
        path: Path | str,
        *,
        progress: Progress | None = None,
        wait_s: float = 0.0,
        checkpoint_s: float = CHECKPOINT_S,
        dense: bool | Encoder = False,
    ) -> Index:
        """Make a folder hold exactly these documents, and open it.

        A folder that holds an index already is brought up to date: unchanged documents are kept,
        others added, replaced or deleted. A build that was killed goes on where it stood when it is
        run again. Bad records and repeated ids (the first counts) are skipped, see `skipped`.

        Args:
            documents: documents or mappings with `id`, `title`, `text`, optional `links`, `date`.
            path: the index folder.
            progress: is called with the number of records read so far, now and then.
            wait_s: seconds to wait for another writer.
            checkpoint_s: seconds between commits of a long build.
            dense: make vectors too (slow: about 20 chunks a second and core), and search with them.

        Raises:
            ConfigError: the packages that dense search needs are not installed.
            InputError: the folder holds other files, another process writes to it, or no record is a document.
            StorageError: a write failed; the last checkpoint stays readable.
        """
        root = Path(path)
        encoder = _encoder(dense)
        with IndexWriter(root, wait_s=wait_s) as writer:
            seen: set[bytes] = set()
            skipped: list[list[str]] = []
            for number in _feed(writer, documents, seen, skipped, checkpoint_s):
                if progress:
                    progress(number)
            if not seen:
                raise InputError(f"{root}: nothing to index; none of the records is a document" + _first(skipped))
            for row in range(writer.catalog.num_documents):
                key = writer.catalog.key(row)
                if key not in seen:
                    writer.delete_key(key)
            if writer.num_pending or not writer.manifest["complete"] or writer.manifest.get("skipped") != skipped:
                writer.commit(complete=True, skipped=skipped, sources={} if writer.manifest.get("sources") else None)
        index = cls(root, encoder)
        if encoder is not None:
            index.make_vectors(wait_s=wait_s)
        return index

    @classmethod
    def open(cls, path: Path | str, *, dense: bool | Encoder = False) -> Index:
        """Open an index that was built before.

        Args:
            path: the index folder.
            dense: search with vectors too; the index must have been built with them.

        Raises:
            InputError: there is no index, or no vectors in it.
            CorruptError: it is damaged or of another version; the message says what to do.
            ConfigError: the packages that dense search needs are not installed.
        """
        root = Path(path)
        check_marker(root)
        if dense:
            check_vectors(root)
        return cls(root, _encoder(dense))

    def make_vectors(self, progress: Callable[[int, int], None] | None = None, *, wait_s: float = 0.0) -> int:
        """Encode the chunks that have no vector yet; return how many were encoded.

        A killed call keeps what it finished and goes on when it is made again.

        Args:
            progress: is called with the chunks encoded and the chunks to encode.
            wait_s: seconds to wait for another writer.

        Raises:
            InputError: another process writes to the index.
            ConfigError: the packages that dense search needs are not installed.
            StorageError: a write failed.
        """
        if self._encoder is None:
            self._encoder = MiniLM()
        lock = WriterLock(self.path / "lock", wait_s)
        try:
            state = self._snapshot()
            count = make_vectors(self.path, state.catalog, state.lexical, self._encoder, progress)
        finally:
            lock.release()
        with self._lock:
            self._state = self._read()
        return count

    def update(self, documents: Iterable[Record], *, wait_s: float = 0.0) -> int:
        """Add or replace documents in one commit; return how many changed.

        Raises:
            InputError: a record is no document, or another process writes to the index.
            StorageError: a write failed; nothing changed.
        """
        with IndexWriter(self.path, wait_s=wait_s) as writer:
            changed = sum(writer.put(as_document(record)) for record in documents)
            if changed:
                writer.commit(complete=writer.manifest["complete"])
        if changed and self._encoder is not None:
            self.make_vectors(wait_s=wait_s)
        return changed

    def delete(self, ids: Iterable[str], *, wait_s: float = 0.0) -> int:
        """Delete documents by id in one commit; return how many were there.

        Raises:
            InputError: another process writes to the index.
            StorageError: a write failed; nothing changed.
        """
        with IndexWriter(self.path, wait_s=wait_s) as writer:
            deleted = sum(writer.delete(doc_id) for doc_id in ids)
            if deleted:
                writer.commit(complete=writer.manifest["complete"])
        if deleted and self._encoder is not None:
            self.make_vectors(wait_s=wait_s)
        return deleted

    # ------------------------------------------------------------------ reading

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """Find the best documents for a query: any text, no query language.

        Returns:
            At most `k` hits, one a document, best first; `snippet` is `document.text[start:end]`.
            A document whose title is the query comes first, one whose title is in it counts more.

        Raises:
            CorruptError: the index is damaged.
        """
        if k < 1:
            return []
        terms = analysis.terms(query[: analysis.MAX_QUERY_CHARS])
        return [to_hit(chunk, terms) for chunk in self._snapshot().search(query, terms, k)]

    def get(self, doc_id: str) -> Document | None:
        """Return a document with its full text, sections and links, or None.

        Raises:
            CorruptError: the index is damaged.
        """
        state = self._snapshot()
        key = key_of(doc_id)
        row = state.catalog.row(key)
        if row < 0 or state.lexical is None:
            return None
        version = (key, state.catalog.content(row))
        with self._lock:
            cached = self._cache.get(version)
            if cached is not None:
                self._cache.move_to_end(version)
                return cached
        parts = state.lexical.document(key, state.catalog.chunks(row))
        document = assemble(parts)
        if document is not None:
            self._remember(version, document)
        return document

    def find_title(self, title: str) -> list[str]:
        """Return the ids of the documents with this title (case, spacing, diacritics folded), best first.

        Titles that equal it but for a qualifier in brackets or a leading "The" count where none is
        equal as a whole.
        """
        return mentions.find_title(self._snapshot().catalog, title)

    def mentions(self, text: str) -> list[Mention]:
        """Find known titles in a text: longest match, in order, without overlaps.

        Documents that share a name are returned one after another for the same stretch, the best
        first. Common words count as titles only where they are written as names.
        """
        return mentions.find_mentions(self._snapshot().catalog, text)

    def ids(self) -> list[str]:
        """Return the ids of all documents."""
        return list(self._snapshot().catalog.ids())

    @property
    def num_documents(self) -> int:
        """Documents in the index."""
        return self._snapshot().catalog.num_documents

    @property
    def num_chunks(self) -> int:
        """Chunks in the index."""
        return self._snapshot().catalog.num_chunks

    @property
    def complete(self) -> bool:
        """Whether the last build ran to its end."""
        return bool(self._snapshot().manifest["complete"])

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """What the last build or refresh could not use: (path or record, reason)."""
        return [(path, reason) for path, reason in self._snapshot().manifest.get("skipped", ())]

    def close(self) -> None:
        """Release the files; the index cannot be used any more."""
        with self._lock:
            self._state = None
            self._cache.clear()
            self._cached_chars = 0

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ inside

    def _stamp(self) -> tuple[int, int, int]:
        try:
            info = self._committed.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return info.st_mtime_ns, info.st_ino, info.st_size

    def _read(self) -> Snapshot:
        stamp = self._stamp()  # before reading: a commit in between is seen by the next call
        lexical, manifest, catalog = read_state(self.path)
        dense = DenseReader(self.path, catalog, self._encoder) if self._encoder is not None else None
        return Snapshot(lexical, manifest, catalog, stamp, dense)

    def _snapshot(self) -> Snapshot:
        state = self._state
        if state is None:
            raise InputError(f"{self.path}: the index was closed")
        if self._stamp() != state.stamp:
            with self._lock:
                if self._state is not None and self._state.stamp != self._stamp():
                    self._state = self._read()
                state = self._state or state
        return state

    def _remember(self, version: tuple[bytes, int], document: Document) -> None:
        size = len(document.text)
        if size > _CACHED_CHARS // 4:
            return
        with self._lock:
            if version not in self._cache:
                self._cache[version] = document
                self._cached_chars += size
            while self._cached_chars > _CACHED_CHARS:
                _, oldest = self._cache.popitem(last=False)
                self._cached_chars -= len(oldest.text)


def _feed(
    writer: IndexWriter,
    documents: Iterable[Record],
    seen: set[bytes],
    skipped: list[list[str]],
    checkpoint_s: float,
) -> Iterable[int]:
    last = time.monotonic()
    number = 0
    for number, record in enumerate(documents, start=1):
        try:
            document = as_document(record)
        except InputError as error:
            skipped.append([f"record {number}", str(error)])
            continue
        key = key_of(document.id)
        if key in seen:
            skipped.append([f"record {number}", f"id {document.id!r} is there already; the first document counts"])
            continue
        seen.add(key)
        writer.put(document, key)
        if number % 1000 == 0:
            yield number
        if writer.num_pending and time.monotonic() - last > checkpoint_s:
            writer.commit(complete=False)
            last = time.monotonic()
    yield number


def _first(skipped: Sequence[Sequence[str]]) -> str:
    return f" ({skipped[0][0]}: {skipped[0][1]})" if skipped else ""


def _encoder(dense: bool | Encoder) -> Encoder | None:
    if isinstance(dense, bool):
        return MiniLM() if dense else None
    return dense
