"""Questions over several facts: how many, the most or least, who in a given year, who before or after."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tamsa.agent.baseline.grammar import Parser
from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, terms
from tamsa.agent.baseline.mentions import find_names
from tamsa.agent.baseline.question import TIME_CLAUSE, Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.resolver import Resolver
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.tables import (
    count_rows,
    lists,
    neighbour_row,
    row_of_year,
    tables_for,
    terms_of_office,
    year_in,
)
from tamsa.agent.baseline.wishes import Value

_BEFORE = re.compile(
    r"\b(?:predecessor of|preceded|before|succeed|took over from|(?:did|does)\b.*\bfollow)\b", re.IGNORECASE
)
_AFTER = re.compile(r"\b(?:successor of|succeeded|followed|after|came after|next)\b", re.IGNORECASE)
_OFFICE = re.compile(
    r"\b(?:office|head of|leader|president|prime minister|king|queen|monarch|ruler|ruled|reigned|governed|governor|led|"
    r"mayor|chairman|director of|minister)\b",
    re.IGNORECASE,
)
_YEARS = r"\bhow many (?:[a-z]+ )?years\b"
_YEARS_BETWEEN = tuple(
    re.compile(pattern + r"\s*\??$", re.IGNORECASE)
    for pattern in (
        rf"{_YEARS}.{{0,20}}?\bbetween\s+(?P<both>.+?)",
        rf"{_YEARS} (?:are |is )?(?:separate[sd]?|part)\s+(?P<both>.+?)",
        r"\bhow far apart (?:in (?:time|years) )?(?:are|were|is|was)\s+(?P<both>.+?)",
        rf"{_YEARS}.{{0,20}}?\bfrom\s+(?P<one>.+?)\s+(?:to|until)\s+(?P<two>.+?)",
        rf"{_YEARS} (?:does|do|did)\s+(?P<one>.+?)\s+(?:come|follow|precede|predate)\s+(?:(?:after|before)\s+)?"
        r"(?P<two>.+?)",
        rf"{_YEARS} (?:after|before|since)\s+(?P<one>.+?)\s+(?:was it that|did|was|were)\s+(?P<two>.+?)",
    )
)
"""Wordings of the time between two events."""
_NESTED = re.compile(r"(?<!in )\b(?:that|which|who)\b(?! of\b)|\bof the \w+ (?:of|who|that)\b", re.IGNORECASE)
_OF_A_THING = re.compile(r"\b\d{4}\s(?:[\w-]+\s){0,4}§")
"""A year that belongs to a thing named, "the 1970 film X": it dates nothing else."""
_MIN_FIT = 2.0


def calls_for_list(question: Question) -> bool:
    """Tell whether a question asks who held an office in a year, or before or after another."""
    if question.kind != "person" or not _OFFICE.search(question.text):
        return False
    order = _BEFORE.search(question.text) or _AFTER.search(question.text)
    return bool(order or TIME_CLAUSE.search(question.text) or year_in(question.text))


def scope_of(resolver: Resolver, plan: Step | None) -> list[str]:
    """Name what the question is about: its names and what the inner steps of its plan came to."""
    names = [name.text for name in resolver.question.names]
    step = plan
    while step is not None and step.of is not None:
        step = step.of
        if step.of is not None:
            names += [value.text for value in resolver.values(step)[:1]]
    return list(dict.fromkeys(names))


def aggregate(state: State, question: Question, resolver: Resolver, plan: Step | None) -> Value | None:
    """Answer from a table or a list of terms, where the question calls for one."""
    scope = scope_of(resolver, plan)
    wanted = [term for term in question.weights if not term.isdigit() or len(term) == 4]
    between = next((match for pattern in _YEARS_BETWEEN if (match := pattern.search(question.text))), None)
    if between is not None:
        return _years_between(_events(question, between.groupdict()), resolver)
    if question.form == "count":
        return _count(state, question, scope, wanted)
    order = _order(state, question)
    if order is not None:
        return order
    if calls_for_list(question):
        words = " ".join(w for w in question.text.rstrip("?").split() if w[:1].islower() and w not in STOP_WORDS)
        for name in scope[-2:]:
            resolver.wishes.query(f"list of {words[:60]} {name}", 0.9)
            resolver.wishes.query(f"list of heads {name}", 0.9)
    when = _year(question, resolver)
    direct = plan is None or plan.depth < 2 or "lead" in plan.cues or TIME_CLAUSE.search(question.text) is not None
    if when is not None and direct and question.kind in ("person", "any", "name", "org", "work"):
        year, chain = when
        for found in tables_for(state, wanted, scope)[:4]:
            reading = row_of_year(found, year, question.head, question.kind)
            if reading is not None and found.fit >= 1.0:
                return Value(reading.text, reading.target, 1.4, (*chain, reading))
        for page in state.opened if _OFFICE.search(question.text) else ():
            about = any(fold_title(name) == fold_title(page.name) for name in scope)
            if not about and page.kind != "person":
                continue
            for reading, start, end in terms_of_office(page, 0):
                if start <= year < end:
                    return Value(reading.text, reading.target, 1.2 if about else 1.0, (*chain, reading))
    return None


def _years_between(events: Sequence[Step], resolver: Resolver) -> Value | None:
    """Subtract two years: "how many years lie between the founding of X and the death of Y"."""
    years: list[int] = []
    chain: list[Reading] = []
    for event in events:
        for value in resolver.values(event)[:1]:
            year = year_in(value.text)
            if year is not None:
                years.append(year)
                chain += value.chain
    if len(years) != 2:
        return None
    return Value(str(abs(years[0] - years[1])), "", 1.3, tuple(chain))


def _events(question: Question, groups: Mapping[str, str]) -> list[Step]:
    """Part the words for two events and read each; nothing where that fails."""
    if both := groups.get("both"):
        cuts = [(both[: at.start()], both[at.end() :]) for at in re.finditer(r",?\s+(?:and|from)\s+", both)]
    else:
        cuts = [(groups["one"], groups["two"])]
    for cut in cuts:
        events = [_event(question, clause) for clause in cut]
        if events[0] is not None and events[1] is not None and events[0] != events[1]:
            return [events[0], events[1]]
    return []


def _event(question: Question, clause: str) -> Step | None:
    """Read an event as the step to its year: "the birth of X", "the year when the film by X came out"."""
    name = max((n.text for n in question.names if n.text in clause), key=len, default="")
    if not name:
        return None
    if _NESTED.search(clause.replace(name, "X")):
        clause = re.sub(r"^(?:the year|that) of\s+", "", clause)
        names = find_names(clause, tuple(name.text for name in question.names))
        read = Parser(clause, names).noun_phrase()
        return replace(read, kind="year", head="year")
    cues = tuple(term for term in terms(clause.replace(name, " ")) if term not in ("year", "years"))
    return Step(clause, "year", "year", cues, of=Step(name, name=name))


def _count(state: State, question: Question, scope: list[str], wanted: list[str]) -> Value | None:
    hints = [*wanted]
    for found in tables_for(state, [*wanted, concept(question.head)], scope)[:3]:
        if found.fit < _MIN_FIT - 0.6 or not lists(found, question.head):
            continue
        reading = count_rows(found, question.text, hints)
        if reading is not None:
            return Value(reading.text, "", 1.2, (reading,))
    return None


def _order(state: State, question: Question) -> Value | None:
    """Settle "who came before X": the row before, or the term of office that ends where X's begins."""
    text = question.text
    named = question.names[-1].text if question.names else ""
    if (
        not named
        or question.kind not in ("person", "any")
        or not re.search(
            r"\b(?:office|head of|leader|president|king|queen|ruler|successor|predecessor|governed|led|"
            r"succeed|succeeded|"
            r"preceded|follow|mayor)\b",
            text,
            re.IGNORECASE,
        )
    ):
        return None
    before, after = _BEFORE.search(text), _AFTER.search(text)
    if not (before or after):
        return None
    passive = re.search(r"\b(?:was|is)\b.*\b(?:succeeded|followed) by\b", text)
    step = 1 if passive else -1 if before and not re.search(r"\bsuccessor\b", text) else 1
    if re.search(r"^(?:who|which)\b.*\b(?:succeeded|followed)\b", text, re.IGNORECASE) and not passive and not before:
        step = 1
    for name in [n.text for n in question.names]:
        for found in tables_for(state, question.weights, [n.text for n in question.names]):
            reading = neighbour_row(found, name, step)
            if reading is not None and re.search(
                r"\b(?:from|to|term|number|year)\b", " ".join(found.table.header), re.IGNORECASE
            ):
                return Value(reading.text, reading.target, 1.4, (reading,))
    entries: list[tuple[Reading, int, int]] = []
    for page in state.opened:
        entries += terms_of_office(page, 0)
    for name in [n.text for n in question.names]:
        own = [(start, end) for reading, start, end in entries if fold_title(reading.text) == fold_title(name)]
        for start, end in own:
            for reading, begin, stop in entries:
                if fold_title(reading.text) != fold_title(name) and (stop == start if step < 0 else begin == end):
                    return Value(reading.text, reading.target, 1.3, (reading,))
    return None


def _year(question: Question, resolver: Resolver) -> tuple[int, tuple[Reading, ...]] | None:
    """Read the year a question fixes, or find it: "in the year in which the film X was released"."""
    match = TIME_CLAUSE.search(question.text)
    if match:
        step = time_step(question, match["clause"])
        if step is None:
            return None
        for value in resolver.values(step)[:1]:
            year = year_in(value.text)
            if year is not None:
                return year, value.chain
        return None
    outside = question.text
    for name in question.names:
        outside = outside.replace(name.text, "§")
    outside = _OF_A_THING.sub(" ", outside)
    year = year_in(outside)
    return None if year is None else (year, ())


def time_step(question: Question, clause: str | None) -> Step | None:
    """Turn "the film X was released" into the step that finds its year."""
    if clause is None:
        return None
    name = next((n.text for n in question.names if n.text in clause), "")
    if not name:
        return None
    verb = clause[clause.find(name) + len(name) :]
    return Step(clause, "year", "year", terms(verb) or ("found", "release"), of=Step(name, name=name))
