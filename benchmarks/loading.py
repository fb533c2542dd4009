"""How long nano takes to open: from a new process to the first token, and one question after that.

The peers, in turn in one run: `import torch` alone, which nothing here can undercut, and the same opening by
transformers (`hub_source`), which any other model takes. Each measurement is a process of its own; CPU seconds are
those that the system counted for it, user and system. A first round, not counted, compiles what kernels are not kept.

Usage: python benchmarks/loading.py [--repeats N] [--threads N] [--out DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from tamsa.store import make_folder, write_json
from tamsa.world import build_world

PAGES, SEED = 400, 3
TORCH = """
import json, time
began = time.perf_counter()
import torch
print(json.dumps([time.perf_counter() - began, time.process_time()]))
"""
OPENING = """
import asyncio, json, sys, time
def now(): return time.perf_counter(), time.process_time()
marks = {"start": now()}
from tamsa.llm import ModelSettings, open_model
from tamsa.types import Message
if sys.argv[1] == "transformers":
    from tamsa.llm.local.plain_source import PlainSource
    PlainSource.open = classmethod(lambda *_: None)
model = open_model("nano", ModelSettings(threads=int(sys.argv[2])))
marks["imports, configuration, tokenizer"] = now()
def ask(text, count):
    return asyncio.run(model.complete([Message("user", text)], max_tokens=count)).sampled.completion_ids
ask("Which town is it?", 1)
marks["weights, kernels, first token"] = now()
ids = ask("Where does the river Tamsa rise, and which town lies at its mouth?", 1)
marks["another first token"] = now()
print(json.dumps({"marks": marks, "ids": ids}))
"""
QUESTION = """
import asyncio, json, sys, time
from tamsa.agent import research
from tamsa.agent.modes import with_mode
from tamsa.corpus import open_corpus
from tamsa.llm import ModelSettings, open_model
from tamsa.tools import corpus_toolset
from tamsa.types import Message
model = open_model("nano", ModelSettings(threads=int(sys.argv[1])))
policy, mode = with_mode(model)
async def main():
    await model.complete([Message("user", "Which town is it?")], max_tokens=1)
    began = time.perf_counter(), time.process_time()
    index = open_corpus([sys.argv[2]])
    tools = corpus_toolset(index, profile=policy.profile)
    report = await research(sys.argv[3], model=policy, tools=tools, mode=mode)
    spent = time.perf_counter() - began[0], time.process_time() - began[1]
    await model.aclose()
    return {"spent": spent, "answer": report.answer, "tokens": report.usage.completion_tokens}
print(json.dumps(asyncio.run(main())))
"""


def run(arguments: list[str]) -> tuple[float, float, str]:
    """Run Python in a process of its own; return wall clock and CPU seconds, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    out = subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out


def median(values: list[tuple[float, float]]) -> dict[str, float]:
    """Return the medians of wall clock and CPU seconds."""
    wall, cpu = zip(*values, strict=True)
    return {"wall_s": statistics.median(wall), "cpu_s": statistics.median(cpu)}


def stages(marks: dict[str, list[float]]) -> dict[str, tuple[float, float]]:
    """Return what passed between one mark and the next."""
    return {
        name: (marks[name][0] - marks[before][0], marks[name][1] - marks[before][1]) for before, name in pairwise(marks)
    }


def measure(repeats: int, threads: int, world: Path, question: str) -> list[dict[str, Any]]:
    """Measure everything `repeats` times, in turn, and return the medians."""
    found: dict[str, list[tuple[float, float]]] = {}
    drawn: dict[str, list[int]] = {}
    answers: set[str] = set()
    pages = world / "pages.jsonl"
    command = ["-m", "tamsa", "research", question, "--docs", str(pages), "--model", "nano", "--quiet", "--out"]
    for number in range(repeats + 1):
        taken: dict[str, tuple[float, float]] = {}
        wall, cpu, out = run(["-c", TORCH])
        taken["import torch, and leave"] = wall, cpu
        taken["import torch"] = tuple(json.loads(out))
        for way in ("plain", "transformers"):
            wall, cpu, out = run(["-c", OPENING, way, str(threads)])
            told = json.loads(out)
            drawn[way] = told["ids"]
            parts = stages(told["marks"])
            first = told["marks"]["weights, kernels, first token"]
            taken[f"{way}: to the first token"] = first[0] - told["marks"]["start"][0], first[1]
            taken |= {f"{way}: {name}": part for name, part in parts.items()}
        if drawn["plain"] != drawn["transformers"]:
            raise SystemExit(f"wrong result: {drawn['plain']} without transformers, {drawn['transformers']} with it")
        _, _, out = run(["-c", QUESTION, str(threads), str(pages), question])
        told = json.loads(out)
        answers.add(told["answer"])
        taken["one question after loading"] = tuple(told["spent"])
        wall, cpu, _ = run([*command, str(world / f"run-{number}"), "--set", f"model.threads={threads}"])
        report = json.loads((world / f"run-{number}" / "report.json").read_text())
        answers.add(report["answer"])
        taken["tamsa research, from the shell and back"] = wall, cpu
        if len(answers) > 1:
            raise SystemExit(f"wrong result: the same question was answered by {sorted(answers)}")
        for name, spent in taken.items():
            if number:
                found.setdefault(name, []).append(spent)
    rows: list[dict[str, Any]] = [{"what": name, **median(values)} for name, values in found.items()]
    unit = next(row["cpu_s"] for row in rows if row["what"] == "import torch")
    for row in rows:
        row["cpu_against_import_torch"] = row["cpu_s"] / unit
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        world = Path(name) / "world"
        build_world(world, num_pages=PAGES, seed=SEED, num_questions=60)
        lines = (world / "questions.jsonl").read_text().splitlines()
        chosen = next(item for item in map(json.loads, lines) if item["kind"] == "chain" and item["hops"] == 3)
        rows = measure(arguments.repeats, arguments.threads, world, chosen["question"])
    for row in rows:
        ratio = row["cpu_against_import_torch"]
        print(f"{row['what']:52} {row['wall_s']:6.2f} s {row['cpu_s']:6.2f} CPU s {ratio:6.2f}x")
    results = {"processor": platform.processor() or platform.machine(), "load": os.getloadavg(), "rows": rows}
    if arguments.out:
        make_folder(arguments.out)
        write_json(arguments.out / "loading.json", results)


if __name__ == "__main__":
    main()
