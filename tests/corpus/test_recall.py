"""The plain index finds the supporting pages of human questions often enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from tamsa.corpus import open_corpus
from tamsa.store import read_jsonl


@pytest.mark.data
def test_recall_on_hotpotqa_is_at_least_the_floor(data_folder: Path, tmp_path: Path) -> None:
    questions = list(read_jsonl(data_folder / "hotpotqa_100.jsonl"))
    shares: dict[int, float] = {2: 0.0, 5: 0.0}
    with open_corpus([data_folder / "hotpotqa_100_corpus.jsonl"], out=tmp_path / "i") as index:
        assert index.num_documents == 994
        for question in questions:
            titles = [hit.title for hit in index.search(question["question"], 5)]
            wanted = question["supporting_titles"]
            for depth in shares:
                shares[depth] += sum(title in titles[:depth] for title in wanted) / len(wanted)
    assert 100 * shares[2] / len(questions) >= 64
    assert 100 * shares[5] / len(questions) >= 80
