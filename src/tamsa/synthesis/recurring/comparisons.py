"""Questions over the first sentences of two pages: which came first, and what both of them are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from tamsa.agent.guided.evidence import LONGEST
from tamsa.synthesis.graph.definitions import definition_facts, nationality_in
from tamsa.synthesis.recurring.evidence import lay_out, rivals_of
from tamsa.synthesis.recurring.naming import named
from tamsa.synthesis.recurring.rows import Sample
from tamsa.synthesis.recurring.shelf import Line, Shelf
from tamsa.synthesis.wording.nouns import GENERIC, plural
from tamsa.types import Document

_FIRST_BORN = (
    ("Who was born first, {A} or {B}?", True), ("Who is older, {A} or {B}?", True),
    ("Who was born earlier, {A} or {B}?", True),
    ("Between {A} and {B}, who was born first?", True), ("Who is younger, {A} or {B}?", False),
    ("Who was born later, {A} or {B}?", False), ("Was {A} or {B} born first?", True),
)  # fmt: skip
_FIRST_RELEASED = (
    ("Which {n} was released first, {A} or {B}?", True), ("Which {n} came out first, {A} or {B}?", True),
    ("Which came out earlier, {A} or {B}?", True), ("Which {n} is more recent, {A} or {B}?", False),
    ("Which {n} was released later, {A} or {B}?", False), ("Was {A} or {B} released first?", True),
)  # fmt: skip
_BOTH = (
    "Are both {A} and {B} {what}?", "Are {A} and {B} both {what}?", "Were {A} and {B} both {what}?",
)  # fmt: skip
_SAME_NATION = (
    "Are {A} and {B} of the same nationality?", "Do {A} and {B} have the same nationality?",
    "Were {A} and {B} of the same nationality?", "Were {A} and {B} both {nation}?", "Are {A} and {B} both {nation}?",
)  # fmt: skip
_TRIES = 20


def comparisons(shelf: Shelf, seed: int, count: int) -> Iterator[Sample]:
    """Yield samples that compare two pages by their first sentences.

    Args:
        shelf: all pages.
        seed: of all choices.
        count: samples at most.
    """
    pages = [
        page
        for page, entry in enumerate(shelf.entries)
        if entry.definition is not None and _opening(shelf, page) is not None
        and entry.noun not in ("", "one")
    ]  # fmt: skip
    made = 0
    for number in range(count * _TRIES if pages else 0):
        if made >= count:
            return
        random = Random(f"{seed}/comparison/{number}")
        one = random.choice(pages)
        same = random.random() < 0.75
        other = random.choice(shelf.by_noun[shelf.entries[one].noun]) if same else random.choice(pages)
        if one == other or named(shelf, one).name == named(shelf, other).name:
            continue
        sample = _sample(shelf, one, other, random)
        if sample is not None:
            made += 1
            yield sample


def _opening(shelf: Shelf, page: int) -> Line | None:
    lines = shelf.lines_of(page)
    found = shelf.entries[page].definition
    if not lines or found is None or lines[0].sentence.start != found.sentence.start or len(lines[0].text) > LONGEST:
        return None
    return lines[0]


def _sample(shelf: Shelf, one: int, other: int, random: Random) -> Sample | None:
    first, second = _opening(shelf, one), _opening(shelf, other)
    if first is None or second is None:
        return None
    asked = random.choice((_which_first, _both))(shelf, one, other, random)
    if asked is None:
        return None
    question, answer, kind = asked

    def allowed(line: Line) -> bool:
        return len(line.text) <= LONGEST

    rivals = rivals_of(shelf, (one, other), shelf.entries[one].noun, question, random)
    passages = lay_out(shelf, (first, second), rivals, allowed, random)
    return Sample(question, passages, (first, second), answer, kind)


def _which_first(shelf: Shelf, one: int, other: int, random: Random) -> tuple[str, str, str] | None:
    noun = shelf.entries[one].noun
    if noun != shelf.entries[other].noun:
        return None
    relation = "born_on" if shelf.entries[one].kind == "person" else "released"
    years = [_day(shelf, page, relation) for page in (one, other)]
    if not all(years) or years[0] == years[1]:
        return None
    if min(map(len, years)) < 10 and years[0][:4] == years[1][:4]:
        return None
    if relation == "released" and noun in GENERIC:
        return None
    frame, early = random.choice(_FIRST_BORN if relation == "born_on" else _FIRST_RELEASED)
    names = [
        named(shelf, page).introduced if random.random() < 0.15 else named(shelf, page).name for page in (one, other)
    ]
    winner = one if (years[0] < years[1]) == early else other
    question = frame.format(A=names[0], B=names[1], n=noun)
    return question, shelf.pages[winner].name, "comparison"


def _day(shelf: Shelf, page: int, relation: str) -> str:
    """Return the day or year of a birth or a release, ISO; empty where the first sentence does not say it once."""
    entry, read = shelf.entries[page], shelf.pages[page]
    assert entry.definition is not None
    document = Document(read.id, read.title, read.text)
    facts = definition_facts(document, page, entry.definition, entry.kind)
    found = {fact.normal for fact in facts if fact.relation == relation and fact.normal}
    return found.pop() if len(found) == 1 else ""


def _both(shelf: Shelf, one: int, other: int, random: Random) -> tuple[str, str, str] | None:
    entries = [shelf.entries[page] for page in (one, other)]
    names = [named(shelf, page).name for page in (one, other)]
    nations = [_nation(entry.phrase) for entry in entries]
    if entries[0].kind == "person" == entries[1].kind and all(nations) and random.random() < 0.5:
        same = nations[0] == nations[1]
        if not same and any(re.search(r"[-/ ]", nation) for nation in nations):
            return None
        frame = random.choice(_SAME_NATION)
        return frame.format(A=names[0], B=names[1], nation=nations[0]), "yes" if same else "no", "yes_no"
    noun = entries[0].noun
    if noun in GENERIC or not all(entry.phrase.casefold().endswith(entry.noun) for entry in entries):
        return None
    same = noun == entries[1].noun
    if not same and (
        entries[0].kind != entries[1].kind
        or {*noun.split(), plural(noun)} & set(re.findall(r"[\w-]+", shelf.pages[other].text.casefold()))
        or {*entries[1].noun.split()} & set(re.findall(r"[\w-]+", shelf.pages[one].text.casefold()))
    ):
        return None
    question = random.choice(_BOTH).format(A=names[0], B=names[1], what=plural(noun))
    return question, "yes" if same else "no", "yes_no"


def _nation(phrase: str) -> str:
    found = nationality_in(phrase)
    return phrase[found[0] : found[1]] if found else ""
