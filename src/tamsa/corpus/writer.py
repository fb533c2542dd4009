"""Changing an index: documents in, one atomic commit out."""

from __future__ import annotations

import contextlib
import json
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tamsa.corpus import chunks
from tamsa.corpus.catalog import Catalog, Entry
from tamsa.corpus.documents import content_hash, head_of, key_of
from tamsa.corpus.lexical import LexicalReader, LexicalWriter, chunk_document
from tamsa.corpus.lock import WriterLock
from tamsa.errors import CorruptError, InputError
from tamsa.store import make_folder, read_json, write_atomic, write_json
from tamsa.types import SCHEMA_VERSION, Document, Section

FORMAT = 1
"""Version of the folder's layout; an index of another version is built anew."""
KIND = "tamsa-index"
MARKER = "index.json"

Manifest = dict[str, Any]


def catalog_path(root: Path, generation: int) -> Path:
    """Return the file of the catalog of one generation."""
    return root / f"catalog-{generation}.bin"


def sources_path(root: Path, generation: int) -> Path:
    """Return the file that remembers the source files of one generation."""
    return root / f"sources-{generation}.json"


def is_index(root: Path) -> bool:
    """Tell whether a folder is an index, whole or damaged, and not one that happens to hold an `index.json`."""
    marker = root / MARKER
    if not marker.is_file():
        return False
    if (root / "lexical").is_dir():
        return True
    try:
        with open(marker, "rb") as file:
            start = json.loads(file.read(1000))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(start, dict) and start.get("kind") == KIND


def check_marker(root: Path) -> None:
    """Make sure that a folder is an index of this version.

    Raises:
        InputError: there is no index in it.
        CorruptError: its marker is damaged or of another version.
    """
    if not is_index(root):
        raise InputError(f"{root}: not an index; build one with: tamsa index PATH --out FOLDER")
    marker = read_json(root / MARKER)
    if not isinstance(marker, dict) or marker.get("kind") != KIND:
        raise CorruptError(f"{root / MARKER}: not the marker of an index; delete the folder and build it anew")
    if marker.get("format") != FORMAT:
        raise CorruptError(
            f"{root}: index format {marker.get('format')!r}, this Tamsa reads {FORMAT}; "
            "delete the folder and build it anew"
        )


def read_state(root: Path) -> tuple[LexicalReader | None, Manifest, Catalog]:
    """Read the last committed state; without a commit it is empty and `complete` is False.

    Raises:
        CorruptError: files are damaged.
    """
    nothing: Manifest = {"generation": 0, "complete": False}
    if not (root / "lexical" / "meta.json").exists():
        return None, nothing, Catalog.empty()
    generation = 0
    for _ in range(20):  # a writer may replace a generation between two of our reads
        reader = LexicalReader(root / "lexical")
        manifest = reader.manifest()
        if manifest is None:
            return reader, nothing, Catalog.empty()
        generation = int(manifest["generation"])
        with contextlib.suppress(FileNotFoundError):
            return reader, manifest, Catalog.load(catalog_path(root, generation))
    raise CorruptError(f"{root}: catalog-{generation}.bin is missing; delete the folder and build it anew")


