"""Comparing two things: earlier or later, more or fewer, the same or not, this one or that."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from tamsa.agent.baseline import attributes
from tamsa.agent.baseline.fitness import compatible
from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, is_concept, terms
from tamsa.agent.baseline.magnitudes import date_measure, evidence, put_in_order
from tamsa.agent.baseline.nouns import COUNTRIES, Kind, kind_of_noun
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.question import Question, name_terms
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.resolver import Resolver
from tamsa.agent.baseline.sameness import demonym_terms, holds, same, shared_thing
from tamsa.agent.baseline.sides import GENERIC, Role, Side, find_sides
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.wishes import folded_text

SHARED = 0.45
"""Score from which on what one side has counts as read."""
MIN_COMMON = 0.4
"""How well a name that stands on both pages must fit what is asked for."""
LEAD = 2
"""Sentences in which a name counts as what a page is about, without words for the relation."""
_ALIKE = re.compile(r"\b(?:same|different|share|shared|in common|also)\b", re.IGNORECASE)
_DIFFERENT = re.compile(r"\bdifferent\b", re.IGNORECASE)
_TOGETHER = re.compile(r"\b(?:both|share|shared|in common|same)\b", re.IGNORECASE)
_AGAINST = re.compile(r"\bthan\b|\bbefore\b|\bafter\b", re.IGNORECASE)


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
    if question.form not in ("choice", "polar") and not (question.options and _TOGETHER.search(question.text)):
        return None
    sides, role = find_sides(state, question, resolver)
    if len(sides) == 1:
        return _which_word(question, sides[0]) if question.form == "choice" else _claim(question, sides[0])
    if len(sides) < 2:
        return None
    if question.form == "choice":
        verdict = _choice(question, sides, role)
    elif question.form == "polar":
        verdict = _polar(state, question, sides, role, resolver)
    else:
        return _shared(state, question, sides)
    return verdict if all(side.likely for side in sides) else replace(verdict, sure=False)


def _plain(label: str) -> str:
    return re.sub(r"\s*\([^()]*\)$", "", label).strip("\"“”'") or label


# ------------------------------------------------------------------ which of the two


def _choice(question: Question, sides: list[Side], role: Role | None) -> Verdict:
    if question.extreme:
        order = put_in_order(question, sides, role)
        if order is not None:
            return Verdict(_answer(question, sides, order.index), order.readings, True)
    # whichever page speaks more of what is asked
    skip = set(terms(" ".join(side.label for side in sides)))
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
    winner = 0 if scores[0] >= scores[1] else 1
    sure = scores[0] != scores[1] and not question.extreme and all(side.page for side in sides)
    return Verdict(_answer(question, sides, winner), sum((evidence(side.page) for side in sides), ()), sure)


def _answer(question: Question, sides: list[Side], index: int) -> str:
    """Name the side that it is, or its maker where he is asked for: "whose song came out first, X by Y or …"."""
    pair = question.pair
    if pair is not None and re.match(r"whose\b", question.text, re.IGNORECASE) and question.kind == "work":
        makers = pair.left.maker, pair.right.maker
        if all(makers):
            return makers[index]
    return _plain(sides[index].label)


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
    return Verdict(question.options[index], evidence(side.page), position[0] != position[1])


# ------------------------------------------------------------------ yes or no


def _polar(state: State, question: Question, sides: list[Side], role: Role | None, resolver: Resolver) -> Verdict:
    pages = [side.page for side in sides if side.page is not None]
    proofs = sum((side.chain + evidence(side.page) for side in sides), ())
    outside = question.outside
    if _DIFFERENT.search(outside):
        verdict = _polar(state, replace(question, text=_DIFFERENT.sub("same", question.text)), sides, role, resolver)
        return replace(verdict, text="no" if verdict.text == "yes" else "yes")
    if len(pages) < len(sides):
        return Verdict("no" if _ALIKE.search(outside) or _AGAINST.search(outside) else "yes", proofs, False)
    if question.extreme and _AGAINST.search(outside):
        order = put_in_order(question, sides, role)
        if order is not None:
            return Verdict("yes" if order.index == 0 else "no", order.readings, True)
    if _ALIKE.search(outside):
        both = _both(question, sides, resolver)
        if both is not None and both[0]:
            return Verdict("yes", both[1], True)
        thing = shared_thing(outside)
        if thing is not None and (common := _common_name(state, question, thing, pages)) is not None:
            return Verdict("yes", common.readings, True)
        if both is not None or thing is not None:
            return Verdict("no", both[1] if both is not None else proofs, both is not None)
        agreed = same(outside.casefold(), pages, date_measure(question, role, pages))
        if agreed is not None:
            return Verdict("yes" if agreed else "no", proofs, True)
        if re.search(r"\bsame\b", outside):
            return Verdict("no", proofs, False)
    fits = [_is_borne_out(question, sides, page) for page in pages]
    return Verdict("yes" if all(fits) else "no", proofs, True)


def _both(question: Question, sides: list[Side], resolver: Resolver) -> tuple[bool, tuple[Reading, ...]] | None:
    """Find the thing that each side has and tell whether it is one: "did X and Y study at the same school"."""
    thing = shared_thing(question.outside.casefold())
    if thing is None:
        return None
    kind, noun = thing
    skip = name_terms(question.names) | GENERIC
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


def _claim(question: Question, side: Side) -> Verdict | None:
    """Settle "is X a Y" by the words of X's page."""
    if side.page is None:
        return None
    return Verdict("yes" if _is_borne_out(question, [side], side.page) else "no", evidence(side.page), False)


