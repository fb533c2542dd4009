"""Lessons: own good readings are learned from, a guess said again is not, the teacher shows what never went well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tamsa.agent.guided.marks import without_marks
from tamsa.agent.guided.prompt import NOT_FOUND
from tamsa.llm import ScriptedModel
from tamsa.scoring.metrics import exact_match
from tamsa.synthesis.curation import grade
from tamsa.synthesis.exploration import Exploration
from tamsa.synthesis.explore_stage import Judged, Solver, question_shards, read_judged
from tamsa.synthesis.flywheel import Steering, draw, slot_of, steer
from tamsa.synthesis.lessons import OWN_PER_QUESTION, Tried, Tutor
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.teacher import PROFILE
from tamsa.synthesis.teacher.reading import OracleReader
from tamsa.synthesis.verdicts import judge_trajectory
from tests.synthesis.conftest import Studied

TRIES = 3
Say = Callable[[GoldQuestion, str, str], str]
"""What a reader says: of the question, the prompt and the teacher's reply."""


def tried(world: Studied, say: Sequence[Say]) -> tuple[list[GoldQuestion], list[Judged]]:
    """Let a reader try the questions, each as often as it has ways to answer."""
    questions = [q for q in world.questions if q.kind in ("chain", "unanswerable")][:16]
    readers = {q.question: (q, OracleReader(q, world.index.get, PROFILE)) for q in questions}
    asked: dict[str, int] = {}

    def read(messages: Any) -> str:
        prompt = messages[-1].content
        text = without_marks(prompt.rpartition("Question: ")[2])
        number = asked[text] = asked.get(text, -1) + 1
        question, teacher = readers[text]
        return say[number](question, prompt, teacher.answer(prompt))

    profile = replace(PROFILE, mode="guided", reader_votes=4)
    model = ScriptedModel(read, profile=profile)
    with asyncio.Runner() as runner:
        solver = Solver(model, runner, world.index, len(say), concurrency=1)
        ((_, shard),) = question_shards(questions, 100)
        return questions, list(map(read_judged, solver.run(None, (0, shard))))


def right(question: GoldQuestion, prompt: str, shown: str) -> str:
    return shown


def parrot(question: GoldQuestion, prompt: str, shown: str) -> str:
    """Give the right answer without a line that carries it."""
    return f"Answer: {question.answers[0]}"


def wrong(question: GoldQuestion, prompt: str, shown: str) -> str:
    return "Answer: Nobody at all"


def learned(world: Studied, say: Sequence[Say]) -> list[Tried]:
    questions, judged = tried(world, say)
    return list(Tutor(world.index, mode="guided", seed=1).learn(questions, judged))


def test_what_always_goes_well_teaches_nothing(world: Studied) -> None:
    found = learned(world, [right] * TRIES)
    assert len(found) == 16
    assert all(item.num_good == TRIES and not item.lessons for item in found)


def test_own_good_readings_are_learned_from_once_each(world: Studied) -> None:
    for item in learned(world, [wrong, right, right]):
        (lesson,) = item.lessons
        assert lesson.is_own and item.num_good == 2 <= OWN_PER_QUESTION
        *_, asked, said = lesson.exploration.conversations[-1].messages
        assert said.content == OracleReader(item.question, world.index.get, PROFILE).answer(asked.content)
        assert lesson.exploration.model != "teacher"


def test_where_nothing_went_well_the_teacher_reads_the_very_prompt(world: Studied) -> None:
    questions, judged = tried(world, [wrong] * TRIES)
    prompts = {e.question_id: e.conversations[-1].messages[-2].content for e, _ in judged}
    found = list(Tutor(world.index, mode="guided", seed=1).learn(questions, judged))
    for item in found:
        (lesson,) = item.lessons
        *_, asked, said = lesson.exploration.conversations[-1].messages
        assert not lesson.is_own and lesson.exploration.model == "teacher" and item.num_right == item.num_good == 0
        assert asked.content == prompts[item.question.id]
        answer = said.content.rpartition("Answer: ")[2]
        assert answer == NOT_FOUND or exact_match(answer, item.question.answers)
    assert any(lesson.exploration.correct for item in found for lesson in item.lessons)


def test_a_right_answer_without_its_lines_is_no_good_reading(world: Studied) -> None:
    found = [item for item in learned(world, [parrot] * TRIES) if item.question.kind == "chain"]
    assert sum(item.num_right for item in found) == TRIES * len(found)
    assert not any(item.num_good or any(lesson.is_own for lesson in item.lessons) for item in found)
    assert any(item.lessons for item in found)
    for item in found:  # what the teacher would have refused is not taught against a right answer
        assert all(lesson.exploration.report["answer"] != NOT_FOUND for lesson in item.lessons)


def test_a_reply_without_an_answer_is_wrong_whatever_the_rules_say(world: Studied) -> None:
    _, judged = tried(world, [lambda *_: "[1] nothing"])
    assert not any(verdict.correct or verdict.accepted for _, verdict in judged)
    assert any(exploration.correct for exploration, _ in judged)  # the rules were right


def test_the_votes_of_a_model_hide_no_try(world: Studied) -> None:
    _, judged = tried(world, [wrong])
    assert {exploration.report["answer"] for exploration, _ in judged} == {"Nobody at all"}


def test_an_acting_model_learns_from_its_runs_and_from_the_teachers(world: Studied) -> None:
    pairs = [(q, e) for q, e in world.pairs() if judge_trajectory(q, e).accepted][:6]

    def judged(question: GoldQuestion, exploration: Exploration, sample: int, well: bool) -> Judged:
        report = exploration.report if well else {**exploration.report, "answer": "nobody"}
        run = replace(exploration, sample=sample, model="m", report=report, correct=well)
        return run, judge_trajectory(question, run)

    some = [judged(q, e, n, well) for n, well in enumerate((True, False)) for q, e in pairs[:3]]
    none = [judged(q, e, n, False) for n in range(2) for q, e in pairs[3:]]
    questions = [question for question, _ in pairs]
    found = list(Tutor(world.index, mode="react", seed=7).learn(questions, [*some, *none]))
    assert [lesson.is_own for item in found for lesson in item.lessons] == [True] * 3 + [False] * 3
    assert all(judge_trajectory(t.question, lesson.exploration).accepted for t in found for lesson in t.lessons)


def test_what_the_model_fails_at_gains_weight(world: Studied) -> None:
    found = [Tried(q, 4, 4, 0 if q.kind == "chain" else 4, ()) for q in world.questions]
    graded = [grade(item.question, [item.rate("m")]) for item in found]
    steering = steer(world.questions, graded, model="m", number=1)
    assert all(factor > 1 for name, factor in steering.slots.items() if name.startswith("chain"))
    assert all(factor < 1 for name, factor in steering.slots.items() if not name.startswith("chain"))


def test_a_draw_follows_the_factors(world: Studied) -> None:
    slots = {slot_of(q): 0.25 for q in world.questions} | {"comparison": 4.0}
    questions = [replace(q, id=f"{q.id}/{n}", relations=()) for n in range(20) for q in world.questions]
    share = sum(q.kind == "comparison" for q in questions) / len(questions)
    drawn = draw(questions, 200, Steering(1, "m", slots), Random(3))
    assert len({q.id for q in drawn}) == 200
    expected = 16 * share / (16 * share + 1 - share)
    assert sum(q.kind == "comparison" for q in drawn) / 200 == pytest.approx(expected, abs=0.1)
    assert len(draw(questions[:5], 200, None, Random(3))) == 5
