"""Evaluation questions among the documents are left out, whatever else lies there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tamsa.errors import InputError
from tamsa.synthesis.selection import select_documents


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notes.md").write_text("# Notes\n\nTorva lies on the Sune.\n")
    (tmp_path / "asked.jsonl").write_text(json.dumps({"question": "Where does Torva lie?", "answers": ["Sune"]}) + "\n")
    (tmp_path / "asked_corpus.jsonl").write_text(json.dumps({"title": "Torva", "text": "Torva is a town."}) + "\n")
    return tmp_path


@pytest.mark.parametrize("beside", [None, {"pages": 3}])
def test_questions_and_their_corpus_are_left_out(folder: Path, beside: object) -> None:
    if beside is not None:
        (folder / "index.json").write_text(json.dumps(beside))  # a file of one's own, not the mark of an index
    kept, left_out = select_documents([str(folder)])
    assert {name for name, _ in left_out} == {"asked.jsonl", "asked_corpus.jsonl"}
    assert folder / "notes.md" in kept


def test_folder_without_questions_is_read_whole(folder: Path) -> None:
    (folder / "asked.jsonl").unlink()
    assert select_documents([str(folder)]) == ([folder], [])


def test_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        select_documents([str(tmp_path / "nowhere")])
