"""The ways in which English leads state the commonest facts: dates of life, origin, making."""

from __future__ import annotations

import re

from tamsa.agent.baseline.lexicon import concept
from tamsa.agent.baseline.nouns import COUNTRY_OF, Kind
from tamsa.agent.baseline.passages import Page, Span
from tamsa.agent.baseline.values import When

LEAD_SENTENCES = 3
_PAREN = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_BORN = re.compile(r"\b(?:born|b\.|birth|came into the world|first saw the light)(?!\w)", re.IGNORECASE)
_SOURCE = re.compile(r"\b(?:based (?:up)?on|adapted from|adaptation of|inspired by|remake of)\b", re.IGNORECASE)
_DIED = re.compile(
    r"\b(?:died|d\.|death|dies|passed away|lost (?:his|her) life|killed|murdered|executed|assassinated)\b",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"\b(?:founded|established|formed|created|incorporated|opened|launched|started|built|constructed|inaugurated"
    r"|released|premiered|published|issued|debuted|aired|set up|began|dates from|completed|organi[sz]ed|chartered)\b",
    re.IGNORECASE,
)
_MADE_CONCEPTS = {
    "found": re.compile(
        r"\b(?:founded|established|formed|incorporated|created|set up|organi[sz]ed|started|launched|"
        r"chartered|began)\b", re.I
    ),
    "release": re.compile(r"\b(?:released|premiered|published|issued|debuted|aired|came out|broadcast)\b", re.I),
    "open": re.compile(r"\b(?:opened|inaugurated|unveiled)\b", re.I),
    "build": re.compile(r"\b(?:built|constructed|completed|erected)\b", re.I),
    "come": re.compile(r"\b(?:released|premiered|published|issued)\b", re.I),
    "came": re.compile(r"\b(?:released|premiered|published|issued)\b", re.I),
}  # fmt: skip


def attribute_spans(page: Page, cues: frozenset[str], want: Kind, head: str) -> dict[tuple[int, int], float]:
    """Find the spans that state a well-known attribute by their place in the lead.

    Returns:
        `(start, end)` of each such span -> a score to add, in (0, 1].
    """
    out: dict[tuple[int, int], float] = {}
    if want in ("date", "year", "number", "any") and "birth" in cues:
        _mark(out, birth_span(page), 1.0)
    if want in ("date", "year", "any") and "death" in cues:
        _mark(out, death_span(page), 1.0)
    if want == "name" and cues & {"birth", "birth-name"}:
        for span, score in birth_names(page):
            _mark(out, span, score)
    if want == "name" and "stage-name" in cues:
        for span in _names_after(page, _ALSO_KNOWN):
            _mark(out, span, 1.0)
    if want in ("place", "any") and "birth" in cues:
        for span in birth_places(page):
            _mark(out, span, 0.9)
    if want in ("place", "any") and "death" in cues:
        for span in _places_after(page, _DIED):
            _mark(out, span, 0.8)
    if want == "nationality" or ("nation" in cues and want in ("any", "place")) or head in ("country", "nation"):
        _mark(out, nationality_span(page), 0.9 if want == "nationality" or "nation" in cues else 0.3)
    if want in ("date", "year"):
        for cue, pattern in _MADE_CONCEPTS.items():
            if cue in cues:
                _mark(out, _date_by(page, pattern), 0.8)
                if cue in ("release", "come", "came"):
                    _mark(out, release_span(page), 0.6)
    if want in ("person", "org", "any") and page.kind == "work" and cues & _MAKER_CONCEPTS:
        for span in makers(page):
            _mark(out, span, 0.6)
    if want in ("work", "any") and cues & {"win", "award"}:
        for span in awarded_works(page):
            _mark(out, span, 0.6)
    return out


_MAKER_CONCEPTS = frozenset(
    "perform write direct compose invent design produce publisher release found paint artist".split()
)


_MAKING = r"(?:co-)?(?:written|directed|produced|recorded|performed|composed|created|painted|edited|sung|designed)"
_MADE_BY = re.compile(
    r"\b(?:films?|movie|albums?|song|single|EP|novel|book|play|poem|series|opera|painting|work|game|manga|musical|"
    rf"{_MAKING}(?:,? (?:and )?{_MAKING}){{0,3}}) (?:\w+ )?by\s+"
)
"""What leads to the maker: "a novel by", "written, directed and produced by"."""


