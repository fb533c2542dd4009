"""Every relation that can be asked about is said in many ways, all of them whole."""

from __future__ import annotations

import re

import pytest

from tamsa.synthesis.wording.frames import (
    INDIRECT_FRAMES,
    NOUN_FRAMES,
    PERSON_FRAMES,
    close,
    fill,
    fit_clause,
    fitting,
    unrepeated,
    upper_first,
    wordings,
)
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


def test_a_name_that_ends_in_a_sign_ends_the_question() -> None:
    assert upper_first("name the person who produced Mafia!.") == "Name the person who produced Mafia!"
    assert upper_first("who wrote Where Are You??") == "Who wrote Where Are You?"


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


@pytest.mark.parametrize(
    ("title", "definition", "kind", "said"),
    [
        ("Romania", "country", "place", "Romania"),
        ("Aldham", "market town", "place", "the town of Aldham"),
        ("Mount Etna", "mountain", "place", "Mount Etna"),
        ("River Dee (United Kingdom)", "river", "place", "River Dee (United Kingdom)"),
        ("Fly with Me (Jonas Brothers song)", "song", "work", "the Jonas Brothers song Fly with Me"),
    ],
)
def test_names_are_introduced_as_people_do(title: str, definition: str, kind: str, said: str) -> None:
    assert call(title, definition, kind).introduced == said


@pytest.mark.parametrize(
    ("template", "phrase", "said"),
    [
        ("was directed by {X}", "the film director Ann Lee", "Ann Lee"),
        ("was written by {X}", "the novelist Ann Lee", "Ann Lee"),
        ("was directed by {X}", "the actor Ann Lee", "the actor Ann Lee"),
        ("was directed by {X}", "the director of Crash", "the director of Crash"),
        ("was written by {X}", "the writer of the 1996 film Crash", "the writer of the 1996 film Crash"),
        ("was founded by {X}", "the founder who was born in Rome", "the founder who was born in Rome"),
    ],
)
def test_a_noun_is_not_said_twice_and_a_relation_never_dropped(template: str, phrase: str, said: str) -> None:
    assert unrepeated(template, phrase) == said


def test_no_words_hang_behind_a_long_phrase() -> None:
    long = "the actor who married the screenwriter who was born in Rome"
    assert fill(fit_clause("has {X} as its mayor", long), long) == f"has as its mayor {long}"
    assert fit_clause("has {X} as its mayor", "Ann Lee") == "has {X} as its mayor"
    for frames in (NOUN_FRAMES, PERSON_FRAMES, INDIRECT_FRAMES):
        assert set(close(frames, "Ann Lee")) == set(frames)
        kept = close(frames, long)
        assert kept and all(re.search(r"\{[NI]\}[?.]$", frame) for frame in kept)


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
    census = column_of("1931")
    assert census is not None and all("1931" in text for text in (*census.clauses, *census.most, census.more))


def test_cue_words_meet_other_forms_of_the_word() -> None:
    assert {"direct"} <= cue_words(SAYINGS["director"])
    assert {"born"} <= cue_words(SAYINGS["born_in"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("take Horton Hears a Who!. When was it made?", "Take Horton Hears a Who! When was it made?"),
        ("take Palm, Inc.. Who owns it?", "Take Palm, Inc. Who owns it?"),
        ("take Say Anything.... Who made it?", "Take Say Anything... Who made it?"),
        ("who made Say Anything...?", "Who made Say Anything...?"),
        ("find Baby, Inc..", "Find Baby, Inc."),
    ],
)
def test_a_name_that_ends_in_a_sign_needs_no_other(text: str, said: str) -> None:
    assert upper_first(text) == said
