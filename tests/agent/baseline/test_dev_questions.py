"""The policy on questions that we wrote ourselves over a sample of Wikipedia leads."""

from __future__ import annotations

import json
import os
import random
import re
import string
from pathlib import Path

import pytest

from tamsa.agent.baseline.policy import MOST_PAGES
from tamsa.agent.react import parse_answer
from tamsa.corpus import Index

from .conftest import run_policy

SAMPLE = 6_000
QUESTIONS = Path(__file__).with_name("dev_questions.jsonl")


def _normal(text: str) -> str:
    plain = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", plain).split())


@pytest.mark.data
def test_dev_questions_reach_the_floor(tmp_path: Path) -> None:
    folder = os.environ.get("TAMSA_DATA")
    if not folder:
        pytest.skip("TAMSA_DATA is not set")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(Path(folder) / "wiki_passages.parquet")
    rows = list(zip(*(table[name].to_pylist() for name in ("id", "title", "text")), strict=True))
    questions = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    needed = {title for question in questions for title in question["supporting_titles"]}
    kept = {row[0]: row for row in random.Random(7).sample(rows, SAMPLE)}
    kept |= {row[0]: row for row in rows if row[1] in needed}
    index = Index.build(({"id": a, "title": b, "text": c} for a, b, c in kept.values()), tmp_path / "index")
    right = 0
    recalls = []
    opened = []
    for question in questions:
        run = run_policy(index, question["question"])
        right += _normal(parse_answer(run.answer).text) in {_normal(answer) for answer in question["answers"]}
        titles = {kept[key][1] for key in run.opened}
        if question["supporting_titles"]:
            recalls.append(sum(t in titles for t in question["supporting_titles"]) / len(question["supporting_titles"]))
        opened.append(len(run.opened))
    index.close()
    assert right / len(questions) >= 0.5
    assert sum(recalls) / len(recalls) >= 0.97
    assert sum(opened) / len(opened) <= 5
    assert max(opened) <= MOST_PAGES