def makers(page: Page) -> list[Span]:
    """Find who a work is "by", as its lead says."""
    out = []
    for sentence in page.sentences[:2]:
        for match in _MADE_BY.finditer(sentence.text):
            at = sentence.start + match.end()
            near = [
                s
                for s in page.spans_in(at, min(sentence.end, at + 110))
                if s.when is None and s.number is None and s.kind != "nationality"
            ]
            if near:
                out += [s for s in near if s.start == near[0].start]
    return out


_WINNING = re.compile(r"\b(?:won|wins?|winning|received|receiving|earned|earning|awarded|awards?)\b", re.IGNORECASE)
_FOR_WORK = re.compile(
    r"\b(?:for|in|directing|writing|producing|on)\s+(?:(?:the|his|her|their)\s+)?(?:\d{4}\s+)?(?:[a-z][\w-]*+\s+){0,4}+$"
)
"""What stands between an honour and the work that it was won for."""


def awarded_works(page: Page) -> list[Span]:
    """Find the works that a page says an award was won for: "won the prize for her part in X"."""
    out = []
    for sentence in page.sentences:
        won = _WINNING.search(sentence.text)
        aim = re.compile(r"\bfor\b").search(sentence.text, won.end()) if won else None
        if aim is None:
            continue
        for span in page.spans_in(sentence.start + aim.end(), sentence.end):
            plain = span.when is None and span.number is None and span.kind not in ("nationality", "award", "event")
            if plain and not re.match(r"(?:Best|Outstanding)\b", span.text):
                before = page.text[max(sentence.start + aim.start(), span.start - 80) : span.start].rstrip('"“‘')
                if _FOR_WORK.search(before):
                    out.append(span)
    return out


_BORN_AS = re.compile(
    r"(?:\b(?:born(?: as)?|né|(?:birth|real|full|legal|given|original|true) name(?: (?:is|was|of))?,?)|\("
    r"(?:born )?)\s*(?=[^\W\da-z])"
)
_ALSO_KNOWN = re.compile(
    r"\b(?:known (?:\w+ ){0,2}(?:as|by (?:his|her|the|their) (?:\w+ ){0,2}(?:name|pseudonym|alias))|"
    r"(?:stage|pen|ring) name(?: of)?|pseudonym(?: of)?|nom de plume|alias|"
    r"wr(?:ote|iting|ites|itten) (?:\w+ )?as),?\s+(?=[^\W\da-z])"
)
MAX_NAME_WORDS = 6


def birth_names(page: Page) -> list[tuple[Span, float]]:
    """Find what a person was first called: after "born", or what the lead opens with where the title is another."""
    found = [(span, 1.0) for span in _names_after(page, _BORN_AS)]
    title = set(page.name.casefold().split())
    for sentence in page.sentences[:1]:
        start = [span for span in page.spans_in(sentence.start, sentence.end) if span.start == sentence.start]
        first = max(start, key=lambda span: span.end, default=None)
        if first is not None and set(first.text.casefold().split()) - title:
            found.append((first, 0.6 if found else 0.9))
    return found


def _names_after(page: Page, pattern: re.Pattern[str]) -> list[Span]:
    """Find the names that a lead gives right after some words."""
    out = []
    for sentence in page.sentences[:LEAD_SENTENCES]:
        for match in pattern.finditer(sentence.text):
            at = sentence.start + match.end()
            near = [
                span for span in page.spans_in(at, sentence.end)
                if span.start == at and span.when is None and len(span.text.split()) <= MAX_NAME_WORDS
                and not re.search(r"\b(?:in|on|at|to)\b", span.text)
            ]  # fmt: skip
            longest = max(near, key=lambda span: span.end, default=None)
            if longest is not None and longest.kind != "nationality":
                out.append(longest)
    return out


def _mark(out: dict[tuple[int, int], float], span: Span | None, score: float) -> None:
    if span is not None:
        key = (span.start, span.end)
        out[key] = max(out.get(key, 0.0), score)


def _dates(page: Page, start: int, end: int) -> list[Span]:
    return [span for span in page.spans_in(start, end) if span.when is not None and span.when.year]


