"""What `--docs` does: files, folders, corpus files or an index become an open index."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tamsa.corpus.documents import as_document, key_of
from tamsa.corpus.index import CHECKPOINT_S, Index
from tamsa.corpus.readers import VERSION, Draft, Skip
from tamsa.corpus.readers.pool import TIME_LIMIT_S, Failed, read_files
from tamsa.corpus.sources import Listing, SourceFile, fingerprint, list_files, resolve_link
from tamsa.corpus.writer import IndexWriter, is_index, read_sources
from tamsa.errors import CorruptError, InputError
from tamsa.types import Document, Link

MAX_WORKERS = 4
_SETTLED_NS = 2_000_000_000  # a file changed this shortly before it was read may change again unnoticed
_MAX_SKIPS = 1000  # reported per file


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a refresh is: bytes of source files read, of all that must be; documents so far."""

    done: int
    total: int
    documents: int
    name: str = ""


OnProgress = Callable[[Progress], None]


@dataclass(slots=True)
class _Known:
    """What the index remembers of a source file."""

    number: int
    size: int
    times: list[int]
    hash: str
    settled: bool
    version: int
    skipped: list[list[str]]
    shadowed: bool = False
    """Some of its ids belong to another file, which may go."""


def cache_folder(paths: Sequence[Path]) -> Path:
    """Return the folder in which the index of these paths is kept if no other is named."""
    base = os.environ.get("XDG_CACHE_HOME") or ""
    home = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    resolved = [str(path.resolve()) for path in paths]
    digest = hashlib.blake2b("\0".join(resolved).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    name = re.sub(r"[^\w.-]+", "_", Path(resolved[0]).name)[:40] or "docs"
    return home / "tamsa" / "indexes" / f"{name}-{digest}"


def open_corpus(
    paths: Sequence[Path | str],
    *,
    out: Path | None = None,
    on_progress: OnProgress | None = None,
    wait_s: float = 10.0,
    checkpoint_s: float = CHECKPOINT_S,
    time_limit_s: float = TIME_LIMIT_S,
    workers: int | None = None,
    dense: bool = False,
) -> Index:
    """Open what a person names as documents, building or refreshing its index.

    A single path to an index opens it. Files and folders are read by content; what did not change
    since the last time is not read again; what cannot be read is listed in `Index.skipped`. A
    refresh that was killed goes on where its last checkpoint stands.

    Args:
        paths: files, folders, corpus files, or one index folder.
        out: where the index is kept; a cache folder keyed by the paths by default.
        on_progress: is told of the progress, at most ten times a second.
        wait_s: seconds to wait for another process that writes the same index.
        checkpoint_s: seconds between commits.
        time_limit_s: seconds a reader may take until its next result.
        workers: reader processes; as many as processors by default, at most 4.
        dense: make vectors too, and search with them.

    Raises:
        InputError: a path does not exist, nothing in them can be read, or an index stands beside other paths.
        CorruptError: the index is damaged.
        StorageError: the index cannot be written.
        TamsaError: the processes that read files cannot be started.
        ConfigError: the packages that dense search needs are not installed.
    """
    places = [Path(path) for path in paths]
    built = [place for place in places if is_index(place)]
    if built and len(places) == 1:
        return _open_built(places[0], dense)
    if built:
        raise InputError(f"{built[0]}: an index cannot be searched together with other documents; name it alone")
    listing = list_files(places)
    what = ", ".join(str(path) for path in places[:3])
    if not listing.files:
        reason = f" ({listing.skipped[0][0]}: {listing.skipped[0][1]})" if listing.skipped else ""
        raise InputError(f"{what}: no documents in it{reason}; name a file or folder with md, txt, html, pdf, …")
    root = out or cache_folder(places)

    def refreshed() -> Index:
        with IndexWriter(root, wait_s=wait_s) as writer:
            refresh = _Refresh(writer, listing, on_progress, checkpoint_s)
            refresh.run(workers or min(MAX_WORKERS, os.cpu_count() or 1), time_limit_s)
        return Index.open(root)

    try:
        index = refreshed()
    except CorruptError:
        if out is not None:
            raise
        shutil.rmtree(root, ignore_errors=True)  # our own cache, made of documents that are still there
        index = refreshed()
    if not index.num_documents:
        skipped = index.skipped
        index.close()
        reason = f"; {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise InputError(f"{what}: none of the {len(listing.files)} files can be read{reason}")
    if dense:
        index.make_vectors(lambda done, total: _tell_vectors(index, on_progress, done, total), wait_s=wait_s)
    return index


def _tell_vectors(index: Index, on_progress: OnProgress | None, done: int, total: int) -> None:
    if on_progress:
        on_progress(Progress(done, total, index.num_documents, "vectors"))


def _open_built(path: Path, dense: bool) -> Index:
    index = Index.open(path, dense=dense)
    if not index.num_documents:
        index.close()
        raise InputError(f"{path}: the index is empty; run the command that was to build it again")
    if not index.complete:
        index.close()
        raise InputError(f"{path}: the index was not finished; run the command that was to build it again")
    return index


class _Refresh:
    """One run over the listed files."""

    def __init__(
        self, writer: IndexWriter, listing: Listing, on_progress: OnProgress | None, checkpoint_s: float
    ) -> None:
        self._writer = writer
        self._listing = listing
        self._on_progress = on_progress
        self._checkpoint_s = checkpoint_s
        stored = read_sources(writer.root, writer.manifest)
        try:
            self._known = {name: _Known(**entry) for name, entry in stored.items()}
        except TypeError as error:
            advice = "delete the index folder and build it anew"
            raise CorruptError(f"{writer.root}: damaged list of source files; {advice}") from error
        self._next = max((known.number for known in self._known.values()), default=0) + 1
        self._changed = False
        self._documents = writer.catalog.num_documents
        self._last_commit = self._last_progress = time.monotonic()

    def run(self, workers: int, time_limit_s: float) -> None:
        """Bring the index up to date and commit it."""
        listed = {file.name for file in self._listing.files}
        removed = [name for name in self._known if name not in listed]
        for key in self._writer.keys_from(self._known[name].number for name in removed) if removed else ():
            self._writer.delete_key(key)
            self._documents -= 1
        for name in removed:
            del self._known[name]
        self._changed = bool(removed)
        todo = [file for file in self._listing.files if not self._is_unchanged(file)]
        if self._changed or todo:
            waiting = {file.name for file in todo}
            todo += [f for f in self._listing.files if f.name not in waiting and self._known[f.name].shadowed]
        self._read(todo, workers, time_limit_s)
        skipped = self._all_skipped()
        before = [list(entry) for entry in self._writer.manifest.get("skipped", ())]
        if self._changed or not self._writer.manifest["complete"] or skipped != before:
            self._commit(complete=True, skipped=skipped)

    def _is_unchanged(self, file: SourceFile) -> bool:
        known = self._known.get(file.name)
        if known is None or known.version != VERSION or known.size != file.size:
            return False
        if known.times == _times(file) and known.settled:
            return True
        try:
            same = fingerprint(file.path) == known.hash
        except OSError:
            return False
        if same:
            known.times, known.settled = _times(file), _is_settled(file)
            self._changed = True
        return same

    def _read(self, todo: list[SourceFile], workers: int, time_limit_s: float) -> None:
        total = sum(file.size for file in todo)
        done = 0
        old: set[bytes] = set()
        known: _Known | None = None
        current = -1
        for number, found in read_files([file.path for file in todo], workers=workers, time_limit_s=time_limit_s):
            file = todo[number]
            if number != current or known is None:
                current = number
                known = self._begin(file)
                old = self._writer.keys_from([known.number])
            if isinstance(found, Draft):
                self._put(file, found, known, old)
            elif isinstance(found, Skip):
                if len(known.skipped) < _MAX_SKIPS:
                    known.skipped.append([f"{file.name}, {found.where}", found.reason])
            else:
                if isinstance(found, Failed):
                    known.skipped.append([file.name, found.reason])
                for key in old:
                    self._writer.delete_key(key)
                    self._documents -= 1
                self._known[file.name] = known
                self._changed = True
                done += file.size
                current = -1
            self._tell(done, total, file.name)
            if time.monotonic() - self._last_commit > self._checkpoint_s:
                self._commit(complete=False)

    def _begin(self, file: SourceFile) -> _Known:
        former = self._known.get(file.name)
        number = former.number if former else self._next
        if former is None:
            self._next += 1
        try:
            content = fingerprint(file.path)
            info = file.path.stat()
            if [info.st_mtime_ns, info.st_ctime_ns] != _times(file):
                content = ""  # changed since it was listed: the next refresh reads it again
        except OSError:
            content = ""
        # Until its end a file counts as never read, but keeps its number: a checkpoint may hold a part of it.
        self._known[file.name] = _Known(number, -1, [], "", False, VERSION, [])
        return _Known(number, file.size, _times(file), content, _is_settled(file), VERSION, [])

    def _put(self, file: SourceFile, draft: Draft, known: _Known, old: set[bytes]) -> None:
        try:
            document = as_document(_document(file, draft))
        except InputError as error:
            known.skipped.append([file.name, str(error)])
            return
        key = key_of(document.id)
        owner = self._writer.source_of(key)
        if key in old:
            old.discard(key)
        elif owner is not None:
            known.shadowed = known.shadowed or owner != known.number
            if len(known.skipped) < _MAX_SKIPS:
                known.skipped.append([file.name, f"id {document.id!r} is there already; the first document counts"])
            return
        else:
            self._documents += 1
        self._writer.put(document, key, known.number)

    def _all_skipped(self) -> list[list[str]]:
        skipped = [list(entry) for entry in self._listing.skipped]
        for name in sorted(self._known):
            skipped += self._known[name].skipped
        return skipped

    def _tell(self, done: int, total: int, name: str) -> None:
        now = time.monotonic()
        if self._on_progress and (now - self._last_progress > 0.1 or done == total):
            self._last_progress = now
            self._on_progress(Progress(done, total, self._documents, name))

    def _commit(self, *, complete: bool, **fields: Any) -> None:
        sources = {name: asdict(known) for name, known in self._known.items()}
        self._writer.commit(complete=complete, sources=sources, **fields)
        self._last_commit = time.monotonic()


def _times(file: SourceFile) -> list[int]:
    return [file.mtime_ns, file.ctime_ns]


def _is_settled(file: SourceFile) -> bool:
    return time.time_ns() - max(_times(file)) > _SETTLED_NS


def _document(file: SourceFile, draft: Draft) -> Document:
    if draft.id is not None:
        return Document(
            draft.id, draft.title, draft.text, draft.sections, draft.links, source=str(file.path), date=draft.date
        )
    links = tuple(Link(resolve_link(file.name, link.target), link.start, link.end) for link in draft.links)
    name = file.name if draft.part == 1 else f"{file.name}#{draft.part}"
    return Document(name, draft.title, draft.text, draft.sections, links, source=str(file.path), date=draft.date)
