"""Pages as the reader sees them: sentences, tables and typed spans, all with offsets into the page."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any

from tamsa.agent.baseline.grids import Table, read_tables
from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, terms
from tamsa.agent.baseline.names import CAPITALISED, names_in
from tamsa.agent.baseline.nouns import COUNTRY_OF, Kind, kind_of_name, kind_of_noun
from tamsa.agent.baseline.values import DATE, NUMBER, RANGE, When, read_date, read_number, when_of

MAX_PAGE_SENTENCES = 400
"""Sentences of one page that are read; the rest of a very long page is skipped."""
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Sr|Jr|Prof|Gen|Col|Lt|Capt|Rev|Hon|vs|No|Vol|approx|ca|c|b|d|r|cf|al|etc|Inc|Ltd|Co"
    r"|Corp|Mt|Ft|Sgt|Gov|Sen|Rep|Bros|lit|transl|translit|op|e\.g|i\.e|fl)|\b[A-Z])\.$"
)
_BREAK = re.compile(r"[.!?][\"'”’)\]]*(?:\[\w+\])?\s+(?=[\"'“‘(\[]?[A-Z0-9À-ÞĀ-Ž])|\n+")
_QUOTED = re.compile(r"“([^”\n]{2,90})”|\"([^\"\n]{2,90})\"|‘([^’\n]{3,90})’(?!\w)")
_DEFINITION = re.compile(
    r"\b(?:is|was|are|were|became|remains)\s+(?:(?:one of|considered|now|also|still|currently|a former|former)\s+)*"
    r"(?:an?|the|its|their|two|both)?\s*(?P<body>[^.;]{3,220})"
)
_DEFINITION_END = re.compile(
    r";|\b(?:who|which|that|whose|where|when|in which|from|by|of|in|on|at|for|with|released|written|directed|"
    r"produced|located|situated|based|known|and is|and was|best|founded|created|starring|born|set|published|"
    r"developed|held|featuring|to|as|than|near|between|about|under|after|since|during|played|made|owned|"
    r"operated|built|recorded|serving|living|currently)\b"
)
_LIFE = re.compile(r"\(.{0,80}?\bborn\b|\b(?:\d{1,2} \w+|\w+ \d{1,2},) \d{4} [-–]")
"""Dates of life before the verb of a defining sentence."""
_ASIDE = re.compile(r",\s+an?\s+[^,;.|\n]*")
_TOKEN = re.compile(r"\w+(?:[-'’.&]\w+)*")


@dataclass(frozen=True, slots=True)
class Span:
    """A candidate answer: a stretch of a page with what kind of thing it may be."""

    start: int
    end: int
    text: str
    kind: Kind
    target: str = ""
    """Id of the document that it links to."""
    when: When | None = None
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a page, or one row of a table."""

    start: int
    end: int
    text: str
    row: bool = False


def name_of(title: str) -> str:
    """Return a title without its disambiguation in parentheses."""
    return re.sub(r"\s*\([^()]*\)$", "", title).strip() or title


def split_sentences(text: str) -> list[Sentence]:
    """Cut a text into sentences; a line break always ends one."""
    out: list[Sentence] = []
    start = 0

    def add(stop: int) -> None:
        piece = text[start:stop]
        body = piece.strip()
        if body and re.fullmatch(r"[|\s:-]+", body) and body.startswith("|"):
            if out and out[-1].row:
                out.pop()  # the line above the rule is the header: it names columns, not things
            return
        if body:
            at = start + len(piece) - len(piece.lstrip())
            if body.startswith("#"):
                return  # a heading names a section, not a fact
            out.append(Sentence(at, at + len(body), body, body.startswith("|")))

    for match in _BREAK.finditer(text):
        if "\n" not in match[0] and _ABBREVIATION.search(text[max(0, match.start() - 8) : match.start() + 1]):
            continue
        add(match.end())
        start = match.end()
        if len(out) >= MAX_PAGE_SENTENCES:
            return out
    add(len(text))
    return out


def definition(sentence: str) -> tuple[str, str]:
    """Find what a defining sentence says its subject is: the noun phrase and its head noun."""
    plain = re.sub(r"\([^()]*\)", lambda m: " " * len(m[0]), sentence)
    match = _DEFINITION.search(plain)
    if not match:
        return "", ""
    body = sentence[match.start("body") : match.end("body")]
    phrase = _DEFINITION_END.split(body, maxsplit=1)[0].strip(" ,")
    first, *others = phrase.split(",")
    head = _last_kind_noun(first) if kind_of_noun((re.findall(r"[\w'-]+", first) or [""])[-1]) else ""
    if head and others:
        phrase = first
    head = head or _last_kind_noun(phrase)
    if _LIFE.search(sentence[: match.start()]) and kind_of_noun(head) != "person":  # "a film, stage and radio actor"
        people = [word for word in re.findall(r"[a-z][a-z-]+", body) if kind_of_noun(word) == "person"]
        head = people[0] if people else head
    if not head:  # "one of the twelve Regions of Morocco", "the capital of Utah"
        for word in re.findall(r"[\w'-]+", body[:120]):
            if kind_of_noun(word) and not word[0].isupper():
                head = word.casefold()
                break
    return phrase, head


