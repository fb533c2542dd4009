"""Kin, names of birth and places of birth are read as leads state them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tamsa.agent.baseline.attributes import awarded_works, birth_names, birth_places, makers
from tamsa.agent.baseline.names import names_in
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.relatives import kin_spans, statements, subject_is
from tamsa.agent.react import parse_answer
from tamsa.corpus import Index

from .conftest import run_policy

ADA = (
    "Ada Rinn (born Ada Maud Holt; 3 May 1901) was an actress. She was the daughter of veteran painters Paul Holt and "
    "Ina Moe and granddaughter of Olaf Moe. She married the actor Jon Rinn in 1925, with whom she had two children, "
    "Mia and Karl. Her brother was the poet Nils Holt. Her aunt Eva Lund married Bo Lund, son of Ted Lund."
)
TEXTS = {
    "Night Ferry": "Night Ferry is a 1930 film directed by Ada Rinn. It stars Tove Dahl and Emil Berg.",
    "Ada Rinn": ADA + " Her films include Copper Gate, The Silent Weir and Harbour Lights.",
    "Grey Ridge": "Grey Ridge is a 1931 film directed by Emil Berg.",
    "Emil Berg": "Emil Berg was a film director. Born and raised in rural Hald to a Torvan family, he came to Brenn.",
    "Tove Dahl": "Tove Dahl was an actress. She is the daughter of Emil Berg and Lise Dahl.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("relatives") / "index"
    return Index.build(({"id": title, "title": title, "text": text} for title, text in TEXTS.items()), folder)


def test_statements_of_kin_say_who_is_what_to_whom() -> None:
    found = {(kin.span.text, kin.word, kin.holder) for kin in statements(Page("a", "Ada Rinn", ADA))}
    assert found == {
        ("Paul Holt", "parent", ""),
        ("Ina Moe", "parent", ""),
        ("Olaf Moe", "grandparent", ""),
        ("Jon Rinn", "spouse", ""),
        ("Mia", "child", ""),
        ("Karl", "child", ""),
        ("Nils Holt", "sibling", ""),
        ("Eva Lund", "uncle", ""),
        ("Bo Lund", "spouse", "Eva Lund"),
        ("Ted Lund", "parent", "Bo Lund"),
    }


def test_kin_is_told_apart_by_relation_and_by_sex() -> None:
    page = Page("a", "Ada Rinn", ADA)
    mothers = kin_spans(page, "mother", ["Ada Rinn"], own=True)
    assert [page.text[a:b] for (a, b), fit in mothers.items() if fit > 0] == ["Ina Moe"]
    of_another = kin_spans(page, "father", ["Bo Lund"], own=False)
    assert [page.text[a:b] for (a, b), fit in of_another.items() if fit > 0] == ["Ted Lund"]
    child = Page("b", "Tove Dahl", TEXTS["Tove Dahl"])
    assert subject_is(child, "daughter", ["Emil Berg"]) > 0 > subject_is(child, "mother", ["Emil Berg"])


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is the mother of the director of Night Ferry?", "Ina Moe"),
        ("Who is the grandfather of the director of Night Ferry?", "Olaf Moe"),
        ("Who was the husband of the director of the 1930 film Night Ferry?", "Jon Rinn"),
        ("Which brother of the director of Night Ferry was a poet?", "Nils Holt"),
        ("Who is the daughter of the director of Grey Ridge?", "Tove Dahl"),
        ("What was the birth name of the director of Night Ferry?", "Ada Maud Holt"),
        ("What name was the director of Night Ferry given at birth?", "Ada Maud Holt"),
    ],
)
def test_questions_of_kin_are_answered(index: Index, question: str, expected: str) -> None:
    assert parse_answer(run_policy(index, question).answer).text == expected


@pytest.mark.parametrize(
    ("lead", "name"),
    [
        ("Ada Holt (born Ada Maud Rinn; 3 May 1901) was a singer.", "Ada Maud Rinn"),
        ("Karl Ottar Moe (born 3 May 1901), known professionally as Ada Holt, is a rapper.", "Karl Ottar Moe"),
        ("Ada Holt was a singer, whose real name was Ida Roe.", "Ida Roe"),
    ],
)
def test_names_of_birth(lead: str, name: str) -> None:
    assert next(span.text for span, _ in birth_names(Page("a", "Ada Holt", lead))) == name


@pytest.mark.parametrize(
    "lead",
    [
        "Ada Holt was a singer. Born in Lomma to a Torvan family, she came to Brenn.",
        "Ada Holt was a singer. Born and raised in rural Lomma, she came to Brenn.",
        "Ada Holt was a singer. Born into poverty on a farm in Lomma, she came to Brenn.",
        "Ada Holt was a singer. She was born on 28 June 1956 in Lomma in Brenn.",
    ],
)
def test_places_of_birth(lead: str) -> None:
    assert "Lomma" in [span.text for span in birth_places(Page("a", "Ada Holt", lead))]


def test_who_holds_a_relation_may_stand_before_it() -> None:
    page = Page("a", "Copper Gate", "Copper Gate is a film with Eva Moe (who married Holt in 1927) and Jon Dahl.")
    assert [page.text[a:b] for a, b in kin_spans(page, "wife", ["Karl Holt"], own=False)] == ["Eva Moe"]


def test_makers_and_works_that_an_award_was_won_for() -> None:
    page = Page("a", "Copper Gate", "Copper Gate is a film written, directed and co-produced by Jon Dahl.")
    assert next(span.text for span in makers(page)) == "Jon Dahl"
    page = Page("b", "Jon Dahl", "Jon Dahl won the Hald Award for Best Director for his part in the film Grey Ridge.")
    assert [span.text for span in awarded_works(page)] == ["Grey Ridge"]


def test_names_do_not_take_in_what_only_leads_to_them() -> None:
    for text in ("Born in Lomma, she sang.", "She was born on 28 June 1956 in Lomma."):
        assert [text[start:end] for start, end in names_in(text)] == ["Lomma"]
