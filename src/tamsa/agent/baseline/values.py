"""Dates and numbers as texts write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.agent.baseline.lexicon import MONTHS, NUMBER_WORDS

_MONTH = "|".join(MONTHS)
DATE = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m1>{_MONTH}),?\s+(?P<y1>\d{{3,4}})"
    rf"|(?P<m2>{_MONTH})\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{3,4}})"
    rf"|(?P<m3>{_MONTH})\s+(?:of\s+)?(?P<y3>\d{{4}})"
    r"|(?P<y4>\d{4})-(?P<m4>\d{2})-(?P<d4>\d{2})"
    rf"|(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m5>{_MONTH})|(?P<m6>{_MONTH})\s+(?P<d6>\d{{1,2}})(?![\d,])"
    r"|(?P<y8>\d{1,4})\s(?P<era>(?-i:BCE?|AD|CE))|(?P<y7>1[0-9]{3}|20[0-9]{2})(?!\d|,\d|\.\d))\b",
    re.IGNORECASE,
)
NUMBER = re.compile(
    r"(?<![\w.])(?:[£$€¥]\s?)?\d+(?:,\d{3})*(?:\.\d+)?(?:\s?%)?"
    r"(?:\s(?:hundred|thousand|million|billion|trillion|percent|per cent)\b)?"
    r"|\b(?:" + "|".join(NUMBER_WORDS) + r")(?:[- ](?:" + "|".join(NUMBER_WORDS) + r"|thousand|million|billion))*\b",
    re.IGNORECASE,
)
RANGE = re.compile(
    rf"(?<![\w.,-])\d{{1,2}}(?:\s(?:{_MONTH}))?\s?[-–]\s?\d{{1,2}}\s(?:{_MONTH})(?:,?\s\d{{4}})?\b"
    rf"|\b(?:{_MONTH})\s\d{{1,2}}\s?[-–]\s?(?:(?:{_MONTH})\s)?\d{{1,2}}(?:,?\s\d{{4}})?\b"
    r"|(?<![\w.,-])\d{1,3}[-–]\d{1,3}(?![\w-])",
    re.IGNORECASE,
)
"""Days or numbers from one to another: "4-7 June 1942", "ages 6-15"."""
_UNIT = re.compile(
    r"\s?-?(?:km/h|mph|knots|°\s?[CF]|degrees (?:Celsius|Fahrenheit)"
    r"|km2|km²|km|kilometres?|kilometers?|m|metres?|meters?|ft|feet|foot|miles?|mi|square \w+|sq mi|acres?"
    r"|hectares?|kg|tonnes?|tons?|pounds?|lbs?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|percent|per cent"
    r"|dollars|euros|people|inhabitants|students|seats)\b"
)


@dataclass(frozen=True, slots=True)
class When:
    """A date read from a text; month and day are 0 where the text does not say."""

    year: int
    month: int = 0
    day: int = 0

    @property
    def key(self) -> tuple[int, int, int]:
        """Year, month and day, for ordering."""
        return (self.year, self.month, self.day)


def read_date(text: str) -> When | None:
    """Read the first date of a text."""
    for match in DATE.finditer(text):
        if (when := when_of(match)) is not None:
            return when
    return None


def when_of(match: re.Match[str]) -> When | None:
    """Read the date of a match of `DATE`, or return None where it is none."""
    groups = match.groupdict()

    def first(prefix: str) -> str:
        return next((groups[f"{prefix}{n}"] for n in range(1, 9) if groups.get(f"{prefix}{n}")), "")

    year, month, day = first("y"), first("m"), first("d")
    number = MONTHS.get(month.lower(), 0) if not month.isdigit() else int(month)
    if number > 12 or (day and int(day) > 31):
        return None
    before = (groups.get("era") or "").upper().startswith("B")
    return When((-int(year) if before else int(year)) if year else 0, number, int(day) if day else 0)


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


def unit_after(text: str, end: int) -> str:
    """Return the unit that follows a number, with its space, or the empty string."""
    match = _UNIT.match(text, end)
    return match[0] if match else ""