def _last_kind_noun(text: str) -> str:
    return next((word.casefold() for word in reversed(re.findall(r"[\w'-]+", text)) if kind_of_noun(word)), "")


@dataclass(eq=False)
class Page:
    """One opened page, read lazily."""

    id: str
    title: str
    text: str
    start: int = 0
    date: str = ""
    source: str = ""
    links: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    num_pages: int = 1
    page: int = 1

    @cached_property
    def name(self) -> str:
        """The title without its disambiguation."""
        return name_of(self.title)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The sentences of the page, headings left out."""
        return split_sentences(self.text)

    def sentences_at(self, offsets: Sequence[int]) -> list[Sentence]:
        """Return the sentences that hold some page offsets."""
        starts = [sentence.start for sentence in self.sentences]
        found = [self.sentences[at - 1] for at in {bisect_right(starts, offset) for offset in offsets} if at]
        ordered = sorted(offsets)
        return [s for s in found if bisect_left(ordered, s.start) < bisect_left(ordered, s.end)]

    @cached_property
    def tables(self) -> list[Table]:
        """The tables of the page."""
        return read_tables(self.text)

    @cached_property
    def definition(self) -> tuple[str, str]:
        """The noun phrase by which the lead defines the subject, and its head noun."""
        for sentence in self.sentences[:2]:
            phrase, head = definition(sentence.text)
            if head:
                return phrase, head
        return "", ""

    @cached_property
    def kind(self) -> Kind:
        """What kind of thing the page is about."""
        inner = re.search(r"\(([^()]*)\)$", self.title)
        living = kind_of_noun(self.definition[1]) == "person" and _LIFE.search(self.text[:300]) is not None
        if inner and not living:
            for word in reversed(inner[1].split()):
                if (found := kind_of_noun(word)) is not None:
                    return found
        head = self.definition[1]
        found = kind_of_noun(head) if head else None
        if found is None and re.search(r"\bborn\b|\(\d{1,2} \w+ \d{4} [-–]", self.text[:160]):
            return "person"
        return found or kind_of_name(self.name) or "any"

    @cached_property
    def tokens(self) -> dict[int, tuple[tuple[int, int, str], ...]]:
        """The words of each sentence as page offsets and concept, by the start of the sentence."""
        return {
            sentence.start: tuple(
                (match.start() + sentence.start, match.end() + sentence.start, concept(match[0]))
                for match in _TOKEN.finditer(sentence.text)
            )
            for sentence in self.sentences
        }

    @cached_property
    def _words(self) -> tuple[list[int], list[int]]:
        """Where the words of the page, cut at white space, start and end."""
        found = [match.span() for match in re.finditer(r"\S+", self.text)]
        return [start for start, _ in found], [end for _, end in found]

    def num_words(self, start: int, end: int) -> int:
        """Count the words that stand, in part at least, in `[start, end)`; none where that is empty."""
        starts, ends = self._words
        return max(0, bisect_left(starts, end) - bisect_right(ends, start)) if start < end else 0

    @cached_property
    def spans_by_sentence(self) -> dict[int, list[Span]]:
        """The candidates of each sentence, by its start."""
        out: dict[int, list[Span]] = {sentence.start: [] for sentence in self.sentences}
        bounds = [(sentence.start, sentence.end) for sentence in self.sentences]
        starts = [start for start, _ in bounds]
        for span in self.spans:
            at = bisect_right(starts, span.start) - 1
            if at >= 0 and span.end <= bounds[at][1]:
                out[bounds[at][0]].append(span)
        return out

    @cached_property
    def asides(self) -> list[tuple[int, int, str]]:
        """What is said in passing of another thing, "X, a company based in Y": offsets after the name, and the name."""
        own = set(self.name.split())
        return [
            (match.start(), match.end(), span.text)
            for span in self.spans
            if span.when is None
            and span.number is None
            and self.text[span.end : span.end + 1] == ","
            and not set(span.text.split()) <= own
            and (match := _ASIDE.match(self.text, span.end))
        ]

    @cached_property
    def term_set(self) -> frozenset[str]:
        """Concepts of all content words of the page and its title."""
        return frozenset(terms(self.title)) | frozenset(t for s in self.sentences for t in terms(s.text))

    @cached_property
    def spans(self) -> list[Span]:
        """Every candidate answer of the page, in order."""
        found = list(self._find_spans())
        found.sort(key=lambda span: (span.start, -span.end))
        return found

    def spans_in(self, start: int, end: int) -> list[Span]:
        """Return the candidates inside `[start, end)`."""
        first = bisect_left(self.spans, start, key=attrgetter("start"))
        last = bisect_right(self.spans, end, lo=first, key=attrgetter("start"))
        return [span for span in self.spans[first:last] if span.end <= end]

    @cached_property
    def sound_links(self) -> list[Mapping[str, Any]]:
        """The links, less those from a common word to a title that only shares it.

        A known title is found wherever its words stand: "Arena" inside "Mo Simba Arena", "June" for a band of
        that name. Such a link is kept only if the page also speaks of what the title's brackets say.
        """
        kept = []
        for link in self.links:
            start, end = int(link["start"]) - self.start, int(link["end"]) - self.start
            if not 0 <= start < end <= len(self.text):
                continue
            anchor = self.text[start:end]
            title = str(link.get("title") or "")
            plain = name_of(title)
            inner = title[len(plain) :]
            if plain.casefold() == anchor.casefold() and " " not in anchor:
                before = re.search(rf"({CAPITALISED})\s$", self.text[max(0, start - 30) : start])
                after = re.match(rf"\s{CAPITALISED}", self.text[end : end + 30])
                if after or (
                    before and before[1].casefold() not in STOP_WORDS and not _opens(self.text, start, before[1])
                ):
                    continue
                if inner and not any(term in self.term_set for term in terms(inner)):
                    continue
            kept.append(link)
        return kept

    def _find_spans(self) -> Iterator[Span]:
        taken: set[tuple[int, int]] = set()
        linked = {
            int(link["start"]) - self.start: (str(link["id"]), int(link["end"]) - self.start)
            for link in self.sound_links
        }
        for sentence in self.sentences:
            yield from self._dates_and_numbers(sentence)
            for match in _QUOTED.finditer(sentence.text):
                group = match.lastindex or 1
                at = (sentence.start + match.start(group), sentence.start + match.end(group))
                if at not in taken:
                    taken.add(at)
                    yield Span(*at, self.text[at[0] : at[1]].rstrip(",."), "work")
            for start, end in names_in(sentence.text):
                at = (sentence.start + start, sentence.start + end)
                if at not in taken:
                    taken.add(at)
                    text = self.text[at[0] : at[1]]
                    link = linked.get(at[0])
                    if link is not None and at[1] < link[1] and self.text[at[1]] == ",":
                        # "West Allis" of the link "West Allis, Wisconsin" leads to the same document
                        yield Span(*at, text, kind_of_name(text) or "name", link[0])
                        continue
                    if at[0] == sentence.start and " " not in text and self._only_opens(text, link is not None):
                        continue
                    adjective = text in COUNTRY_OF or _is_adjective(text, self.text[at[1] : at[1] + 40])
                    yield Span(*at, text, "nationality" if adjective else kind_of_name(text) or "name")
        for target in self.sound_links:
            start, end = int(target["start"]) - self.start, int(target["end"]) - self.start
            if 0 <= start < end <= len(self.text):
                text = self.text[start:end]
                if (read_date(text) and DATE.fullmatch(text)) or text.isdigit():
                    continue
                kind: Kind = "nationality" if text in COUNTRY_OF else kind_of_name(text) or "name"
                yield Span(start, end, text, kind, str(target["id"]))

    def _only_opens(self, word: str, linked: bool) -> bool:
        """Tell whether a word has its capital only because it opens a sentence."""
        if linked or word in self.title or any(char.isdigit() or char.isupper() for char in word[1:]):
            return False
        return not re.search(rf"(?<=[\w,;(] ){re.escape(word)}\b", self.text)

    def _dates_and_numbers(self, sentence: Sentence) -> Iterator[Span]:
        dated: list[tuple[int, int]] = []
        for match in DATE.finditer(sentence.text):
            when = when_of(match)
            if when is None:
                continue
            dated.append(match.span())
            kind: Kind = "year" if not when.month and not when.day else "date"
            yield Span(
                sentence.start + match.start(), sentence.start + match.end(), match[0], kind, when=when,
                number=float(when.year) if kind == "year" else None,
            )  # fmt: skip
        for match in RANGE.finditer(sentence.text):
            when = read_date(match[0])
            yield Span(
                sentence.start + match.start(), sentence.start + match.end(), match[0],
                "number" if when is None else "date", when=when, number=read_number(match[0]) if when is None else None,
            )  # fmt: skip
        for match in NUMBER.finditer(sentence.text):
            if any(match.start() < stop and match.end() > begin for begin, stop in dated):
                continue
            text = match[0].rstrip()
            value = read_number(text)
            if value is None or (text.casefold() == "one" and "one of" in sentence.text[match.start() :][:7]):
                continue
            yield Span(
                sentence.start + match.start(), sentence.start + match.start() + len(text), text, "number", number=value
            )


def _is_adjective(name: str, after: str) -> bool:
    """Tell whether a capitalised word is an adjective of origin: it ends like one and a common noun follows."""
    if " " in name or not name.endswith(("ian", "ean", "ese", "ish", "an", "ic")):
        return False
    match = re.match(r"\s(?:[a-z-]+\s){0,2}([a-z-]+)", after)
    first = re.match(r"\s([a-z-]+)", after)
    return bool(match and first and first[1] not in STOP_WORDS and (kind_of_noun(first[1]) or kind_of_noun(match[1])))


def _opens(text: str, start: int, word: str) -> bool:
    """Tell whether the word before a position opens its sentence, where its capital means nothing."""
    return bool(re.search(rf"(?:^|[.!?\n]\s*){re.escape(word)}\s$", text[max(0, start - 40) : start]))
