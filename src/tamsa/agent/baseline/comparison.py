"""Comparing two things: earlier or later, more or fewer, the same or not, this one or that."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tamsa.agent.baseline import attributes
from tamsa.agent.baseline.lexicon import concept, is_concept, terms
from tamsa.agent.baseline.nouns import Kind, kind_of_noun
from tamsa.agent.baseline.passages import Page, Span
from tamsa.agent.baseline.question import Question, name_terms
from tamsa.agent.baseline.reading import Reading, read
from tamsa.agent.baseline.resolver import Resolver
from tamsa.agent.baseline.sameness import demonym_terms, holds, same, shared_thing
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.wishes import Value

_MAKERS = frozenset("direct perform compose write produce found star invent own design".split())
_LIFESPAN = re.compile(
    r"\b(?:lived|live) (?:longer|shorter)|longer li(?:fe|ved)|older when|age at death\b", re.IGNORECASE
)
_COMPARED_NOUN = re.compile(
    r"\b(?:old|young|new|high|low|larg|long|short|big|tall|small|earli|late)(?:er|est)\s+([a-z]+)\b", re.IGNORECASE
)
SHARED = 0.45
"""Score from which on what one side has counts as read."""
_GENERIC = frozenset("same both either nation country place city state located locate type kind and or do from".split())


@dataclass(frozen=True)
class Side:
    """One of the things compared: what it is called and the page that tells of it."""

    label: str
    page: Page | None
    chain: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Role:
    """What stands between the sides and the measure: the director of each film, the museum of each painting."""

    noun: str
    kind: Kind
    cues: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """The outcome of a comparison with the readings that it rests on."""

    text: str
    readings: tuple[Reading, ...]
    sure: bool


def compare(state: State, question: Question, resolver: Resolver) -> Verdict | None:
    """Settle a comparison from the opened pages, and wish for the pages that it still needs.

    Returns:
        None where the question compares nothing that is known.
    """
    labels = _labels(state, question)
    if not labels:
        return None
    role = _role(state, question, resolver, labels)
    sides = [_side(state, resolver, label, role) for label in labels]
    if question.form == "polar" and len(sides) == 1:
        return _claim(state, question, sides[0])
    if question.form == "choice" and len(sides) == 1:
        return _which_word(question, sides[0])
    if len(sides) < 2:
        return None
    if question.form == "polar":
        if question.extreme and re.search(r"\bthan\b|\bbefore\b|\bafter\b", question.text, re.IGNORECASE):
            return _polar_order(question, sides, role)
        return _polar(question, sides, resolver)
    if question.form == "choice":
        return _choice(state, question, sides, role)
    return _shared(question, sides)


def _labels(state: State, question: Question) -> list[str]:
    names = [name.text for name in question.names]
    if question.form == "choice" and question.options:
        left, right = question.options
        if left in names and right in names:
            return [left, right]
        return [name for name in names if state.by_title(name)][:1] or names[:1]
    if question.form == "polar":
        known = [name for name in names if state.by_title(name)]
        if re.search(r"\b(?:both|same|and|than|before|after|or)\b", question.text) and len(names) > 1:
            if question.options and question.options[0] in names and question.options[1] in names:
                return list(question.options)
            return (known if len(known) > 1 else names)[:2]
        return (known or names)[:1]
    if len(names) > 1 and re.search(r"\b(?:both|share|shared|in common|same)\b", question.text):
        if question.options and question.options[0] in names and question.options[1] in names:
            return list(question.options)
        return names[:2]
    return []


def _role(state: State, question: Question, resolver: Resolver, labels: list[str]) -> Role | None:
    """Find the role through which the sides are compared: "whose director was born first", "the older museum"."""
    outside = question.text
    for name in question.names:
        outside = outside.replace(name.text, " ")
    kinds = {
        state.kind_of(value.id)[0]
        for label in labels
        for value in resolver.values(Step(label, name=label))[:1]
        if value.id
    }
    if kinds and kinds <= {"person", "any"} and "person" in kinds:
        return None
    match = _COMPARED_NOUN.search(outside)
    if match and (kind := kind_of_noun(match[1])) is not None and match[1] != question.head and kind != "number":
        verbs = tuple(
            t for t in terms(outside[: match.start()]) if t not in _GENERIC and t != concept(question.head or "-")
        )
        return Role(match[1], kind, (*verbs, concept(match[1])))
    found: list[str] = re.findall(r"[a-z-]+", outside)
    noun = next((word for word in found if kind_of_noun(word) == "person" and concept(word) in _MAKERS), "")
    return Role(noun.rstrip("s"), "person", (concept(noun),)) if noun else None


def _side(state: State, resolver: Resolver, label: str, role: Role | None) -> Side:
    step = Step(label, name=label)
    if role is not None:
        step = Step(f"{role.noun} of {label}", role.kind, role.noun, role.cues, of=step)
    values = resolver.values(step)
    best = next((value for value in values if value.id), values[0] if values else None)
    if best is None:
        return Side(label, None)
    if best.id and not state.is_open(best.id):
        resolver.wishes.page(best.id, 2.6)
    elif not best.id:
        resolver.wishes.query(best.text, 1.0)
    pages = state.pages.get(best.id, [])
    return Side(label, pages[0] if pages else None, best.chain)


def _plain(label: str) -> str:
    return re.sub(r"\s*\([^()]*\)$", "", label).strip("\"“”'") or label


def _evidence(page: Page | None, span: Span | None = None) -> tuple[Reading, ...]:
    if page is None or not page.sentences:
        return ()
    if span is None:
        first = page.sentences[0]
        return (Reading(page.name, 1.0, page, first.start, first.end),)
    return (Reading(span.text, 1.0, page, span.start, span.end, kind=span.kind),)


# ------------------------------------------------------------------ which of the two


def _choice(state: State, question: Question, sides: list[Side], role: Role | None) -> Verdict | None:
    if question.extreme:
        ordered = _by_measure(question, sides, role)
        if ordered is not None:
            winner, readings = ordered
            return Verdict(_plain(winner.label), readings, True)
    # whichever page speaks more of what is asked
    skip = name_terms(question.names)
    wanted = {t: w for t, w in question.weights.items() if t not in skip}
    scores = []
    for side in sides:
        if side.page is None:
            scores.append(0.0)
            continue
        lead = set(terms(" ".join(s.text for s in side.page.sentences[:3]))) | demonym_terms(side.page)
        scores.append(
            sum(w for t, w in wanted.items() if t in lead)
            + 0.5 * sum(w for t, w in wanted.items() if t in side.page.term_set)
        )
    if max(scores) <= 0:
        return None
    winner = sides[0] if scores[0] >= scores[1] else sides[1]
    sure = scores[0] != scores[1] and not question.extreme
    return Verdict(_plain(winner.label), sum((_evidence(side.page) for side in sides), ()), sure)


def _measure(question: Question, role: Role | None, sides: list[Side]) -> Callable[[Page], Span | None]:
    """Choose what is compared: a date of life or of making."""
    concepts = set(question.weights)
    text = question.text.casefold()
    if "death" in concepts:
        return attributes.death_span
    person = (role is not None and role.kind == "person") or any(
        side.page is not None and side.page.kind == "person" for side in sides
    )
    if "birth" in concepts or (re.search(r"\b(?:older|younger|oldest|youngest|elder)\b", text) and person):
        return attributes.birth_span
    if concepts & {"found", "open", "build"}:
        return attributes.founding_span
    if concepts & {"release", "came", "come"}:
        return attributes.release_span
    if person and not concepts & {"win", "start", "begin", "play"}:
        return attributes.birth_span
    if any(side.page is not None and side.page.kind == "work" for side in sides):
        return attributes.release_span
    return attributes.founding_span


def _by_measure(question: Question, sides: list[Side], role: Role | None) -> tuple[Side, tuple[Reading, ...]] | None:
    text = question.text.casefold()
    if any(side.page is None for side in sides):
        return None
    if _LIFESPAN.search(text):
        spans = [(attributes.birth_span(s.page), attributes.death_span(s.page)) for s in sides if s.page]
        ages = []
        for born, died in spans:
            one, two = attributes.year_of(born), attributes.year_of(died)
            ages.append(_days(two.key) - _days(one.key) if one and two else None)
        if None in ages:
            return None
        index = _pick([age for age in ages if age is not None], "min" if "shorter" in text else "max")
        proofs = sum((_evidence(side.page, pair[0]) for side, pair in zip(sides, spans, strict=True)), ())
        return sides[index], proofs
    temporal = bool(
        re.search(
            r"\b(?:first|earlier|earliest|before|older|oldest|elder|last|later|latest|after|younger|youngest|newer|newest|"
            r"recent|recently|sooner|predates)\b", text,
        )
    )  # fmt: skip
    if temporal:
        measure = _measure(question, role, sides)
        found = [measure(side.page) if side.page else None for side in sides]
        whens = [attributes.year_of(span) for span in found]
        if any(when is None for when in whens):
            return None
        keys = [float(_days(when.key)) for when in whens if when is not None]
        index = _pick(keys, "min" if question.extreme == "min" else "max")
        proofs = sum((side.chain + _evidence(side.page, span) for side, span in zip(sides, found, strict=True)), ())
        return sides[index], proofs
    return _by_number(question, sides)


def _by_number(question: Question, sides: list[Side]) -> tuple[Side, tuple[Reading, ...]] | None:
    skip = name_terms(question.names)
    cues = [t for t in question.weights if t not in skip and t not in _GENERIC and t != concept(question.head or "-")]
    best: list[Reading] = []
    for side in sides:
        assert side.page is not None
        found = read(_EMPTY, side.page, cues=cues, want="number", head=_counted(question), about=())
        found = [reading for reading in found if reading.score > 0.3] or [
            Reading(span.text, 0.3, side.page, span.start, span.end, kind="number")
            for span in side.page.spans if span.kind == "number" and len(span.text) > 2
        ]  # fmt: skip
        if not found:
            return None
        best.append(found[0])
    numbers = []
    for reading in best:
        span = next((s for s in reading.page.spans if s.start == reading.start and s.number is not None), None)
        if span is None or span.number is None:
            return None
        numbers.append(span.number)
    index = _pick(numbers, "min" if question.extreme == "min" else "max")
    return sides[index], tuple(best)


def _counted(question: Question) -> str:
    match = re.search(r"\b(?:more|fewer|most|fewest|less)\s+([a-z-]+)", question.text, re.IGNORECASE)
    return match[1] if match else ""


def _days(key: tuple[int, int, int]) -> int:
    return key[0] * 372 + key[1] * 31 + key[2]


def _pick(values: list[float] | list[int], which: str) -> int:
    chosen = min(values) if which == "min" else max(values)
    return list(values).index(chosen)


def _which_word(question: Question, side: Side) -> Verdict | None:
    """Settle "is X a musical or a novel" by the words of the page."""
    if side.page is None or not question.options:
        return None
    position = []
    for option in question.options:
        wanted = set(terms(option))
        at = next((i for i, s in enumerate(side.page.sentences) if wanted and wanted <= set(terms(s.text))), None)
        stems = at if at is not None else (500 if wanted & side.page.term_set else 1000)
        position.append(stems)
    if min(position) >= 1000:
        return None
    index = 0 if position[0] <= position[1] else 1
    if position[0] == position[1]:
        sentence = side.page.sentences[position[0]].text.casefold() if position[0] < 500 else side.page.text.casefold()
        places = [sentence.find(option.casefold().split()[-1]) % 100_000 for option in question.options]
        index = 0 if places[0] <= places[1] else 1
    return Verdict(question.options[index], _evidence(side.page), position[0] != position[1])


# ------------------------------------------------------------------ yes or no


def _polar_order(question: Question, sides: list[Side], role: Role | None) -> Verdict | None:
    ordered = _by_measure(question, sides, role)
    if ordered is None:
        return None
    winner, readings = ordered
    return Verdict("yes" if winner is sides[0] else "no", readings, True)


def _both(question: Question, sides: list[Side], resolver: Resolver) -> tuple[bool, tuple[Reading, ...]] | None:
    """Find the thing that each side has and tell whether it is one: "did X and Y study at the same school"."""
    thing = shared_thing(question.text.casefold())
    if thing is None:
        return None
    kind, noun = thing
    skip = name_terms(question.names) | _GENERIC
    cues = tuple(term for term in question.weights if term not in skip)
    other = tuple(term for term in cues if term != concept(noun) or is_concept(term))
    found = []
    for side in sides:
        step = Step(f"{noun} of {side.label}", kind, noun, other or cues, of=Step(side.label, name=side.label))
        value = next(iter(resolver.values(step)), None)
        if value is not None and value.score >= SHARED and value.chain and value.chain[-1].stated:
            found.append(value)
    if len(found) < len(sides):
        return None
    one, two = found
    return (bool(one.id) and one.id == two.id) or fold_title(one.text) == fold_title(two.text), one.chain + two.chain


def _polar(question: Question, sides: list[Side], resolver: Resolver) -> Verdict | None:
    proofs = sum((side.chain + _evidence(side.page) for side in sides), ())
    if any(side.page is None for side in sides):
        return None
    pages = [side.page for side in sides if side.page is not None]
    text = question.text.casefold()
    if re.search(r"\b(?:same|share|shared|in common|also)\b", text):
        both = _both(question, sides, resolver)
        if both is not None:
            return Verdict("yes" if both[0] else "no", both[1], True)
        agreed = same(text, pages)
        if agreed is not None:
            return Verdict("yes" if agreed else "no", proofs, shared_thing(text) is None)
    skip = name_terms(tuple(name for name in question.names if name.text in {side.label for side in sides}))
    wanted = {t: w for t, w in question.weights.items() if t not in skip and t not in _GENERIC}
    fits = [holds(wanted, page) for page in pages]
    return Verdict("yes" if all(fits) else "no", proofs, True)


def _claim(state: State, question: Question, side: Side) -> Verdict | None:
    """Settle "is X a Y" by the words of X's page."""
    if side.page is None:
        return None
    skip = set(terms(side.label))
    wanted = {t: w for t, w in question.weights.items() if t not in skip and t not in _GENERIC}
    return Verdict("yes" if holds(wanted, side.page) else "no", _evidence(side.page), False)


