"""The teacher as a reader: it answers with what its prompt shows, and says so where that does not suffice."""

from __future__ import annotations

import pytest

from tamsa.agent.guided.prompt import NOT_FOUND, has_answer
from tamsa.scoring.metrics import exact_match
from tamsa.synthesis.exploration import Exploration, TeacherExplorer
from tamsa.synthesis.teacher.habits import Habits
from tamsa.synthesis.verdicts import judge_trajectory
from tests.synthesis.conftest import Studied


@pytest.fixture(scope="module")
def guided(world: Studied) -> list[Exploration]:
    explorer = TeacherExplorer(world.index, seed=5, mode="guided", habits=Habits(open_chain=0.5))
    return [explorer.explore(question) for question in world.questions]


def test_most_trajectories_are_right_and_pass_every_check(world: Studied, guided: list[Exploration]) -> None:
    verdicts = [judge_trajectory(q, e) for q, e in zip(world.questions, guided, strict=True)]
    assert sum(verdict.accepted for verdict in verdicts) >= 0.8 * len(verdicts)


def test_where_the_chain_is_opened_answerable_questions_are_answered_right(world: Studied) -> None:
    explorer = TeacherExplorer(world.index, seed=5, mode="guided", habits=Habits(open_chain=1.0))
    asked = [question for question in world.questions if question.kind == "chain"]
    right = sum(explorer.explore(question).correct for question in asked)
    assert right >= 0.95 * len(asked)


def test_every_copied_sentence_and_every_answer_stands_in_the_prompt(world: Studied, guided: list[Exploration]) -> None:
    by_id = {question.id: question for question in world.questions}
    for exploration in guided:
        for conversation in exploration.conversations:
            system, user, said = conversation.messages
            assert system.content == "Mode: read"
            assert has_answer(said.content)
            *quotes, answer = said.content.split("\n")
            for line in quotes:
                assert any(
                    f"\n{line[at:]}\n" in f"{user.content}\n" for at in range(len(line)) if line[:at].endswith(": ")
                )
            given = answer.removeprefix("Answer: ")
            if given != NOT_FOUND:
                assert exact_match(given, by_id[exploration.question_id].answers)


def test_views_of_one_research_differ_in_what_they_show(guided: list[Exploration]) -> None:
    for exploration in guided:
        sizes = [len(item.messages[1].content) for item in exploration.conversations]
        assert len(sizes) == 3
        assert max(sizes) < 4_000
        assert sizes[1] == min(sizes)
        assert not any("Guesses:" in item.messages[1].content for item in exploration.conversations)


def test_the_same_seed_gives_the_same_samples(world: Studied, guided: list[Exploration]) -> None:
    explorer = TeacherExplorer(world.index, seed=5, mode="guided", habits=Habits(open_chain=0.5))
    assert explorer.explore(world.questions[3]) == guided[3]


def test_unanswerable_questions_teach_to_say_so(world: Studied, guided: list[Exploration]) -> None:
    asked = [(q, e) for q, e in zip(world.questions, guided, strict=True) if q.kind == "unanswerable"]
    assert asked
    assert all(e.report["answer"] == NOT_FOUND for _, e in asked)
