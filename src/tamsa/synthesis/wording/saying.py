"""One relation in words: nouns for its value, direct and indirect questions, properties of its subject."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Literal

Asked = Literal["person", "place", "organisation", "work", "thing", "date", "number", "text"]
"""What the value of a relation is: it decides between who, where, when, how much and what."""
_CHOICE = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Saying:
    """The words of one relation. `{X}` stands for the subject, in clauses for the value."""

    relation: str
    asked: Asked
    nouns: tuple[str, ...]
    """Noun phrases for the value: `the birthplace of {X}`."""
    asks: tuple[str, ...]
    """Direct questions: `Where was {X} born?`."""
    indirect: tuple[str, ...]
    """Questions inside a sentence: `where {X} was born`."""
    clauses: tuple[str, ...]
    """What is said of the subject, given the value: `was born in {X}`."""
    events: tuple[str, ...] = ()
    """For dates: what happened on it, `{X} was born`."""
    happenings: tuple[str, ...] = ()
    """For dates: the event as a noun, `the birth of {X}`."""
    single: bool = True
    """False: a subject has many values as a rule, so that only its inverse can be asked."""
    later: tuple[str, str] = ("", "")
    """For values with an order: how the larger and the smaller is asked for, `was born later`, `was born earlier`."""
    subjects: frozenset[str] = frozenset()
    """Kinds of subject it can be said of; empty for all."""


def expand(template: str) -> list[str]:
    """Write out the choices of a template: `the [town|city] of {X}` gives two; an empty choice leaves nothing."""
    parts = _CHOICE.split(template)
    choices = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    return [re.sub(r"\s+(?=[?.,])", "", re.sub(r"\s+", " ", "".join(one))).strip() for one in product(*choices)]


def say(
    relation: str,
    asked: Asked,
    nouns: str,
    asks: str,
    indirect: str,
    clauses: str = "",
    *,
    events: str = "",
    happenings: str = "",
    single: bool = True,
    later: tuple[str, str] = ("", ""),
    subjects: str = "",
) -> Saying:
    """Read a saying from lines of templates."""
    return Saying(
        relation,
        asked,
        _lines(nouns),
        _lines(asks),
        _lines(indirect),
        _lines(clauses),
        _lines(events),
        _lines(happenings),
        single=single,
        later=later,
        subjects=frozenset(subjects.split()),
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for line in text.splitlines() if line.strip() for one in expand(line.strip())))


_YEARS = (
    ("On what date", "In what year"), ("On which day", "In which year"), ("on what date", "in what year"),
    ("on which day", "in which year"), ("Just when", "In what year"), ("When exactly", "In what year"),
    ("date of birth", "year of birth"), ("birth date", "year of birth"), ("the day on which", "the year in which"),
    ("the date on which", "the year in which"), ("the date when", "the year when"),
    ("the date in which", "the year in which"),
    ("release date", "release year"), ("date of", "year of"), ("the date of", "the year of"),
)  # fmt: skip
"""What is said of a date that is known to the day, and what is said where only the year is known."""


@lru_cache(maxsize=512)
def by_year(saying: Saying) -> Saying:
    """Return a saying for a date of which only the year is known: it asks for no day."""

    def worded(templates: tuple[str, ...]) -> tuple[str, ...]:
        out = []
        for text in templates:
            for day, year in _YEARS:
                text = text.replace(day, year)
            if not re.search(r"\b(?:date|day|birthday|time)\b", text):
                out.append(text)
        return tuple(dict.fromkeys(out)) or templates

    return replace(saying, nouns=worded(saying.nouns), asks=worded(saying.asks), indirect=worded(saying.indirect))


@lru_cache(maxsize=512)
def by_day(saying: Saying) -> Saying:
    """Return a saying for a date that is known to the day: it does not ask for the year alone."""

    def worded(templates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text for text in templates if not re.search(r"\byear\b", text)) or templates

    return replace(saying, nouns=worded(saying.nouns), asks=worded(saying.asks), indirect=worded(saying.indirect))
