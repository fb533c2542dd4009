"""From what was read to the answer: the plan's value, a comparison, a table or the best span, or a refusal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tamsa.agent.baseline.aggregation import aggregate
from tamsa.agent.baseline.comparison import compare
from tamsa.agent.baseline.conflicts import Settlement, authority, settle, withdrawn
from tamsa.agent.baseline.lexicon import concept, is_concept, relation_terms, terms
from tamsa.agent.baseline.nouns import noun_fit
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading, read
from tamsa.agent.baseline.reporting import render
from tamsa.agent.baseline.resolver import Resolver
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.wishes import Value, folded_text

PLAN_WEIGHT = 2.0
"""How much more a value counts that was reached step by step."""
MIN_PLAN_SCORE = 0.3
"""Score of a step's value below which it is a guess."""
MIN_FINAL_SCORE = 0.42
"""The same for the last step: being of the right kind is not enough there."""
MIN_SOFT_SCORE = 0.12
SOFT_DESPITE_SILENCE = 0.8
"""Score of a span that answers although the step-by-step reading found nothing."""
SURE_CLASS = 1.0
EXACT_FIT = 1.1
"""Score and fit from which on a value counts without words for its relation: a river where a river is sought."""
MAX_CLEAN_CUES = 2
MAX_MISSED = 0.12
"""Share of the question's words that a plan may leave out and still count as understood."""
UNNAMED = 0.5
"""Share of its worth that a page keeps that, with its partner, mentions no name of the question."""
WEAK_SOURCE = 0.4
"""Score, as a share of the best, from which on a page counts as stating the value."""
LONE = 0.85
"""Share of its worth that a page keeps that no other opened page is linked with."""
_EMPTY_WORDS = frozenset("think consider take interest year date name person time".split())
_NOT_CUES = frozenset("year date time place name type kind one".split())


@dataclass(frozen=True)
class Outcome:
    """The answer with what it rests on. An empty text is a refusal."""

    text: str
    score: float = 0.0
    chain: tuple[Reading, ...] = ()
    settlement: Settlement | None = None
    source: str = ""
    """Which rule gave it: comparison, table, conflict, plan or span."""


def compose(state: State, question: Question, plan: Step | None) -> str:
    """Write the answer turn."""
    outcome = conclude(state, question, plan)
    return render(outcome.text, outcome.chain, outcome.settlement)


def conclude(state: State, question: Question, plan: Step | None) -> Outcome:
    """Decide the answer from all opened pages."""
    resolver = Resolver(state, question)
    verdict = compare(state, question, resolver)
    if verdict is not None:
        return Outcome(verdict.text, 1.0, verdict.readings, source="comparison")
    value = aggregate(state, question, resolver, plan)
    if value is not None:
        return Outcome(_full_name(state, value), value.score, value.chain, source="table")
    best: Value | None = None
    if plan is not None and plan.of is not None:
        values = resolver.values(plan)
        settled = settlement(resolver, plan)
        if settled is not None:
            return Outcome(settled.winner.text, 1.0, (settled.winner,), settled, source="conflict")
        best = values[0] if values else None
    softs = soft_values(state, question)
    silent = plan is not None and is_silent(resolver, plan)
    if silent and plan is not None:
        passed = _on_the_way(resolver, plan)
        subject = next((value.text for value in resolver.values(plan.of)), "") if plan.of is not None else ""
        softs = [
            value for value in softs if fold_title(value.text) not in passed and _speaks_of(value, subject, plan.cues)
        ]
    soft = max(softs, key=lambda value: value.score, default=None)
    if silent and (soft is None or soft.score < SOFT_DESPITE_SILENCE):
        return Outcome("", 0.0, source="silent")
    if unknown_subject(state, question):
        return Outcome("", 0.0, source="unknown")
    if best is not None and (soft is None or best.score * PLAN_WEIGHT >= soft.score):
        return Outcome(_full_name(state, best), best.score, best.chain, source="plan")
    if soft is None or soft.score < MIN_SOFT_SCORE:
        return Outcome("", soft.score if soft else 0.0, source="span")
    return Outcome(_full_name(state, soft), soft.score, soft.chain, source="span")


