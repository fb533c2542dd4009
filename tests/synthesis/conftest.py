from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tamsa.corpus import SearchIndex, open_documents
from tamsa.synthesis.exploration import Exploration, TeacherExplorer
from tamsa.synthesis.question_source import read_gold
from tamsa.synthesis.records import GoldQuestion
from tamsa.world import build_world


@dataclass
class Studied:
    """A small world, its index, its questions, and the teacher's trajectories over them."""

    folder: Path
    index: SearchIndex
    questions: list[GoldQuestion]
    explorations: list[Exploration]

    def pairs(self) -> Iterator[tuple[GoldQuestion, Exploration]]:
        return zip(self.questions, self.explorations, strict=True)


@pytest.fixture(scope="session")
def some_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first pages of a small world: the smallest corpus with questions of many kinds."""
    folder = tmp_path_factory.mktemp("some")
    build_world(folder / "world", num_pages=200, seed=2, num_questions=1)
    lines = (folder / "world" / "pages.jsonl").read_text().splitlines(keepends=True)
    pages = folder / "pages.jsonl"
    pages.write_text("".join(lines[:90]))
    return pages


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studied]:
    folder = tmp_path_factory.mktemp("studied")
    build_world(folder, num_pages=500, seed=4, num_questions=96)
    index = open_documents([folder / "pages.jsonl"], out=folder / "index")
    questions = read_gold(folder / "questions.jsonl", index)
    explorer = TeacherExplorer(index, seed=7)
    yield Studied(folder, index, questions, [explorer.explore(question) for question in questions])
    index.close()