def life_dates(page: Page) -> tuple[Span | None, Span | None]:
    """Read the dates of birth and death from the brackets after the name."""
    for sentence in page.sentences[:LEAD_SENTENCES]:
        for match in _PAREN.finditer(sentence.text):
            at = sentence.start + match.start()
            dates = _dates(page, at, sentence.start + match.end())
            if not dates:
                continue
            inner = match[1]
            died = _DIED.search(inner)
            if died:
                cut = at + 1 + died.start()
                before = [span for span in dates if span.start < cut]
                after = [span for span in dates if span.start >= cut]
                return (before[0] if before else None), (after[0] if after else None)
            if _BORN.search(inner):
                ended = len(dates) > 1 and re.fullmatch(r"\s*[-–—]\s*", page.text[dates[0].end : dates[1].start])
                return dates[0], dates[1] if ended else None
            spans_life = len(dates) >= 2 and re.search(r"[-–—]|\bto\b|until", page.text[dates[0].end : dates[-1].start])
            if spans_life and (page.kind in ("person", "any") or dates[0].kind == "date"):
                return dates[0], dates[-1]
    return None, None


def birth_span(page: Page) -> Span | None:
    """Find the date of birth."""
    born, _ = life_dates(page)
    return born or _date_by(page, _BORN)


def death_span(page: Page) -> Span | None:
    """Find the date of death."""
    _, died = life_dates(page)
    return died or _date_by(page, _DIED)


def _date_by(page: Page, pattern: re.Pattern[str]) -> Span | None:
    """Find the date nearest after (else before) a verb, in the earliest sentence that has both."""
    for sentence in page.sentences:
        match = pattern.search(sentence.text)
        if not match:
            continue
        at = sentence.start + match.start()
        dates = _dates(page, sentence.start, sentence.end)
        after = [span for span in dates if span.start > at and span.start - at < 140]
        if after:
            return after[0]
        before = [span for span in dates if span.end <= at and at - span.end < 100]
        if before:
            return before[-1]
    return None


def made_span(page: Page, verb: str) -> Span | None:
    """Find the date at which a subject was founded, opened, built or released, as the verb says."""
    return _date_by(page, _MADE_CONCEPTS[verb])


def dated_by(page: Page, cues: frozenset[str]) -> Span | None:
    """Find the date that stands with most of the words for an event, in the earliest such sentence."""
    best: tuple[int, Span] | None = None
    for sentence in page.sentences:
        said = [match for match in re.finditer(r"[\w'’-]+", sentence.text) if concept(match[0]) in cues]
        dates = _dates(page, sentence.start, sentence.end)
        count = len({concept(match[0]) for match in said})
        if not said or not dates or (best is not None and count <= best[0]):
            continue
        at = sentence.start + said[0].start()
        best = count, min(dates, key=lambda span: abs(span.start - at) + (40 if span.start < at else 0))
    return best[1] if best is not None else None


def release_span(page: Page) -> Span | None:
    """Find the year in "is a 1995 film", else the date after "released"."""
    for sentence in page.sentences[:2]:
        match = re.search(r"\b(?:is|was|are)\s+(?:an?|the)\s+(?:[\w-]+\s+){0,3}?(\d{4})\b", sentence.text)
        if match:
            at = sentence.start + match.start(1)
            for span in page.spans_in(at, at + 4):
                if span.when is not None:
                    return span
    found = _date_by(page, _MADE)
    if found is not None:
        return found
    return first_date(page, LEAD_SENTENCES)


def first_date(page: Page, sentences: int) -> Span | None:
    """Find the first date that is not that of a source: "X (1995) is a film", "it reached the public in 1955"."""
    for sentence in page.sentences[:sentences]:
        for span in _dates(page, sentence.start, sentence.end):
            if not _SOURCE.search(page.text[max(sentence.start, span.start - 60) : span.start]):
                return span
    return None


def founding_span(page: Page) -> Span | None:
    """Find the date of founding, opening or making."""
    return _date_by(page, _MADE_CONCEPTS["found"]) or _date_by(page, _MADE) or release_span(page)