def read_sources(root: Path, manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Read what an index remembers of its source files.

    Raises:
        CorruptError: the file is damaged.
    """
    if not manifest.get("sources"):
        return {}
    stored = read_json(sources_path(root, int(manifest["sources"])))
    if not isinstance(stored, dict):
        raise CorruptError(f"{root}: damaged list of source files; delete the folder and build it anew")
    return stored


class IndexWriter:
    """Adds, changes and deletes documents; used by one thread at a time."""

    def __init__(self, root: Path, *, wait_s: float = 0.0) -> None:
        """Open an index folder for writing, creating it if it is new or empty.

        Raises:
            InputError: the folder holds other files, or another process writes to it.
            CorruptError: the index in it is damaged.
            StorageError: it is not writable.
        """
        self.root = root
        if root.is_file():
            raise InputError(f"{root}: is a file; choose a folder for the index")
        make_folder(root)
        others = {entry.name for entry in root.iterdir()} - {"lock"}
        if not is_index(root) and any(not name.endswith(".tmp") for name in others):
            raise InputError(f"{root}: holds files that are not an index; choose another folder")
        self._lock = WriterLock(root / "lock", wait_s)
        try:
            if not (root / MARKER).exists():
                write_json(root / MARKER, {"schema_version": SCHEMA_VERSION, "kind": KIND, "format": FORMAT})
            check_marker(root)
            _, self.manifest, self.catalog = read_state(root)
            self._lexical = LexicalWriter(root / "lexical")
        except BaseException:
            self._lock.release()
            raise
        self._pending: dict[bytes, Entry | None] = {}

    @property
    def num_pending(self) -> int:
        """Documents changed since the last commit."""
        return len(self._pending)

    def put(self, document: Document, key: bytes | None = None, source: int = 0) -> bool:
        """Add or replace a document; return False if it is there already, unchanged.

        Args:
            document: the document, as `as_document` returns it.
            key: its key, if the caller has it already.
            source: number of the source file it comes from.
        """
        key = key or key_of(document.id)
        head = head_of(document)
        content = content_hash(head, document.text)
        present = self._current(key)
        if present is not None:
            if present.content == content and present.source == source:
                return False
            self._lexical.delete(key)
        pieces = chunks.split(document.text, document.sections)
        for part, (piece, anchors) in enumerate(zip(pieces, anchors_of(document.sections, pieces), strict=True)):
            self._lexical.add(
                chunk_document(
                    key, part, piece.start, piece.text, document.id, document.title, anchors, None if part else head
                )
            )
        self._pending[key] = Entry(document.id, document.title, content, len(pieces), source)
        return True

    def delete(self, doc_id: str) -> bool:
        """Delete a document; return False if it is not there."""
        return self.delete_key(key_of(doc_id))

    def delete_key(self, key: bytes) -> bool:
        """Delete a document by its key; return False if it is not there."""
        if self._current(key) is None:
            return False
        self._lexical.delete(key)
        self._pending[key] = None
        return True

    def source_of(self, key: bytes) -> int | None:
        """Return the source file of a document that is in the index or about to be, None if it is not."""
        present = self._current(key)
        return None if present is None else present.source

    def keys_from(self, sources: Iterable[int]) -> set[bytes]:
        """Return the keys of the documents that came from any of these source files."""
        wanted = set(sources)
        keys = {self.catalog.key(row) for row in self.catalog.rows_from(wanted)} - self._pending.keys()
        return keys | {key for key, entry in self._pending.items() if entry is not None and entry.source in wanted}

    def commit(self, *, complete: bool = True, sources: Mapping[str, Any] | None = None, **fields: Any) -> None:
        """Make all changes durable and visible at once.

        Args:
            complete: False for a checkpoint inside a longer build.
            sources: what is remembered of the source files; None keeps the former state.
            fields: further entries of the manifest (JSON).

        Raises:
            StorageError: a write failed; the index is as it was before.
        """
        generation = int(self.manifest["generation"]) + 1
        catalog = self.catalog.changed(self._pending)
        catalog.save(catalog_path(self.root, generation))
        manifest = {**self.manifest, **fields, "generation": generation, "complete": complete}
        manifest |= {"num_documents": catalog.num_documents, "num_chunks": catalog.num_chunks}
        if sources is not None:
            manifest["sources"] = generation
            text = json.dumps(sources, ensure_ascii=False, separators=(",", ":"))
            write_atomic(sources_path(self.root, generation), text.encode("utf-8", "surrogatepass"))
        self._lexical.commit(manifest)
        self.manifest, self.catalog = manifest, catalog
        self._pending = {}
        self._share()
        self._sweep()

    def close(self) -> None:
        """Drop what was not committed and let the next writer in."""
        try:
            self._lexical.close()
            self._share()
        finally:
            self._lock.release()

    def __enter__(self) -> IndexWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        with contextlib.suppress(Exception):  # the first error is the one to tell
            self.close()

    def _current(self, key: bytes) -> Entry | None:
        if key in self._pending:
            return self._pending[key]
        row = self.catalog.row(key)
        if row < 0:
            return None
        return Entry("", "", self.catalog.content(row), self.catalog.chunks(row), self.catalog.source(row))

    def _share(self) -> None:
        """Let tantivy's private files be read by whoever may read the index: it makes them for their owner alone."""
        with contextlib.suppress(OSError):
            mode = stat.S_IMODE((self.root / MARKER).stat().st_mode)
            for name in ("meta.json", ".managed.json"):
                (self.root / "lexical" / name).chmod(mode)

    def _sweep(self) -> None:
        """Delete files of old generations; the one before stays for readers that are just opening it."""
        oldest = int(self.manifest["generation"]) - 1
        for entry in self.root.iterdir():
            match = re.fullmatch(r"(catalog|sources)-(\d+)\.(?:bin|json)", entry.name)
            stale = match and int(match.group(2)) < oldest
            if match and match.group(1) == "sources":
                stale = stale and int(match.group(2)) != self.manifest.get("sources")
            if stale or re.fullmatch(r"\.(catalog|sources)-.*\.tmp", entry.name):
                with contextlib.suppress(OSError):
                    entry.unlink()


def anchors_of(sections: Iterable[Section], pieces: Iterable[chunks.Chunk]) -> Iterator[list[tuple[int, str]]]:
    """Yield, for each chunk of a document in turn, where within it which section begins.

    The section that covers its start, of several the one that began last, is at 0.
    """
    starts = sorted((part.start, part.end, part.title) for part in sections)
    begun: list[tuple[int, int, str]] = []
    following = 0
    for piece in pieces:
        while following < len(starts) and starts[following][0] <= piece.start:
            begun.append(starts[following])
            following += 1
        while begun and not (begun[-1][1] > piece.start or begun[-1][0] == piece.start):
            begun.pop()  # it has ended, for all further chunks too
        anchors = [(0, begun[-1][2])] if begun else []
        ahead = following
        while ahead < len(starts) and starts[ahead][0] < piece.end:
            anchors.append((starts[ahead][0] - piece.start, starts[ahead][2]))
            ahead += 1
        yield anchors
