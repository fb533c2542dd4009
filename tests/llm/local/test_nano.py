"""The bundled model: it loads, knows how it works in the agent, and reads pages of a world that it never saw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tamsa.agent import research
from tamsa.agent.modes import with_mode
from tamsa.corpus import open_corpus
from tamsa.eval import read_questions
from tamsa.llm import ModelSettings, open_model
from tamsa.scoring.metrics import exact_match
from tamsa.tools import corpus_toolset
from tamsa.world import build_world


async def test_it_reads_what_the_rules_find_in_an_unseen_world_and_quotes_it(tmp_path: Path) -> None:
    build_world(tmp_path / "world", num_pages=300, seed=77, num_questions=60)
    questions = [q for q in read_questions(tmp_path / "world" / "questions.jsonl") if q.kind == "chain"][:16]
    index = open_corpus([tmp_path / "world" / "pages.jsonl"])
    model = open_model("nano", ModelSettings(threads=1))
    policy, mode = with_mode(model)
    assert policy is not model and model.profile.brief and model.profile.calibration is not None
    right = quoted = 0
    try:
        for question in questions:
            report = await research(
                question.question, model=policy, tools=corpus_toolset(index, profile=policy.profile), mode=mode
            )
            right += int(exact_match(report.answer, question.answers))
            quoted += bool(report.citations)
            assert report.confidence is not None and report.confidence.calibrated
    finally:
        await model.aclose()
        index.close()
    assert right >= 10
    assert quoted >= 8


async def test_it_reads_by_itself_what_is_shown_in_an_unseen_world(tmp_path: Path) -> None:
    build_world(tmp_path / "world", num_pages=300, seed=77, num_questions=60)
    questions = [q for q in read_questions(tmp_path / "world" / "questions.jsonl") if q.kind == "chain"][:16]
    index = open_corpus([tmp_path / "world" / "pages.jsonl"])
    model = open_model("nano", ModelSettings(threads=1))
    model.profile = replace(model.profile, reader_votes=0)  # the rules have no say in the answer
    policy, mode = with_mode(model)
    try:
        reports = [
            await research(q.question, model=policy, tools=corpus_toolset(index, profile=policy.profile), mode=mode)
            for q in questions
        ]
    finally:
        await model.aclose()
        index.close()
    right = sum(exact_match(report.answer, q.answers) for report, q in zip(reports, questions, strict=True))
    assert right >= 3  # without reading hardly any of these answers could be guessed
