"""A time that a question sets, "born between 1959 and 1963", "in the early 1990s", and whether a page falls into it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.agent.baseline import attributes
from tamsa.agent.baseline.passages import Page, Span
from tamsa.agent.baseline.question import Question

_Y = r"(1\d{3}|20\d{2})(?!\d|s\b|['’]s\b)"
_PART = r"(?P<part>first half of the |second half of the |early |mid-?\s?|late )?(?:the )?"
_PATTERNS = tuple(
    (re.compile(rf"\b{pattern}", re.IGNORECASE), form)
    for pattern, form in (
        (rf"(?:between|from)\s+(?:the years?\s+)?{_Y}\s+(?:and|to|until|till|through)\s+{_Y}", "range"),
        (rf"{_PART}(1\d{{2}}0|20\d0)['’]?s\b", "decade"),
        (rf"{_PART}(\d{{1,2}})(?:st|nd|rd|th)[- ]century\b", "century"),
        (rf"(?:before|prior to|earlier than)\s+{_Y}", "before"),
        (rf"(?:after|later than)\s+{_Y}", "after"),
        (rf"since\s+{_Y}", "since"),
        (_Y, "year"),
    )
)
_EVENTS = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), event)
    for words, event in (
        ("born|birth", "birth"),
        ("died|death|dead", "death"),
        ("founded|established|formed|founding|foundation", "found"),
        ("opened|opening|built|completed|constructed", "open"),
        (
            "releases?d?|premiered|published|aired|appeared|came out|issued|recorded|film|album|song|novel",
            "release",
        ),
    )
)
NEAR_CHARS = 40
"""Characters before a time within which the word stands for what happened then."""


@dataclass(frozen=True)
class Period:
    """A span of years, both inclusive, and what is to fall into it; an empty event may be anything."""

    first: int
    last: int
    event: str = ""

    def holds(self, page: Page) -> float:
        """Say whether what a page is about falls into the period: 1, -1, or 0 where the page does not say."""
        span = _date_of(page, self.event)
        when = attributes.year_of(span)
        if when is None:
            years = [span.when.year for span in page.spans if span.when is not None and span.when.year]
            return 0.5 if any(self.first <= year <= self.last for year in years) else -0.25 if years else 0.0
        return 1.0 if self.first <= when.year <= self.last else -1.0


def asked_period(question: Question) -> Period | None:
    """Find the time that a question sets outside its names."""
    text = question.text
    for name in question.names:
        text = text.replace(name.text, " " * len(name.text))
    for pattern, form in _PATTERNS:
        match = pattern.search(text)
        if match is None:
            continue
        before = text[max(0, match.start() - NEAR_CHARS) : match.start()]
        after = text[match.end() : match.end() + 12]
        near = [(found.start(), event) for wanted, event in _EVENTS for found in wanted.finditer(before)]
        event = max(near)[1] if near else next((event for wanted, event in _EVENTS if wanted.search(after)), "")
        first, last = _bounds(match, form)
        return Period(first, last, event)
    return None


def _bounds(match: re.Match[str], form: str) -> tuple[int, int]:
    if form == "range":
        one, two = int(match[1]), int(match[2])
        return min(one, two), max(one, two)
    if form in ("decade", "century"):
        length = 10 if form == "decade" else 100
        first = int(match[2]) if form == "decade" else (int(match[2]) - 1) * 100 + 1
        part = (match["part"] or "").casefold()
        half = length // 2
        if part.startswith("first") or part.startswith("early"):
            return first, first + half - 1
        if part.startswith("second") or part.startswith("late"):
            return first + half, first + length - 1
        if part.startswith("mid"):
            return first + length // 4, first + 3 * length // 4
        return first, first + length - 1
    year = int(match[1])
    return {"before": (0, year - 1), "after": (year + 1, 9999), "since": (year, 9999)}.get(form, (year, year))


def _date_of(page: Page, event: str) -> Span | None:
    if event == "birth":
        return attributes.birth_span(page)
    if event == "death":
        return attributes.death_span(page)
    if event == "release" and page.kind in ("work", "any"):
        return attributes.release_span(page)
    if event in ("found", "open") and page.kind not in ("person", "work"):
        return attributes.founding_span(page)
    return None


__all__ = ["Period", "asked_period"]
