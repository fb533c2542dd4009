"""Build of the graph over wiki_passages.parquet and wiki_tables.parquet, by one process and by two in the same run.

Refuses to report times of a wrong graph: both builds must be the same bytes, every sampled value must stand in its
evidence, and no evaluation table may be in it.

Usage: python benchmarks/graph_build.py DATA [--documents N] [--processes 1 2] [--keep FOLDER] [--out FILE.json]
With --documents only so many passages (evenly spread) and as large a share of the tables are read. Graphs that are kept
lie in FOLDER/1 and FOLDER/2.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tamsa.store import write_json
from tamsa.synthesis.graph import EVALUATION_PREFIX, Graph, build_graph, corpus_documents
from tamsa.types import Document

SAMPLE = 5000
PASSAGES = 178_775


def read(data: Path, step: int) -> Callable[[], Iterable[Document]]:
    """Return a source of every n-th document; a share is kept in memory, so that reading it costs nothing."""
    source = corpus_documents(data / "wiki_passages.parquet", data / "wiki_tables.parquet")
    if step == 1:
        return source
    share = [document for number, document in enumerate(source()) if number % step == 0]
    return lambda: share


def cpu_seconds() -> float:
    """Processor time of this process and its finished children."""
    used = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def check(graph: Graph, source: Callable[[], Iterable[Document]]) -> None:
    """Exit if the graph is not what it claims to be."""
    rng = random.Random(0)
    numbers = {rng.randrange(graph.num_edges) for _ in range(SAMPLE)}
    wanted: dict[str, list[Any]] = {}
    for number in sorted(numbers):
        edge = graph.edge(number)
        wanted.setdefault(edge.evidence.document, []).append(edge)
    for document in source():
        for edge in wanted.pop(document.id, ()):
            quote = document.text[edge.evidence.start : edge.evidence.end]
            if document.id.startswith(EVALUATION_PREFIX) or (edge.value not in quote and edge.object != document.id):
                sys.exit(f"refusing to time a wrong graph: {edge}")
    if wanted:
        sys.exit(f"refusing to time a wrong graph: no documents {sorted(wanted)[:3]}")


def measure(source: Callable[[], Iterable[Document]], folder: Path, processes: int) -> tuple[Graph, dict[str, float]]:
    start, cpu = time.perf_counter(), cpu_seconds()
    graph = build_graph(source, folder, processes=processes)
    wall, busy = time.perf_counter() - start, cpu_seconds() - cpu
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    # Workers run beside this process: the sum of the peaks bounds the peak of the sum.
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3 if processes > 1 else 0.0
    figures = {"wall_s": wall, "cpu_s": busy, "documents_per_s": graph.num_entities / wall}
    return graph, {**figures, "peak_mb_at_most": own + processes * worker}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--documents", type=int, default=PASSAGES)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--keep", type=Path, help="a folder that does not exist yet")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    source = read(options.data, max(1, round(PASSAGES / options.documents)))
    result: dict[str, Any] = {"machine": platform.platform(), "documents": 0, "builds": {}}
    digests: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        for processes in options.processes:
            graph, figures = measure(source, folder / str(processes), processes)
            result["builds"][processes] = figures
            digests.add(digest(graph.path))
        if len(digests) != 1:
            sys.exit("refusing to time a wrong graph: it depends on the number of processes")
        check(graph, source)
        relations = graph.relations()
        columns = sum(count for relation, count in relations.items() if relation.startswith("column:"))
        result |= {
            "documents": graph.num_entities,
            "edges": graph.num_edges,
            "tables": graph.num_tables,
            "edges_by_source": graph.manifest["edges_by_source"],
            "column_relations": sum(relation.startswith("column:") for relation in relations),
            "column_edges": columns,
            "relations": {
                r: n for r, n in sorted(relations.items(), key=lambda x: -x[1]) if not r.startswith("column:")
            },
            "left_out": {reason: entry["documents"] for reason, entry in graph.manifest["left_out"].items()},
            "size_mb": sum(path.stat().st_size for path in graph.path.iterdir()) / 1e6,
        }
        graph.close()
    walls = [result["builds"][processes]["wall_s"] for processes in options.processes]
    if len(walls) > 1:
        result["speedup"] = walls[0] / walls[-1]
    print(f"{result['documents']:,} documents, {result['edges']:,} edges, {result['tables']:,} tables")
    for processes, figures in result["builds"].items():
        print(f"{processes} process(es): " + ", ".join(f"{name} {value:,.1f}" for name, value in figures.items()))
    if "speedup" in result:
        print(f"speedup {result['speedup']:.2f}")
    if options.out:
        write_json(options.out, result)


if __name__ == "__main__":
    main()
