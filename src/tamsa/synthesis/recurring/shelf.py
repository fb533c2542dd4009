"""The shelf: the sentences of all pages with the things that each one names, read once."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
from numpy.typing import NDArray

from tamsa.agent.baseline.lexicon import terms
from tamsa.agent.baseline.names import names_in
from tamsa.agent.baseline.passages import Page, Sentence
from tamsa.synthesis.graph.kinds import kind_of_phrase
from tamsa.synthesis.graph.profile import Definition, definition_of
from tamsa.synthesis.graph.values import spans_in
from tamsa.synthesis.wording.nouns import noun_of
from tamsa.types import Document, Mention

MAX_LINES = 12
"""Sentences of a page that are read: the first ones say most."""
MAX_CHARS = 500
"""A longer sentence is read by nobody as one fact."""
POSTED, MAX_POSTED = 60, 3_000
"""Lines kept of a word, and lines that hold a word beyond which it tells nothing."""
_SAMPLED = 4
"""Every which line is counted for the weights of words."""
_OWN = re.compile(r"(?P<human>He|She)\b|(?P<thing>It)\b|(?P<group>They)\b|(?P<has>His|Her|Its|Their)\b")
_THE_NOUN = re.compile(r"The ([a-z]+)\b(?=[^,]* (?:is|was|has|had|were|are|[a-z]+ed|won)\b)")
_BEFORE = re.compile(r"[\w’'.&-]+[-–/]$|((?:[A-ZÀ-Þ][\w’']*|(?:[A-ZÀ-Þ]\.)+)(?: of(?: the)?| &)?) $")
_PLAIN = re.compile(
    r"(?=.{4,60}$)(?:The )?[A-ZÀ-Þ][\w.'’-]*(?: (?:(?:of|the|de|di|du|del|la|van|von|der)(?= )|[A-ZÀ-Þ][\w.'’-]*))*"
)
"""A name of no page that may be asked for."""
_NUMBER = re.compile(r"\d{3,}|\d,\d|\d\.\d|people|seats|points|speakers|students|spectators")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence names a thing: `[start, end)` of its text."""

    thing: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a page."""

    page: int
    page_id: str
    sentence: Sentence
    places: tuple[Place, ...]
    """Of other pages' things and of values."""
    subject: Place | None
    """The words at its beginning that mean the page's own thing."""
    owning: bool = False
    """The subject is said as `his`."""

    @property
    def text(self) -> str:
        """The sentence."""
        return self.sentence.text

    @property
    def things(self) -> frozenset[int]:
        """What it names, the page's own thing among it."""
        named = {place.thing for place in self.places}
        return frozenset(named | {self.subject.thing} if self.subject else named)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a page is about."""

    phrase: str
    """Noun phrase of its definition: `American film director`; empty where there is none."""
    kind: str
    noun: str
    definition: Definition | None


class Shelf:
    """All pages, their sentences and the things named in them: pages, and values (a year, a date, a number, a name that
    no page has).

    Things are numbered: pages first, in their order, then values.

    Args:
        documents: the pages, in a fixed order.
        find: finds the titles that a text names.
        on_read: called with the number of pages read.
    """

    def __init__(
        self,
        documents: Iterable[Document],
        find: Callable[[str], Sequence[Mention]],
        on_read: Callable[[int], None] = lambda done: None,
    ) -> None:
        read = list(documents)
        self._numbers = {document.id: number for number, document in enumerate(read)}
        self._values: dict[tuple[str, str], int] = {}
        self.pages: list[Page] = []
        self.entries: list[Entry] = []
        self.lines: list[Line] = []
        self.spans: list[tuple[int, int]] = []
        """Lines of each page, half open."""
        for number, document in enumerate(read):
            self._read(number, document, find(document.text))
            if number % 1_000 == 999:
                on_read(number + 1)
        self.value_names = list(self._values)

    def is_value(self, thing: int) -> bool:
        """Tell whether a thing is a value."""
        return thing >= len(self._numbers)

    def value_type(self, thing: int) -> str:
        """Return `year`, `date`, `quantity` or `name`."""
        return self.value_names[thing - len(self._numbers)][0]

    def is_name(self, thing: int) -> bool:
        """Tell whether a thing has a name: a page, or a name that no page has."""
        return not self.is_value(thing) or self.value_type(thing) == "name"

    def lines_of(self, page: int) -> list[Line]:
        """Return the sentences of a page."""
        start, end = self.spans[page]
        return self.lines[start:end]

    def naming(self, thing: int) -> list[int]:
        """Return the numbers of the lines that name a thing."""
        keys, rows = self._naming
        start, end = np.searchsorted(keys, [thing, thing + 1]).tolist()
        return [int(row) for row in rows[start:end]]

    def times_named(self, thing: int) -> int:
        """Return how many lines name a thing."""
        start, end = np.searchsorted(self._naming[0], [thing, thing + 1]).tolist()
        return int(end - start)

    def weight(self, term: str) -> float:
        """Say how rare a word is, in nats."""
        counts, total = self._counts
        return log(total / (1 + counts[term]))

    @cached_property
    def by_noun(self) -> dict[str, list[int]]:
        """The pages of each noun."""
        found: dict[str, list[int]] = {}
        for number, entry in enumerate(self.entries):
            if entry.noun and entry.definition is not None:
                found.setdefault(entry.noun, []).append(number)
        return found

    @cached_property
    def by_word(self) -> dict[str, list[int]]:
        """The pages of each word of a title that begins with a capital."""
        found: dict[str, list[int]] = {}
        for number, page in enumerate(self.pages):
            for word in set(re.findall(r"[^\W\d_a-z][\w'’-]{3,}", page.name)):
                found.setdefault(word, []).append(number)
        return found

    @cached_property
    def by_term(self) -> dict[str, array[int]]:
        """Lines that hold a word, by its concept: the first of them, and only words that tell something."""
        found: dict[str, array[int]] = {}
        counts = self._counts[0]
        for number, line in enumerate(self.lines):
            for term in terms(line.text):
                if counts[term] * _SAMPLED <= MAX_POSTED:
                    posted = found.setdefault(term, array("q"))
                    if len(posted) < POSTED:
                        posted.append(number)
        return found

    @cached_property
    def _naming(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        keys, rows = [], []
        for number, line in enumerate(self.lines):
            for thing in line.things:
                keys.append(thing)
                rows.append(number)
        order = np.argsort(np.array(keys, np.int64), kind="stable")
        return np.array(keys, np.int64)[order], np.array(rows, np.int64)[order]

    @cached_property
    def _counts(self) -> tuple[Counter[str], int]:
        sampled = self.lines[::_SAMPLED]
        return Counter(term for line in sampled for term in terms(line.text)), 1 + len(sampled)

    # ------------------------------------------------------------------ reading

    def _read(self, number: int, document: Document, mentions: Sequence[Mention]) -> None:
        links = [{"id": m.id, "title": m.title, "start": m.start, "end": m.end} for m in mentions]
        page = Page(document.id, document.title, document.text, links=links, date=document.date or "")
        definition = definition_of(document)
        phrase = definition.phrase if definition and len(definition.phrase) <= 80 else ""
        kind = kind_of_phrase(phrase)
        entry = Entry(phrase, kind, noun_of(phrase, kind), definition)
        first = len(self.lines)
        named = self._named(page)
        for place, sentence in enumerate(page.sentences[:MAX_LINES]):
            if sentence.row or len(sentence.text) > MAX_CHARS:
                continue
            subject, owning = _subject(number, page, entry, sentence, place)
            places = [
                Place(thing, start - sentence.start, end - sentence.start)
                for thing, start, end in named
                if sentence.start <= start and end <= sentence.end and (thing != number or subject is None)
            ]
            places += self._read_values(sentence.text, places)
            places += self._read_names(sentence.text, places, subject)
            self.lines.append(Line(number, document.id, sentence, tuple(places), subject, owning))
        self.pages.append(Page(page.id, page.title, page.text, date=page.date))  # without what was read of it
        self.entries.append(entry)
        self.spans.append((first, len(self.lines)))

    def _named(self, page: Page) -> list[tuple[int, int, int]]:
        """Return the things that a page names, one for each stretch, with offsets."""
        found: dict[int, tuple[int, int, int]] = {}
        own = set(page.name.split())
        for link in page.sound_links:
            start, end = int(link["start"]), int(link["end"])
            anchor = page.text[start:end]
            if set(anchor.split()) < own:  # "Moss" on the page of Randy Moss
                continue
            thing = self._numbers.get(str(link["id"]), -1)
            if thing < 0 or len(anchor) < 4 or not (anchor[0].isupper() or anchor[0].isdigit()):
                continue
            if not any(word[:1].isupper() for word in anchor.split()[-2:]) or _inside_name(page.text, start, end):
                continue
            found.setdefault(start, (thing, start, end))
        return list(found.values())

    def _read_values(self, text: str, taken: Sequence[Place]) -> list[Place]:
        found = []
        for span in spans_in(text):
            if any(place.start < span.end and span.start < place.end for place in taken):
                continue
            stretches = [(span.type, span.normal, span.start)]
            if span.type == "date" and text[span.end - 4 : span.end] == span.normal[:4]:
                stretches.append(("year", span.normal[:4], span.end - 4))
            if span.type == "quantity" and not _NUMBER.search(text[span.start : span.end]):
                continue
            for type_, normal, start in stretches:
                key = type_, normal.split(" ")[0] if type_ == "quantity" else normal
                thing = self._values.setdefault(key, len(self._numbers) + len(self._values))
                found.append(Place(thing, start, span.end))
        return found

    def _read_names(self, text: str, taken: Sequence[Place], subject: Place | None) -> list[Place]:
        """Find names of no page, the longest first where they overlap, but for the word that opens the sentence."""
        found: list[Place] = []
        spans = [(place.start, place.end) for place in taken]
        spans += [(0, subject.end if subject else 1)]
        for start, end in sorted(names_in(text), key=lambda span: span[0] - span[1]):
            name = text[start:end]
            if (
                any(a < end and start < b for a, b in spans)
                or not _PLAIN.fullmatch(name)
                or _inside_name(text, start, end)
            ):
                continue
            spans.append((start, end))
            thing = self._values.setdefault(("name", name), len(self._numbers) + len(self._values))
            found.append(Place(thing, start, end))
        return sorted(found, key=lambda place: place.start)


def _inside_name(text: str, start: int, end: int) -> bool:
    """Tell whether a stretch is only a part of a longer name."""
    after = re.match(r"[-–/&]|[\s]+(?:of |& )?[A-ZÀ-Þ][\w’']*", text[end : end + 24])
    if after and text[end : end + 1] != "\n":
        return True
    before = _BEFORE.search(text[max(0, start - 30) : start])
    if before is None:
        return False
    if before[1] is None:
        return True
    at = max(0, start - 30) + before.start(1)
    word = before[1].split()[0]
    opens = at == 0 or bool(re.search(r"[.!?\n]\s*$", text[max(0, at - 3) : at]))
    return not (opens and word in ("The", "In", "At", "On", "For", "With", "After", "From", "When", "While", "Both"))


def _subject(number: int, page: Page, entry: Entry, sentence: Sentence, place: int) -> tuple[Place | None, bool]:
    """Find the words that open a sentence and mean the page's own thing, and whether they own what follows."""
    text, definition = sentence.text, entry.definition
    if definition is not None and definition.sentence.start == sentence.start:
        stretch = page.text[sentence.start : definition.name_end].rstrip()
        return (Place(number, 0, len(stretch)), False) if not re.match(r"(?:In|On|At|Since) ", text) else (None, False)
    human = entry.kind == "person"
    for name in (page.name, f"The {page.name}"):
        if text.startswith(name) and not text[len(name) : len(name) + 1].isalnum():
            return Place(number, 0, len(name)), False
    own = _OWN.match(text)
    if own is not None and place > 0:
        fits = (
            (own["human"] and human) or (own["thing"] and not human) or (own["group"] and entry.kind == "organization")
        )
        fits = fits or (own["has"] and (own["has"] in ("His", "Her")) == human)
        expletive = own["thing"] and re.match(
            r"It (?:is|was|has been) (?:\w+ed|known|thought|said|the|not|in|on) ", text
        )
        if fits and not expletive:
            return Place(number, 0, own.end()), bool(own["has"])
        return None, False
    last = page.name.split()[-1]
    if human and len(last) > 2 and re.match(rf"{re.escape(last)}\b(?!['’-])", text):
        return Place(number, 0, len(last)), False
    noun = _THE_NOUN.match(text)
    if noun and place > 0 and not human and entry.phrase and noun[1] == entry.phrase.split()[-1].casefold():
        return Place(number, 0, noun.end(1)), False
    return None, False
