"""Names in running text have their bounds: alone, joined, owned, numbered, and with a small word in front."""

from __future__ import annotations

import pytest

from tamsa.agent.baseline.fitness import wholeness
from tamsa.agent.baseline.names import names_in
from tamsa.agent.baseline.nouns import kind_of_name
from tamsa.agent.baseline.passages import Span
from tamsa.agent.baseline.state import State


def _names(text: str) -> list[str]:
    return [text[start:end] for start, end in names_in(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("It stands on Rinners' 1978 album Lantern.", "Lantern"),
        ("Her life is told in the film Still Water.", "Still Water"),
        ("The first winner was Ada Rinn's La Torva with Jon Hald.", "La Torva"),
        ("The guitar was played by Jon Hald of Lanterns.", "Jon Hald"),
        ("It was first given at the 7th Torva Awards.", "7th Torva Awards"),
        ("He won at the 1960 Summer Olympics in Torva.", "1960 Summer Olympics"),
    ],
)
def test_a_name_is_found_with_its_own_bounds(text: str, name: str) -> None:
    assert name in _names(text)


def test_what_is_no_name_is_not_found() -> None:
    assert "Rinners' 1978" not in _names("It stands on Rinners' 1978 album Lantern.")
    assert "Torva Walk" not in _names("It lies on the Torva Walk of Fame.")


def test_an_owner_and_a_band_are_no_part_of_a_name() -> None:
    def whole(text: str, want: str) -> float:
        return wholeness(State([]), Span(0, len(text), text, "name"), want)  # type: ignore[arg-type]

    assert whole("Albion's Parla", "org") < whole("Parla", "org")
    assert whole("Jon Hald of Lanterns", "person") < whole("Jon Hald", "person")
    assert whole("Hald's Dice", "work") == whole("Mary of Torva", "person") == 1.0
    assert kind_of_name("Torva Jon Hald S.p.A.") == "org"