def is_silent(resolver: Resolver, plan: Step) -> bool:
    """Tell whether the documents were read where the answer should stand, and do not say.

    That is only claimed of a question that was understood whole: each step states one relation in one or two
    words, its subject is a document that was opened, and nothing there reads like the value.
    """
    steps = []
    step: Step | None = plan
    while step is not None:
        steps.append(step)
        step = step.of
    said = {term for item in steps for text in (item.name, item.head, *item.names) for term in terms(text)}
    said |= {cue for item in steps for cue in item.cues} | _EMPTY_WORDS
    missed = sum(weight for term, weight in resolver.question.weights.items() if term not in said)
    if missed > MAX_MISSED * resolver.question.total:
        return False  # the plan leaves out some of what is asked
    for step in reversed(steps):
        if step.of is None:
            if not step.name or not any(value.id in resolver.state.pages for value in resolver.values(step)):
                return False
            continue
        if len(step.cues) > MAX_CLEAN_CUES or len(step.names) > 1:
            return False
        subjects = resolver.values(step.of)
        values = resolver.values(step)
        if step is plan and values and values[0].score >= MIN_FINAL_SCORE and _is_stated(step, values[0]):
            continue
        if step is not plan and values and values[0].score >= MIN_PLAN_SCORE:
            continue
        return bool(subjects) and subjects[0].id in resolver.state.pages
    return False


def _is_stated(step: Step, value: Value) -> bool:
    """Tell whether words for the relation stand with a value, or it is clearly of the very class asked for."""
    if not step.cues or not value.chain or value.chain[-1].stated:
        return True
    return value.score >= SURE_CLASS and value.chain[-1].fit >= EXACT_FIT


def _speaks_of(value: Value, subject: str, cues: Collection[str]) -> bool:
    """Tell whether a span was read where the relation is stated, on a page that speaks of the subject."""
    reading = value.chain[-1]
    if cues and not set(cues) & set(relation_terms(reading.sentence.text)):
        return False
    return f" {fold_title(subject)} " in f" {fold_title(reading.page.title)} {folded_text(reading.page.text)} "


def _on_the_way(resolver: Resolver, plan: Step) -> set[str]:
    """Folded values of the inner steps: what a question leads through is not its answer."""
    out = set()
    step = plan.of
    while step is not None:
        out |= {fold_title(value.text) for value in resolver.values(step)[:1]}
        step = step.of
    return out


def unknown_subject(state: State, question: Question) -> bool:
    """Tell whether the question is about a name that no document seen so much as mentions."""
    names = [name.text for name in question.names if len(name.text) > 3 and " " in name.text]
    if not names or len(question.names) > 2:
        return False
    texts = [f" {fold_title(page.text)} " for page in state.opened]
    texts += [f" {fold_title(known.title)} {fold_title(known.snippet)} " for known in state.known.values()]
    return not any(f" {fold_title(name)} " in text for name in names for text in texts) and not any(
        word in text for name in names for word in [f" {fold_title(name).split()[-1]} "] for text in texts
    )


def settlement(resolver: Resolver, plan: Step) -> Settlement | None:
    """Weigh the pages that state the value asked for, where they disagree."""
    if plan.of is None or plan.of.of is not None:
        return None
    readings = sorted(resolver.readings.get(plan, ()), key=lambda reading: -reading.score)
    best: dict[str, Reading] = {}
    rejected: list[Reading] = []
    for reading in readings:
        if reading.fit >= 0.7 and reading.score >= 0.25 and not reading.is_title:
            if withdrawn(reading):
                rejected.append(reading)
            else:
                best.setdefault(reading.page.id, reading)
    top = max((reading.score for reading in best.values()), default=0.0)
    best = {key: reading for key, reading in best.items() if reading.score >= WEAK_SOURCE * top}
    if len(best) < 2 or not any(authority(reading.page)[0] for reading in best.values()):
        return None
    return settle([*best.values(), *rejected])


