"""The election of an answer, against the opinion pool written out."""

from __future__ import annotations

import math

import pytest

from tamsa.agent.baseline.answering import Outcome
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.guided.election import LEAST_RULED, LEAST_VOTED, SURE, elected_turn
from tamsa.agent.guided.task import Task
from tamsa.types import Completion, Sampled, Usage
from tests.agent.guided.test_prompt import passages


def task(*outcomes: Outcome) -> Task:
    return Task("How many people live in Torva?", passages(), (), outcomes)


def reply(answer: str, logprob: float = -1.0) -> Completion:
    text = f"Torva (town): It had a population of 14,250 in 2010.\nAnswer: {answer}"
    drawn = Sampled((1,), (2,), (0.0,), model_logprobs=(logprob,), text_ends=(len(text),))
    return Completion(text, usage=Usage(100, 7), sampled=drawn)


def answer_of(turn: Completion) -> str:
    return turn.text.partition("<answer>")[2].partition("</answer>")[0].split("<")[0].split("\n")[0].strip()


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0, 3.0])
def test_the_likeliest_answer_of_the_pool_is_given_with_its_probability(weight: float) -> None:
    ruled = {"14,250": 0.3, "2010": 0.5, "": 0.15}
    votes = ["14,250", "14,250", "214", "NOT FOUND"]
    outcomes = [Outcome(text, p, source="span") for text, p in sorted(ruled.items(), key=lambda item: -item[1])]
    turn = elected_turn(task(*outcomes), [reply(vote) for vote in votes], weight)
    share = {"14,250": 0.5, "214": 0.25, "": 0.25}
    pool = {
        name: (ruled.get(name, 0.0) + LEAST_RULED) * (share.get(name, 0.0) + LEAST_VOTED) ** weight
        for name in {*ruled, *share}
    }
    best = max(pool, key=pool.__getitem__)
    assert answer_of(turn) == best
    assert turn.sampled is not None and turn.sampled.answer_logprob is not None
    assert math.exp(turn.sampled.answer_logprob) == pytest.approx(pool[best] / sum(pool.values()))


def test_what_the_rules_reckoned_counts_as_nearly_sure() -> None:
    reckoned = task(Outcome("yes", 1.0, source="comparison"), Outcome("14,250", 0.99, source="span"))
    turn = elected_turn(reckoned, [reply("14,250"), reply("yes")], 1.0)
    assert answer_of(turn) == "yes"
    assert turn.sampled is not None and turn.sampled.answer_logprob is not None
    odds = (SURE + LEAST_RULED) / (0.99 * (1 - SURE) + LEAST_RULED)
    assert math.exp(turn.sampled.answer_logprob) == pytest.approx(odds / (1 + odds))
    silent = task(Outcome("", 0.0, source="unknown"), Outcome("14,250", 0.9, source="span"))
    assert answer_of(elected_turn(silent, [reply("14,250"), reply("NOT FOUND")], 1.0)) == "NOT FOUND"


def test_the_likeliest_of_the_winning_replies_is_the_one_that_is_quoted_and_the_prompt_is_paid_once() -> None:
    replies = [reply("14,250", -3.0), reply("14,250", -0.5), reply("87", -0.1)]
    turn = elected_turn(task(Outcome("", 0.2, source="silent")), replies, 2.0)
    assert turn.sampled is not None and turn.sampled.model_logprobs == (-0.5,)
    assert "It had a population of 14,250 in 2010." in turn.text
    assert turn.usage == Usage(100, 21)


def test_replies_without_an_answer_leave_it_to_the_rules() -> None:
    turn = elected_turn(task(Outcome("14,250", 0.6, source="span")), [Completion("Well."), Completion("")], 1.0)
    assert answer_of(turn) == "14,250"
    assert turn.sampled is None


def test_an_answer_that_the_rules_reached_step_by_step_rests_on_their_chain() -> None:
    page = passages()[0].page
    first = page.sentences[0]
    chain = (Reading("Hald", 1.0, page, first.start, first.end),)
    for source, quoted in (("plan", first.text), ("span", "It had a population of 14,250 in 2010.")):
        turn = elected_turn(task(Outcome("14,250", 0.6, chain, source=source)), [reply("14,250")], 1.0)
        assert answer_of(turn) == "14,250"
        assert quoted in turn.text.rpartition("</think>")[2]
        assert turn.sampled is not None and turn.sampled.answer_logprob is not None


def test_where_nothing_was_shown_the_rules_answer_and_nothing_is_claimed_of_how_sure_that_is() -> None:
    bare = Task("How many people live in Torva?", (), (), (Outcome("", 0.0, source="silent"),))
    turn = elected_turn(bare, [Completion("Answer: NOT FOUND", sampled=reply("NOT FOUND", 0.0).sampled)] * 2, 1.0)
    assert (answer_of(turn), turn.sampled) == ("NOT FOUND", None)