def _is_borne_out(question: Question, sides: list[Side], page: Page) -> bool:
    labels = {side.label for side in sides}
    skip = name_terms(question.names) | GENERIC
    wanted = {t: w for t, w in question.weights.items() if t not in skip and not t.isdigit()}
    names = tuple(n.text for n in question.names if n.text not in labels)
    years = tuple(t for t in question.weights if t.isdigit() and len(t) == 4 and t not in skip)
    if (pair := question.pair) is not None:
        about = {pair.left.year, pair.right.year, concept(pair.left.noun), concept(pair.right.noun)}
        years = tuple(year for year in years if year not in about)
        names = tuple(n.text for n in question.names if not pair.start <= n.start < pair.end)
        wanted = {t: w for t, w in wanted.items() if t not in about}
    return holds(wanted, names + years, page)


# ------------------------------------------------------------------ what the two share


def _shared(state: State, question: Question, sides: list[Side]) -> Verdict | None:
    """Say what two subjects have in common, by the kind that is asked for."""
    pages = [side.page for side in sides if side.page is not None]
    if len(pages) < 2:
        return None
    proofs = sum((evidence(page) for page in pages), ())
    if question.kind == "nationality" or question.head in ("country", "nation"):
        spans = [attributes.nationality_span(page) for page in pages]
        countries = [attributes.country_of(page) for page in pages]
        if countries[0] and countries[0] == countries[1]:
            if question.kind == "nationality" and spans[0] is not None:
                return Verdict(spans[0].text, proofs, True)
            return Verdict(countries[0], proofs, True)
    if question.kind in ("description", "any"):
        common = _common_trade(pages)
        return Verdict(common, proofs, True) if common else None
    return _common_name(state, question, (question.kind, question.head), pages)


def _common_trade(pages: list[Page]) -> str:
    """Return the class noun that both leads have, the one that comes first in one of them."""
    places: list[dict[str, int]] = []
    said: list[dict[str, tuple[str, str]]] = []
    for page in pages:
        found = re.findall(r"[\w'’-]+", page.sentences[0].text) if page.sentences else []
        pairs = [(before, w) for before, w in pairwise(["", *found]) if w.islower() and kind_of_noun(w) == page.kind]
        nouns = [word for _, word in pairs]
        said.append({concept(word): (before, word) for before, word in reversed(pairs)})
        places.append({concept(word): place for place, word in reversed(list(enumerate(nouns)))})
    common = [noun for noun in places[0] if noun in places[1]]
    best = min(
        common,
        key=lambda noun: (
            said[0][noun][1] != said[1][noun][1], min(p[noun] for p in places), sum(p[noun] for p in places)
        ),
        default="",
    )  # fmt: skip
    if not best:
        return ""
    (one, noun), (two, _) = said[0][best], said[1][best]
    return f"{one} {noun}" if one == two and one.islower() and one not in STOP_WORDS else noun


def _common_name(state: State, question: Question, wanted: tuple[Kind, str], pages: list[Page]) -> Verdict | None:
    """Find the name of the kind asked for that stands on both pages, the one whose sentences say most of the rest."""
    kind, head = wanted
    asked = {fold_title(name.text) for name in question.names}
    cues = set(question.weights) - name_terms(question.names)
    best: tuple[float, tuple[Reading, ...]] | None = None
    for page, other in (pages, pages[::-1]):
        text = f" {folded_text(other.text)} "
        folded = [(sentence, f" {fold_title(sentence.text)} ") for sentence in other.sentences]
        for span in page.spans:
            name = fold_title(span.text)
            if span.when is not None or span.number is not None or not span.text[:1].isupper() or name in asked:
                continue
            if not name or f" {name} " not in text:
                continue
            fit = compatible(state, kind, head, span, page)
            if fit < MIN_COMMON or span.kind == "nationality" or span.text in COUNTRIES:
                continue
            reading = Reading(span.text, 1.0, page, span.start, span.end, span.target, span.kind)
            there = next((sentence for sentence, said_there in folded if f" {name} " in said_there), None)
            if there is None:
                continue
            cued = cues & {*terms(reading.sentence.text), *terms(there.text)}
            early = reading.sentence in page.sentences[:LEAD] and there in other.sentences[:LEAD]
            if kind_of_noun(name) or (question.form == "polar" and not cued and not early):
                continue
            said = len(cues & set(terms(reading.sentence.text))) + len(cues & set(terms(there.text)))
            score = fit + 0.2 * said + 0.1 * len(name.split())
            if best is None or score > best[0]:
                best = score, (reading, Reading(other.name, 1.0, other, there.start, there.end))
    return Verdict(best[1][0].text, best[1], True) if best is not None else None
