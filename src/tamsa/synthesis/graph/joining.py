"""The last pass of a build: the blocks joined, in order, into the files of the graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tamsa.store import write_json
from tamsa.synthesis.graph.blocks import BLOCK_LAYOUT, VERSION, tables_path
from tamsa.synthesis.graph.columns import ColumnFile, ColumnWriter
from tamsa.synthesis.graph.store import EDGE_LAYOUT, ENTITY_LAYOUT, FORMAT, KIND, SOURCES, TABLE_LAYOUT
from tamsa.types import SCHEMA_VERSION

OnProgress = Callable[[str, int, int], None]
"""Is told the stage (`profiles`, `edges`, `joining`), blocks done, and blocks in all (0: not known yet)."""


def join_blocks(path: Path, work: Path, num_blocks: int, tell: OnProgress) -> dict[str, Any]:
    """Join the blocks into the final files; return the manifest.

    Args:
        path: folder of the graph.
        work: folder of the blocks' files.
        num_blocks: how many there are.
        tell: is told of the progress.
    """
    paths = [work / f"edges-{number:06d}.arrow" for number in range(num_blocks)]
    relations: set[str] = set()
    left: dict[str, int] = {}
    samples: dict[str, list[str]] = {}
    for block in paths:
        file = ColumnFile(block, BLOCK_LAYOUT)
        relations |= set(json.loads(file.metadata["relations"]))
        for reason, ids in json.loads(file.metadata["left"]).items():
            left[reason] = left.get(reason, 0) + ids[0]
            samples.setdefault(reason, []).extend(ids[1])
        file.close()
    names = sorted(relations)
    places = {name: place for place, name in enumerate(names)}
    write_json(path / "relations.json", names)
    num_tables = 0
    counts = dict.fromkeys(SOURCES, 0)
    ends: dict[str, list[Any]] = {"subject": [], "object": [], "relation": []}
    with (
        ColumnWriter(path / "edges.arrow", EDGE_LAYOUT) as edges,
        ColumnWriter(path / "tables.arrow", TABLE_LAYOUT) as tables,
    ):
        for number, block in enumerate(paths):
            file = ColumnFile(block, BLOCK_LAYOUT)
            columns = file.columns
            file.close()
            columns["relation"] = [places[name] for name in columns["relation"]]
            columns["table"] = [place + num_tables if place >= 0 else -1 for place in columns["table"]]
            for end, parts in ends.items():
                parts.append(np.array(columns[end], np.int32))
            for source in columns["source"]:
                counts[SOURCES[source]] += 1
            edges.append(columns)
            table_file = ColumnFile(tables_path(block), TABLE_LAYOUT)
            tables.append(table_file.columns)
            num_tables += table_file.num_rows
            table_file.close()
            tell("joining", number + 1, num_blocks)
    entities = ColumnFile(path / "entities.arrow", ENTITY_LAYOUT)
    sizes = {"subject": entities.num_rows, "object": entities.num_rows, "relation": len(names)}
    num_entities = entities.num_rows
    num_twins = int((entities.numbers("same_as") != np.arange(num_entities)).sum())
    entities.close()
    for end, parts in ends.items():
        order, begin = _grouped(np.concatenate(parts), sizes[end])
        np.save(path / f"by_{end}.npy", order)
        np.save(path / f"by_{end}_starts.npy", begin)
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
        "left_out": {reason: {"documents": left[reason], "examples": samples[reason][:10]} for reason in sorted(left)},
    }


def _grouped(values: Any, size: int) -> tuple[Any, Any]:
    """Return the places of every value in `[0, size)`, grouped by value, and where each group begins."""
    order = np.argsort(values, kind="stable").astype(np.int32)
    order = order[int((values < 0).sum()) :]
    begin = np.searchsorted(values[order], np.arange(size + 1)).astype(np.int32)
    return order, begin
