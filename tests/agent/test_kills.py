"""kill -9 at random moments of `tamsa research`: the resumed run loses nothing and ends the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent.react import render_call

QUESTION = "Who is king of the country of Velm Ford?"
TURNS = [
    "<think>First look.</think>" + render_call("search", {"queries": ["Velm Ford", "Ostrand king"]}),
    render_call("visit", {"ids": ["ford"]}) + render_call("search", {"queries": ["Ostrand"]}),
    render_call("visit", {"ids": ["ostrand"]}) + render_call("find", {"text": "1203", "id": "ford"}),
    "<answer>draft</answer>" + render_call("find", {"text": "king", "id": "ostrand"}),
    "<answer>Carl IV<finding>king<quote doc='ostrand'>Its king is Carl IV</quote></finding></answer>",
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    documents = [
        {"id": "ford", "title": "Velm Ford", "text": "Velm Ford is a town in Ostrand. It was founded in 1203."},
        {"id": "ostrand", "title": "Ostrand", "text": "Ostrand is a country. Its king is Carl IV, crowned in 1911."},
    ]
    (tmp_path / "docs.jsonl").write_text("".join(json.dumps(document) + "\n" for document in documents))
    script = [{"text": text, "delay_s": 0.03} for text in TURNS]
    (tmp_path / "script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in script))
    return tmp_path


def start(place: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(place / "cache")}
    command = [sys.executable, "-m", "tamsa", "research", *arguments]
    return subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(place: Path, *arguments: str) -> None:
    process = start(place, *arguments)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


def fresh(place: Path, out: str) -> tuple[str, ...]:
    return (QUESTION, "--docs", "docs.jsonl", "--model", "scripted:script.jsonl", "--out", out)


def outcome(place: Path, out: str) -> dict[str, Any]:
    report = json.loads((place / out / "report.json").read_text())
    report["usage"].pop("seconds")
    report.pop("run_id")
    return dict(report)


def kill_once(place: Path, out: str, rng: random.Random, *, after_s: tuple[float, float]) -> None:
    process = start(place, *(("--resume", out) if (place / out / "run.json").exists() else fresh(place, out)))
    steps = place / out / "steps.jsonl"
    deadline = time.monotonic() + rng.uniform(*after_s)
    if rng.random() < 0.7:  # most of the time wait for the run itself, so that the kill falls into it
        while not steps.exists() and process.poll() is None:
            time.sleep(0.005)
        deadline = time.monotonic() + rng.uniform(0, 0.4)
    time.sleep(max(0.0, deadline - time.monotonic()))
    process.send_signal(signal.SIGKILL)
    process.communicate()


def killed_run_ends_the_same(place: Path, seed: int) -> None:
    rng = random.Random(seed)
    out = f"run{seed}"
    for _ in range(rng.randint(1, 2)):
        kill_once(place, out, rng, after_s=(0.1, 2.0))
    finish(place, *(("--resume", out) if (place / out / "run.json").exists() else fresh(place, out)))
    assert outcome(place, out) == outcome(place, "whole")
    kinds = [json.loads(line)["kind"] for line in (place / out / "steps.jsonl").read_text().splitlines()]
    assert kinds.count("completion") == len(TURNS)  # no finished call was paid for twice
    assert kinds.count("observation") == 6


def test_killed_research_resumes_to_the_same_report(place: Path) -> None:
    finish(place, *fresh(place, "whole"))
    for seed in range(3):
        killed_run_ends_the_same(place, seed)


@pytest.mark.soak
def test_hundred_kills_of_research(place: Path) -> None:
    finish(place, *fresh(place, "whole"))
    for seed in range(100, 200):
        killed_run_ends_the_same(place, seed)
