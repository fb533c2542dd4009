"""Building a graph: documents in, a folder out; streaming, by processes, resumable, always the same bytes.

Documents are cut into blocks. Pass one profiles every document (what it is about, its names); pass two extracts each
block with the names of all. A finished block is a file with the hash of its documents: a build that was killed takes
up what is finished and does the rest. At the end the blocks are joined in order, so that neither the number of
processes nor any interruption shows in the result.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from tamsa.corpus.documents import as_document, content_hash, head_of
from tamsa.errors import CorruptError, InputError
from tamsa.store import make_folder, write_json
from tamsa.synthesis.graph.columns import ColumnFile, ColumnWriter
from tamsa.synthesis.graph.extract import Extractor
from tamsa.synthesis.graph.linking import Entities
from tamsa.synthesis.graph.memory import read_memory
from tamsa.synthesis.graph.names import ALIAS, PLACED, QUALIFIED, TITLE, Names, name_key
from tamsa.synthesis.graph.profile import bare_title, profile
from tamsa.synthesis.graph.store import EDGE_LAYOUT, ENTITY_LAYOUT, FORMAT, KIND, SOURCES, TABLE_LAYOUT, Graph
from tamsa.types import SCHEMA_VERSION, Document

BLOCK_DOCUMENTS = 1000
BLOCK_CHARS = 4_000_000
"""A block ends at the first of the two."""
VERSION = 6
"""Changes when the extractor would read another graph from the same documents."""
_PROFILE_LAYOUT = {
    "id": "s",
    "title": "s",
    "kind": "s",
    "description": "s",
    "aliases": "s",
    "context": "s",
    "about": "b",
    "hash": "s",
}
_BLOCK_LAYOUT = {**EDGE_LAYOUT, "relation": "s"}

Source = Callable[[], Iterable[Document]]
OnProgress = Callable[[str, int, int], None]
"""Is told the stage (`profiles`, `edges`, `joining`), blocks done, and blocks in all (0: not known yet)."""


def build_graph(
    source: Source,
    out: Path | str,
    *,
    processes: int = 1,
    memory: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Graph:
    """Build the graph of some documents in a folder, or finish one that was begun.

    Args:
        source: gives the documents, in the same order each time it is called; ids must be unique (of documents with
            one id the first counts). Evaluation tables (`EVALUATION_PREFIX`) are left out.
        out: a new folder, or one in which the same build was begun or finished.
        processes: worker processes; 1 works in this one. The result is the same for any number.
        memory: statements that a model read from the documents (`build_memory`); they become edges of source `llm`.
        on_progress: is told of the progress.

    Raises:
        InputError: there are no documents, or the folder holds a graph of other documents.
        StorageError: it cannot be written.
    """
    path = make_folder(Path(out))
    build = _Build(path, source, max(1, processes), memory, on_progress or (lambda *_: None))
    return build.run()


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


EVALUATION_PREFIX = "table/dev/"
"""Ids of tables that are for evaluation alone; no graph holds them."""


class _Build:
    def __init__(
        self, path: Path, source: Source, processes: int, memory: Path | None, on_progress: OnProgress
    ) -> None:
        self.path = path
        self._memory = memory
        self._memory_hash = hashlib.blake2b(memory.read_bytes()).hexdigest() if memory else ""
        self.work = path / "work"
        self._source = source
        self._processes = processes
        self._tell = on_progress

    def run(self) -> Graph:
        others = {entry.name for entry in self.path.iterdir()} - {"work", "graph.json"}
        if (self.path / "graph.json").is_file():
            graph = Graph.open(self.path)
            fingerprints = [_fingerprint(block) for block in blocks_of(self._source())]
            if graph.id == _graph_id([*fingerprints, self._memory_hash]):
                return graph
            graph.close()
            raise InputError(f"{self.path}: holds the graph of other documents; choose another --out or delete it")
        if others and not self.work.is_dir():
            raise InputError(f"{self.path}: holds files that are not a graph; choose another folder")
        make_folder(self.work)
        for litter in [*self.path.glob(".*.tmp"), *self.work.glob(".*.tmp")]:
            litter.unlink(missing_ok=True)
        fingerprints = self._profiles()
        if not fingerprints:
            raise InputError("no documents to build a graph of; name a file or folder with md, txt, html, pdf, …")
        starts = self._entities(len(fingerprints))
        self._edges(fingerprints, starts)
        manifest = self._join(len(fingerprints))
        manifest |= {"id": _graph_id([*fingerprints, self._memory_hash])}
        write_json(self.path / "graph.json", manifest)
        shutil.rmtree(self.work, ignore_errors=True)
        return Graph.open(self.path)

    # ------------------------------------------------------------------ passes

    def _profiles(self) -> list[str]:
        """Profile every block; return the hashes of the blocks."""
        fingerprints: list[str] = []

        def tasks() -> Iterator[tuple[Any, ...]]:
            for number, block in enumerate(blocks_of(self._source())):
                fingerprints.append(_fingerprint(block))
                path = self.work / f"profiles-{number:06d}.arrow"
                if not _is_done(path, fingerprints[-1], _PROFILE_LAYOUT):
                    yield path, fingerprints[-1], block
                self._tell("profiles", number + 1, 0)

        self._work(_profile_block, tasks(), ())
        return fingerprints

    def _entities(self, num_blocks: int) -> list[int]:
        """Write the entities and their names; return the number of each block's first entity."""
        starts: list[int] = []
        best = self._twins(num_blocks)
        names: list[tuple[int, int, int]] = []
        row = 0
        with ColumnWriter(self.path / "entities.arrow", ENTITY_LAYOUT) as writer:
            for number in range(num_blocks):
                file = ColumnFile(self.work / f"profiles-{number:06d}.arrow", _PROFILE_LAYOUT)
                columns = file.columns
                file.close()
                starts.append(row)
                same: list[int] = []
                for title, digest, aliases in zip(columns["title"], columns["hash"], columns["aliases"], strict=True):
                    twin = best.get(digest, row)
                    same.append(twin)
                    names += _names_of(title, row, [] if twin != row else json.loads(aliases))
                    row += 1
                writer.append({**{name: columns[name] for name in ENTITY_LAYOUT if name != "same_as"}, "same_as": same})
        Names.make(names).save(self.path)
        return starts

    def _twins(self, num_blocks: int) -> dict[str, int]:
        """Choose, of documents with the same text, the one whose title names best what it is about."""
        best: dict[str, tuple[int, int]] = {}
        met: set[str] = set()
        row = 0
        for number in range(num_blocks):
            file = ColumnFile(self.work / f"profiles-{number:06d}.arrow", _PROFILE_LAYOUT)
            digests, about = file.texts("hash"), file.numbers("about").tolist()
            file.close()
            for digest, score in zip(digests, about, strict=True):
                if digest != "0":
                    if digest in best:
                        met.add(digest)
                    best[digest] = max(best.get(digest, (-1, 0)), (score, -row))
                row += 1
        return {digest: -best[digest][1] for digest in met}

    def _edges(self, fingerprints: Sequence[str], starts: Sequence[int]) -> None:
        whole = _graph_id([*fingerprints, self._memory_hash])  # an edge depends on the names in all documents

        def tasks() -> Iterator[tuple[Any, ...]]:
            for number, block in enumerate(blocks_of(self._source())):
                if number >= len(fingerprints) or _fingerprint(block) != fingerprints[number]:
                    raise InputError("the documents changed while the graph was built; run the same command again")
                path = self.work / f"edges-{number:06d}.arrow"
                mark = fingerprints[number] + whole
                if not _is_done(path, mark, _BLOCK_LAYOUT):
                    yield path, mark, block, starts[number]
                self._tell("edges", number + 1, len(fingerprints))

        self._work(_extract_block, tasks(), (self.path, self._memory))

    def _work(self, function: Callable[..., None], tasks: Iterator[tuple[Any, ...]], initial: tuple[Any, ...]) -> None:
        """Run the tasks, here or in processes; at most three a process are under way, so that memory stays bounded."""
        if self._processes == 1:
            _begin(*initial)
            for task in tasks:
                function(*task)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self._processes, context, _begin, initial) as pool:
            pending: deque[Future[None]] = deque()
            try:
                for task in tasks:
                    pending.append(pool.submit(function, *task))
                    if len(pending) >= 3 * self._processes:
                        pending.popleft().result()
                while pending:
                    pending.popleft().result()
            except BaseException:
                for future in pending:
                    future.cancel()
                raise

    # ------------------------------------------------------------------ joining

    def _join(self, num_blocks: int) -> dict[str, Any]:
        """Join the blocks into the final files; return the manifest."""
        paths = [self.work / f"edges-{number:06d}.arrow" for number in range(num_blocks)]
        relations: set[str] = set()
        left: dict[str, int] = {}
        samples: dict[str, list[str]] = {}
        for path in paths:
            file = ColumnFile(path, _BLOCK_LAYOUT)
            relations |= set(json.loads(file.metadata["relations"]))
            for reason, ids in json.loads(file.metadata["left"]).items():
                left[reason] = left.get(reason, 0) + ids[0]
                samples.setdefault(reason, []).extend(ids[1])
            file.close()
        names = sorted(relations)
        places = {name: place for place, name in enumerate(names)}
        write_json(self.path / "relations.json", names)
        num_tables = 0
        counts = dict.fromkeys(SOURCES, 0)
        ends: dict[str, list[Any]] = {"subject": [], "object": [], "relation": []}
        with (
            ColumnWriter(self.path / "edges.arrow", EDGE_LAYOUT) as edges,
            ColumnWriter(self.path / "tables.arrow", TABLE_LAYOUT) as tables,
        ):
            for number, path in enumerate(paths):
                file = ColumnFile(path, _BLOCK_LAYOUT)
                columns = file.columns
                file.close()
                columns["relation"] = [places[name] for name in columns["relation"]]
                columns["table"] = [place + num_tables if place >= 0 else -1 for place in columns["table"]]
                for end, parts in ends.items():
                    parts.append(np.array(columns[end], np.int32))
                for source in columns["source"]:
                    counts[SOURCES[source]] += 1
                edges.append(columns)
                table_file = ColumnFile(_tables_path(path), TABLE_LAYOUT)
                tables.append(table_file.columns)
                num_tables += table_file.num_rows
                table_file.close()
                self._tell("joining", number + 1, num_blocks)
        entities = ColumnFile(self.path / "entities.arrow", ENTITY_LAYOUT)
        sizes = {"subject": entities.num_rows, "object": entities.num_rows, "relation": len(names)}
        num_entities = entities.num_rows
        num_twins = int((entities.numbers("same_as") != np.arange(num_entities)).sum())
        entities.close()
        for end, parts in ends.items():
            order, begin = _grouped(np.concatenate(parts), sizes[end])
            np.save(self.path / f"by_{end}.npy", order)
            np.save(self.path / f"by_{end}_starts.npy", begin)
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "format": FORMAT,
            "version": VERSION,
            "num_documents": num_entities,
            "num_duplicates": num_twins,
            "num_edges": sum(counts.values()),
            "num_tables": num_tables,
            "num_relations": len(names),
            "edges_by_source": counts,
            "left_out": {
                reason: {"documents": left[reason], "examples": samples[reason][:10]} for reason in sorted(left)
            },
        }


