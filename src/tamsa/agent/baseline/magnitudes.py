"""By what two things are ordered: a date, a span of time, or a number with its unit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tamsa.agent.baseline import attributes
from tamsa.agent.baseline.lexicon import concept, relation_terms, terms
from tamsa.agent.baseline.passages import Page, Span
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.sides import GENERIC, Role, Side
from tamsa.agent.baseline.values import read_number

_LIFESPAN = re.compile(
    r"\b(?:lived?|living) (?:longer|shorter|to (?:be older|an? (?:older|greater|higher|younger) age))|"
    r"longer li(?:fe|ved)|older when|at an? (?:older|younger|later|earlier) age|age at death|died (?:older|younger)\b",
    re.IGNORECASE,
)
_TEMPORAL = re.compile(
    r"\b(?:first|earlier|earliest|before|older|oldest|elder|last|later|latest|after|younger|youngest|newer|newest|"
    r"recent|recently|sooner|predates)\b", re.IGNORECASE,
)  # fmt: skip
_EXISTING = re.compile(
    r"\b(?:(?:been )?around|exist\w*|history|in business|in operation|operating|running|active|going|"
    r"standing|established)\b[^?]{0,30}\blong(?:er|est)|\blong(?:er|est)\b[^?]{0,12}\b(?:history|exist\w*|around|tradition)\b",
    re.IGNORECASE,
)
_RANKED = re.compile(
    r"\b(?:charts?|charted|rank\w*|picks?|picked|draft\w*|peak\w*|position\w*|placed?|seed\w*|finish\w*|standings)\b",
    re.IGNORECASE,
)
_BETTER = re.compile(r"\b(?:higher|highest|better|best|top)\b", re.IGNORECASE)
_RANK = re.compile(r"(?:#\s?|\b[Nn]umber\s|\bNo\.\s)(\d{1,4})\b|\b(\d{1,4})(?:st|nd|rd|th)\b(?!\s+centur)")
_COUNTED = re.compile(r"\b(?:more|fewer|most|fewest|less|number of)\s+((?:[a-z-]+\s+)?[a-z-]+)", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?<![\w.,'’])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s(?:million|billion|thousand))?(?!\d|st\b|nd\b|rd\b|th\b)|"
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
)
_SCALES: dict[str, tuple[tuple[str, float], ...]] = {
    "length": (
        (r"km\b|kilomet\w+", 1000), (r"met(?:re|er)s?\b|m\b", 1), (r"cm\b|centimet\w+", 0.01), (r"mm\b", 0.001),
        (r"miles?\b|mi\b", 1609.3), (r"feet\b|foot\b|ft\b", 0.3048), (r"inch\w*", 0.0254), (r"yards?\b", 0.9144),
    ),
    "area": (
        (r"km2|km²|sq(?:uare|\.)?\s?k\w+", 1), (r"sq(?:uare|\.)?\s?mi\w*", 2.59), (r"hectares?|ha\b", 0.01),
        (r"acres?", 0.004047), (r"sq(?:uare|\.)?\s?m\w*|m2|m²", 1e-6), (r"sq(?:uare|\.)?\s?f\w*", 9.29e-8),
    ),
    "mass": ((r"kg\b|kilogram\w*", 1), (r"tonnes?\b|tons?\b", 1000), (r"lbs?\b|pounds?\b", 0.4536)),
    "people": ((
        r"(?:\w+\s)?(?:people|inhabitants|residents|persons|students|seats|spectators|seated|capacity|employees|members|"
        r"athletes|viewers|passengers)\b", 1,
    ),),
}  # fmt: skip
_UNITS = {
    name: tuple((re.compile(rf"\s?-?(?:{unit})", re.IGNORECASE), scale) for unit, scale in units)
    for name, units in _SCALES.items()
}
_ASKED = {
    "length": "length height elevation depth width distance altitude tall high deep wide long",
    "area": "area big",
    "mass": "weight weigh mass heavy heavier",
    "people": "population people inhabitants residents live capacity seats spectators hold seat populous big student",
}
_INCHES = re.compile(r"\s?-?(?:feet|foot|ft)\.?,?\s?(\d{1,2})(?=\s?-?in)", re.IGNORECASE)
_LIGHT = frozenset("got get make made take took taken put go went come came reach have had".split())
"""Concepts of verbs that say nothing of what is measured."""
_FIGURES = frozenset("capacity population".split())
MAX_SENTENCES = 40


@dataclass(frozen=True)
class Order:
    """Which side comes out as asked, and the readings that say so."""

    index: int
    readings: tuple[Reading, ...]


def evidence(page: Page | None, span: Span | None = None) -> tuple[Reading, ...]:
    """Return a span as a reading, or the page's first sentence."""
    if page is None or not page.sentences:
        return ()
    if span is None:
        first = page.sentences[0]
        return (Reading(page.name, 1.0, page, first.start, first.end),)
    return (Reading(span.text, 1.0, page, span.start, span.end, kind=span.kind),)


def put_in_order(question: Question, sides: list[Side], role: Role | None) -> Order | None:
    """Find which side has the more or the less of what a question compares; None where a page does not say."""
    pages = [side.page for side in sides if side.page is not None]
    if len(pages) < len(sides):
        return None
    outside = question.outside
    if _LIFESPAN.search(outside):
        return _by_age(sides, pages, least=bool(re.search(r"\b(?:shorter|younger|earlier)\b", outside)))
    lasting = _EXISTING.search(outside)
    if lasting or _TEMPORAL.search(outside):
        measure = attributes.founding_span if lasting else date_measure(question, role, pages)
        found = [measure(page) for page in pages]
        if not any(page.kind == "person" for page in pages):
            found = [
                span or attributes.first_date(page, MAX_SENTENCES) for span, page in zip(found, pages, strict=True)
            ]
        whens = [attributes.year_of(span) for span in found]
        keys = [_days(when.key) for when in whens if when is not None]
        if len(keys) < len(sides):
            return None
        first = question.extreme == "min" or lasting is not None
        proofs = sum((side.chain + evidence(side.page, span) for side, span in zip(sides, found, strict=True)), ())
        return Order(_pick(keys, least=first), proofs)
    return _by_number(question, sides, pages)


