"""Snippets show where the query's words stand, and of equal places the first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tamsa.corpus.snippets import best_window

FILLER = "Nothing of note is told here, and the weather was fair on most days. " * 9
TEXT = f"The Lindal Gallery is a museum in Torva. {FILLER}The Lindal Gallery was named after a sailor. {FILLER}"


def test_a_name_alone_shows_what_it_is() -> None:
    start, end = best_window(TEXT, ("lindal", "gallery"))
    assert start == 0
    assert "is a museum" in TEXT[start:end]


def test_more_of_the_query_wins_over_the_lead() -> None:
    start, end = best_window(TEXT, ("lindal", "gallery", "sailor"))
    assert TEXT[start:end].startswith("The Lindal Gallery was named after a sailor.")


def test_a_snippet_begins_with_the_sentence_of_its_first_word() -> None:
    text = f"One line. Another line. The gallery stands here. {FILLER}"
    start, _ = best_window(text, ("gallery",))
    assert text[start:].startswith("The gallery")


@given(st.text(alphabet=st.sampled_from("ab. \nİ"), max_size=900), st.sets(st.sampled_from(("a", "b", "ab", "ba"))))
def test_a_window_lies_inside_its_text(text: str, stems: set[str]) -> None:
    start, end = best_window(text, stems)
    assert 0 <= start <= end <= len(text)
    assert end - start <= 400
    assert end > start or not text
