"""Comparisons: the two sides of a question, what they are measured by, what they share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tamsa.agent.baseline.question import analyse
from tamsa.agent.react import parse_answer
from tamsa.corpus import Index

from .conftest import run_policy

TEXTS = {
    "Orla Vint": (
        "Orla Vint (born 4 May 1951 in Brenn, Hald) is a Veldan sailor. She is 1.71 m tall and turned "
        "professional in 1974."
    ),
    "Tove Rask": (
        "Tove Rask (3 March 1948 - 2 June 2011) was a Danish sailor. At 5 ft 10 in tall she was born in "
        "Skive, Mors, and became professional in 1974. She also sailed in Hald."
    ),
    "Ebbe Lund": (
        "Ebbe Lund (1 May 1930 - 9 July 2010) was a Danish film director and screenwriter, known for his "
        "screenplays. He is a member of the Third Wave."
    ),
    "Nils Aberg (comics)": (
        "Nils Aberg (born 9 January 1925) is a Danish comic book writer, film director and producer. He is "
        "considered part of the third wave."
    ),
    "The Long Quay": (
        "The Long Quay is a 1962 Danish Jutish-language film directed by Ebbe Lund. It was shown at the Lenn Festival."
    ),
    "Winter Salt": (
        "Winter Salt is a 1958 film in colour, directed by Nils Aberg, with dialogue in Danish. It was "
        "entered into the Lenn Festival."
    ),
    "Open Water (album)": (
        "Open Water is an album by the band Hark. It reached # 15 on the Veldan Albums chart. One song, the "
        "number 3 Reef, was a hit."
    ),
    "Low Tide": (
        "Low Tide is an album by the singer Ida Mohr. The album reached # 25 on the Veldan albums chart. Of "
        "its songs Foam was # 2 on the singles chart."
    ),
    "Hark": "Hark is a rock band formed in 1987 in Brenn.",
    "Kelp": "Kelp is a rock band from Brenn. The six members met at school, and the band was formed in 1990.",
    "Marsh Field": "Marsh Field is a stadium in Brenn. It holds 10,000 people and was opened in 1999.",
    "Dune Arena": "Dune Arena is a stadium in Lenn with a capacity of around 20,000. It was opened in 2004.",
    "Coast College": "Coast College is a community college in Brenn. It was chartered in 1963.",
    "Harbour County College": "Harbour County College is a community college in Lenn. It was founded in 1958.",
    "Harbour County": "Harbour County is a county of Velda. At the census of 2010 it had 600 people.",
    "The Gulls": "The Gulls is a television series that ran on NTV from 1971 to 1975.",
    "Dr. Moll": "Dr. Moll is an NTV television series of 1980, the first series with a doctor.",
    "Pia Krog": "Pia Krog is an actress known for her part in the soap opera Days to Live on NTV.",
    "Jens Holt": (
        "Jens Holt (born 1970) is an actor. He had parts in Rain, and in Days to Live, for which he won a prize."
    ),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("comparison") / "index"
    index = Index.build(({"id": title, "title": title, "text": text} for title, text in TEXTS.items()), folder)
    yield index
    index.close()


@pytest.mark.parametrize(
    ("question", "form", "options"),
    [
        ("Of the sailors Orla Vint and Tove Rask, who is older?", "choice", ("Orla Vint", "Tove Rask")),
        ("Orla Vint and Tove Rask both sailed in 1980; who died later?", "choice", ("Orla Vint", "Tove Rask")),
        ("Orla Vint and Tove Rask: which of these is older?", "choice", ("Orla Vint", "Tove Rask")),
        ("Did Orla Vint as well as Tove Rask sail?", "polar", ("Orla Vint", "Tove Rask")),
        ("Orla Vint and Tove Rask, were they both sailors?", "polar", ("Orla Vint", "Tove Rask")),
        ("Was Orla Vint born before the sailor Tove Rask?", "polar", ("Orla Vint", "Tove Rask")),
        ("Is Orla Vint of the same nationality as the director of Kelp?", "polar", ("Orla Vint", "Kelp")),
        ("Which holds more, Marsh Field in Brenn or Dune Arena in Lenn?", "choice", ("Marsh Field", "Dune Arena")),
        ("Which came first, Low Tide by Ida Mohr or Hark's Kelp?", "choice", ("Low Tide", "Kelp")),
        ("Which came first, Low Tide or Between?", "choice", ("Low Tide", "Between")),
        ("What team did Orla Vint and Tove Rask both sail for?", "span", ("Orla Vint", "Tove Rask")),
        ("Which film released after Low Tide stars Orla Vint?", "span", None),
    ],
)  # fmt: skip
def test_the_two_sides_are_found(question: str, form: str, options: tuple[str, str] | None) -> None:
    read = analyse(question, ("Orla Vint", "Tove Rask", "Kelp", "Low Tide", "Hark"))
    assert (read.form, read.options) == (form, options)


def test_what_is_said_of_a_side_is_kept() -> None:
    pair = analyse("Which is older, the 1962 film Ember by Hark or Frost (1958)?", ("Ember", "Hark")).pair
    assert pair is not None
    assert (pair.left.noun, pair.left.year, pair.left.maker) == ("film", "1962", "Hark")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Of the sailors Orla Vint and Tove Rask, who is older?", "Tove Rask"),
        ("Who is taller, Orla Vint or Tove Rask?", "Tove Rask"),
        ("Did Orla Vint and Tove Rask turn professional in the same year?", "yes"),
        ("Were Orla Vint and Tove Rask born in the same county?", "no"),
        ("Do Orla Vint and Tove Rask come from different countries?", "yes"),
        ("Which was directed by the man born first, The Long Quay or Winter Salt?", "Winter Salt"),
        ("Was the director of The Long Quay born before the director of Winter Salt?", "no"),
        ("Are The Long Quay and Winter Salt films in the same language?", "no"),
        ("The Long Quay and Winter Salt, were they both shown at the Lenn Festival?", "yes"),
        ("Does Ebbe Lund belong to the same wave as Nils Aberg?", "yes"),
        ("Which got higher on the Veldan albums chart, Open Water or Low Tide?", "Open Water"),
        ("Whose album got higher on the Veldan albums chart, Hark's Open Water or Low Tide by Ida Mohr?", "Hark"),
        ("Which band has been around longer, Kelp or Hark?", "Hark"),
        ("What stadium can seat more people, Marsh Field in Brenn or Dune Arena in Lenn?", "Dune Arena"),
        ("Of the two colleges Coast and Harbour County, which has existed for longer?", "Harbour County"),
        ("Were The Gulls and Dr. Moll on the same network?", "yes"),
        ("On what soap opera have both Pia Krog and Jens Holt had a part?", "Days to Live"),
        ("What do Ebbe Lund and Nils Aberg both do for work?", "film director"),
    ],
)  # fmt: skip
def test_comparisons_are_settled_by_what_the_pages_say(index: Index, question: str, expected: str) -> None:
    assert parse_answer(run_policy(index, question).answer).text == expected
