"""From what was read to the answer: the plan's value, a comparison, a table or the best span, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tamsa.agent.baseline.aggregation import aggregate
from tamsa.agent.baseline.candidates import Gathering
from tamsa.agent.baseline.comparison import compare
from tamsa.agent.baseline.conflicts import Settlement
from tamsa.agent.baseline.fitness import looks_like_person
from tamsa.agent.baseline.judging import Judge, Judged
from tamsa.agent.baseline.lexicon import terms
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.reporting import render
from tamsa.agent.baseline.resolver import Resolver
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.wishes import Value

MIN_PLAN_SCORE = 0.3
"""Score of a step's value below which it is a guess."""
MIN_FINAL_SCORE = 0.42
"""The same for the last step: being of the right kind is not enough there."""
SURE_CLASS = 1.0
EXACT_FIT = 1.1
"""Score and fit from which on a value counts without words for its relation: a river where a river is sought."""
MAX_CLEAN_CUES = 2
MAX_MISSED = 0.12
"""Share of the question's words that a plan may leave out and still count as understood."""
_EMPTY_WORDS = frozenset("think consider take interest year date name person time".split())


@dataclass(frozen=True)
class Outcome:
    """The answer with what it rests on. An empty text is a refusal."""

    text: str
    score: float = 0.0
    """Its probability among the candidates, in [0, 1]; 1 for what was compared or reckoned."""
    chain: tuple[Reading, ...] = ()
    settlement: Settlement | None = None
    source: str = ""
    """Which rule gave it: comparison, table, conflict, plan or span."""


class Conclusion:
    """What the opened pages come to: the candidates, weighed, and the answer.

    Args:
        state: what was seen.
        question: what is asked.
        plan: its steps.
    """

    def __init__(self, state: State, question: Question, plan: Step | None) -> None:
        self.state, self.question, self.plan = state, question, plan
        self.resolver = Resolver(state, question)

    @cached_property
    def judged(self) -> list[Judged]:
        """The candidates, the likeliest first; one without a text is the refusal."""
        silent = self.plan is not None and is_silent(self.resolver, self.plan)
        gathering = Gathering(self.state, self.question, self.resolver, self.plan)
        return Judge(gathering, silent=silent).judge()

    @cached_property
    def outcome(self) -> Outcome:
        """The answer."""
        verdict = compare(self.state, self.question, self.resolver)
        if verdict is not None:
            return Outcome(verdict.text, 1.0, verdict.readings, source="comparison")
        reckoned = aggregate(self.state, self.question, self.resolver, self.plan)
        if reckoned is None and self.plan is not None:
            reckoned = self.resolver.picked(self.plan)
        if reckoned is not None:
            return Outcome(self._full_name(reckoned), 1.0, reckoned.chain, source="table")
        if unknown_subject(self.state, self.question):
            return Outcome("", 0.0, source="unknown")
        best = next(iter(self.judged), None)
        return Outcome("", source="silent") if best is None else self.outcome_of(best)

    def outcome_of(self, judged: Judged) -> Outcome:
        """Return what it is to answer a candidate."""
        one = judged.candidate
        if not one.text:
            return Outcome("", judged.probability, source="silent")
        if one.settled is not None:
            return Outcome(one.text, judged.probability, (one.settled.winner,), one.settled, source="conflict")
        source = "plan" if one.planned is not None else "span"
        return Outcome(self.text_of(judged), judged.probability, one.value.chain, source=source)

    def text_of(self, judged: Judged) -> str:
        """Return a candidate as it is answered; empty for the refusal."""
        one = judged.candidate
        return one.text if one.settled is not None else self._full_name(one.value)

    def _full_name(self, value: Value) -> str:
        """Give a person read by surname alone the full name."""
        text, state = value.text, self.state
        if self.question.kind not in ("person", "any", "name"):
            return text
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
            words = span.text.split()
            if span.kind == "name" and 1 < len(words) <= 4 and words[-1] == text and looks_like_person(span.text):
                return span.text
        return text


def conclude(state: State, question: Question, plan: Step | None) -> Outcome:
    """Decide the answer from all opened pages."""
    return Conclusion(state, question, plan).outcome


def compose(state: State, question: Question, plan: Step | None) -> str:
    """Write the answer turn."""
    outcome = conclude(state, question, plan)
    return render(outcome.text, outcome.chain, outcome.settlement)


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
