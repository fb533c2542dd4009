"""Every relation that can be asked about is said in many ways, all of them whole."""

from __future__ import annotations

import re

import pytest

from tamsa.synthesis.wording.frames import fill, fitting, wordings
from tamsa.synthesis.wording.headers import column_of
from tamsa.synthesis.wording.lexicon import SAYINGS, cue_words
from tamsa.synthesis.wording.nouns import article_for, call, noun_of, plural, sayable
from tamsa.synthesis.wording.saying import by_day, by_year, expand

COMMON = (
    "born_on born_in died_on died_in studied_at spouse father director producer screenwriter composer released author "
    "publisher published artist label founded founder headquarters located_in capital opened built designed_by "
    "population length height winner plays_for"
).split()


@pytest.mark.parametrize("relation", COMMON)
def test_common_relations_have_fifty_wordings(relation: str) -> None:
    assert len(set(wordings(SAYINGS[relation], "Bob Dylan"))) >= 50


@pytest.mark.parametrize("relation", sorted(SAYINGS))
def test_sayings_are_well_formed(relation: str) -> None:
    saying = SAYINGS[relation]
    assert saying.nouns and saying.asks and saying.indirect
    for text in saying.asks:
        assert text.endswith("?") and text[0].isupper() and re.search(r"\{X(?:'s)?\}", text), text
    for text in (*saying.nouns, *saying.indirect, *saying.events, *saying.happenings):
        assert re.search(r"\{X(?:'s)?\}", text) and text[-1] not in "?.", text
    for text in saying.clauses:
        assert "{X}" in text or "{AX}" in text, text
    for question in wordings(saying, "Bob Dylan"):
        assert "Bob Dylan" in question and not re.search(r"[{}\[\]|]|  ", question), question


def test_years_are_not_asked_for_by_the_day() -> None:
    for saying in SAYINGS.values():
        if saying.asked == "date":
            assert not any(re.search(r"\b(?:day|date|birthday)\b", text) for text in by_year(saying).asks)
            assert not any(re.search(r"\byear\b", text) for text in by_day(saying).asks) or by_day(saying) == saying


def test_choices_are_written_out() -> None:
    assert expand("the [town|city] of {X}") == ["the town of {X}", "the city of {X}"]
    assert expand("is [located |]in {X}") == ["is located in {X}", "is in {X}"]


def test_long_phrases_take_no_possessive() -> None:
    phrase = "the director of the film that was shot in Rome"
    for templates in (saying.nouns for saying in SAYINGS.values()):
        kept = fitting(templates, phrase)
        assert len([t for t in kept if "{X's}" in t]) == 0 or all("{X's}" in t for t in templates)
    assert fill("{X's} birthplace", "James") == "James' birthplace"


def test_names_take_the_article_of_their_lead() -> None:
    assert call("Louvre", "art museum", "building", "The Louvre is an art museum").name == "the Louvre"
    assert call("Paris", "city", "place", "Paris is the capital").name == "Paris"
    assert call("Crash (1996 film)", "film", "work").introduced == "the 1996 film Crash"
    assert call("Robert Kajuga (athlete)", "Rwandan runner", "person").introduced == "the athlete Robert Kajuga"
    assert call("Ann Lee (baseball)", "", "person").introduced == "the baseball player Ann Lee"


def test_nouns_come_from_definitions() -> None:
    assert noun_of("Polish former professional tennis player", "person") == "tennis player"
    assert noun_of("American musical comedian", "person") == "comedian"
    assert noun_of("village and civil parish", "place") == "village"
    assert noun_of("", "work") == "work"
    assert noun_of("", "") == ""


def test_odd_titles_are_not_said() -> None:
    for title in ("List of ships", "42", "Q", "$#!*", "x" * 80):
        assert not sayable(title)
    assert sayable("Crash (1996 film)")


def test_plurals_and_articles() -> None:
    assert [plural(n) for n in ("city", "person", "tennis player", "church", "play")] == [
        "cities", "people", "tennis players", "churches", "plays",
    ]  # fmt: skip
    assert article_for("engineer") == "an" and article_for("university") == "a"


def test_headers_are_known_by_their_bare_form() -> None:
    assert column_of("Length (km)") is column_of("length")
    assert column_of("Gibberish") is None


def test_cue_words_meet_other_forms_of_the_word() -> None:
    assert {"direct"} <= cue_words(SAYINGS["director"])
    assert {"born"} <= cue_words(SAYINGS["born_in"])
