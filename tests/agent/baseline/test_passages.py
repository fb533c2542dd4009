"""Pages are read with offsets that hold, dates and numbers as written, tables as tables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tamsa.agent.baseline.grids import read_tables
from tamsa.agent.baseline.passages import Page, definition, split_sentences
from tamsa.agent.baseline.values import When, read_date, read_number


@given(st.text(alphabet=st.sampled_from("aB c.\n|-12“(é)'’?#,Áß"), max_size=200))
def test_sentences_and_spans_stand_where_they_say(text: str) -> None:
    for sentence in split_sentences(text):
        assert text[sentence.start : sentence.end] == sentence.text
    page = Page("x", "X", text)
    for span in page.spans:
        assert 0 <= span.start < span.end <= len(text)
        assert span.text in text[span.start : span.end + 1]
    for table in page.tables:
        for cells, (start, end) in zip(table.rows, table.spans, strict=True):
            assert all(cell in text[start:end] for cell in cells)


def test_abbreviations_do_not_end_sentences() -> None:
    text = "Dr. G. V. Rao lived in St. Mary. He wrote for the U.S. press."
    assert [s.text for s in split_sentences(text)] == [
        "Dr. G. V. Rao lived in St. Mary.",
        "He wrote for the U.S. press.",
    ]


def test_dates_are_read_in_every_common_form() -> None:
    for text in ("3 May 1898", "May 3, 1898", "the 3rd of May, 1898", "1898-05-03"):
        assert read_date(text) == When(1898, 5, 3)
    assert read_date("in May 1898") == When(1898, 5)
    assert read_date("since 1898") == When(1898)
    assert read_date("about 18,984 people") is None


def test_numbers_are_read_with_their_scale() -> None:
    assert read_number("14,250") == 14_250
    assert read_number("1.5 million") == 1_500_000
    assert read_number("twenty-one") == 21
    assert read_number("none") is None


def test_what_a_lead_defines_its_subject_as() -> None:
    assert definition("Ada Rinn was an American rock, country and folk singer-songwriter.")[1] == "singer-songwriter"
    assert definition("Torva is a town in the county of Hald.")[1] == "town"
    assert definition("Night Ferry is a 1940 drama film directed by Paul Erding.")[1] == "film"
    assert definition("Hald is one of the twelve regions of Velda.")[1] == "regions"


def test_tables_have_a_header_rows_and_a_caption() -> None:
    (table,) = read_tables(
        "Rivers of Velda\n\n| River | Length |\n| --- | --- |\n| Sune | 214 |\n| Aske | 87 |\n\nEnd."
    )
    assert table.header == ("River", "Length")
    assert table.rows == (("Sune", "214"), ("Aske", "87"))
    assert table.caption == "Rivers of Velda"


def test_a_title_that_only_shares_a_common_word_is_no_link() -> None:
    text = "Patrick Rowe played at the Mo Arena in June. The band June recorded there."
    links = [
        {"id": "patrick", "title": "Patrick (parish)", "start": 0, "end": 7},
        {"id": "arena", "title": "Arena (1953 film)", "start": 30, "end": 35},
        {"id": "june", "title": "June (band)", "start": 59, "end": 63},
    ]
    assert [link["id"] for link in Page("x", "X", text, links=links).sound_links] == ["june"]


@given(st.text("ab \n", max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_words_between_two_offsets_are_those_of_the_text_between(text: str, start: int, end: int) -> None:
    assert Page("a", "A", text).num_words(start, end) == len(text[start:end].split())
