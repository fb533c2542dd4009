"""The bundled model: it loads, knows how it wants to see the tools, and researches pages that it never saw."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tamsa.agent import research
from tamsa.corpus import open_corpus
from tamsa.eval import read_questions
from tamsa.llm import ModelSettings, open_model
from tamsa.scoring.metrics import exact_match
from tamsa.tools import corpus_toolset, page_chars
from tamsa.world import build_world


async def test_it_researches_an_unseen_world_in_its_own_format(tmp_path: Path) -> None:
    build_world(tmp_path / "world", num_pages=300, seed=77, num_questions=60)
    questions = [q for q in read_questions(tmp_path / "world" / "questions.jsonl") if q.kind == "chain"][:16]
    index = open_corpus([tmp_path / "world" / "pages.jsonl"])
    model = open_model("nano", ModelSettings(threads=1))
    assert model.profile.brief and model.profile.calibration is not None
    right = used = 0
    try:
        for question in questions:
            tools = corpus_toolset(index, page_chars=page_chars(model), profile=model.profile)
            report = await research(question.question, model=model, tools=tools)
            used += bool(report.visited)
            right += int(exact_match(report.answer, question.answers))
    finally:
        await model.aclose()
        index.close()
    assert used >= 8  # it opens pages
    assert right >= 2  # and reads: without reading none of these answers could be guessed
