"""Real kills: an evaluation ended by SIGKILL at random moments resumes to the scores it would have had."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tamsa.eval.provenance import commit

PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from tamsa.agent.react import render_call
from tamsa.eval import Question, evaluate
from tamsa.llm import ScriptedModel
from tamsa.tools import corpus_toolset
from tamsa.types import Document, Hit

class Library:
    documents = {f"d{n}": Document(f"d{n}", f"Town {n}", f"Town {n} was founded in {1200 + n}.") for n in range(12)}
    def search(self, query, k=10):
        ranked = sorted(self.documents.values(), key=lambda d: (d.title + " " not in query + " ", d.id))
        return [Hit(d.id, d.title, 1.0, d.text) for d in ranked[:k]]
    def get(self, doc_id): return self.documents.get(doc_id)
    def find_title(self, title): return []
    def mentions(self, text): return []

lines = []
for n in range(12):
    quote = f"Town {n} was founded in {1200 + n}."
    answer = f'<answer>{1200 + n - n % 2}<finding>F<quote doc="d{n}">{quote}</quote></finding></answer>'
    for text in (render_call("search", {"queries": [f"Town {n}"]}), render_call("visit", {"ids": [f"d{n}"]}), answer):
        lines.append({"question": f"Town {n} ", "text": text, "delay_s": 0.01})
library = Library()
questions = [Question(f"q{n}", f"When was Town {n} founded?", (str(1200 + n),), (f"Town {n}",)) for n in range(12)]
asyncio.run(evaluate(questions, index=library, tools=lambda: corpus_toolset(library), model=ScriptedModel(lines),
                     out=Path(sys.argv[1]), resume=True, concurrency=3))
"""


def figures(folder: Path) -> dict[str, Any]:
    values = json.loads((folder / "scores.json").read_text())
    return {name: value for name, value in values.items() if name not in ("id", "created", "seconds_mean", "commit")}


def start(program: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(program), str(out)], stderr=subprocess.PIPE)


def finish(program: Path, out: Path) -> None:
    process = start(program, out)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()


@pytest.mark.soak
def test_killed_evaluations_resume_to_the_same_scores(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    began = time.monotonic()
    finish(program, tmp_path / "whole")
    whole_s = time.monotonic() - began
    dice = random.Random(0)
    kills = 0
    for trial in range(6):
        out = tmp_path / f"killed{trial}"
        for _ in range(40):
            process = start(program, out)
            time.sleep(whole_s * dice.uniform(0.3, 1.0))
            process.send_signal(signal.SIGKILL)
            _, errors = process.communicate()
            assert process.returncode in (0, -signal.SIGKILL), errors.decode()
            if process.returncode == 0:
                break
            kills += 1
        else:
            finish(program, out)
        assert figures(out) == figures(tmp_path / "whole")
    assert kills >= 6


def test_commit_is_a_hash_or_nothing():
    found = commit()
    assert found is None or re.fullmatch(r"[0-9a-f]{40,64}(\+dirty)?", found)
