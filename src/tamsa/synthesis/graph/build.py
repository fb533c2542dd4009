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
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tamsa.errors import InputError
from tamsa.store import make_folder, write_json
from tamsa.synthesis.graph.blocks import (
    BLOCK_LAYOUT,
    PROFILE_LAYOUT,
    begin,
    blocks_of,
    extract_block,
    fingerprint_of,
    graph_id,
    is_done,
    profile_block,
)
from tamsa.synthesis.graph.columns import ColumnFile, ColumnWriter
from tamsa.synthesis.graph.joining import OnProgress, join_blocks
from tamsa.synthesis.graph.names import ALIAS, PLACED, QUALIFIED, TITLE, Names, name_key
from tamsa.synthesis.graph.profile import bare_title
from tamsa.synthesis.graph.store import ENTITY_LAYOUT, Graph
from tamsa.types import Document

Source = Callable[[], Iterable[Document]]


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
            fingerprints = [fingerprint_of(block) for block in blocks_of(self._source())]
            if graph.id == graph_id([*fingerprints, self._memory_hash]):
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
        manifest = join_blocks(self.path, self.work, len(fingerprints), self._tell)
        manifest |= {"id": graph_id([*fingerprints, self._memory_hash])}
        write_json(self.path / "graph.json", manifest)
        shutil.rmtree(self.work, ignore_errors=True)
        return Graph.open(self.path)

    # ------------------------------------------------------------------ passes

    def _profiles(self) -> list[str]:
        """Profile every block; return the hashes of the blocks."""
        fingerprints: list[str] = []

        def tasks() -> Iterator[tuple[Any, ...]]:
            for number, block in enumerate(blocks_of(self._source())):
                fingerprints.append(fingerprint_of(block))
                path = self.work / f"profiles-{number:06d}.arrow"
                if not is_done(path, fingerprints[-1], PROFILE_LAYOUT):
                    yield path, fingerprints[-1], block
                self._tell("profiles", number + 1, 0)

        self._work(profile_block, tasks(), ())
        return fingerprints

    def _entities(self, num_blocks: int) -> list[int]:
        """Write the entities and their names; return the number of each block's first entity."""
        starts: list[int] = []
        best = self._twins(num_blocks)
        names: list[tuple[int, int, int]] = []
        row = 0
        with ColumnWriter(self.path / "entities.arrow", ENTITY_LAYOUT) as writer:
            for number in range(num_blocks):
                file = ColumnFile(self.work / f"profiles-{number:06d}.arrow", PROFILE_LAYOUT)
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
            file = ColumnFile(self.work / f"profiles-{number:06d}.arrow", PROFILE_LAYOUT)
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
        whole = graph_id([*fingerprints, self._memory_hash])  # an edge depends on the names in all documents

        def tasks() -> Iterator[tuple[Any, ...]]:
            for number, block in enumerate(blocks_of(self._source())):
                if number >= len(fingerprints) or fingerprint_of(block) != fingerprints[number]:
                    raise InputError("the documents changed while the graph was built; run the same command again")
                path = self.work / f"edges-{number:06d}.arrow"
                mark = fingerprints[number] + whole
                if not is_done(path, mark, BLOCK_LAYOUT):
                    yield path, mark, block, starts[number]
                self._tell("edges", number + 1, len(fingerprints))

        self._work(extract_block, tasks(), (self.path, self._memory))

    def _work(self, function: Callable[..., None], tasks: Iterator[tuple[Any, ...]], initial: tuple[Any, ...]) -> None:
        """Run the tasks, here or in processes; at most three a process are under way, so that memory stays bounded."""
        if self._processes == 1:
            begin(*initial)
            for task in tasks:
                function(*task)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self._processes, context, begin, initial) as pool:
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
