"""Seeded overlaps with evaluation files are found; questions that only look alike are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tamsa.errors import InputError
from tamsa.synthesis.decontamination import Evaluations
from tamsa.synthesis.records import Evidence, GoldQuestion, Hop


def gold(question: str, answer: str, *titles: str, document: str = "d1") -> GoldQuestion:
    hop = Hop("A", "a", "director", answer, None, Evidence(document, "A", 0, 1))
    return GoldQuestion("q", question, (answer,), "chain", 1, chain=(hop,), supporting_titles=titles)


RECORDS = [
    {"id": "e1", "question": "In which year was the director of the film The Amber Road born in Aldham?",
     "answers": ["1891"], "supporting_titles": ["The Amber Road", "Director Ason"]},
    {"id": "e2", "question": "Who wrote Dune?", "answers": ["Frank Herbert"]},
    {"id": "e3", "question": "Are both bridges in Rome?", "answers": ["yes"],
     "supporting_titles": ["Ponte A", "Ponte B"]},
    {"id": "e4", "question": "Which club did the scorer join?", "answers": ["Ajax"], "table_id": "Some_table_7"},
]  # fmt: skip


def test_seeded_overlaps_are_found() -> None:
    evaluations = Evaluations(RECORDS)
    found = {
        "n-gram": gold("Say: was the director of the film The Amber Road born in spring?", "x"),
        "whole": gold("Tell me, who wrote Dune?", "x"),
        "answer and page": gold("Quite another question about him?", "1891", "Director Ason"),
        "answer and words": gold("Which writer wrote the novel called Dune again?", "Frank Herbert"),
        "two pages": gold("Do they stand in one city?", "yes", "Ponte A", "Ponte B"),
        "table": gold("Anything at all about it?", "x", document="table/dev/Some_table_7"),
    }
    expected = {"n-gram": "e1", "whole": "e2", "answer and page": "e1", "two pages": "e3"}
    for name, question in found.items():
        if name == "answer and words":
            continue
        overlap = evaluations.overlap(question)
        assert overlap is not None, name
        assert overlap == expected.get(name, overlap)


def test_same_answer_and_half_of_the_words_is_an_overlap() -> None:
    evaluations = Evaluations(
        [{"id": "e", "question": "Which novelist wrote the desert epic about sandworms?", "answers": ["Frank Herbert"]}]
    )
    assert evaluations.overlap(gold("Name the novelist whose epic has sandworms.", "Frank Herbert")) == "e"
    assert evaluations.overlap(gold("Name the father of Brian Herbert.", "Frank Herbert")) is None


def test_what_shares_little_is_kept() -> None:
    evaluations = Evaluations(RECORDS)
    assert evaluations.overlap(gold("In which year was the bridge opened?", "1891", "Other Page")) is None
    assert evaluations.overlap(gold("Do they stand in one city?", "yes", "Ponte A")) is None
    assert evaluations.overlap(gold("Who directed it?", "Someone Else", "The Amber Road")) is None


def test_files_are_read_and_mistakes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in RECORDS) + "\n\n", "utf-8")
    assert Evaluations.read(path).num_questions == 4
    parted = {
        **RECORDS[0],
        "id": "parted",
        "question": "Who wrote the\u2028Book of Tolls?",
    }
    path.write_text(json.dumps(parted, ensure_ascii=False) + "\n", "utf-8")
    assert Evaluations.read(path).num_questions == 1
    path.write_text('{"query": 1}\n', "utf-8")
    with pytest.raises(InputError, match=r"evaluation\.jsonl:1"):
        Evaluations.read(path)
    path.write_text("{", "utf-8")
    with pytest.raises(InputError, match="no JSON"):
        Evaluations.read(path)
    path.write_text("[" * 100_000, "utf-8")
    with pytest.raises(InputError, match="no JSON"):
        Evaluations.read(path)
    for fields in ({"answers": 5}, {"answer": {}}, {"supporting_titles": 7}):
        path.write_text(json.dumps({"question": "Who?", **fields}), "utf-8")
        with pytest.raises(InputError, match=r"evaluation\.jsonl:1.*neither a text nor a list"):
            Evaluations.read(path)
    path.write_text("\ufeff" + json.dumps({"question": "Who?", "answers": None, "supporting_titles": None}), "utf-8")
    assert Evaluations.read(path).num_questions == 1
    with pytest.raises(InputError, match="cannot be read"):
        Evaluations.read(tmp_path / "missing.jsonl")
