import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamsa.agent.citations import count_independent, verify
from tamsa.agent.react import Claim, Quote
from tamsa.corpus.quotes import locate
from tamsa.types import Citation, Document, Section

TEXT = "Velm Ford is a town in Ostrand.\nIt was founded in  1203 by “Count Aldric” – so they say.\n| Year | 42 |"


@pytest.mark.parametrize(
    "quote",
    [
        "Velm Ford is a town in Ostrand.",
        "It was founded in 1203 by",
        'by "Count Aldric" - so',
        "a town in Ostrand. It was founded",
        "…founded in 1203 by “Count Aldric”...",
        "42",
    ],
)
def test_exact_words_are_located(quote: str) -> None:
    span = locate(quote, TEXT)
    assert span is not None
    start, end = span
    assert "".join(c for c in TEXT[start:end] if c.isalnum()) == "".join(c for c in quote if c.isalnum())


@pytest.mark.parametrize(
    "quote",
    [
        "Velm Ford is a city in Ostrand.",
        "founded in 1204",
        "velm ford is a town",
        "",
        "   ",
        "...",
        "in",
        "ord",
        "x" * 5000,
    ],
)
def test_other_words_are_not_located(quote: str) -> None:
    assert locate(quote, TEXT) is None


@given(st.text(min_size=1, max_size=300), st.data())
def test_any_located_span_is_the_quote_up_to_spacing(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = locate(text[start:end], text)
    if span is not None:
        assert 0 <= span[0] < span[1] <= len(text)


def documents(key: str) -> Document | None:
    return {
        "a": Document("a", "A", TEXT, sections=(Section("Lead", 0, 32), Section("History", 32, len(TEXT)))),
        "b": Document("b", "B", "The town of Velm Ford was founded in 1210."),
    }.get(key)


def test_unverified_quote_is_dropped_and_the_claim_unsupported() -> None:
    out = verify([Claim("made up", (Quote("a", "Velm Ford fell in 1300"),))], documents, ["a"])
    assert out.citations == []
    assert not out.findings[0].supported
    assert "Velm Ford fell" in out.notes[0]


def test_citation_is_the_source_slice_with_its_anchor() -> None:
    out = verify([Claim("c", (Quote("a", "founded in 1203"),))], documents, [])
    citation = out.citations[0]
    document = documents("a")
    assert document is not None
    assert document.text[citation.start : citation.end] == citation.quote == "founded in  1203"
    assert citation.anchor == "History"


def test_quote_with_a_wrong_document_is_found_in_an_opened_one() -> None:
    out = verify([Claim("c", (Quote("nowhere", "was founded in 1210"),))], documents, ["a", "b"])
    assert out.citations[0].document == "b"


def test_contradicting_quote_makes_the_finding_disputed() -> None:
    claim = Claim("1203", (Quote("a", "founded in 1203"), Quote("b", "founded in 1210", against=True)), "later")
    finding = verify([claim], documents, []).findings[0]
    assert finding.supported and finding.disputed
    assert finding.citations == (1,) and finding.against == (2,)
    assert finding.num_sources == 1


def test_same_quote_is_numbered_once() -> None:
    claims = [Claim("x", (Quote("a", "founded in 1203"),)), Claim("y", (Quote("a", "founded in 1203"),))]
    out = verify(claims, documents, [])
    assert len(out.citations) == 1
    assert [finding.citations for finding in out.findings] == [(1,), (1,)]


def citation(document: str, quote: str) -> Citation:
    return Citation(1, document, document, "", 0, len(quote), quote)


def test_copied_words_count_as_one_source() -> None:
    assert count_independent([citation("a", "It was founded in 1203."), citation("b", "it was  founded in 1203.")]) == 1
    assert (
        count_independent([citation("a", "It was founded in 1203."), citation("b", "Count Aldric began it, 1203.")])
        == 2
    )
    assert count_independent([citation("a", "One sentence."), citation("a", "Another one.")]) == 1
    assert count_independent([]) == 0
