"""Marks: names of other passages in brackets, and nothing else changed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamsa.agent.baseline.passages import Page
from tamsa.agent.guided.evidence import Passage
from tamsa.agent.guided.grammar import ReplyForm
from tamsa.agent.guided.marks import Marks, without_marks
from tamsa.agent.guided.prompt import copied_line, read_reply, reading_prompt
from tests.agent.guided.test_grammar import END, encode

TITLES = ("Torva (town)", "River Aske", "Aske", "Bryn Mawr, Pennsylvania", "It")


@pytest.mark.parametrize(
    ("text", "own", "marked"),
    [
        ("The River Aske runs by Torva.", "", "The [River Aske] runs by [Torva]."),
        ("The River Aske runs by Torva.", "River Aske", "The River Aske runs by [Torva]."),
        ("Askew and Torvans; Aske, too.", "", "Askew and Torvans; [Aske], too."),
        ("He left Bryn Mawr, Pennsylvania for Bryn Mawr.", "", "He left [Bryn Mawr, Pennsylvania] for [Bryn Mawr]."),
        ("It is It.", "", "It is It."),
    ],
)
def test_the_longest_name_of_another_page_is_marked_as_a_whole_word(text: str, own: str, marked: str) -> None:
    assert Marks(TITLES).mark(text, own) == marked
    assert Marks(()).mark(text, own) == text


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(max_size=12), max_size=5), st.text(max_size=60), st.text(max_size=12))
def test_without_its_marks_a_line_is_what_it_was(titles: list[str], text: str, own: str) -> None:
    assert without_marks(Marks([*titles, own]).mark(text, own)) == without_marks(text)


def linked() -> tuple[Passage, ...]:
    film = Page("f", "The Copper Gate", "The Copper Gate is a film by Velda Hald [sic]. It was shot in Torva.")
    woman = Page("w", "Velda Hald", "Velda Hald was born in Torva. She was named in The Copper Gate.")
    return Passage(film, tuple(film.sentences)), Passage(woman, tuple(woman.sentences))


def test_a_trained_reader_sees_marks_and_copies_them_and_its_quotes_are_the_pages_own_words() -> None:
    prompt = reading_prompt("Where was the maker of The Copper Gate born?", linked(), (), brief=True)[-1].content
    assert prompt.startswith("Question: Where was the maker of [The Copper Gate] born?\n")
    assert "a film by [Velda Hald] [sic]." in prompt
    line = next(line for line in prompt.splitlines() if line.startswith("The Copper Gate is"))
    text = f"{copied_line('The Copper Gate', line)}\nAnswer: Velda Hald"
    (page, sentence), *rest = read_reply(text, linked()).quotes
    assert not rest
    assert page.text[sentence.start : sentence.end] == "The Copper Gate is a film by Velda Hald [sic]."
    grammar = ReplyForm(linked(), (), brief=True)(encode, (END,))
    ids = [*encode(f"{text.splitlines()[0]}\nAnswer:")[0], *encode(" Velda Hald")[0]]
    assert all(token in grammar(ids[:place]) for place, token in enumerate(ids))
    assert END in grammar(ids)


def test_other_models_see_none() -> None:
    prompt = reading_prompt("Where was the maker of The Copper Gate born?", linked(), (), brief=False)[-1].content
    assert re.findall(r"\[[^\]]+\]", prompt) == ["[1]", "[sic]", "[2]"]
