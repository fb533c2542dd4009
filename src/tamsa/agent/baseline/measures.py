"""What a number measures: people, an area, a length, a mass, a time or money."""

from __future__ import annotations

import re

from tamsa.agent.baseline.question import Question

_UNITS = {
    "people": re.compile(r"\s?(?:people|inhabitants|residents|persons|students|seats|spectators|seated)\b", re.I),
    "area": re.compile(r"\s?-?(?:km2|km²|sq\b|square|acres?|hectares?|ha\b)", re.I),
    "length": re.compile(r"\s?-?(?:km|kilomet\w+|m|met(?:re|er)s?|ft|feet|foot|miles?|mi|cm|mm|inch\w*)\b", re.I),
    "mass": re.compile(r"\s?-?(?:kg|kilogram\w*|tonnes?|tons?|pounds?|lbs?|g)\b", re.I),
    "time": re.compile(r"\s?-?(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|mins?)\b", re.I),
}
_ASKED = {
    "people": frozenset("population people inhabitants residents live capacity seats spectators hold seat".split()),
    "area": frozenset("area size".split()),
    "length": frozenset("length height elevation depth width distance altitude tall high deep wide".split()),
    "mass": frozenset("weight weigh mass heavy".split()),
    "time": frozenset("age duration years months days hours minutes old".split()),
    "money": frozenset("cost budget revenue price salary earn gross earnings dollars".split()),
}
_MONEY = re.compile(r"[£$€¥]")
_HOLDING = frozenset("hold holds held seat seats capacity spectators fit accommodate room".split())


def asked_measure(question: Question) -> str:
    """Say what a number measures that a question asks for, or nothing."""
    if question.kind != "number":
        return ""
    words = [word.strip("?,.;:") for word in question.text.casefold().split()]
    for word in (question.head, *words):
        for name, nouns in _ASKED.items():
            if word in nouns:
                return name
    return "area" if "large" in words or "big" in words else ""


def measure_cues(question: Question) -> frozenset[str]:
    """Return relation concepts by which texts give the number that a question asks for in other words."""
    if asked_measure(question) != "people":
        return frozenset()
    words = {word.strip("?,.;:") for word in question.text.casefold().split()}
    return frozenset(("capacity",)) if words & _HOLDING else frozenset(("population",))


def measured(text: str, start: int, end: int) -> str:
    """Say what the number at `[start, end)` of a text measures by its unit or sign, or nothing."""
    if _MONEY.match(text, start):
        return "money"
    number = re.match(r"[^A-Za-z]*", text[start:end])
    at = start + len((number[0] if number else "").rstrip()) if number and number[0] else end
    return next((name for name, pattern in _UNITS.items() if pattern.match(text, at)), "")


__all__ = ["asked_measure", "measure_cues", "measured"]
