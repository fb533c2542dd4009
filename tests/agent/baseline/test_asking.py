"""What a question asks is told from what it describes, and what is no name may be the answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.baseline.answering import Conclusion
from tamsa.agent.baseline.asking import Asking
from tamsa.agent.baseline.candidates import Gathering
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.phrases import phrases
from tamsa.agent.baseline.question import analyse
from tamsa.corpus import Index

from .conftest import run_policy

TEXTS = {
    "Torva": "Torva is a town in Velda, nicknamed the Salt Gate. The town flower is the marsh iris. Its wool mill was "
    "conceived by Mayor Ada Rinn and opened in 222 BC.",
    "Jon Fell": "Jon Fell is a Veldan cellist. He was born in Torva and won the Sune Prize for his first record.",
    "Sune Prize": "The Sune Prize is a music award. It comes in three versions and is run by Hald & Sons, Inc. Also "
    "known as the Brass Bell, it was first given on 4-7 June 1942.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("asking") / "index"
    opened = Index.build(({"id": title, "title": title, "text": text} for title, text in TEXTS.items()), folder)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("The cellist Jon Fell was born in a town that has what flower as its town flower?", "marsh iris"),
        ("Jon Fell won a prize that is also known how?", "Brass Bell"),
        ("Over what days was the prize first given that went to the cellist Jon Fell?", "4-7 June 1942"),
        ("Who came up with the wool mill of the town where the cellist Jon Fell was born?", "Ada Rinn"),
    ],
)
def test_the_answer_is_among_the_candidates_whatever_form_it_has(index: Index, question: str, answer: str) -> None:
    run = run_policy(index, question)
    judged = Conclusion(*BaselinePolicy().read(run.messages[:-1])).judged
    assert answer in {item.candidate.text.removeprefix("the ") for item in judged}


def test_words_near_the_one_that_asks_are_asked_and_the_others_describe() -> None:
    question = analyse("The cellist who won the Sune Prize was born in a town that has what flower?")
    asking = Asking(question, [Page(title, title, text) for title, text in TEXTS.items()])
    assert max(asking.asks, key=asking.asks.__getitem__) == "flower"
    assert asking.describes["cellist"] > asking.describes["town"]
    assert asking.led["Torva"][0] > 0.5
    assert asking.led["Jon Fell"] == (0.0, 0.0)


def test_noun_phrases_stand_alone_and_without_the_noun_asked_for() -> None:
    page = Page("Torva", "Torva", "Torva lies at the river Motta ström and is known for its shoemaking tradition.")
    found = {span.text for span in phrases(page, page.sentences[0], "river")}
    assert {"Motta ström", "shoemaking tradition"} <= found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("It was led by Chairman Ada Rinn of Torva.", "Ada Rinn of Torva"),
        ("The fall of Prime Minister of Velda Otto Lasch came soon.", "Otto Lasch"),
        ("It is run by Hald Works, Inc. Also known so, it grew.", "Hald Works, Inc."),
        ("The prize went to Ada Rinn for Wild and It was over.", "Wild"),
    ],
)
def test_names_end_and_begin_where_their_bearer_does(text: str, name: str) -> None:
    assert name in {span.text for span in Page("x", "X", text).spans}


@pytest.mark.parametrize(
    ("question", "kind", "head"),
    [
        ("How hot must iron get to melt?", "number", ""),
        ("What did the car of Ada Rinn cost when it was sold?", "number", "cost"),
        ("How many different versions are there of the Sune Prize?", "number", "versions"),
        ("Which Veldan process came before the one of Torva?", "any", "process"),
        ("When the title was created again, it took the place of which older peerage?", "any", "peerage"),
        ("Which two men founded Torva?", "person", "men"),
        ("What was he called at birth?", "any", ""),
    ],
)
def test_what_is_asked_for_is_read_in_any_word_order(question: str, kind: str, head: str) -> None:
    found = analyse(question)
    assert (found.kind, found.head) == (kind, head)


def test_pages_that_a_question_leads_to_alike_are_all_read(tmp_path: Path) -> None:
    texts = {
        "Jon Fell": "Jon Fell is a Veldan cellist. He plays for the Lenn Trio, the Torva Trio and the Hald Trio.",
        "Lenn Trio": "The Lenn Trio was begun by Ada Rinn.",
        "Torva Trio": "The Torva Trio was begun by Mara Voss.",
        "Hald Trio": "The Hald Trio was begun by Otto Lasch.",
    }
    index = Index.build(({"id": title, "title": title, "text": text} for title, text in texts.items()), tmp_path / "i")
    run = run_policy(index, "Who thought up the trio that the cellist Jon Fell plays for?")
    conclusion = Conclusion(*BaselinePolicy().read(run.messages[:-1]))
    assert {page.title for page in conclusion.state.opened} == set(texts)
    gathering = Gathering(conclusion.state, conclusion.question, conclusion.resolver, conclusion.plan)
    assert {reading.page.title for reading in gathering._led()} == set(texts) - {"Jon Fell"}
    index.close()
