"""Known titles in a text: longest match, by general rules of English capitals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

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
    name_as,
    name_hash,
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


_SHORT_FORMS = frozenset({"bros", "capt", "col", "gen", "gov", "hon", "lieut", "mrs", "prof", "rev", "sen", "sgt"})


@dataclass
class _Text:
    text: str
    tokens: list[str]
    starts: list[int]
    ends: list[int]
    folded: list[str]
    has_capitals: bool

    @cached_property
    def words(self) -> frozenset[str]:
        """The folded words of the text."""
        return frozenset(self.folded)

    @cached_property
    def common(self) -> frozenset[str]:
        """The words that the text writes in lower case somewhere."""
        return frozenset(token for token in self.tokens if token[0].islower())

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
        before = self.tokens[index - 1]
        return not (gap.startswith(".") and "\n" not in gap and before[0].isupper() and _is_short_form(before))


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
        for length, value in lengths.get(index, ()):
            matched = _match(catalog, page, index, length, value)
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
    folded = tuple(fold(token) for token in tokens)
    found: list[tuple[int, bool, str]] = []
    for row, kind, known in catalog.named(name_hash(tokens)):
        name = name_as(known, kind)
        if name is not None and name.folded == folded:  # else a mere collision of hashes
            found.append((kind, known != title, catalog.id(row)))
    if not found and len(tokens) > 1 and fold(tokens[0]) == "the":
        return [] if fold(tokens[1]) == "the" else find_title(catalog, " ".join(tokens[1:]))
    best = min((EXACT if kind == EXACT else ARTICLE for kind, _, _ in found), default=EXACT)
    return [doc_id for kind, _, doc_id in sorted(found) if kind <= best]


def _candidates(catalog: Catalog, tokens: list[str]) -> dict[int, list[tuple[int, int]]]:
    """Return `(length, hash)` of the possible names at each token, longest first."""
    hashes = np.array([token_hash(token) for token in tokens], np.uint64)
    runs = [hashes]
    for length in range(2, min(MAX_TOKENS, len(tokens)) + 1):
        runs.append(runs[-1][:-1] * np.uint64(MULTIPLIER) + hashes[length - 1 :])
    every = np.concatenate(runs)
    where = np.nonzero(catalog.is_name(every))[0]
    starts = np.cumsum([0, *(len(run) for run in runs)])
    lengths = np.searchsorted(starts, where, side="right")
    found: dict[int, list[tuple[int, int]]] = {}
    columns = ((where - starts[lengths - 1]).tolist(), lengths.tolist(), every[where].tolist())
    for index, length, value in zip(*columns, strict=True):
        found.setdefault(index, []).insert(0, (length, value))
    return found


def _match(catalog: Catalog, page: _Text, index: int, length: int, value: int) -> list[int]:
    """Return the rows that the tokens `[index, index + length)` mention, best first."""
    if length == 1 and not _may_be_name(page, index):
        return []
    tokens = page.tokens[index : index + length]
    folded = tuple(page.folded[index : index + length])
    if all(word in STOP_WORDS or word.isdigit() for word in folded) and not _is_capital_name(page, tokens):
        return []
    exact: list[tuple[bool, str, int]] = []
    partial: list[tuple[int, bool, int, str, int]] = []
    for row, kind, title in catalog.named(value):
        name = name_as(title, kind)
        if name is None or name.folded != folded or not _is_written_as(page, index, name, title):
            continue
        if kind == EXACT:
            exact.append((title != " ".join(tokens), catalog.id(row), row))
            continue
        known = any(word in page.words for word in name.hints)
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
        if mark and mark.group() not in title and not (mark.group() == "." and _is_short_form(written[place - 1])):
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


def _is_short_form(token: str) -> bool:
    return len(token) <= 2 or fold(token) in _SHORT_FORMS


def _may_be_name(page: _Text, index: int) -> bool:
    """Tell whether one word can be a name at all, whatever titles there are."""
    written = page.tokens[index]
    if len(written) < 2 or page.folded[index] in STOP_WORDS or not any(char.isalpha() for char in written):
        return False  # a sign, a common word, a year or another number
    caseless = written.lower() == written.upper()
    return caseless or written != written.lower()


def _is_single_name(page: _Text, index: int, token: str) -> bool:
    """Tell whether one word is meant as a name and not as the common word it may be too."""
    written = page.tokens[index]
    if not written[0].isupper():
        # "iPhone" is written as its title; a script without capitals has none to ask for.
        return written == token or written.lower() == written.upper()
    if not page.opens(index):
        return True
    word = page.folded[index]
    return word not in OPENERS and word not in page.common