def soft_values(state: State, question: Question) -> list[Value]:
    """Score every span and every title of the opened pages against the whole question.

    A question over two pages splits between them: what the one page explains need not stand in the other.
    So each page is read together with its best partner among the pages that it links or that link to it.
    """
    named = {fold_title(name.text) for name in question.names}
    head = concept(question.head) if question.head else ""
    cues = [t for t in question.weights if (t != head or is_concept(t)) and t not in _NOT_CUES]
    pages = state.opened
    targets = {page.id: {str(link["id"]) for link in page.sound_links} for page in pages}
    out = []
    names = [f" {folded} " for folded in named if folded]
    naming = {
        page.id
        for page in pages
        if any(name in f" {folded_text(page.text)} " or fold_title(page.title) in named for name in names)
    }
    for page in pages:
        own = _coverage(question, page.term_set)
        joint, partner = LONE * own, None
        for other in pages:
            if other.id != page.id and (other.id in targets[page.id] or page.id in targets[other.id]):
                both = _coverage(question, page.term_set | other.term_set)
                if both > joint:
                    joint, partner = both, other
        if names and page.id not in naming and (partner is None or partner.id not in naming):
            joint *= UNNAMED
        explained = partner.term_set if partner is not None else frozenset()
        rest = [term for term in cues if term not in explained and term in page.term_set]
        wanted = rest or cues
        near = [term for term in cues if term not in wanted]
        for reading in read(state, page, cues=wanted, want=question.kind, head=question.head, near=near, exclude=named)[
            :6
        ]:
            out.append(Value(reading.text, reading.target, reading.score * joint, (*_bridge(partner, page), reading)))
        kind, noun = state.kind_of(page.id)
        if fold_title(page.name) not in named and question.kind in (kind, "any", "name") and page.sentences:
            fit = noun_fit(question.head, noun) if question.head and noun else 0.7
            first = page.sentences[0]
            proof = Reading(page.name, own, page, first.start, first.end, page.id, kind, is_title=True)
            score = 0.9 * (0.6 * own + 0.4 * joint) * min(1.0, fit)
            out.append(Value(page.name, page.id, score, (*_bridge(partner, page), proof)))
    return out


def _coverage(question: Question, present: Collection[str]) -> float:
    return sum(weight for term, weight in question.weights.items() if term in present) / question.total


def _bridge(partner: Page | None, page: Page) -> tuple[Reading, ...]:
    """Quote the sentence of the partner page that leads to a page."""
    if partner is None:
        return ()
    for link in partner.sound_links:
        if str(link["id"]) == page.id:
            start, end = int(link["start"]) - partner.start, int(link["end"]) - partner.start
            return (Reading(page.name, 1.0, partner, start, end, page.id),)
    first = partner.sentences[0] if partner.sentences else None
    return (Reading(partner.name, 1.0, partner, first.start, first.end, is_title=True),) if first else ()


def _full_name(state: State, value: Value) -> str:
    """Give a person read by surname alone the full name."""
    text = value.text
    if not value.chain or " " in text or not text[:1].isupper():
        return text
    reading = value.chain[-1]
    if reading.kind in ("date", "year", "number", "nationality"):
        return text
    if value.id in state.known:
        title = state.known[value.id].title.split(" (")[0]
        if text in title.split() and state.kind_of(value.id)[0] == "person":
            return title
    if state.kind_of(reading.page.id)[0] == "place":
        return text
    for span in reading.page.spans:
        if span.kind == "name" and span.text != text and text == span.text.split()[-1] and len(span.text.split()) <= 4:
            return span.text
    return text
