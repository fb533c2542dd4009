"""Typed values: dates, years and quantities as texts write them, and their canonical forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tamsa.synthesis.records import ValueType

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTH_NUMBERS = {name.lower(): place for place, name in enumerate(MONTHS, start=1)}
_MONTH_NUMBERS |= {name[:3].lower(): place for place, name in enumerate(MONTHS, start=1)} | {"sept": 9}
_MONTH = "(?:" + "|".join(MONTHS) + "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
_YEAR = r"(?:1\d{3}|20\d{2}|[1-9]\d{2})"
_DATE = re.compile(
    rf"(?P<d1>[0-3]?\d)(?:st|nd|rd|th)?\s(?:of\s)?(?P<m1>{_MONTH})\.?,?\s(?P<y1>{_YEAR})(?!\d)"
    rf"|(?P<m2>{_MONTH})\.?\s(?P<d2>[0-3]?\d)(?:st|nd|rd|th)?,?\s(?P<y2>{_YEAR})(?!\d)"
    rf"|(?P<y3>1\d{{3}}|20\d{{2}})-(?P<m3>[01]\d)-(?P<d3>[0-3]\d)(?![\d-])"
    rf"|(?P<m4>{_MONTH})\.?,?\s(?:of\s)?(?P<y4>1\d{{3}}|20\d{{2}})(?!\d)"
)
_PLAIN_YEAR = re.compile(r"(?:1\d{3}|20\d{2})(?![\d,.]\d|\d|s\b|['’]s\b|[-–/]\d|%)")
_NUMBER_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "bn": 1e9, "mn": 1e6}
_UNITS = {
    "m": "m", "metre": "m", "metres": "m", "meter": "m", "meters": "m", "km": "km", "kilometre": "km",
    "kilometres": "km", "kilometer": "km", "kilometers": "km", "mi": "mi", "mile": "mi", "miles": "mi", "ft": "ft",
    "foot": "ft", "feet": "ft", "cm": "cm", "mm": "mm", "km2": "km2", "km²": "km2", "square kilometres": "km2",
    "square kilometers": "km2", "square kilometre": "km2", "square kilometer": "km2", "sq km": "km2",
    "square miles": "sq mi", "square mile": "sq mi", "sq mi": "sq mi", "acres": "acre", "acre": "acre", "ha": "ha",
    "hectares": "ha", "hectare": "ha", "kg": "kg", "t": "t", "tons": "t", "tonnes": "t", "min": "min",
    "minutes": "min", "minute": "min", "hours": "h", "hour": "h", "seconds": "s", "s": "s", "%": "%",
    "percent": "%", "per cent": "%", "points": "points", "people": "people", "inhabitants": "people",
    "residents": "people", "persons": "people", "seats": "seats", "speakers": "people", "students": "people",
    "spectators": "people", "mph": "mph", "km/h": "km/h", "mw": "MW", "kw": "kW", "hp": "hp",
}  # fmt: skip
_UNIT = "|".join(sorted((re.escape(unit) for unit in _UNITS), key=len, reverse=True))
_QUANTITY = re.compile(
    rf"(?P<money>[$€£¥]\s?|(?:US|A|C)\$\s?)?(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"(?:\s?(?P<scale>hundred|thousand|million|billion|trillion|bn|mn|[MBK](?![a-z])))?"
    rf"(?:[\s-]?(?P<unit>(?:{_UNIT})))?(?![\w])"
)
_WORD_NUMBER = re.compile(
    r"\b(?P<first>" + "|".join(_NUMBER_WORDS) + r")(?:-(?P<second>one|two|three|four|five|six|seven|eight|nine))?"
    r"(?:\s(?P<scale>hundred|thousand|million|billion))?\b",
    re.IGNORECASE,
)
_RANK = re.compile(r"(\d{1,4})(?:st|nd|rd|th)?\.?")


@dataclass(frozen=True, slots=True)
class TypedSpan:
    """A date, year or quantity at `[start, end)` of a text."""

    start: int
    end: int
    type: ValueType
    normal: str


def _date_of(match: re.Match[str]) -> str:
    groups = match.groupdict()
    for place in "123":
        if groups[f"y{place}"]:
            month, day = groups[f"m{place}"], int(groups[f"d{place}"])
            number = _MONTH_NUMBERS[month.lower()] if not month.isdecimal() else int(month)
            if not (1 <= number <= 12 and 1 <= day <= 31):
                return ""
            return f"{int(groups[f'y{place}']):04d}-{number:02d}-{day:02d}"
    return f"{groups['y4']}-{_MONTH_NUMBERS[groups['m4'].lower()]:02d}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(round(number, 6))


def _quantity_of(match: re.Match[str]) -> str:
    number = float(match["number"].replace(",", ""))
    scale = match["scale"]
    if scale:
        number *= _SCALES.get(scale) or {"M": 1e6, "B": 1e9, "K": 1e3}[scale]
    money = (match["money"] or "").strip()
    unit = money or _UNITS.get(match["unit"] or "", "")
    return f"{_plain(number)} {unit}".strip()


def dates_in(text: str) -> Iterator[TypedSpan]:
    """Find the days and months of a text that name a year."""
    for match in _DATE.finditer(text):
        if match.start() and (text[match.start() - 1].isalnum()):
            continue
        normal = _date_of(match)
        if normal:
            yield TypedSpan(match.start(), match.end(), "date", normal)


def spans_in(text: str) -> list[TypedSpan]:
    """Find dates, years and quantities in a text, in order, without overlaps."""
    found = list(dates_in(text))
    taken = [(span.start, span.end) for span in found]

    def is_free(start: int, end: int) -> bool:
        return all(end <= a or start >= b for a, b in taken)

    for match in _PLAIN_YEAR.finditer(text):
        start, end = match.span()
        before = text[start - 1 : start]
        if (before.isalnum() or before in tuple(".,$€£-–/")) and before:
            continue
        unit = _QUANTITY.match(text, start)
        if is_free(start, end) and not (unit and (unit["unit"] or unit["scale"])):
            found.append(TypedSpan(start, end, "year", match.group()))
            taken.append((start, end))
    for match in _QUANTITY.finditer(text):
        start, end = match.span()
        before = text[start - 1 : start]
        if before and (
            before.isalnum() or before in "-–/." or (before == "," and text[start - 2 : start - 1].isdigit())
        ):
            continue
        if is_free(start, end):
            found.append(TypedSpan(start, end, "quantity", _quantity_of(match)))
            taken.append((start, end))
    found.sort(key=lambda span: span.start)
    return found


def read_value(text: str) -> tuple[ValueType, str]:
    """Return the type and canonical form of a whole value; `("text", "")` where it is neither date nor number."""
    value = " ".join(text.split()).strip()
    match = _DATE.fullmatch(value)
    if match:
        normal = _date_of(match)
        if normal:
            return "date", normal
    if re.fullmatch(r"1\d{3}|20\d{2}", value):
        return "year", value
    match = _QUANTITY.fullmatch(value)
    if match:
        return "quantity", _quantity_of(match)
    match = _RANK.fullmatch(value)
    if match:
        return "quantity", match[1]
    match = _WORD_NUMBER.fullmatch(value)
    if match:
        return "quantity", word_number(match)
    return "text", ""


def word_number(match: re.Match[str]) -> str:
    """Return the value of a number in words."""
    number = float(_NUMBER_WORDS[match["first"].lower()])
    if match["second"]:
        number += _NUMBER_WORDS[match["second"].lower()]
    if match["scale"]:
        number *= _SCALES[match["scale"].lower()]
    return _plain(number)
