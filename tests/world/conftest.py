from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tamsa.world import build_world
from tests.world.oracle import Oracle


@dataclass
class Built:
    """A world read back from its files."""

    folder: Path
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    questions: list[dict[str, Any]] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)
    oracle: Oracle = None  # type: ignore[assignment]

    @classmethod
    def read(cls, folder: Path) -> Built:
        built = cls(folder)
        for line in (folder / "pages.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            assert record["title"] not in built.pages
            built.pages[record["title"]] = record
        built.questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
        built.manifest = json.loads((folder / "world.json").read_text())
        built.oracle = Oracle(folder)
        return built


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Two realms and many questions."""
    folder = tmp_path_factory.mktemp("world")
    build_world(folder, num_pages=4800, seed=11, num_questions=1200)
    return Built.read(folder)


@pytest.fixture(scope="session", params=[(200, 0), (300, 7), (700, 2), (1700, 3)], ids=lambda p: f"{p[0]}pages")
def any_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Worlds of several sizes."""
    pages, seed = request.param
    folder = tmp_path_factory.mktemp("any")
    build_world(folder, num_pages=pages, seed=seed, num_questions=240)
    return Built.read(folder)
