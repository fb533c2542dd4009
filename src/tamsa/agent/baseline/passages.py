"""Pages as the reader sees them: sentences, tables and typed spans, all with offsets into the page."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tamsa.agent.baseline.lexicon import (
    COUNTRY_OF,
    MONTHS,
    NUMBER_WORDS,
    STOP_WORDS,
    Kind,
    concept,
    kind_of_name,
    kind_of_noun,
    terms,
)

MAX_PAGE_SENTENCES = 400
"""Sentences of one page that are read; the rest of a very long page is skipped."""
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Sr|Jr|Prof|Gen|Col|Lt|Capt|Rev|Hon|vs|No|Vol|approx|ca|c|b|d|r|cf|al|etc|Inc|Ltd|Co"
    r"|Corp|Mt|Ft|Sgt|Gov|Sen|Rep|Bros|lit|transl|translit|op|e\.g|i\.e|fl)|\b[A-Z])\.$"
)
_BREAK = re.compile(r"[.!?][\"'”’)\]]*(?:\[\w+\])?\s+(?=[\"'“‘(\[]?[A-Z0-9À-ÞĀ-Ž])|\n+")
_MONTH = "|".join(MONTHS)
_DATE = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m1>{_MONTH}),?\s+(?P<y1>\d{{3,4}})"
    rf"|(?P<m2>{_MONTH})\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{3,4}})"
    rf"|(?P<m3>{_MONTH})\s+(?:of\s+)?(?P<y3>\d{{4}})"
    r"|(?P<y4>\d{4})-(?P<m4>\d{2})-(?P<d4>\d{2})"
    rf"|(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m5>{_MONTH})|(?P<m6>{_MONTH})\s+(?P<d6>\d{{1,2}})(?![\d,])"
    r"|(?P<y7>1[0-9]{3}|20[0-9]{2})(?!\d|,\d|\.\d))\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![\w.])(?:[£$€¥]\s?)?\d+(?:,\d{3})*(?:\.\d+)?\s?%?"
    r"(?:\s(?:hundred|thousand|million|billion|trillion|percent|per cent)\b)?"
    r"|\b(?:" + "|".join(NUMBER_WORDS) + r")(?:[- ](?:" + "|".join(NUMBER_WORDS) + r"|thousand|million|billion))*\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s?-?(?:km2|km²|km|kilometres?|kilometers?|m|metres?|meters?|ft|feet|foot|miles?|mi|square \w+|sq mi|acres?"
    r"|hectares?|kg|tonnes?|tons?|pounds?|lbs?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|percent|per cent"
    r"|dollars|euros|people|inhabitants|students|seats)\b"
)
_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚ"
_CAP = rf"(?:[{_UPPER}](?:[\w’'.&-]*[\w’'])?\.?|[a-z]{{1,2}}[’'\-]?[{_UPPER}][\w’'-]+)"
_LINK_WORD = (
    r"(?:of|the|de|du|des|da|das|do|dos|del|della|di|la|le|les|las|los|el|al|y|e|et|van|von|der|den|zu|zur|am|bin|ibn|"
    r"and|&|for|in|on|at|to|a|an|with|’n’|'n'|und|och|og|upon)"
)
_NAME = re.compile(
    rf"{_CAP}(?:(?:\s(?:{_LINK_WORD}\s){{0,3}}|,\s(?=(?:Jr|Sr|Inc|Ltd|II|III)\b))(?:{_CAP}|\d{{1,4}}\b))*"
)
_DOTTED = re.compile(r"(?:\b(?:Jr|Sr|Inc|Ltd|Co|Corp|Bros|St|Mt|Dr|No)|\.\w|\b[A-Z])\.$")
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
_TABLE_ROW = re.compile(r"^\s*\|(.+)\|\s*$")


@dataclass(frozen=True, slots=True)
class When:
    """A date read from a text; month and day are 0 where the text does not say."""

    year: int
    month: int = 0
    day: int = 0

    @property
    def key(self) -> tuple[int, int, int]:
        return (self.year, self.month, self.day)


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


_TOKEN = re.compile(r"\w+(?:[-'’.&]\w+)*")
_JOINT = re.compile(r"\s(?:in|on|at|to|for|with)\s")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a page, or one row of a table."""

    start: int
    end: int
    text: str
    row: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A Markdown table: header cells, and rows of cells with the offsets of each row."""

    start: int
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spans: tuple[tuple[int, int], ...]
    caption: str = ""


def read_date(text: str) -> When | None:
    """Read the first date of a text."""
    for match in _DATE.finditer(text):
        if (when := _when(match)) is not None:
            return when
    return None


def _when(match: re.Match[str]) -> When | None:
    groups = match.groupdict()

    def first(prefix: str) -> str:
        return next((groups[f"{prefix}{n}"] for n in range(1, 8) if groups.get(f"{prefix}{n}")), "")

    year, month, day = first("y"), first("m"), first("d")
    number = MONTHS.get(month.lower(), 0) if not month.isdigit() else int(month)
    if number > 12 or (day and int(day) > 31):
        return None
    return When(int(year) if year else 0, number, int(day) if day else 0)


def read_number(text: str) -> float | None:
    """Read a number written in digits or words, with its scale."""
    low = text.casefold().strip()
    match = re.search(r"\d+(?:,\d{3})*(?:\.\d+)?", low)
    if match:
        value = float(match[0].replace(",", ""))
    else:
        parts = [NUMBER_WORDS[word] for word in re.split(r"[\s-]+", low) if word in NUMBER_WORDS]
        if not parts:
            return None
        value = float(sum(parts))
    for word, scale in (("hundred", 1e2), ("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12)):
        if re.search(rf"\b{word}\b", low) and match:
            value *= scale
    return value


def split_sentences(text: str) -> list[Sentence]:
    """Cut a text into sentences; a line break always ends one."""
    out: list[Sentence] = []
    start = 0

    def add(stop: int) -> None:
        piece = text[start:stop]
        body = piece.strip()
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


def read_tables(text: str) -> list[Table]:
    """Find the Markdown tables of a text."""
    tables: list[Table] = []
    position = 0
    rows: list[tuple[tuple[str, ...], tuple[int, int]]] = []
    caption = last_line = ""
    for line in [*text.split("\n"), ""]:
        match = _TABLE_ROW.match(line)
        if match:
            if not rows:
                caption = last_line
            cells = tuple(cell.strip() for cell in match[1].split("|"))
            rows.append((cells, (position, position + len(line))))
        else:
            if len(rows) >= 2:
                body = [row for row in rows[1:] if not all(re.fullmatch(r":?-+:?", cell or "-") for cell in row[0])]
                tables.append(
                    Table(
                        rows[0][1][0],
                        rows[0][0],
                        tuple(row[0] for row in body),
                        tuple(row[1] for row in body),
                        caption,
                    )
                )
            rows = []
            if line.strip():
                last_line = line.strip()
        position += len(line) + 1
    return tables


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
        return re.sub(r"\s*\([^()]*\)$", "", self.title).strip() or self.title

    @cached_property
    def sentences(self) -> list[Sentence]:
        return split_sentences(self.text)

    @cached_property
    def tables(self) -> list[Table]:
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
        if inner:
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
    def term_set(self) -> frozenset[str]:
        return frozenset(terms(self.title)) | frozenset(t for s in self.sentences for t in terms(s.text))

    @cached_property
    def spans(self) -> list[Span]:
        """Every candidate answer of the page, in order."""
        found = list(self._find_spans())
        found.sort(key=lambda span: (span.start, -span.end))
        return found

    def spans_in(self, start: int, end: int) -> list[Span]:
        """Return the candidates inside `[start, end)`."""
        return [span for span in self.spans if span.start >= start and span.end <= end]

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
            plain = re.sub(r"\s*\([^()]*\)$", "", title)
            inner = title[len(plain) :]
            if plain.casefold() == anchor.casefold() and " " not in anchor:
                before = re.search(rf"({_CAP})\s$", self.text[max(0, start - 30) : start])
                after = re.match(rf"\s{_CAP}", self.text[end : end + 30])
                if (
                    after
                    or (before
                    and before[1].casefold() not in STOP_WORDS
                    and not _opens(self.text, start, before[1]))
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
                    adjective = text in COUNTRY_OF or _is_adjective(text, self.text[at[1] : at[1] + 40])
                    yield Span(*at, text, "nationality" if adjective else kind_of_name(text) or "name")
        for link in self.sound_links:
            start, end = int(link["start"]) - self.start, int(link["end"]) - self.start
            if 0 <= start < end <= len(self.text):
                text = self.text[start:end]
                if (read_date(text) and _DATE.fullmatch(text)) or text.isdigit():
                    continue
                kind: Kind = "nationality" if text in COUNTRY_OF else kind_of_name(text) or "name"
                yield Span(start, end, text, kind, str(link["id"]))

    def _dates_and_numbers(self, sentence: Sentence) -> Iterator[Span]:
        dated: list[tuple[int, int]] = []
        for match in _DATE.finditer(sentence.text):
            when = _when(match)
            if when is None:
                continue
            dated.append(match.span())
            kind: Kind = "year" if not when.month and not when.day else "date"
            yield Span(
                sentence.start + match.start(), sentence.start + match.end(), match[0], kind, when=when,
                number=float(when.year) if kind == "year" else None,
            )  # fmt: skip
        for match in _NUMBER.finditer(sentence.text):
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


def unit_after(text: str, end: int) -> str:
    """Return the unit that follows a number, with its space, or the empty string."""
    match = _UNIT.match(text, end)
    return match[0] if match else ""


def names_in(text: str) -> list[tuple[int, int]]:
    """Find the proper names of a sentence as offsets; function words at its edges are left out."""
    out: list[tuple[int, int]] = []
    for match in _NAME.finditer(text):
        start, end = match.span()
        piece = match[0]
        # a sentence opens with a capital whatever its first word is
        while True:
            word = re.match(r"[\w’'.-]+", piece)
            if word and word[0].casefold() in STOP_WORDS and (len(piece) > len(word[0]) or word[0] != "I"):
                keep_the = word[0] in ("The", "A", "An") and start > 0 and text[:start].rstrip()[-1:] not in "|"
                if keep_the and len(piece) > len(word[0]):
                    out.append((start, end))  # "The Band": with and without the article
                skip = len(word[0]) + len(piece[len(word[0]) :]) - len(piece[len(word[0]) :].lstrip())
                start, piece = start + skip, piece[skip:]
                lower = re.match(rf"(?:{_LINK_WORD}\s)+", piece)
                if lower:
                    start, piece = start + lower.end(), piece[lower.end() :]
                if not piece:
                    break
                digits = re.match(r"(?:\d+,?\s+)+", piece)
                if digits:  # "In 1984 X"
                    start, piece = start + digits.end(), piece[digits.end() :]
            else:
                break
        piece = text[start:end]
        if piece.endswith(".") and not _DOTTED.search(piece):
            end -= 1
            piece = piece[:-1]
        if piece.endswith(("'s", "’s")):
            end -= 2
            piece = text[start:end]
        if (
            piece.split(" ")[0].casefold() in MONTHS
            and re.fullmatch(r"\w+(?: \d+)*", piece)
            and piece not in ("May", "March")
        ):
            continue
        if len(piece) > 1 and any(char.isupper() for char in piece):
            out.append((start, end))
            for joint in re.finditer(r"\s(?:and|&|in|on|at|to|for|with|of the|of|und)\s", piece):
                left, right = (start, start + joint.start()), (start + joint.end(), end)
                if joint.group().strip() in ("and", "in", "on", "at", "to", "for", "with"):
                    out.extend(part for part in (left, right) if part[1] - part[0] > 1)
                elif joint.group().strip() == "of" and text[right[0] : right[0] + 1].isupper():
                    out.append(right)
            for possessive in re.finditer(r"['’]s\s", piece):
                out.append((start, start + possessive.start()))
                out.append((start + possessive.end(), end))
    clean = []
    for start, end in out:
        if text[end - 1 : end] == "." and not _DOTTED.search(text[start:end]):
            end -= 1
        clean.append((start, end))
    return list(dict.fromkeys(span for span in clean if span[0] < span[1]))
