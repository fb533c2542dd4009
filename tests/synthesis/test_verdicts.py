from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tamsa.llm import ScriptedModel
from tamsa.scoring.judge import Judge
from tamsa.synthesis.curation import PassRate, best_of, grade, preference_pairs
from tamsa.synthesis.exploration import Conversation, Exploration
from tamsa.synthesis.flywheel import CEILING, FLOOR, Steering, slot_of, steer, worth
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.verdicts import CHECKS, Verdict, ask_judge, judge_trajectory
from tamsa.types import Message
from tests.synthesis.conftest import Studied


def good(world: Studied, kind: str = "chain", hops: int = 2) -> tuple[GoldQuestion, Exploration]:
    return next(
        (q, e) for q, e in world.pairs() if q.kind == kind and q.hops == hops and judge_trajectory(q, e).accepted
    )


def changed(exploration: Exploration, **report: Any) -> Exploration:
    return replace(exploration, report={**exploration.report, **report})


def test_what_the_teacher_does_passes_every_check(world: Studied) -> None:
    verdicts = [judge_trajectory(q, e) for q, e in world.pairs() if e.correct]
    assert sum(v.accepted for v in verdicts) >= 0.98 * len(verdicts), [v.reason for v in verdicts if not v.accepted]
    assert all([check.name for check in v.checks] == list(CHECKS) and all(c.reason for c in v.checks) for v in verdicts)


def test_records_survive_json(world: Studied) -> None:
    for question, exploration in world.pairs():
        verdict = judge_trajectory(question, exploration)
        assert Exploration.from_json(json.loads(json.dumps(exploration.to_json()))) == exploration
        assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict
        assert GoldQuestion.from_json(json.loads(json.dumps(question.to_json()))).chain == question.chain


def test_each_fault_is_refused_by_its_own_check(world: Studied) -> None:
    question, exploration = good(world)
    report = exploration.report
    nowhere = [{**c, "start": c["start"] + 100_000, "end": c["end"] + 100_000} for c in report["citations"]]
    said = exploration.conversations[0].messages
    calls = tuple({**step, "repeated": True} for step in exploration.steps)
    faults = {
        "answer": changed(exploration, answer="somebody else"),
        "coverage": changed(exploration, visited=[]),
        "citations": changed(exploration, citations=nowhere),
        "consistency": replace(exploration, conversations=(_early(question, said),)),
        "format": replace(exploration, conversations=(Conversation((*said, Message("assistant", "no tags at all"))),)),
        "waste": replace(exploration, steps=calls),
    }
    for name, faulty in faults.items():
        verdict = judge_trajectory(question, faulty)
        failed = [check.name for check in verdict.checks if not check.passed]
        assert name in failed and verdict[name].reason, (name, failed)
        assert not verdict.accepted


def _early(question: GoldQuestion, said: tuple[Message, ...]) -> Conversation:
    """The model names the last value in its first turn, before it has read anything."""
    early = Message("assistant", f"<think>It is {question.chain[-1].value}.</think>" + said[2].content)
    return Conversation((*said[:2], early, *said[3:]))


async def test_an_unreadable_judge_decides_nothing(world: Studied) -> None:
    question, exploration = good(world)
    wrong = changed(exploration, answer="something like it")
    verdict = judge_trajectory(question, wrong)
    mumbling = Judge(ScriptedModel(["well, maybe", "CORRECT", "yes yes"]))
    after = await ask_judge(question, wrong, verdict, mumbling)
    assert not after.correct and "no verdict" in after["answer"].reason
    willing = Judge(ScriptedModel(["Same fact.\nVERDICT: CORRECT"]))
    assert (await ask_judge(question, wrong, verdict, willing)).correct


@pytest.mark.parametrize(
    ("rates", "pool"),
    [
        ([], "untried"),
        ([(0, 4)], "unsolved"),
        ([(4, 4)], "solved"),
        ([(1, 4)], "learn"),
        ([(0, 4), (2, 4)], "frontier"),
        ([(0, 4), (4, 4)], "frontier"),
        ([(1, 4), (4, 4)], "learn"),
        ([(0, 4), (0, 4)], "unsolved"),
    ],
)
def test_pools_follow_the_pass_rates(world: Studied, rates: list[tuple[int, int]], pool: str) -> None:
    question = world.questions[0]
    graded = grade(question, [PassRate(f"s{n}", right, tries) for n, (right, tries) in enumerate(rates)])
    assert graded.pool == pool and 0 <= graded.difficulty <= 1


def test_the_best_is_preferred_to_the_wrong_and_the_wasteful(world: Studied) -> None:
    question, exploration = good(world)
    wrong = replace(changed(exploration, answer="nobody"), sample=1)
    slow = replace(exploration, sample=2, steps=exploration.steps + exploration.steps + exploration.steps)
    judged = [(item, judge_trajectory(question, item)) for item in (wrong, slow, exploration)]
    assert best_of(judged) is exploration
    reasons = {
        rejected.sample: reason for chosen, rejected, reason in preference_pairs(judged) if chosen is exploration
    }
    assert reasons[1] == "wrong answer" and reasons[2] == "waste"
    assert best_of(judged[:1]) is None and not list(preference_pairs(judged[:1]))


def test_what_is_less_often_right_gains_weight_and_what_is_done_with_is_retired(world: Studied) -> None:
    chains = [q for q in world.questions if q.kind == "chain"]
    others = [q for q in world.questions if q.kind == "comparison"]
    graded = [grade(q, [PassRate("m", 2, 4)]) for q in chains]
    graded += [grade(q, [PassRate("m", 4, 4)]) for q in others]
    steering = steer(world.questions, graded, model="m", number=1)
    assert set(steering.kept) == {q.id for q in chains} and set(steering.retired) == {q.id for q in others}
    assert all(steering.slots[slot_of(q)] > 1 for q in chains) and steering.slots["comparison"] < 1
    assert all(FLOOR <= factor <= CEILING for factor in (*steering.slots.values(), *steering.relations.values()))
    again = steer(world.questions, [], model="m", number=2, before=steering)
    assert again.retired == steering.retired and again.slots == steering.slots


def test_worth_falls_with_the_pass_rate_and_few_tries_move_it_little() -> None:
    assert worth(0, 10) > worth(5, 10) > worth(10, 10)
    assert worth(5, 10) == worth(0, 0) == 0.5
    assert worth(0, 1) < worth(0, 100)


def test_steering_survives_its_file(tmp_path: Any) -> None:
    steering = Steering(2, "nano", {"chain-2": 1.5}, {"author": 0.5}, ("q1",), ("q2",))
    steering.write(tmp_path / "steering.json")
    assert Steering.read(tmp_path / "steering.json") == steering
