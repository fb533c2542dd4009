"""From what was read to the answer with its findings."""

from __future__ import annotations

from tamsa.agent.baseline.aggregation import aggregate
from tamsa.agent.baseline.comparison import as_value, compare
from tamsa.agent.baseline.lexicon import concept, terms
from tamsa.agent.baseline.plan import Step
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading, read
from tamsa.agent.baseline.resolver import Resolver, Value
from tamsa.agent.baseline.state import State, fold_title

_NOT_CUES = frozenset("year date time place name type kind one".split())


def compose(state: State, question: Question, plan: Step | None) -> str:
    value = best_value(state, question, plan)
    return f"<answer>{value.text if value else 'NOT FOUND'}</answer>"


def best_value(state: State, question: Question, plan: Step | None) -> Value | None:
    pool: dict[str, Value] = {}

    def add(value: Value) -> None:
        key = fold_title(value.text)
        if key and (key not in pool or pool[key].score < value.score):
            pool[key] = value

    resolver = Resolver(state, question)
    verdict = compare(state, question, resolver)
    if verdict is not None:
        return as_value(verdict)
    value = aggregate(state, question, resolver, plan)
    if value is not None:
        return value
    if plan is not None and plan.of is not None:
        for value in resolver.values(plan):
            add(Value(value.text, value.id, value.score * 2.0, value.chain))
    for value in soft_values(state, question):
        add(value)
    return max(pool.values(), key=lambda value: value.score, default=None)


def soft_values(state: State, question: Question) -> list[Value]:
    """Score every span and every title of the opened pages against the whole question."""
    named = {fold_title(name.text) for name in question.names}
    head = concept(question.head) if question.head else ""
    cues = [t for t in question.weights if t != head and t not in _NOT_CUES]
    out = []
    for page in state.opened:
        relevance = sum(w for t, w in question.weights.items() if t in page.term_set) / question.total
        for reading in read(state, page, cues=cues, want=question.kind, head=question.head, exclude=named)[:5]:
            out.append(Value(reading.text, reading.target, reading.score * relevance, (reading,)))
        kind, noun = state.kind_of(page.id)
        if fold_title(page.name) not in named and question.kind in (kind, "any", "name"):
            fit = 1.0 if question.head and concept(noun) == head else 0.7
            sentence = page.sentences[0] if page.sentences else None
            if sentence:
                r = Reading(page.name, relevance, page, sentence.start, sentence.end, page.id, kind, is_title=True)
                out.append(Value(page.name, page.id, 0.9 * relevance * fit, (r,)))
    return out
