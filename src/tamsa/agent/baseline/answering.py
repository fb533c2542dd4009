"""From what was read to the answer: the plan's value, a comparison, a table or the best span, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from tamsa.agent.baseline.aggregation import aggregate
from tamsa.agent.baseline.comparison import compare
from tamsa.agent.baseline.conflicts import Settlement, authority, settle, withdrawn
from tamsa.agent.baseline.lexicon import concept, is_concept
from tamsa.agent.baseline.plan import Step
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading, read
from tamsa.agent.baseline.reporting import render
from tamsa.agent.baseline.resolver import Resolver, Value
from tamsa.agent.baseline.state import State, fold_title

PLAN_WEIGHT = 2.0
"""How much more a value counts that was reached step by step."""
MIN_PLAN_SCORE = 0.3
MIN_SOFT_SCORE = 0.5
MIN_SOFT_BESIDE_PLAN = 0.7
"""What a span must score where the question was understood, yet no step-by-step answer found."""
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
    soft = max(soft_values(state, question), key=lambda value: value.score, default=None)
    if best is not None and (soft is None or best.score * PLAN_WEIGHT >= soft.score):
        if best.score < MIN_PLAN_SCORE:
            return Outcome("", best.score, best.chain, source="plan")
        return Outcome(_full_name(state, best), best.score, best.chain, source="plan")
    bound = MIN_SOFT_SCORE if plan is None or plan.of is None else MIN_SOFT_BESIDE_PLAN
    if soft is None or soft.score < bound:
        return Outcome("", soft.score if soft else 0.0, source="span")
    return Outcome(_full_name(state, soft), soft.score, soft.chain, source="span")


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
    if len(best) < 2 or not any(authority(reading.page)[0] for reading in best.values()):
        return None
    return settle([*best.values(), *rejected])


def soft_values(state: State, question: Question) -> list[Value]:
    """Score every span and every title of the opened pages against the whole question."""
    named = {fold_title(name.text) for name in question.names}
    head = concept(question.head) if question.head else ""
    cues = [t for t in question.weights if (t != head or is_concept(t)) and t not in _NOT_CUES]
    out = []
    for page in state.opened:
        relevance = sum(w for t, w in question.weights.items() if t in page.term_set) / question.total
        for reading in read(state, page, cues=cues, want=question.kind, head=question.head, exclude=named)[:5]:
            out.append(Value(reading.text, reading.target, reading.score * relevance, (reading,)))
        kind, noun = state.kind_of(page.id)
        if fold_title(page.name) not in named and question.kind in (kind, "any", "name"):
            fit = 1.0 if question.head and concept(noun) == head else 0.7
            if page.sentences:
                first = page.sentences[0]
                proof = Reading(page.name, relevance, page, first.start, first.end, page.id, kind, is_title=True)
                out.append(Value(page.name, page.id, 0.9 * relevance * fit, (proof,)))
    return out


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
