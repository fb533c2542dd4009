"""A relation is read the way it runs, and of the thing that it is said of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tamsa.agent.baseline.conflicts import authority
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.reading import read
from tamsa.agent.baseline.state import State
from tamsa.agent.react import NOT_FOUND, parse_answer
from tamsa.corpus import Index

from .conftest import run_policy

TEXTS = {
    "Ina Brandt": "Ina Brandt was a painter. Her films were never shown. Ina Brandt took Olaf Quist as a pupil.",
    "Olaf Quist": "Olaf Quist was a painter. The mother of Olaf Quist was Mia Ruud. The father of Olaf Quist was "
    "Per Quist. He is buried at the Chapel of Lomma.",
    "Per Quist": "Per Quist was a miller who was born in Lomma.",
    "Mia Ruud": "Mia Ruud was a weaver who was born in Torva.",
    "Chapel of Lomma": "The Chapel of Lomma is a church near the sea.",
    "Barque Swan": "Barque Swan was a ship. She was laid down at the yard of Ruud & Sons, a company based in Torva. "
    "She was registered at the port of Lomma.",
    "Ruud & Sons": "Ruud & Sons was a company of shipwrights.",
    "Lomma College": "Lomma College is a college. Among its alumni are Nils Aske, Ina Brandt and Karl Moe.",
    "Nils Aske": "Nils Aske was a poet. He studied at Lomma College.",
    "Karl Moe": "Karl Moe was a poet of the coast.",
    "Lomma": "Lomma is a town in the region of Hald.",
    "Torva": "Torva is a town in the region of Sund.",
    "River Une": "The River Une is a river. Brenn draws its water from the river.",
    "Brenn": "Brenn is a town in Hald. The River Une flows through Brenn. Brenn received its charter in 1280.",
    "Vik": "Vik is a town in Hald. Vik received its charter in 1365.",
    "Hald": "Hald is a region. Within Hald lies Vik.",
    "Tern Cup": "The Tern Cup is a yearly race of small boats.",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("direction") / "index"
    return Index.build(({"id": title, "title": title, "text": text} for title, text in TEXTS.items()), folder)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who was the father of Olaf Quist?", "Per Quist"),
        ("Who was the mother of Olaf Quist?", "Mia Ruud"),
        ("Where was the father of the pupil of Ina Brandt born?", "Lomma"),
        ("At which port was Barque Swan registered?", "Lomma"),
        ("Did Nils Aske and Karl Moe study at the same institution?", "yes"),
        ("Which town lies in Hald and stands on the River Une?", "Brenn"),
        ("What is the burial place of Olaf Quist?", "Chapel of Lomma"),
        ("Who founded the Tern Cup?", NOT_FOUND),
    ],
)
def test_questions_of_direction_are_answered(index: Index, question: str, expected: str) -> None:
    assert parse_answer(run_policy(index, question).answer).text == expected


def test_the_page_that_states_one_side_is_opened(index: Index) -> None:
    run = run_policy(index, "Did Nils Aske and Karl Moe study at the same institution?")
    assert "Lomma College" in run.opened


def test_what_is_said_in_passing_is_not_said_of_the_subject() -> None:
    page = Page("Barque Swan", "Barque Swan", TEXTS["Barque Swan"])
    assert [name for _, _, name in page.asides] == ["Ruud & Sons"]
    found = read(State(()), page, cues=("locate",), want="place", head="town", about=["Barque Swan"])
    assert all(reading.text != "Torva" or not reading.stated for reading in found)


def test_a_source_that_checked_nothing_has_no_authority() -> None:
    press = "A note warns that nothing was checked against records."
    rolls = "It prints the records of the court, which were checked in the original."
    assert authority(Page("a", "Cuttings of 1992", f"The Cuttings of 1992 are a scrapbook. {press}"))[0] < 0
    assert authority(Page("b", "Rolls of Hald", f"The Rolls of Hald are a book. {rolls}"))[0] > 0
