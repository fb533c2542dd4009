"""Verification of quotes: a quote is a citation only if its words stand in the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tamsa.agent.react import Claim, Quote
from tamsa.corpus.quotes import FoldedText, fold
from tamsa.types import Citation, Document, Finding


@dataclass
class Verified:
    """What the verification of an answer gives."""

    findings: list[Finding] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(
    claims: Sequence[Claim],
    get_document: Callable[[str], Document | None],
    seen: Iterable[str],
) -> Verified:
    """Check every quote of every claim against its source.

    Args:
        claims: the findings as the model states them.
        get_document: finds a document by id.
        seen: ids of the documents that the run opened; a quote whose document is named wrongly is
            looked for in them.

    Returns:
        Findings with the numbers of their verified citations; what was dropped stands in the notes.
    """
    return _Verifier(get_document, seen).run(claims)


class _Verifier:
    def __init__(self, get_document: Callable[[str], Document | None], seen: Iterable[str]) -> None:
        self._get = get_document
        self._documents: dict[str, tuple[Document, FoldedText] | None] = {}
        self._seen = list(dict.fromkeys(seen))
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._out = Verified()

    def run(self, claims: Sequence[Claim]) -> Verified:
        for claim in claims:
            carrying: list[int] = []
            against: list[int] = []
            for quote in claim.quotes:
                number = self._cite(quote)
                if number is not None:
                    side = against if quote.against else carrying
                    if number not in side:
                        side.append(number)
            self._out.findings.append(
                Finding(
                    claim=claim.text,
                    supported=bool(carrying),
                    citations=tuple(carrying),
                    against=tuple(against),
                    num_sources=count_independent([self._out.citations[n - 1] for n in carrying]),
                    settlement=claim.settlement,
                )
            )
        return self._out

    def _document(self, key: str) -> tuple[Document, FoldedText] | None:
        if key not in self._documents:
            document = self._get(key)
            self._documents[key] = (document, FoldedText(document.text)) if document is not None else None
        return self._documents[key]

    def _candidates(self, named: str) -> Iterable[tuple[Document, FoldedText]]:
        if (entry := self._document(named)) is not None:
            yield entry
        for key in self._seen:
            if key != named and (entry := self._document(key)) is not None:
                yield entry

    def _cite(self, quote: Quote) -> int | None:
        for document, folded in self._candidates(quote.document):
            span = folded.locate(quote.text)
            if span is None:
                continue
            key = (document.id, *span)
            if key not in self._numbers:
                self._numbers[key] = len(self._numbers) + 1
                start, end = span
                self._out.citations.append(
                    Citation(
                        number=self._numbers[key],
                        document=document.id,
                        title=document.title,
                        anchor=document.anchor_at(start),
                        start=start,
                        end=end,
                        quote=document.text[start:end],
                    )
                )
            return self._numbers[key]
        shown = " ".join(quote.text.split())
        shown = shown if len(shown) <= 80 else shown[:79] + "…"
        self._out.notes.append(f"quote dropped, not found in {quote.document or 'any opened document'}: “{shown}”")
        return None


def count_independent(citations: Sequence[Citation]) -> int:
    """Count the documents that carry a claim, those that copy one another's words as one."""
    sources: list[tuple[set[str], set[str]]] = []  # (documents, folded quotes) of each independent source
    for citation in citations:
        words = fold(citation.quote)[0].casefold()
        joined = ({citation.document}, {words})
        others = []
        for documents, quotes in sources:
            if citation.document in documents or any(words in q or q in words for q in quotes):
                joined = (joined[0] | documents, joined[1] | quotes)
            else:
                others.append((documents, quotes))
        sources = [*others, joined]
    return len(sources)
