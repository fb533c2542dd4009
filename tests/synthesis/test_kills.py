"""A synthesis killed at random moments ends in the same bits, whatever it was doing.

`TAMSA_KILLS` sets the number of kills of the soak test. A run is killed in a phase drawn by chance, at a moment of it
drawn by chance, so that the short ones are hit too. Each run is a fork of a process that has everything imported and
all patterns compiled, so that a kill lands in the work and not in the start of Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = int(os.environ.get("TAMSA_KILLS", "100"))
PHASES = ("index", "graph", "questions", "exploration", "data sets")
SCRIPT = r"""
import json, os, random, shutil, signal, sys, time
from pathlib import Path

from tamsa.synthesis import pipeline
from tamsa.synthesis.graph import build_graph
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan
from tamsa.types import Document

docs, out, kills = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
plan = Plan(docs=(docs,), seed=3, num_questions=12, modes=("react", "iter"))
pipeline.QUESTIONS_PER_SHARD = 3
chance = random.Random(5)
warm = Document("ole", "Ole Bridge", "The Ole Bridge is a bridge in Aldham. It was opened in 1911.")
build_graph(lambda: [warm], out / "warm").close()


def start(folder):
    child = os.fork()
    if child == 0:
        try:
            synthesize(plan, folder)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return child


def ended(child, folder, target, within):
    # let a run go on to a phase and so long after, then kill it; say whether it was faster
    until = None
    while until is None or time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            assert status == 0, status
            return True
        if until is None and phase(folder) >= target:
            until = time.monotonic() + within
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def timed(child, folder):
    # let a run end; return how long each phase took
    took, since = [0.0] * 6, time.monotonic()
    while not os.waitpid(child, os.WNOHANG)[0]:
        now, since = time.monotonic() - since, time.monotonic()
        took[phase(folder)] += now
        time.sleep(0.002)
    return took


def phase(folder):
    marks = ("index", "graph/graph.json", "questions.jsonl", "sft_iter.parquet", "summary.json")
    return next((n for n, mark in enumerate(marks) if not (folder / mark).exists()), len(marks))


def files(folder):
    names = [*folder.glob("*.parquet"), *folder.glob("card.*"), folder / "README.md", folder / "questions.jsonl",
             folder / "summary.json"]
    return {path.name: path.read_bytes() for path in names}


took = timed(start(out / "whole"), out / "whole")
whole = files(out / "whole")
assert len(whole) >= 9, sorted(whole)
landed, folders, number = [0] * 6, 0, 0
while sum(landed[:5]) < kills:
    folder = out / "cut"
    shutil.rmtree(folder, ignore_errors=True)
    while True:
        number += 1
        done = sum(landed[:5]) >= kills
        # a phase that is still to come, so that each is hit and left behind in the end
        now = phase(folder)
        target = 6 if done or now > 4 else chance.randint(now, 5)
        if ended(start(folder), folder, target, 0.0 if target > 4 else chance.uniform(0, took[target])):
            break
        landed[phase(folder)] += 1
    assert files(folder) == whole
    folders += 1
print(json.dumps({"kills": sum(landed[:5]), "landed": landed, "folders": folders}))
"""


def killed(pages: Path, out: Path, kills: int) -> dict[str, list[int] | int]:
    """Kill a synthesis over a few pages until it was hit so often; return how often in which phase."""
    command = [sys.executable, "-c", SCRIPT, str(pages), str(out), str(kills)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def test_killed_a_few_times_it_ends_in_the_same_bits(some_pages: Path, tmp_path: Path) -> None:
    outcome = killed(some_pages, tmp_path, 8)
    assert outcome["kills"] == 8 and outcome["folders"] >= 1  # type: ignore[operator]
    print(outcome)


@pytest.mark.soak
def test_killed_at_random_moments_it_ends_in_the_same_bits(some_pages: Path, tmp_path: Path) -> None:
    outcome = killed(some_pages, tmp_path, KILLS)
    assert outcome["kills"] >= KILLS  # type: ignore[operator]
    hit = dict(zip(PHASES, outcome["landed"], strict=False))  # type: ignore[arg-type]
    assert all(hit.values()), f"no kill landed in {[name for name, count in hit.items() if not count]}"
    print(outcome)
