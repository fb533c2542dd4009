"""Build and search of the index over wiki_passages.parquet, beside SQLite's FTS5 in the same run.

Refuses to report times of a wrong index: every id must be there, sampled documents must come back
character for character, snippets must be the stretches they claim to be, and titles must be found.

Usage: python benchmarks/index_build.py DATA [--out FILE.json] [--queries N] [--peer-queries N]
DATA holds wiki_passages.parquet and ottqa_dev_a.jsonl (whose questions are the queries).
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet

from tamsa.corpus import Index, analysis, open_corpus
from tamsa.corpus.stopwords import STOP_WORDS
from tamsa.store import write_json

SAMPLE = 2000
PAGE_CHARS = 2000


def records(path: Path) -> Iterator[dict[str, str]]:
    for batch in pyarrow.parquet.ParquetFile(path).iter_batches(2048, columns=["id", "title", "text"]):
        yield from batch.to_pylist()


def timed(action: Callable[[str], object], inputs: Sequence[str]) -> dict[str, float]:
    """Time calls one by one, in milliseconds by the clock and of the processor."""
    for item in inputs[:20]:
        action(item)  # warm the page cache, as any reader in use is
    wall, cpu = [], []
    for item in inputs:
        start, busy = time.perf_counter(), time.thread_time()
        action(item)
        wall.append((time.perf_counter() - start) * 1000)
        cpu.append((time.thread_time() - busy) * 1000)
    return {
        "median": statistics.median(wall),
        "p95": statistics.quantiles(wall, n=20)[-1],
        "cpu_median": statistics.median(cpu),
        "cpu_p95": statistics.quantiles(cpu, n=20)[-1],
    }


def cpu_seconds() -> float:
    """Processor time of this process and its finished children: on a busy machine it says more than the clock."""
    used = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def check(index: Index, sample: Sequence[dict[str, str]], ids: set[str]) -> None:
    """Exit if the index is not what was put in."""
    wrong = []
    if set(index.ids()) != ids:
        wrong.append("the ids differ")
    for record in sample:
        document = index.get(record["id"])
        if document is None or (document.title, document.text) != (record["title"], record["text"]):
            wrong.append(f"{record['id']} came back changed")
        if record["id"] not in index.find_title(record["title"]):
            wrong.append(f"the title of {record['id']} is not found")
        for hit in index.search(record["title"], 3):
            found = index.get(hit.id)
            if found is None or found.text[hit.start : hit.end] != hit.snippet:
                wrong.append(f"a snippet of {hit.id} is not its text")
    if wrong:
        sys.exit(f"refusing to time a wrong index: {wrong[0]} (and {len(wrong) - 1} more)")


def peer_build(path: Path, rows: Iterator[dict[str, str]]) -> sqlite3.Connection:
    base = sqlite3.connect(path)
    base.execute("CREATE VIRTUAL TABLE p USING fts5(id UNINDEXED, title, text, tokenize='porter unicode61')")
    base.executemany("INSERT INTO p VALUES (:id, :title, :text)", rows)
    base.commit()
    return base


def peer_search(base: sqlite3.Connection, query: str) -> list[Any]:
    words = dict.fromkeys("".join(c if c.isalnum() else " " for c in query.lower()).split())
    match = " OR ".join(f'"{word}"' for word in words if word not in STOP_WORDS)
    return base.execute("SELECT id, text FROM p WHERE p MATCH ? ORDER BY bm25(p) LIMIT 10", (match,)).fetchall()


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def measure(data: Path, folder: Path, num_queries: int, num_peer: int) -> dict[str, Any]:
    source = data / "wiki_passages.parquet"
    start, cpu = time.perf_counter(), cpu_seconds()
    index = open_corpus([source], out=folder / "index")
    build_s, build_cpu_s = time.perf_counter() - start, cpu_seconds() - cpu
    # The readers run beside the indexer: the sum of both peaks bounds the peak of their sum.
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    reader_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000

    ids, sample = set(), []
    rng = random.Random(0)
    for number, record in enumerate(records(source)):  # reservoir sampling
        ids.add(record["id"])
        place = number if number < SAMPLE else rng.randrange(number + 1)
        if place < SAMPLE:
            sample[place : place + 1] = [record]
    check(index, sample, ids)

    start = time.perf_counter()
    open_corpus([source], out=folder / "index").close()
    refresh_s = time.perf_counter() - start
    start = time.perf_counter()
    Index.open(folder / "index").close()
    open_s = time.perf_counter() - start

    with open(data / "ottqa_dev_a.jsonl", encoding="utf-8") as file:
        queries = [json.loads(line)["question"] for line in file][:num_queries]
    pages = [" ".join(r["text"] for r in sample[i : i + 5])[:PAGE_CHARS] for i in range(0, 1000, 5)]
    result: dict[str, Any] = {
        "passages": index.num_documents,
        "chunks": index.num_chunks,
        "build_s": build_s,
        "build_cpu_s": build_cpu_s,
        "peak_mb": peak_mb,
        "reader_peak_mb": reader_mb,
        "size_mb": megabytes(folder / "index"),
        "open_s": open_s,
        "refresh_unchanged_s": refresh_s,
        "search_ms": timed(lambda query: index.search(query, 10), queries),
        "get_ms": timed(lambda doc_id: index.get(doc_id), [record["id"] for record in sample]),
        "mentions_ms": timed(index.mentions, pages),
    }
    start, cpu = time.perf_counter(), cpu_seconds()
    base = peer_build(folder / "peer.db", records(source))
    peer_s, peer_cpu_s = time.perf_counter() - start, cpu_seconds() - cpu
    peer_times = timed(lambda query: peer_search(base, query), queries[:num_peer])
    size = (folder / "peer.db").stat().st_size / 1e6
    result["peer"] = {
        "name": "SQLite FTS5",
        "build_s": peer_s,
        "build_cpu_s": peer_cpu_s,
        "search_ms": peer_times,
        "size_mb": size,
    }
    result["ratio"] = {
        "build": build_s / peer_s,
        "build_cpu": build_cpu_s / peer_cpu_s,
        "search_cpu_median": result["search_ms"]["cpu_median"] / peer_times["cpu_median"],
    }
    base.close()
    index.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the evaluation data")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    parser.add_argument("--queries", type=int, default=1115)
    parser.add_argument("--peer-queries", type=int, default=100)
    options = parser.parse_args()
    analysis.terms("load the analyzer before any clock runs")
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.data, Path(folder), options.queries, options.peer_queries)
    peer = result["peer"]
    print(f"{result['passages']:,} passages, {result['chunks']:,} chunks; {platform.machine()}")
    print(f"{'':24}{'tamsa':>12}{peer['name']:>14}")
    for label, ours, theirs in (
        ("build, s", result["build_s"], peer["build_s"]),
        ("build, CPU s", result["build_cpu_s"], peer["build_cpu_s"]),
        ("search median, ms", result["search_ms"]["median"], peer["search_ms"]["median"]),
        ("search p95, ms", result["search_ms"]["p95"], peer["search_ms"]["p95"]),
        ("search median, CPU ms", result["search_ms"]["cpu_median"], peer["search_ms"]["cpu_median"]),
        ("search p95, CPU ms", result["search_ms"]["cpu_p95"], peer["search_ms"]["cpu_p95"]),
        ("size, MB", result["size_mb"], peer["size_mb"]),
    ):
        print(f"{label:24}{ours:12.2f}{theirs:14.2f}")
    for label, value in (
        ("peak memory, MB", result["peak_mb"]),
        ("peak of a reader, MB", result["reader_peak_mb"]),
        ("open, s", result["open_s"]),
        ("refresh unchanged, s", result["refresh_unchanged_s"]),
        ("get median, ms", result["get_ms"]["median"]),
        ("mentions median, ms", result["mentions_ms"]["median"]),
        ("mentions p95, ms", result["mentions_ms"]["p95"]),
        ("mentions median, CPU ms", result["mentions_ms"]["cpu_median"]),
    ):
        print(f"{label:24}{value:12.2f}")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_json(options.out, result)


if __name__ == "__main__":
    main()
