"""Known titles in a text: longest match, by general rules of English capitals."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tamsa.corpus.catalog import Catalog
from tamsa.corpus.names import (
    ARTICLE,
    EXACT,
    MAX_TOKENS,
    MULTIPLIER,
    PLACED,
    TOKEN,
    Name,
    fold,
    name_hash,
    names_of,
    token_hash,
    tokens_of,
)
from tamsa.corpus.stopwords import OPENERS, STOP_WORDS
from tamsa.types import Mention

MAX_TITLE_CHARS = 300
"""Longest query that may be a title as a whole."""
MAX_SHARED = 3
"""Most documents returned for one stretch of text that several share as their name."""

_STOPS = re.compile(r"[.!?;:|\n•“\"«(\[]")
_BREAKS = re.compile(r"[.!?;:|\n•(\[]|,")


@dataclass(slots=True)
class _Text:
    text: str
    tokens: list[str]
    starts: list[int]
    ends: list[int]
    folded: list[str]
    has_capitals: bool
    _words: set[str] | None = None

    @property
    def words(self) -> set[str]:
        if self._words is None:
            self._words = set(self.folded)
        return self._words

    def gap(self, index: int) -> str:
        """Return what stands between token `index - 1` and token `index`."""
        return self.text[self.ends[index - 1] : self.starts[index]] if index else "\n"

    def opens(self, index: int) -> bool:
        """Tell whether a token opens a sentence, a line or a quotation."""
        if index == 0:
            return True
        gap = self.gap(index)
        if not _STOPS.search(gap):
            return False
        initial = len(self.tokens[index - 1]) <= 2 and self.tokens[index - 1][0].isupper()
        return not (gap.startswith(".") and "\n" not in gap and initial)


def find_mentions(catalog: Catalog, text: str) -> list[Mention]:
    """Find the known titles in a text, in order, longest first, without overlaps.

    Where several documents share a name, up to `MAX_SHARED` of them are returned for the same
    stretch, whole titles before partial ones.
    """
    if not catalog.num_documents:
        return []
    spans = [match.span() for match in TOKEN.finditer(text)]
    if not spans:
        return []
    tokens = [text[start:end] for start, end in spans]
    page = _Text(
        text, tokens, [s for s, _ in spans], [e for _, e in spans], [fold(t) for t in tokens], text != text.lower()
    )
    lengths = _candidates(catalog, tokens)
    found: list[Mention] = []
    index = 0
    while index < len(tokens):
        step = 1
        for length in lengths.get(index, ()):
            matched = _match(catalog, page, index, length)
            if matched:
                start, end = page.starts[index], page.ends[index + length - 1]
                found.extend(Mention(catalog.id(row), catalog.title(row), start, end) for row in matched)
                step = length
                break
        index += step
    return found


def find_title(catalog: Catalog, title: str) -> list[str]:
    """Return the ids of the documents with this title, the best first.

    Case, spacing, punctuation and diacritics are folded. Only where no title is equal as a whole do
    titles with a qualifier ("Lilu (mythology)" for "Lilu") or an article count.
    """
    tokens = tokens_of(title)
    found: list[tuple[int, bool, str]] = []
    for row, kind in catalog.named(name_hash(tokens)):
        name = _name(catalog.title(row), kind, tokens)
        if name is not None:
            found.append((kind, catalog.title(row) != title, catalog.id(row)))
    if not found and len(tokens) > 1 and fold(tokens[0]) == "the":
        return [] if fold(tokens[1]) == "the" else find_title(catalog, " ".join(tokens[1:]))
    best = min((EXACT if kind == EXACT else ARTICLE for kind, _, _ in found), default=EXACT)
    return [doc_id for kind, _, doc_id in sorted(found) if kind <= best]


def _candidates(catalog: Catalog, tokens: list[str]) -> dict[int, list[int]]:
    """Return the lengths of the possible names at each token, longest first."""
    hashes = np.array([token_hash(token) for token in tokens], np.uint64)
    lengths: dict[int, list[int]] = {}
    current = hashes
    for length in range(1, min(MAX_TOKENS, len(tokens)) + 1):
        if length > 1:
            current = current[:-1] * np.uint64(MULTIPLIER) + hashes[length - 1 :]
        for index in np.nonzero(catalog.is_name(current))[0].tolist():
            lengths.setdefault(index, []).insert(0, length)
    return lengths


def _name(title: str, kind: int, tokens: list[str]) -> Name | None:
    """Return the name of a title that a token sequence writes; None for a mere collision of hashes."""
    folded = tuple(fold(token) for token in tokens)
    return next((name for name in names_of(title) if name.kind == kind and name.folded == folded), None)


def _match(catalog: Catalog, page: _Text, index: int, length: int) -> list[int]:
    """Return the rows that the tokens `[index, index + length)` mention, best first."""
    tokens = page.tokens[index : index + length]
    if all(fold(token) in STOP_WORDS or token.isdigit() for token in tokens) and not _is_capital_name(page, tokens):
        return []
    exact: list[tuple[bool, str, int]] = []
    partial: list[tuple[int, bool, int, str, int]] = []
    for row, kind in catalog.named(name_hash(tokens)):
        title = catalog.title(row)
        name = _name(title, kind, tokens)
        if name is None or not _is_written_as(page, index, name, title):
            continue
        if kind == EXACT:
            exact.append((title != " ".join(tokens), catalog.id(row), row))
            continue
        known = name.qualifier and any(
            fold(word) in page.words for word in TOKEN.findall(name.qualifier) if fold(word) not in STOP_WORDS
        )
        if kind == PLACED and not known:
            continue
        partial.append((0 if known else 1, kind == ARTICLE, len(title), catalog.id(row), row))
    rows = [row for *_, row in sorted(exact)]
    # Beside a whole title a partial one counts only if the text speaks of what tells them apart.
    rows += [row for unknown, *_, row in sorted(partial) if not (exact and unknown)]
    return rows[:MAX_SHARED]


def _is_capital_name(page: _Text, tokens: list[str]) -> bool:
    return page.has_capitals and len(tokens) > 1 and all(token[0].isupper() for token in tokens)


def _is_written_as(page: _Text, index: int, name: Name, title: str) -> bool:
    """Tell whether the text writes a name like a name: its capitals, and nothing that parts it."""
    length = len(name.tokens)
    written = page.tokens[index : index + length]
    for place in range(1, length):
        gap = page.gap(index + place)
        mark = _BREAKS.search(gap)
        if len(gap) > 3 or "\n\n" in gap:
            return False
        if mark and mark.group() not in title and not (mark.group() == "." and len(written[place - 1]) <= 3):
            return False
    if length == 1:
        return _is_single_name(page, index, name.tokens[0])
    if not page.has_capitals:
        return True
    # Capitals after the first word make a proper name ("New York"), which a text writes with capitals too.
    proper = [place for place in range(1, length) if name.tokens[place][0].isupper()]
    if not all(written[place][0].isupper() for place in proper):
        return False
    return bool(proper) or any(fold(token) not in OPENERS for token in written)


def _is_single_name(page: _Text, index: int, token: str) -> bool:
    """Tell whether one word is meant as a name and not as the common word it may be too."""
    written = page.tokens[index]
    word = page.folded[index]
    if not written[0].isalpha() and not any(char.isalpha() for char in written):
        return False  # a year or another number
    if len(written) < 2 or word in STOP_WORDS:
        return False
    if not written[0].isupper():
        # "iPhone" is written as its title; a script without capitals has none to ask for.
        caseless = written[0].lower() == written[0].upper()
        return caseless or (written == token and token != token.lower())
    if not page.opens(index):
        return True
    if word in OPENERS:
        return False
    return word not in {token for token in page.tokens if token[0].islower()}
