"""What is answered agrees with what is asked for, whatever else stands in the same sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.baseline.answering import Conclusion
from tamsa.agent.baseline.measures import asked_measure, measured
from tamsa.agent.baseline.question import analyse
from tamsa.agent.baseline.weights import WEIGHTS
from tamsa.corpus import Index

from .conftest import run_policy

TEXTS = {
    "Lenn Rovers": "Lenn Rovers are a football club based in Lenn. They play at the Sune Ground, built in 1931.",
    "Lenn": "Lenn is a town on the River Sune. It comprises 2 districts and 34 villages and had a population of "
    "14,250 in 2010. It covers 368 square miles.",
    "Corin Vale": "Corin Vale (born 3 May 1961) is a Veldan footballer who played for Lenn Rovers.",
    "Dov Rehn": "Dov Rehn (born 9 June 1983) is a Veldan footballer who played for Lenn Rovers.",
    "Sune Ground": "The Sune Ground is a football stadium in Lenn. It was built in 1931 and holds 5,200 spectators.",
    "Velda": "Velda is a country. Its capital is Lenn.",
    "Kell Horn": "Kell Horn is a mountain in Velda, one of the highest of the country.",
    "List of mountains of Velda": "The mountains of Velda.\n\n| Mountain | Height (m) |\n| --- | --- |\n"
    "| Kell Horn | 2,140 |\n| Mount Tand | 3,302 |\n| Nag Peak | 1,870 |",
    "List of grounds of Velda": "The grounds of Velda.\n\n| Ground | Town | Capacity |\n| --- | --- | --- |\n"
    "| Sune Ground | Lenn | 5,200 |\n| Aske Park | Torva | 3,100 |\n| Old Quay | Hald | 8,900 |",
}
ASKED = [
    ("How many people live in the town in which Lenn Rovers have their headquarters?", "14,250"),
    ("Which footballer played for Lenn Rovers and was born in the 1980s?", "Dov Rehn"),
    ("Which footballer played for Lenn Rovers and was born before 1970?", "Corin Vale"),
    ("How many spectators does the ground of Lenn Rovers hold?", "5,200"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("judging") / "index"
    opened = Index.build(({"id": title, "title": title, "text": text} for title, text in TEXTS.items()), folder)
    yield opened
    opened.close()


@pytest.mark.parametrize(("question", "answer"), ASKED)
def test_the_answer_agrees_with_what_is_asked_for(index: Index, question: str, answer: str) -> None:
    assert run_policy(index, question).answer.split("\n")[0] == answer


def test_every_sign_has_a_weight_and_the_probabilities_are_those_of_a_softmax(index: Index) -> None:
    run = run_policy(index, ASKED[0][0])
    judged = Conclusion(*BaselinePolicy().read(run.messages[:-1])).judged
    assert sum(item.probability for item in judged) == pytest.approx(1.0)
    assert [item.worth for item in judged] == sorted((item.worth for item in judged), reverse=True)
    assert {name for item in judged for name in item.signs} <= set(WEIGHTS)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many years passed from the birth of Corin Vale to the birth of Dov Rehn?", "22"),
        ("What is the highest mountain of the country whose capital is Lenn?", "Mount Tand"),
    ],
)
def test_what_was_reckoned_stands_whatever_the_candidates_weigh(
    index: Index, monkeypatch: pytest.MonkeyPatch, question: str, answer: str
) -> None:
    monkeypatch.setitem(WEIGHTS, "plan", (-50.0, -50.0))
    run = run_policy(index, question)
    conclusion = Conclusion(*BaselinePolicy().read(run.messages[:-1]))
    assert conclusion.judged[0].candidate.text != answer
    assert (conclusion.outcome.text, conclusion.outcome.source) == (answer, "table")


def test_a_number_is_known_by_its_unit() -> None:
    text = "It covers 368 square miles, has 5,200 spectators, is 87 km long and cost $9."
    spans = [(text.index(number), len(number)) for number in ("368", "5,200", "87", "$9")]
    measures = {text[at : at + size]: measured(text, at, at + size) for at, size in spans}
    assert measures == {"368": "area", "5,200": "people", "87": "length", "$9": "money"}
    assert asked_measure(analyse("How large is the population of Lenn?")) == "people"
    assert asked_measure(analyse("How tall is Mount Kell?")) == "length"