def _grouped(values: Any, size: int) -> tuple[Any, Any]:
    """Return the places of every value in `[0, size)`, grouped by value, and where each group begins."""
    order = np.argsort(values, kind="stable").astype(np.int32)
    order = order[int((values < 0).sum()) :]
    begin = np.searchsorted(values[order], np.arange(size + 1)).astype(np.int32)
    return order, begin


def _names_of(title: str, row: int, aliases: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    yield name_key(title), row, TITLE
    bare = bare_title(title)
    if bare != title:
        yield name_key(bare), row, QUALIFIED
    elif ", " in title:
        yield name_key(title.split(", ")[0]), row, PLACED
    placed = name_key(title.split(", ")[0])
    for alias in aliases:
        if alias != bare and name_key(alias) != placed:
            yield name_key(alias), row, ALIAS


def _fingerprint(block: Sequence[Document]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for document in block:
        digest.update(content_hash(head_of(document), document.text).to_bytes(8, "little"))
    return digest.hexdigest()


def _graph_id(fingerprints: Sequence[str]) -> str:
    text = "\n".join([str(FORMAT), str(VERSION), *fingerprints])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _is_done(path: Path, fingerprint: str, layout: dict[str, str]) -> bool:
    if not path.is_file():
        return False
    try:
        file = ColumnFile(path, layout)
    except CorruptError:
        return False
    done = file.metadata.get("fingerprint") == fingerprint and file.metadata.get("version") == str(VERSION)
    file.close()
    return done


def _tables_path(path: Path) -> Path:
    return path.with_name(path.name.replace("edges-", "tables-"))


# ---------------------------------------------------------------------- in the workers

_extractor: list[Extractor] = []


def _begin(folder: Path | None = None, memory: Path | None = None) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:  # a build that is killed must not leave workers behind
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _extractor.clear()
    if folder is not None:
        _extractor.append(Extractor(Entities(folder), read_memory(memory) if memory else None))


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _profile_block(path: Path, fingerprint: str, block: Sequence[Document]) -> None:
    metadata = {"fingerprint": fingerprint, "version": str(VERSION)}
    columns: dict[str, list[Any]] = {name: [] for name in _PROFILE_LAYOUT}
    for document in block:
        found = profile(document)
        for name in ("id", "title", "kind", "description", "context", "about"):
            columns[name].append(getattr(found, name))
        columns["aliases"].append(json.dumps(found.aliases, ensure_ascii=False))
        columns["hash"].append(str(found.hash))
    with ColumnWriter(path, _PROFILE_LAYOUT, metadata) as writer:
        writer.append(columns)


def _extract_block(path: Path, fingerprint: str, block: Sequence[Document], start: int) -> None:
    extractor = _extractor[0]
    edges: dict[str, list[Any]] = {name: [] for name in _BLOCK_LAYOUT}
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
    with ColumnWriter(_tables_path(path), TABLE_LAYOUT, metadata) as writer:
        writer.append(tables)
    metadata |= {"relations": json.dumps(sorted(set(edges["relation"]))), "left": json.dumps(left)}
    with ColumnWriter(path, _BLOCK_LAYOUT, metadata) as writer:
        writer.append(edges)
