"""Verification of quotes: a quote is a citation only if its words stand in the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tamsa.agent.fencing import fold
from tamsa.agent.react import Claim, Quote
from tamsa.types import Citation, Document, Finding

MIN_QUOTE_CHARS = 8
"""Shorter quotes are dropped unless they are a whole line or table cell: they would match by chance."""
MAX_QUOTE_CHARS = 1_200
_ELLIPSIS = re.compile(r"^(?:\.\.\.|…|\s)+|(?:\.\.\.|…|\s)+$")
_CELL_EDGES = frozenset("\n|,;\t")


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Find a quote in a text.

    White space, typographic quotes and dashes, and invisible characters may differ; nothing else may.

    Returns:
        Offsets `[start, end)` into `text`, or None if it does not stand there.
    """
    return _Folded(text).locate(quote)


class _Folded:
    """A text prepared for many quotes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded: tuple[str, list[int]] | None = None

    def locate(self, quote: str) -> tuple[int, int] | None:
        wanted = _ELLIPSIS.sub("", quote)
        if not wanted or len(wanted) > MAX_QUOTE_CHARS:
            return None
        start = self.text.find(wanted)
        if start >= 0:
            span = start, start + len(wanted)
        else:
            if self._folded is None:
                self._folded = fold(self.text)
            folded, origins = self._folded
            needle = _ELLIPSIS.sub("", fold(wanted)[0])
            at = folded.find(needle) if needle else -1
            if at < 0:
                return None
            last = at + len(needle) - 1
            span = origins[at], origins[last] + 1
        return span if self._telling(*span) else None

    def _telling(self, start: int, end: int) -> bool:
        quote = self.text[start:end]
        if not any(char.isalnum() for char in quote):
            return False
        if len(quote) >= MIN_QUOTE_CHARS:
            return True
        before = self.text[:start].rstrip(" ")[-1:]
        after = self.text[end:].lstrip(" ")[:1]
        return (not before or before in _CELL_EDGES) and (not after or after in _CELL_EDGES)


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
        self._documents: dict[str, tuple[Document, _Folded] | None] = {}
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

    def _document(self, key: str) -> tuple[Document, _Folded] | None:
        if key not in self._documents:
            document = self._get(key)
            self._documents[key] = (document, _Folded(document.text)) if document is not None else None
        return self._documents[key]

    def _candidates(self, named: str) -> Iterable[tuple[Document, _Folded]]:
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
