"""Build a world of 100,000 pages and print seconds, pages per second, megabytes and peak memory.

    python benchmarks/world_build.py [--pages 100000] [--seed 1] [--questions 5000] [--json OUT.json]

The world is checked before its time is reported: page count, ids, links and the manifest's hashes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

from tamsa.world import GENERATOR, build_world


def check(folder: Path, num_pages: int) -> int:
    """Verify a built world and return the number of links; raises SystemExit where it is wrong."""
    manifest = json.loads((folder / "world.json").read_text())
    for name, entry in manifest["files"].items():
        digest = hashlib.sha256()
        with open(folder / name, "rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        if digest.hexdigest() != entry["sha256"]:
            raise SystemExit(f"{name}: not what the manifest says")
    ids: set[str] = set()
    targets: set[str] = set()
    links = 0
    with open(folder / "pages.jsonl", encoding="utf-8") as file:
        for line in file:
            page = json.loads(line)
            ids.add(page["id"])
            targets.update(link["target"] for link in page["links"])
            links += len(page["links"])
    if len(ids) != num_pages or not targets <= ids:
        raise SystemExit(f"{len(ids)} distinct pages of {num_pages}, {len(targets - ids)} dead links")
    return links


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--questions", type=int, default=5_000)
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "world"
        start, cpu = time.perf_counter(), time.process_time()
        summary = build_world(out, num_pages=options.pages, seed=options.seed, num_questions=options.questions)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
        # Taken before the check, which holds all ids and would be the larger of the two.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        links = check(out, options.pages)
        megabytes = {path.name: round(path.stat().st_size / 1e6, 1) for path in sorted(out.iterdir())}
    figures = {
        "benchmark": "world_build",
        "generator": GENERATOR,
        "pages": summary.num_pages,
        "seed": options.seed,
        "facts": summary.num_facts,
        "questions": summary.num_questions,
        "links": links,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "pages_per_second": round(summary.num_pages / seconds),
        "peak_mib": round(peak, 1),
        "megabytes": megabytes,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }
    json.dump(figures, sys.stdout, indent=2)
    print()
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
