"""The bundled model: it loads, knows how it works in the agent, and reads pages of a world that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tamsa.agent import research
from tamsa.agent.modes import with_mode
from tamsa.corpus import open_corpus
from tamsa.eval import Question, read_questions
from tamsa.llm import ModelSettings, open_model
from tamsa.scoring.metrics import exact_match
from tamsa.tools import corpus_toolset
from tamsa.types import Report
from tamsa.world import build_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unseen world with questions."""
    folder = tmp_path_factory.mktemp("nano") / "world"
    build_world(folder, num_pages=300, seed=77, num_questions=60)
    return folder


async def answered(world: Path, votes: int | None = None) -> list[tuple[Report, Question]]:
    """Let nano answer sixteen chains; `votes` replaces its own number of votes."""
    questions = [q for q in read_questions(world / "questions.jsonl") if q.kind == "chain"][:16]
    index = open_corpus([world / "pages.jsonl"])
    model = open_model("nano", ModelSettings(threads=1))
    assert model.profile.brief and model.profile.reader_votes > 0
    if votes is not None:
        model.profile = replace(model.profile, reader_votes=votes)
    policy, mode = with_mode(model)
    assert policy is not model
    tools = partial(corpus_toolset, index, profile=policy.profile)
    try:
        return [(await research(q.question, model=policy, tools=tools(), mode=mode), q) for q in questions]
    finally:
        await model.aclose()
        index.close()


def num_right(found: Sequence[tuple[Report, Question]]) -> float:
    return sum(exact_match(report.answer, question.answers) for report, question in found)


async def test_it_elects_with_the_rules_what_they_find_in_an_unseen_world_and_quotes_it(world: Path) -> None:
    found = await answered(world)
    assert num_right(found) >= 10
    assert sum(bool(report.citations) for report, _ in found) >= 8
    assert all(report.confidence is not None and report.confidence.calibrated for report, _ in found)


async def test_it_reads_by_itself_what_is_shown_in_an_unseen_world(world: Path) -> None:
    assert num_right(await answered(world, votes=0)) >= 3  # hardly any of these answers could be guessed
