"""Chunks partition a text, exactly."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tamsa.corpus.chunks import MAX_CHARS, Chunk, split
from tamsa.corpus.writer import anchors_of
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


@given(TEXTS, st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300))))
def test_anchors_are_the_sections_that_begin_in_a_chunk_or_cover_its_start(
    text: str, spans: list[tuple[int, int]]
) -> None:
    sections = [Section(f"{a}-{b}", a, b) for a, b in spans if a <= b <= len(text)]
    chunks = split(text, sections, max_chars=20)
    for chunk, anchors in zip(chunks, anchors_of(sections, chunks), strict=True):
        within = sorted((s for s in sections if chunk.start < s.start < chunk.end), key=lambda s: (s.start, s.end))
        over = [s for s in sections if s.start <= chunk.start < s.end or s.start == s.end == chunk.start]
        top = [(0, max(over, key=lambda s: (s.start, s.end, s.title)).title)] if over else []
        assert anchors == top + [(s.start - chunk.start, s.title) for s in within]


def test_anchors_of_very_many_sections_take_no_quadratic_time() -> None:
    class Counted(int):
        compared = 0

        def __lt__(self, other: int) -> bool:
            Counted.compared += 1
            return int(self) < other

        def __le__(self, other: int) -> bool:
            Counted.compared += 1
            return int(self) <= other

    size = 20_000
    sections = [Section("s", Counted(8 * i), 8 * i + 8) for i in range(size)]
    chunks = [Chunk("", start, start + 1600) for start in range(0, 8 * size, 1600)]
    assert sum(map(len, anchors_of(sections, chunks))) == size
    assert Counted.compared < 10 * size
