"""What is opened next: what an opened page leads to, not what only sounds like the question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.baseline.navigation import WEIGHTS, Candidate
from tamsa.corpus import Index

from .conftest import run_policy

TEXTS = {
    "Corin Vale": "Corin Vale (born 1981) is a Veldan goalkeeper. She began with Torva Charge and later joined Lenn "
    "Reign, with whom she won the cup.",
    "Lenn Reign": "Lenn Reign is a sports club of Lenn. It was founded by Bertil and Sanna Moor in 2012.",
    "Torva Charge": "Torva Charge was a sports club of Torva that folded in 2003.",
    "Arlo Brask": "Arlo Brask is a goalkeeper who later played for a club in Hald, founded by a brewer.",
    "Ines Tamm": "Ines Tamm is a goalkeeper. She later played for the club that her couple of friends founded.",
    "Dov Rehn": "Dov Rehn is a goalkeeper and a founder of clubs, who later played in Lenn.",
    "Sune Manor": "Sune Manor is a manor house in Askholm Municipality, bought by King Orrin in 1562.",
    "Askholm": "Askholm is the seat of Askholm Municipality, with 21,140 inhabitants in 2010.",
    "Bruneby": "Bruneby is the seat of Bruneby Municipality, with 9,800 inhabitants in 2010.",
    "Eksholm": "Eksholm is the seat of Eksholm Municipality, with 4,100 inhabitants in 2010.",
    "Orrin Castle": "Orrin Castle is a castle, bought and rebuilt by the king; the municipality owns it.",
}
FOLLOWED = [
    ("The goalkeeper who began with Torva Charge later played for a club founded by which couple?", "Corin Vale",
     "Lenn Reign"),
    ("King Orrin bought a manor in a municipality whose seat had how many inhabitants in 2010?", "Sune Manor",
     "Askholm"),
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("navigation") / "index"
    index = Index.build(({"id": title, "title": title, "text": text} for title, text in TEXTS.items()), folder)
    yield index
    index.close()


@pytest.mark.parametrize(("question", "first", "second"), FOLLOWED)
def test_what_the_fitting_page_names_is_opened_before_what_sounds_alike(
    index: Index, question: str, first: str, second: str
) -> None:
    opened = run_policy(index, question).opened
    assert opened[0] == first
    assert second in opened[:3]


@pytest.mark.parametrize("question", [question for question, _, _ in FOLLOWED])
def test_every_choice_is_ranked_by_its_weighed_signs(
    index: Index, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Candidate]] = []
    monkeypatch.setattr(BaselinePolicy, "on_choice", lambda self, ranked: seen.append(ranked))
    run_policy(index, question)
    assert seen
    for ranked in seen:
        worths = [candidate.worth for candidate in ranked]
        assert worths == sorted(worths, reverse=True)
        for candidate in ranked:
            assert candidate.signs.keys() == WEIGHTS.keys()
            assert candidate.worth == pytest.approx(sum(WEIGHTS[k] * v for k, v in candidate.signs.items()))
