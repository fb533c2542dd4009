"""What may be the answer: values of the plan, spans and titles of the opened pages, cells of their tables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from tamsa.agent.baseline.asking import Asking
from tamsa.agent.baseline.conflicts import Settlement, authority, is_source, settle, withdrawn
from tamsa.agent.baseline.fitness import compatible, is_run_on
from tamsa.agent.baseline.lexicon import concept, is_concept
from tamsa.agent.baseline.measures import measure_cues
from tamsa.agent.baseline.nouns import ROLES, Kind, noun_fit
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.phrases import phrases
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading, as_answered, read
from tamsa.agent.baseline.relatives import CLASS_OF, KIN_CONCEPTS
from tamsa.agent.baseline.resolver import Resolver
from tamsa.agent.baseline.rows import Rows
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.wishes import Value, folded_text

UNNAMED = 0.5
"""Share of its worth that a page keeps that, with its partner, mentions no name of the question."""
WEAK_SOURCE = 0.4
"""Score, as a share of the best, from which on a page counts as stating the value."""
LONE = 0.85
"""Share of its worth that a page keeps that no other opened page is linked with."""
SPANS_PER_PAGE = 6
TRIED_PER_PAGE = 3
ASKED_PER_PAGE = 8
PHRASES_PER_PAGE = 8
_LOOSE: frozenset[Kind] = frozenset(("any", "name", "description"))
"""Kinds of answers that need not be proper names."""
LED_RANKS = 2
"""Ranks of pages that what is described leads to of which every text of the right kind is read; a page
under two names holds one."""
LED_LEAST = 0.01
"""Worth below which a page is read only if it is among the first."""
LED_PER_PAGE = 20
LED_FIT = 0.4
ASKED = 0.08
"""Share of what is asked from which on a word is a cue."""
_NOT_CUES = frozenset("year date time place name type kind one".split())


@dataclass
class Candidate:
    """A text that may be the answer, and what it was read from."""

    text: str
    planned: Value | None = None
    """The plan's best value of that text."""
    place: int = 99
    """Its place among the plan's values, from 0."""
    spanned: Value | None = None
    """The best span of that text, read against the whole question."""
    tried: float = 0.0
    """Best score of the plan's last relation on a page of the right kind, whoever it is about."""
    column: float = 0.0
    """How far the head of a table's column says that it is what is asked for, in [-1, 1]."""
    row: float = 0.0
    """How much of the question its row says, in [0, 1]; 0 for what is no cell of a row that fits."""
    settled: Settlement | None = None
    """How a disagreement of sources was settled in its favour."""
    readings: list[Reading] = field(default_factory=list)
    via: list[Reading] = field(default_factory=list)
    """What the plan read in between where it went further than asked: the town whose county is wanted."""
    value: Value = field(default_factory=lambda: Value(""))
    """What it is answered with: reached step by step where that is so."""


