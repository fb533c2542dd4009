"""Coined names: unique, pronounceable, not words of English."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tamsa.world.blocked import BLOCKED
from tamsa.world.cultures import CULTURES
from tamsa.world.names import Names, RealmNames, acceptable, adjective, fold


def test_a_hundred_thousand_names_are_distinct() -> None:
    names, random = Names(), Random(1)
    seen: set[str] = set()
    for number in range(100_000):
        culture = CULTURES[number % len(CULTURES)]
        endings = (culture.towns, culture.surnames, ())[number % 3]
        word = names.word(random, culture, endings)
        key = fold(word)
        assert key not in seen
        seen.add(key)
        assert key not in BLOCKED
    assert len(names) == 100_000


def test_cultures_do_not_run_dry_soon() -> None:
    """One culture alone yields tens of thousands of words, so that no realm can exhaust it."""
    for culture in CULTURES:
        names, random = Names(), Random(2)
        words = [names.word(random, culture, ()) for _ in range(4_000)]
        assert sum(len(word) for word in words) / len(words) < 10, culture.name


def test_near_namesakes_differ_in_one_letter() -> None:
    names, random = Names(), Random(3)
    for culture in CULTURES:
        for _ in range(50):
            word = names.word(random, culture, culture.towns)
            near = names.near(random, word)
            if near is not None:
                assert len(near) == len(word)
                assert sum(a != b for a, b in zip(near, word, strict=True)) == 1
                assert not names.claim(near)


@given(st.text(max_size=30))
def test_a_name_is_given_once(name: str) -> None:
    names = Names()
    assert names.claim(name)
    assert not names.claim(name)
    assert not names.claim(f" {name.lower()} ")


def test_accents_do_not_make_another_name() -> None:
    assert fold("Bérøna  Čakš") == "berona caks"


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(0, len(CULTURES) - 1))
def test_given_names_fit_their_culture(seed: int, culture: int) -> None:
    pool = RealmNames(Names(), Random(seed), [culture])
    for gender in ("male", "female"):
        name = pool.given(culture, gender)
        assert name[0].isupper() and name[1:].islower()
        assert 4 <= len(name) <= 8
        assert acceptable(name.lower())


def test_adjectives() -> None:
    pairs = {
        "Taria": "Tarian",
        "Velmark": "Velmarkian",
        "Norland": "Norlandic",
        "Ardistan": "Ardi",
        "Makoro": "Makorian",
    }
    assert {land: adjective(land) for land in pairs} == pairs
