"""Chunks partition a text, exactly."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tamsa.corpus.chunks import MAX_CHARS, split
from tamsa.types import Section

TEXTS = st.text(alphabet=st.sampled_from("ab .!?\n\u3002\u3042\u0301\U0001f600é"), max_size=900) | st.text(max_size=400)


@given(TEXTS, st.integers(3, 120), st.lists(st.integers(0, 900), max_size=8))
def test_chunks_partition_the_text_with_exact_offsets(text: str, size: int, starts: list[int]) -> None:
    sections = [Section("s", start, len(text)) for start in starts if start <= len(text)]
    chunks = split(text, sections, max_chars=size)
    assert "".join(chunk.text for chunk in chunks) == text
    assert chunks[0].start == 0
    assert chunks[-1].end == len(text)
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end]
        assert len(chunk.text) <= size
    assert all(a.end == b.start for a, b in pairwise(chunks))
    assert all(chunk.text for chunk in chunks) or text == ""


def test_cuts_fall_between_sentences_where_there_are_any() -> None:
    text = "This is a sentence of some length, as they are. " * 200
    chunks = split(text)
    assert len(chunks) > 3
    assert all(chunk.text.endswith(". ") for chunk in chunks)
    assert min(len(chunk.text) for chunk in chunks) > MAX_CHARS // 3


def test_cuts_prefer_paragraphs_to_sentences() -> None:
    paragraph = "One sentence here. " * 40
    chunks = split("\n\n".join([paragraph] * 6))
    assert all(chunk.text.endswith("\n\n") for chunk in chunks[:-1])


def test_long_sections_begin_chunks() -> None:
    text = "x " * 600 + "y " * 600
    chunks = split(text, [Section("one", 0, 1200), Section("two", 1200, 2400)])
    assert [chunk.start for chunk in chunks] == [0, 1200]


def test_a_run_without_any_break_is_cut() -> None:
    chunks = split("x" * 10_000)
    assert max(len(chunk.text) for chunk in chunks) <= MAX_CHARS
    assert "".join(chunk.text for chunk in chunks) == "x" * 10_000
