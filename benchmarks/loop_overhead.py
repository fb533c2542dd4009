"""The agent loop's own cost: milliseconds a step against the number of steps, and memory of many runs.

A scripted model answers at once and the tool does next to nothing, so what is left is the loop:
prompting, parsing, fencing, counting tokens, the fsynced journal, the report.

Usage: python benchmarks/loop_overhead.py [--out DIR]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tamsa.agent import Budget, research
from tamsa.agent.react import render_call
from tamsa.llm import ModelSettings, ScriptedModel
from tamsa.store import RunFolder, write_json
from tamsa.tools import FunctionTool, Toolset
from tamsa.types import Message, Report

PAGE = "The bridge over the river was opened in 1911 and carries the road to the north. " * 25
REPEATS = 5
CONCURRENT_RUNS = 200


def look(number: int) -> str:
    """Look.

    Args:
        number: which page.
    """
    return f"Page {number}. {PAGE}"


async def one_run(folder: Path, num_steps: int) -> Report:
    def policy(messages: Sequence[Message]) -> str:
        turn = sum(message.role == "assistant" for message in messages)
        if turn < num_steps - 1:
            return "<think>The next page.</think>" + render_call("look", {"number": turn})
        return "<answer>1911</answer>"

    settings = ModelSettings(context_length=100_000_000)
    run = RunFolder.create(folder, {"question": "When was the bridge opened?"})
    report = await research(
        "When was the bridge opened?",
        model=ScriptedModel(policy, settings),
        tools=Toolset([FunctionTool(look)]),
        budget=Budget(max_calls=10**6, max_tokens=10**12),
        folder=run,
    )
    run.close()
    if report.answer != "1911" or report.num_steps != num_steps:
        raise SystemExit(f"wrong result: {report.answer!r} after {report.num_steps} steps")
    return report


def step_times(lengths: Sequence[int]) -> dict[int, dict[str, float]]:
    """Median milliseconds a step, wall clock and CPU, for runs of several lengths, taken in turn."""
    wall: dict[int, list[float]] = {length: [] for length in lengths}
    busy: dict[int, list[float]] = {length: [] for length in lengths}
    with tempfile.TemporaryDirectory() as root:
        asyncio.run(one_run(Path(root) / "warm", 10))
        for repeat in range(REPEATS):
            for length in lengths:
                started, worked = time.perf_counter(), time.process_time()
                asyncio.run(one_run(Path(root) / f"{length}-{repeat}", length))
                wall[length].append((time.perf_counter() - started) / length * 1e3)
                busy[length].append((time.process_time() - worked) / length * 1e3)
    return {
        length: {"wall_ms": statistics.median(wall[length]), "cpu_ms": statistics.median(busy[length])}
        for length in lengths
    }


async def many_runs(num_runs: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        await asyncio.gather(*(one_run(Path(root) / str(number), 20) for number in range(num_runs)))


def memory_of_many(num_runs: int) -> dict[str, float]:
    """Peak resident memory and seconds of many runs side by side, in a process of their own."""
    code = (
        "import asyncio, json, resource, runpy, sys, time; "
        f"m = runpy.run_path({__file__!r}); t = time.perf_counter(); "
        f"asyncio.run(m['many_runs']({num_runs})); "
        "print(json.dumps({'seconds': time.perf_counter() - t, "
        "'peak_mib': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return dict(json.loads(result.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    out = parser.parse_args().out
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    times = step_times((20, 100, 400))
    for length, value in times.items():
        print(f"{length:>5} steps: {value['wall_ms']:.2f} ms a step, of which {value['cpu_ms']:.2f} ms CPU")
    memory = memory_of_many(CONCURRENT_RUNS)
    print(f"{CONCURRENT_RUNS} runs side by side: {memory['seconds']:.1f} s, peak {memory['peak_mib']:.0f} MiB")
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "loop_overhead.json", {"per_step": times, "concurrent": {"runs": CONCURRENT_RUNS, **memory}})


if __name__ == "__main__":
    main()