def birth_places(page: Page) -> list[Span]:
    """Find the places named after "born", or before the dates of life."""
    found = _places_after(page, re.compile(r"\bborn\b", re.IGNORECASE))
    if found:
        return found
    for sentence in page.sentences:  # "the family lived in X when Y was born"
        match = re.search(
            r"\b(?:in|at)\s+(?=[A-ZÀ-Þ])([^.;]{2,60}?),?\s+(?:when|where)\b[^.;]{0,60}\bborn\b", sentence.text
        )
        if match:
            at = sentence.start + match.start(1)
            spans = [s for s in page.spans_in(at, sentence.start + match.end(1)) if s.start == at and s.when is None]
            if spans:
                return spans
    for pattern in (
        r"\b(?:a |an )?native (?:and \w+ )?of\s", r"\bhails? from\s", r"\bcomes? from\s", r"\bgrew up in\s",
        r"\braised in\s", r"\boriginally from\s",
        r"\b(?:musician|singer|player|songwriter|actor|writer|band|group|duo|trio)\w* from\s",
    ):  # fmt: skip
        found = _places_after(page, re.compile(pattern, re.IGNORECASE), bare=True)
        if found:
            return found
    return []


def _places_after(page: Page, pattern: re.Pattern[str], *, bare: bool = False) -> list[Span]:
    """Find the names after a verb and a preposition of place."""
    for sentence in page.sentences:
        for match in pattern.finditer(sentence.text):
            rest = sentence.text[match.end() : match.end() + 160]
            if bare:
                offset = 0
            else:
                place = re.search(r"(?:^|[\s,])(?:in|at|near|on)\s+(?:[a-z][\w-]*+\s+){0,5}+(?=[^\d\s])", rest)
                while place and re.match(
                    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)\b",
                    rest[place.end() :],
                ):
                    nxt = re.search(r"[\s,](?:in|at|near)\s+(?=[^\d\s])", rest[place.end() :])
                    if not nxt:
                        place = None
                        break
                    shift = place.end() + nxt.end()
                    place = re.compile("").match(rest, shift)
                if not place or re.search(
                    r";|\b(?:and(?! (?:raised|bred|brought|grew|reared)\b)|who|died|educated|studied)\b",
                    rest[: place.start()],
                ):
                    comma = re.match(r"[^,;)]{0,30},\s+(?=[A-ZÀ-Þ])", rest)  # "(born 3 May 1950, Lyon)"
                    if not comma or not re.search(r"\d{4},", comma[0]):
                        continue
                    offset = comma.end()
                else:
                    offset = place.end()
            at = sentence.start + match.end() + offset
            spans = [
                span for span in page.spans_in(at, min(sentence.end, at + 90))
                if span.start <= at + 4 and span.when is None and span.number is None
            ]  # fmt: skip
            if spans:
                # "Springfield, Missouri" may be one link or two names: the longest first, all of them good
                return sorted(spans, key=lambda span: span.start - span.end)
    return []


def nationality_span(page: Page) -> Span | None:
    """Find the first demonym of the defining sentence."""
    for sentence in page.sentences[:2]:
        spans = [span for span in page.spans_in(sentence.start, sentence.end) if span.kind == "nationality"]
        plain = sentence.text
        verb = re.search(r"\b(?:is|was|are|were)\b", re.sub(r"\([^()]*\)", lambda m: " " * len(m[0]), plain))
        after = [span for span in spans if verb and span.start >= sentence.start + verb.end()]
        if after:
            return after[0]
        if verb:
            match = re.search(r"\b([A-Z][a-z]+)(?:-born)?[- ]", plain[verb.end() :])
            if match and match[1] in COUNTRY_OF:
                at = sentence.start + verb.end() + match.start(1)
                return Span(at, at + len(match[1]), match[1], "nationality")
    return None


def country_of(page: Page) -> str:
    """Name the country of a page's subject, by demonym or by place, or return the empty string."""
    span = nationality_span(page)
    if span is not None:
        return COUNTRY_OF.get(span.text, span.text)
    for sentence in page.sentences[:2]:
        for demonym, country in COUNTRY_OF.items():
            if re.search(rf"\b{re.escape(country)}\b", sentence.text):
                return country
            if re.search(rf"\b{re.escape(demonym)}\b", sentence.text):
                return country
        if re.search(r"\b(?:U\.S\.|USA|United States)", sentence.text):
            return "United States"
        if re.search(r"\b(?:U\.K\.|UK|Great Britain)\b", sentence.text):
            return "United Kingdom"
    return ""


def year_of(span: Span | None) -> When | None:
    """Return the date of a span, if it has a year."""
    return span.when if span is not None and span.when is not None and span.when.year else None
