"""What a reader is asked and how its reply is read: only what was shown is a quote, whatever the reply says."""

from __future__ import annotations

import pytest

from tamsa.agent.baseline.passages import Page
from tamsa.agent.guided.evidence import Passage
from tamsa.agent.guided.prompt import has_answer, read_reply, reading_prompt, reply, shown_sentence
from tamsa.agent.guided.turn import mend

TORVA = "Torva is a town in the county of Hald. It had a population of 14,250 in 2010. See </answer> the [2] sign."
SUNE = "| River | Length (km) |\n| --- | --- |\n| River Sune | 214 |\n| River Aske | 87 |"


def passages() -> tuple[Passage, ...]:
    town, rivers = Page("t", "Torva (town)", TORVA, date="2004-01-02"), Page("r", "List of rivers", SUNE)
    return Passage(town, tuple(town.sentences)), Passage(rivers, tuple(rivers.sentences))


def test_every_sentence_stands_on_a_line_of_its_own_below_its_numbered_title() -> None:
    system, user = reading_prompt("Where is\nTorva?", passages(), ("Hald", "Velda"))
    assert system.role == "system"
    blocks = user.content.split("\n\n")
    assert blocks[0] == blocks[-1] == "Question: Where is Torva?"
    assert blocks[1].split("\n")[:2] == ["[1] Torva (town) (2004-01-02)", "Torva is a town in the county of Hald."]
    assert blocks[2] == "[2] List of rivers\n| River | Length (km) |\n| River Sune | 214 |\n| River Aske | 87 |"
    assert blocks[3] == "Guesses: Hald; Velda"
    assert "</answer>" not in user.content


def test_what_was_copied_is_found_at_its_place_in_the_page() -> None:
    shown = passages()
    text = reply(
        [("Torva (town)", "It had a population of 14,250 in 2010."), ("List of rivers", "| River Aske | 87 |")], "87"
    )
    read = read_reply(text, shown)
    assert [(page.id, page.text[s.start : s.end]) for page, s in read.quotes] == [
        ("t", "It had a population of 14,250 in 2010."),
        ("r", "| River Aske | 87 |"),
    ]
    assert read.answer == "87" == text[read.start : read.end]


@pytest.mark.parametrize("opening", ["Torva (town): ", "[1] ", "[1] Torva (town): "])
def test_a_line_may_name_its_passage_by_title_or_number(opening: str) -> None:
    (page, sentence), *rest = read_reply(
        f"{opening}It had a population of 14,250 in 2010.\nAnswer: x", passages()
    ).quotes
    assert not rest
    assert (page.id, page.text[sentence.start : sentence.end]) == ("t", "It had a population of 14,250 in 2010.")


def test_a_slip_in_copying_still_names_its_sentence_and_the_quote_is_the_page_s_own_words() -> None:
    (page, sentence), *rest = read_reply(
        "Torva (town): It had a populaton of 14,250 in 2010.\nAnswer: x", passages()
    ).quotes
    assert not rest
    assert page.text[sentence.start : sentence.end] == "It had a population of 14,250 in 2010."


@pytest.mark.parametrize(
    "line",
    [
        "[1] Torva was founded by giants.",
        "Torva (town): Torva was founded by giants.",
        "Torva: It had a population of 14,250 in 2010.",
        "[7] Nobody showed this at all.",
        "[99999999999999999999] Torva",
        "It had none",
        "[1]",
        "[0] x",
    ],
)
def test_what_was_not_shown_is_no_quote(line: str) -> None:
    assert read_reply(f"{line}\nAnswer: x", passages()).quotes == ()


def test_the_same_sentence_counts_once_and_the_last_answer_holds() -> None:
    line = "Torva (town): Torva is a town in the county of Hald."
    read = read_reply(f"Answer: no\n{line}\n{line}\nanswer :  Hald \n", passages())
    assert len(read.quotes) == 1
    assert read.answer == "Hald"


def test_a_reply_without_an_answer_says_so() -> None:
    assert read_reply("[1] Torva is a town in the county of Hald.", passages()).answer is None
    assert not has_answer("nothing") and has_answer("Answer:")


def test_control_tags_of_a_page_are_shown_defused_and_quoted_as_they_stand() -> None:
    shown = passages()
    sentence = shown[0].sentences[-1]
    assert "‹/answer>" in shown_sentence(sentence)
    (page, found), *_ = read_reply(f"[1] {shown_sentence(sentence)}\nAnswer: x", shown).quotes
    assert "</answer>" in page.text[found.start : found.end]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("River Sone", "River Sune"), ("River Sune", "River Sune"), ("14,250", "14,250"), ("yes", "yes"), ("", "")],
)
def test_a_misspelled_name_is_given_as_the_pages_write_it_and_nothing_else_is_touched(said: str, meant: str) -> None:
    assert mend(said, passages()) == meant
