"""The two things that a question sets side by side: "X or Y", "of X and Y", "was X born before Y"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from tamsa.agent.baseline.interrogative import AUXILIARY, OPENING_VERBS, WH
from tamsa.agent.baseline.names import Name
from tamsa.agent.baseline.nouns import kind_of_noun

_WORD = r"[a-z0-9][\w'’-]{0,20}\s+"
_BEFORE = rf"(?:(?:the|a|an|is|was|both|that of|those of)\s+){{0,3}}(?:{_WORD}){{0,5}}[\"“‘']?"
"""What may stand before a name: "the musician", "the director of the 2008 film"."""
_AFTER = r"[\"”’']?(?:,?\s+(?:from|of|in)\s+(?:the\s+)?\d{4}s?|\s+\(?\d{4}\)?)?,?"
_JOINT = re.compile(
    rf"{_AFTER}\s*(?P<word>\bor\b|\band\b|&|\bversus\b|\bvs\b\.?|"
    rf"\bas well as\b|\b(?:just |along |together )?(?:like|with)\b)\s*{_BEFORE}",
    re.IGNORECASE,
)  # fmt: skip
_ORDER = re.compile(rf"(?P<same>[^?;]{{0,80}}\bsame\b)?[^?;]{{0,100}}\b(?P<word>than|before|after|as)\s+{_BEFORE}")
_PART = re.compile(r"[\"”’']?\s+(?:in|by|of|from|at|on|near)\s+(?:the\s+)?(?:[a-z][a-z-]{0,20}\s+){0,3}[\"“‘']?")
"""What ties a name to one that only tells of it: "X in Y", "X by the band Y"."""
_OWNER = re.compile(rf"['’]s?\s+(?:{_WORD}){{0,4}}[\"“‘']?")
_BY = re.compile(rf"[\"”’']?\s+by\s+(?:the\s+)?(?:{_WORD}){{0,3}}")
_CLASS = re.compile(r"([a-z][a-z-]{2,20})\s+[\"“‘']?$")
_YEAR_BEFORE = re.compile(r"\b(\d{4})\s+(?:[a-z-]{1,20}\s+){0,2}[\"“‘']?$")
_YEAR_AFTER = re.compile(r"[\"”’']?,?\s+(?:(?:from|of|in)\s+)?\(?(\d{4})\b")
_APART = re.compile(r"\b(?:like|with)\b", re.IGNORECASE)
_GROUP = r"\s+(?:(?:the|both|these|two)\s+){0,3}(?:[a-z-]{1,20}\s+){0,5}[\"“‘']?$"
_OF_TWO = re.compile(rf"\b(?:which|who)(?:\s+one)?\s+(?:out\s+)?of{_GROUP}", re.IGNORECASE)
_TOPIC = re.compile(rf"^(?:(?:out\s+)?of|between|among|given|comparing){_GROUP}", re.IGNORECASE)
_BETWEEN = re.compile(rf"\b(?:between|out\s+of){_GROUP}", re.IGNORECASE)
_BREAK = r"(?:[,;:.]|\s[-–—])\s+(?:(?:but|and|so|now)\s+)?"
_ASKED_AFTER = re.compile(rf"{_BREAK}(?:(?:in|on|at|for|with|to)\s+)?(?:which|who|whose|whom|what)\b", re.IGNORECASE)
_TAG = re.compile(
    rf"{_BREAK}{OPENING_VERBS}n?(?:['’]t)?\s+(?:they|both|these|those|the two|either)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Operand:
    """One of the two things: its name, with the noun, the year and the maker given ("the 2008 film X by Y")."""

    name: Name
    noun: str = ""
    year: str = ""
    maker: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two things set side by side, and the word that joins them."""

    left: Operand
    right: Operand
    joint: Literal["or", "and", "order"]
    start: int
    end: int
    """Offsets of the two with what is said of each."""


def find_pair(text: str, names: tuple[Name, ...]) -> Pair | None:
    """Find the two things that a question compares, whatever is said of each beside its name."""
    gaps = [text[one.end : two.start] for one, two in pairwise(names)]
    found: list[tuple[int, int, Literal["or", "and", "order"]]] = []
    for index, gap in enumerate(gaps):
        match = _JOINT.fullmatch(gap)
        if match and not (_APART.search(match["word"]) and not gap.startswith(",")):
            found.append((index, index + 1, "or" if match["word"].casefold() == "or" else "and"))
        elif (order := _ORDER.fullmatch(gap)) and (order["word"] != "as" or "same" in text[: names[index + 1].start]):
            found.append((index, index + 1, "order"))
    if not found:
        return None
    either = [one for one in found if one[2] == "or"]
    left, right, joint = either[-1] if either else min(found, key=lambda one: (one[2] == "order", one[0]))
    first, last = left, right
    while first > 0 and _PART.fullmatch(gaps[first - 1]):
        first -= 1
    while last < len(gaps) and _OWNER.fullmatch(gaps[last]):
        last += 1
    owned = first > 0 and _OWNER.fullmatch(gaps[first - 1]) is not None
    told = last < len(gaps) and _BY.fullmatch(gaps[last]) is not None
    one = _operand(text, names[first])
    two = _operand(text, names[last])
    if owned or (left > first and _BY.fullmatch(gaps[first])):
        one = replace(one, maker=names[first - 1 if owned else first + 1].text)
    if told or last > right:
        two = replace(two, maker=names[last + 1 if told else last - 1].text)
    noun = one.noun or two.noun
    return Pair(
        replace(one, noun=one.noun or noun), replace(two, noun=two.noun or noun), joint,
        names[first - owned].start, names[last + told].end,
    )  # fmt: skip


def _operand(text: str, name: Name) -> Operand:
    before, after = text[max(0, name.start - 50) : name.start], text[name.end : name.end + 16]
    match = _CLASS.search(before)
    known = match is not None and kind_of_noun(match[1]) not in (None, "number", "date", "year", "nationality")
    year = _YEAR_BEFORE.search(before) or _YEAR_AFTER.match(after)
    return Operand(name, _singular(match[1]) if match and known else "", year[1] if year else "")


def _singular(noun: str) -> str:
    return noun[:-1] if noun.endswith("s") and kind_of_noun(noun[:-1]) and not noun.endswith("ss") else noun


def compared(text: str, asked: str, pair: Pair, *, comparing: bool) -> Literal["polar", "choice", ""]:
    """Say how a question sets two things side by side: whether something holds of them, or which of them it is.

    Args:
        text: the question.
        asked: its sentence that asks.
        pair: the two things.
        comparing: whether it has a word like "older" or "first".

    Returns:
        The empty string where it does neither.
    """
    if AUXILIARY.match(asked):
        alike = re.search(r"\b(?:both|same)\b", text, re.IGNORECASE)
        return "choice" if pair.joint == "or" and not alike else "polar"
    before, after = text[: pair.start], text[pair.end :]
    if _TAG.search(after):
        return "polar"
    if pair.joint == "or":
        return "choice"
    if pair.joint == "and" and (_TOPIC.match(before) or _OF_TWO.search(before)):
        return "choice"
    if pair.joint == "and" and comparing and _BETWEEN.search(before):
        return "choice"
    if comparing and not WH.search(before) and _ASKED_AFTER.search(after):
        return "choice"
    return ""


__all__ = ["Operand", "Pair", "compared", "find_pair"]