def _shared(question: Question, sides: list[Side]) -> Verdict | None:
    """Say what two subjects have in common, by the kind that is asked for."""
    pages = [side.page for side in sides if side.page is not None]
    if len(pages) < 2:
        return None
    proofs = sum((_evidence(page) for page in pages), ())
    if question.kind == "nationality" or question.head in ("country", "nation"):
        spans = [attributes.nationality_span(page) for page in pages]
        countries = [attributes.country_of(page) for page in pages]
        if countries[0] and countries[0] == countries[1]:
            if question.kind == "nationality" and spans[0] is not None:
                return Verdict(spans[0].text, proofs, True)
            return Verdict(countries[0], proofs, True)
    if question.kind in ("description", "any") and question.head in (
        "occupation", "profession", "job", "career", "type", "kind", "genre", "role", "thing", "position", "field",
    ):  # fmt: skip
        found: list[list[str]] = []
        for page in pages:
            lead = page.sentences[0].text if page.sentences else ""
            found.append(
                [w for w in re.findall(r"[a-z-]+", lead) if kind_of_noun(w) in ("person", "work", "org", "place")]
            )
        common = [
            w
            for w in found[0]
            if any(concept(w) == concept(v) and (is_concept(concept(w)) or w == v) for v in found[1])
        ]
        if common:
            return Verdict(common[0], proofs, True)
    return None


_EMPTY = State(())


def as_value(verdict: Verdict) -> Value:
    """Turn a verdict into a value."""
    return Value(verdict.text, "", 1.5 if verdict.sure else 0.9, verdict.readings)