class Gathering:
    """Gathers the candidates of one question."""

    def __init__(self, state: State, question: Question, resolver: Resolver, plan: Step | None) -> None:
        self.state, self.question, self.resolver = state, question, resolver
        self.plan = plan if plan is not None and plan.of is not None else None
        self.asked_of = self.plan.of if self.plan is not None else None
        """The step whose value the last relation is asked of."""
        self.cues = set(self.plan.cues if self.plan is not None else ()) | measure_cues(question)
        self.named = {fold_title(name.text) for name in question.names} - {""}
        self.subjects = resolver.values(self.asked_of)[:2] if self.asked_of is not None else []
        self.rows = Rows(state, question)
        self.asking = Asking(question, state.opened)
        targets = {page.id: {str(link["id"]) for link in page.sound_links} for page in state.opened}
        self.texts = {page.id: f" {fold_title(page.name)} {folded_text(page.text)} " for page in state.opened}
        self.partners = {
            page.id: [
                other for other in state.opened
                if other.id != page.id and (other.id in targets[page.id] or page.id in targets[other.id])
            ]
            for page in state.opened
        }  # fmt: skip
        """Pages that a page links to or that link to it."""

    @cached_property
    def kin_of(self) -> list[str]:
        """Names of those whose kin is asked for."""
        step = self.plan.whole or self.plan if self.plan is not None else None
        if step is None or step.of is None or self.question.head not in CLASS_OF:
            return []
        if KIN_CONCEPTS & set(step.cues) - {concept(step.head)}:  # "the cousin whom X married"
            return []
        return [value.text for value in self.resolver.values(step.of)[:2]]

    def gather(self) -> list[Candidate]:
        """Return every candidate, one for each text, those of the plan first."""
        found: dict[str, Candidate] = {}

        def at(text: str, readings: Collection[Reading]) -> Candidate:
            one = found.setdefault(text, Candidate(text))
            one.readings += readings
            return one

        for place, value in enumerate(self.resolver.values(self.plan) if self.plan is not None else ()):
            one = at(value.text, value.chain[-1:])
            if one.planned is None:
                one.planned, one.place = value, place
                one.via = list(value.chain[self.plan.depth - 1 : -1]) if self.plan is not None else []
        settled = self.settlement()
        if settled is not None:
            at(settled.winner.text, (settled.winner,)).settled = settled
        for value in self.spans():
            one = at(value.text, value.chain[-1:])
            if one.spanned is None or value.score > one.spanned.score:
                one.spanned = value
        for reading in self._tried():
            one = at(reading.text, (reading,))
            one.tried = max(one.tried, reading.score)
        for reading in self._asked():
            at(reading.text, (reading,))
        for reading in self._led():
            at(reading.text, (reading,))
        for reading, row, column in self.rows.cells():
            one = at(reading.text, (reading,))
            if not one.row or (column, row.match) > (one.column, one.row):
                one.column, one.row = column, row.match
        for one in found.values():
            one.value = self._value(one)
        return [one for one in found.values() if one.text and one.readings]

    def _value(self, one: Candidate) -> Value:
        if one.settled is not None:
            return Value(one.text, one.settled.winner.target, 1.0, (one.settled.winner,))
        if one.planned is not None or one.spanned is not None:
            return one.planned or one.spanned or one.value
        best = max(one.readings, key=lambda reading: reading.score, default=None)
        if best is None:
            return one.value
        partner = next(iter(self.partners.get(best.page.id, ())), None)
        return Value(one.text, best.target, best.score, (*bridge(partner, best.page), best))

    def settlement(self) -> Settlement | None:
        """Weigh the pages that state the value asked for, where they disagree."""
        plan = self.plan
        if plan is None or plan.of is None or plan.of.of is not None:
            return None
        self.resolver.values(plan)
        readings = sorted(self.resolver.readings.get(plan, ()), key=lambda reading: -reading.score)
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

    def spans(self) -> list[Value]:
        """Score the best spans and the title of every opened page against the whole question.

        A question over two pages splits between them: what the one page explains need not stand in the other.
        So each page is read together with its best partner among the pages that it links or that link to it.
        """
        state, question = self.state, self.question
        head = concept(question.head) if question.head else ""
        cues = [t for t in question.weights if (t != head or is_concept(t)) and t not in _NOT_CUES]
        names = [f" {name} " for name in self.named]
        naming = {key for key, text in self.texts.items() if any(name in text for name in names)}
        out = []
        for page in state.opened:
            own = question.share(page.term_set)
            joint, partner = LONE * own, None
            for other in self.partners[page.id]:
                both = question.share(page.term_set | other.term_set)
                if both > joint:
                    joint, partner = both, other
            if names and page.id not in naming and (partner is None or partner.id not in naming):
                joint *= UNNAMED
            explained = partner.term_set if partner is not None else frozenset()
            rest = [term for term in cues if term not in explained and term in page.term_set]
            wanted = rest or cues
            near = [term for term in cues if term not in wanted]
            for reading in read(
                state, page, cues=wanted, want=question.kind, head=question.head, near=near, exclude=self.named
            )[:SPANS_PER_PAGE]:
                out.append(
                    Value(reading.text, reading.target, reading.score * joint, (*bridge(partner, page), reading))
                )
            kind, noun = state.kind_of(page.id)
            if fold_title(page.name) not in self.named and question.kind in (kind, "any", "name") and page.sentences:
                fit = noun_fit(question.head, noun) if question.head and noun else 0.7
                first = page.sentences[0]
                proof = Reading(page.name, own, page, first.start, first.end, page.id, kind, is_title=True)
                score = 0.9 * (0.6 * own + 0.4 * joint) * min(1.0, fit)
                out.append(Value(page.name, page.id, score, (*bridge(partner, page), proof)))
        return out

    def _tried(self) -> list[Reading]:
        """Read the last relation on every opened page of the kind of thing that it is asked of."""
        if not self.cues:
            return []
        out: list[Reading] = []
        done = {value.id for value in self.subjects}
        question = self.question
        for page in self.state.opened:
            if page.id not in done and fold_title(page.name) not in self.named and self.suits(page) > 0:
                out += read(
                    self.state, page, cues=self.cues, want=question.kind, head=question.head, exclude=self.named
                )[:TRIED_PER_PAGE]
        return out

    def _asked(self) -> list[Reading]:
        """Read what is asked, apart from what is described, on every opened page."""
        out: list[Reading] = []
        cues = {term for term, weight in self.asking.asks.items() if weight >= ASKED}
        for page in self.state.opened:
            cues_here = cues & page.term_set
            if cues_here:
                out += read(
                    self.state, page, cues=cues_here, want=self.question.kind, head=self.question.head,
                    exclude=self.named,
                )[:ASKED_PER_PAGE]  # fmt: skip
            if self.question.kind in _LOOSE:
                out += self._phrases(page)
        return out

    def _led(self) -> list[Reading]:
        """Read every text of the right kind on the pages that what is described leads to, whatever words state it."""
        led = self.asking.led
        worth = {page.id: sum(led.get(page.id, (0.0, 0.0))) for page in self.state.opened}
        least = max([LED_LEAST, *sorted(set(worth.values()), reverse=True)[LED_RANKS - 1 : LED_RANKS]])
        pages = sorted(self.state.opened, key=lambda page: -worth[page.id])
        pages = [page for at, page in enumerate(pages) if at < LED_RANKS or worth[page.id] >= least]
        out = []
        for page in pages:
            found = 0
            for span in page.spans:
                folded = fold_title(span.text)
                if folded in self.named or folded == fold_title(page.name) or is_run_on(span):
                    continue
                fit = compatible(self.state, self.question.kind, self.question.head, span, page)
                if fit >= LED_FIT and found < LED_PER_PAGE:
                    found += 1
                    text, start, end = as_answered(page, span, self.question.kind, self.question.head)
                    out.append(Reading(text, 0.0, page, start, end, span.target, span.kind, fit=fit, stated=False))
        return out

    def _phrases(self, page: Page) -> list[Reading]:
        """Read the noun phrases nearest to what is asked, in the sentence of a page that says most of it."""
        said = {
            sentence.start: self.asking.said({term for _, _, term in page.tokens[sentence.start]})
            for sentence in page.sentences
        }
        best = max(said.values(), default=0.0)
        if best < ASKED:
            return []
        taken = {(span.start, span.end) for span in page.spans}
        out = []
        for sentence in page.sentences:
            if said[sentence.start] >= 0.8 * best:
                for span in phrases(page, sentence, self.question.head):
                    near = self.asking.said_near(page, sentence, span.start, span.end)
                    if near and (span.start, span.end) not in taken:
                        out.append(Reading(span.text, near, page, span.start, span.end, kind=span.kind, fit=0.6))
        out.sort(key=lambda reading: -reading.score)
        return out[:PHRASES_PER_PAGE]

    def suits(self, page: Page) -> float:
        """Say whether a page is of the kind that the last relation is asked of, in [-1, 1]; 0 where unknown."""
        step = self.asked_of
        if step is None or step.name:
            return 0.0
        kind, noun = self.state.kind_of(page.id)
        if step.head and noun and step.head not in ROLES and noun_fit(step.head, noun) >= 0.95:
            return 1.0
        if step.kind == "any" or kind == "any":
            return 0.0
        if step.kind != kind:
            return -1.0
        return 0.5 if not step.head or step.head in ROLES or noun_fit(step.head, noun) > 0.5 else -0.5


def bridge(partner: Page | None, page: Page) -> tuple[Reading, ...]:
    """Quote the sentence of the partner page that leads to a page."""
    if partner is None:
        return ()
    for link in partner.sound_links:
        if str(link["id"]) == page.id:
            start, end = int(link["start"]) - partner.start, int(link["end"]) - partner.start
            return (Reading(page.name, 1.0, partner, start, end, page.id),)
    first = partner.sentences[0] if partner.sentences else None
    return (Reading(partner.name, 1.0, partner, first.start, first.end, is_title=True),) if first else ()


def by_authority(settled: Settlement) -> tuple[float, float]:
    """Say how far the source that won a settlement is to be believed, and whether its title names a source."""
    page = settled.winner.page
    return max(0.0, authority(page)[0]), float(is_source(page.title))


__all__ = ["Candidate", "Gathering", "bridge", "by_authority"]
