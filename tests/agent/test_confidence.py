"""How sure a model is: measured on the tokens of the answer, kept in the journal, said in every form of the report."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent import research
from tamsa.agent.confidence import in_words, measure
from tamsa.agent.react import parse_answer, parse_turn, render_call, short_answer_span
from tamsa.agent.reporting import read_report
from tamsa.llm import ScriptedModel
from tamsa.store import RunFolder
from tamsa.tools import corpus_toolset
from tamsa.types import Calibration, Completion, Confidence, Likelihood, Profile, Report, Sampled
from tests.library import make_library

QUESTION = "When was Velm Ford founded?"
VISIT = render_call("visit", {"ids": ["ford.md"]})
QUOTE = "<quote doc='ford.md'>founded in 1203</quote>"
QUOTE = "<quote doc='ford.md'>founded in 1203</quote>"
ANSWER = f"<think>So 1203.</think><answer>1203\n<finding>founded{QUOTE}</finding></answer>"
SURE = Calibration(1.0, 0.5, 0.0, 0.0, 100, 0.3, 0.02)
UNSURE = Calibration(-5.0, 0.5, 0.0, 0.0, 100, 0.3, 0.02)


def say(text: str, logprob: float = -0.01, special: dict[str, float] | None = None) -> Completion:
    """A completion drawn character by character; the characters of `special` strings have their own log-probability."""
    logprobs = [logprob] * (len(text) + 1)
    for words, value in (special or {}).items():
        at = text.rindex(words)
        logprobs[at : at + len(words)] = [value] * len(words)
    count = len(logprobs)
    ends = (*range(1, count), count - 1)
    return Completion(text, sampled=Sampled((1,), tuple(range(count)), (0.0,) * count, (), (), tuple(logprobs), ends))


async def ask(
    turns: list[Completion], folder: RunFolder | None = None, calibration: Calibration | None = None
) -> Report:
    def policy(messages: Any) -> Completion:
        return turns[sum(message.role == "assistant" for message in messages)]

    model = ScriptedModel(policy, profile=Profile(calibration=calibration))
    return await research(QUESTION, model=model, tools=corpus_toolset(make_library()), folder=folder)


@pytest.mark.parametrize(
    "text",
    [
        "1203",
        " 1203 \n<finding>x</finding>",
        "",
        "\n  <finding>all</finding>",
        "a b <quote doc='x'>y</quote>",
        "<b>x</b>",
    ],
)
def test_span_of_the_short_answer_is_what_is_read_as_it(text):
    start, end = short_answer_span(text)
    assert " ".join(text[start:end].split()) == parse_answer(text).text


async def test_answer_is_measured_by_its_own_tokens_and_the_one_that_ends_it():
    report = await ask([say(VISIT, -0.5), say(ANSWER, -0.01, {"1203\n": -0.2})])
    assert report.answer == "1203" and report.confidence is not None
    likely = report.confidence.likelihood
    assert math.isclose(likely.answer, 5 * -0.2)
    assert not report.confidence.calibrated and math.isclose(report.confidence.probability, math.exp(-1.0))
    turn = say(ANSWER, -0.01, {"1203\n": -0.2}).sampled.model_logprobs
    assert math.isclose(likely.turn, sum(turn) / len(turn))
    visit = say(VISIT, -0.5).sampled.model_logprobs
    assert math.isclose(likely.run, (sum(turn) + sum(visit)) / (len(turn) + len(visit)))


def test_tokens_of_many_characters_and_none_count_where_they_stand():
    pieces = ["<think>x</think>", "<answer>", "Port", " Ald", "er", "\n<fin", "ding>c</finding></answer>", ""]
    ends, length = [], 0
    for piece in pieces:
        length += len(piece)
        ends.append(length)
    logprobs = tuple(-(2.0**n) for n in range(8))
    sampled = Sampled((), tuple(range(8)), (), (), (), logprobs, tuple(ends))
    assert measure(sampled, parse_turn("".join(pieces)))["answer"] == -(4 + 8 + 16 + 32)
    cut = "<answer>탐"  # one character of three tokens, the end of the turn after it
    sampled = Sampled((), (1, 2, 3, 4, 5), (), (), (), (-1.0, -2.0, -4.0, -8.0, -16.0), (8, 8, 8, 9, 9))
    assert measure(sampled, parse_turn(cut))["answer"] == -30.0


async def test_draft_beside_a_call_is_measured_when_it_is_taken():
    draft = say("<answer>1203</answer>" + VISIT, -0.01, {"1203<": -0.1})
    report = await ask([draft, say("well"), say("well"), say("well")])
    assert report.answer == "1203"
    assert report.confidence is not None and math.isclose(report.confidence.likelihood.answer, -0.5)


async def test_nothing_is_said_where_nothing_is_known():
    assert (await ask([Completion(VISIT), Completion(ANSWER)])).confidence is None
    plain = await ask([say("It was 1203."), say("It was 1203."), say("It was 1203.")])
    assert plain.answer == "It was 1203." and plain.confidence is None
    rewritten = Completion(ANSWER, sampled=Sampled((1,), (2,), (0.0,), (), (), (-0.1,)))
    assert (await ask([rewritten])).confidence is None


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        (None, "own probability of this answer: 0.95 (not calibrated)"),
        (SURE, "Confidence 0.92 (calibrated)"),
        (UNSURE, "Unsure: confidence 0.03 (calibrated); this answer is more likely wrong than right"),
    ],
)
async def test_every_form_of_the_report_says_it(calibration, words, tmp_path: Path):
    folder = RunFolder.create(tmp_path / "run", {"question": QUESTION})
    report = await ask([say(VISIT), say(ANSWER)], folder, calibration)
    folder.close()
    assert words in in_words(report.confidence)
    assert words in (tmp_path / "run" / "report.md").read_text()
    page = (tmp_path / "run" / "report.html").read_text()
    assert words in page
    assert ('<p class="status">Unsure' in page) == report.confidence.unsure
    value = json.loads((tmp_path / "run" / "report.json").read_text())["confidence"]
    assert value["calibrated"] == (calibration is not None) and 0 <= value["probability"] <= 1
    again = RunFolder.resume(tmp_path / "run")
    assert read_report(again) == report
    again.close()


async def test_resumed_run_is_as_sure_as_the_uninterrupted(tmp_path: Path):
    turns = [say(VISIT, -0.3), say(ANSWER, -0.02, {"1203": -0.4})]
    whole = await ask(turns, calibration=SURE)
    folder = RunFolder.create(tmp_path / "run", {"question": QUESTION})
    with pytest.raises(IndexError):
        await ask(turns[:1], folder)
    folder.close()
    folder = RunFolder.resume(tmp_path / "run")
    assert (await ask(turns, folder, SURE)).confidence == whole.confidence
    folder.close()


def test_unsure_is_said_of_calibrated_answers_alone():
    likely = Likelihood(-3.0, -0.1, -0.1)
    assert Confidence(0.49, True, likely).unsure
    assert not Confidence(0.5, True, likely).unsure and not Confidence(0.05, False, likely).unsure