def _by_age(sides: list[Side], pages: list[Page], *, least: bool) -> Order | None:
    spans = [(attributes.birth_span(page), attributes.death_span(page)) for page in pages]
    ages = []
    for born, died in spans:
        one, two = attributes.year_of(born), attributes.year_of(died)
        if one is None or two is None:
            return None
        ages.append(_days(two.key) - _days(one.key))
    proofs = sum((side.chain + evidence(side.page, pair[0]) for side, pair in zip(sides, spans, strict=True)), ())
    return Order(_pick(ages, least=least), proofs)


def date_measure(question: Question, role: Role | None, pages: list[Page]) -> Callable[[Page], Span | None]:
    """Choose the date that is compared: of birth, of death, of what the question's verb says, or of making."""
    outside = question.outside.casefold()
    said = set(relation_terms(outside))
    if "death" in said:
        return attributes.death_span
    person = (role is not None and role.kind == "person") or any(page.kind == "person" for page in pages)
    if "birth" in said or (person and re.search(r"\b(?:older|younger|oldest|youngest|elder)\b", outside)):
        return attributes.birth_span
    made = [cue for cue in ("open", "build", "found", "release") if cue in said]
    fallback = attributes.release_span if any(page.kind == "work" for page in pages) else attributes.founding_span
    if made:
        return lambda page: attributes.made_span(page, made[0]) or fallback(page)
    if person:
        fallback = attributes.birth_span
    cues = frozenset(_cues_of(question)) - {"year", "date", "time", "decade", "month", "day"}
    return lambda page: attributes.dated_by(page, cues) or fallback(page)


def _cues_of(question: Question) -> tuple[str, ...]:
    """Return the concepts of the words outside the names that say what is compared."""
    skip = GENERIC | _LIGHT | {concept(question.head or "-")}
    return tuple(
        term for term in relation_terms(question.outside) if term not in skip and not _TEMPORAL.fullmatch(term)
    )


def _by_number(question: Question, sides: list[Side], pages: list[Page]) -> Order | None:
    outside = question.outside
    ranked = bool(_RANKED.search(outside) and _BETTER.search(outside))
    found = [_figures(question, page, ranked=ranked) for page in pages]
    units = [unit for _, _, unit in found[0] if any(unit == other for _, _, other in found[-1])]
    if not units:
        return None
    best = [next(item for item in figures if item[2] == units[0]) for figures in found]
    least = (question.extreme == "min") != ranked
    return Order(_pick([value for _, value, _ in best], least=least), tuple(reading for reading, _, _ in best))


def _figures(question: Question, page: Page, *, ranked: bool) -> list[tuple[Reading, float, str]]:
    """Read the numbers of a page that may be what is compared, the likeliest first: reading, value and unit."""
    cues = set(_cues_of(question))
    beside = (set(question.weights) - set(terms(" ".join(question.options or ())))) - cues
    counted = _COUNTED.search(question.outside)
    nouns = {term for term in (terms(counted[1]) if counted else ()) if term not in GENERIC}
    said = set(terms(question.outside))
    asked = {name for name, nouns_ in _ASKED.items() if said & {concept(noun) for noun in nouns_.split()}}
    out: list[tuple[float, Reading, float, str]] = []
    for place, sentence in enumerate(page.sentences[:MAX_SENTENCES]):
        present = set(relation_terms(sentence.text))
        score = len(cues & present) + 0.4 * len(beside & present) - 0.05 * place
        score += 0.4 * (concept(question.head or "-") in present)
        for match in (_RANK if ranked else _NUMBER).finditer(sentence.text):
            value = read_number(match[1] or match[2] if ranked else match[0])
            if value is None:
                continue
            unit, scale = ("rank", 1.0) if ranked else _unit(sentence.text, match.end())
            inches = _INCHES.match(sentence.text, match.end()) if unit == "length" else None
            value += float(inches[1]) / 12 if inches else 0.0
            after = set(terms(sentence.text[match.end() : match.end() + 30])[:2])
            if not unit and 1000 <= value <= 2100 and "," not in match[0]:
                continue  # a year
            fit = 2.0 * bool(asked & {unit}) + 2.0 * bool(nouns & after)
            fit += 1.0 * bool(asked & {"people"} and present & _FIGURES and not unit)
            if not unit and asked & {"people"} and present & _FIGURES:
                unit = "people"
            if ranked or fit or score > 0.5:
                start = sentence.start + match.start()
                reading = Reading(match[0], 1.0, page, start, sentence.start + match.end(), kind="number")
                out.append((score + fit, reading, value * scale, unit))
    out.sort(key=lambda item: -item[0])
    return [(reading, value, unit) for _, reading, value, unit in out]


def _unit(text: str, at: int) -> tuple[str, float]:
    for name, units in _UNITS.items():
        for pattern, scale in units:
            if pattern.match(text, at):
                return name, float(scale)
    return "", 1.0


def _days(key: tuple[int, int, int]) -> float:
    return key[0] * 372.0 + key[1] * 31 + key[2]


def _pick(values: list[float], *, least: bool) -> int:
    return values.index(min(values) if least else max(values))


__all__ = ["Order", "date_measure", "evidence", "put_in_order"]
