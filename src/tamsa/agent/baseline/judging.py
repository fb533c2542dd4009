"""Weighing what may be the answer: the signs of each candidate, and their fitted weights."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from tamsa.agent.baseline.candidates import Candidate, Gathering, by_authority
from tamsa.agent.baseline.fitness import looks_like_person
from tamsa.agent.baseline.focus import focus
from tamsa.agent.baseline.lexicon import concept, relation_terms, terms
from tamsa.agent.baseline.measures import asked_measure, measured
from tamsa.agent.baseline.nouns import COUNTRIES, ROLES, Kind, noun_fit, noun_of_name
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.periods import asked_period
from tamsa.agent.baseline.reading import Reading, counts
from tamsa.agent.baseline.relatives import related
from tamsa.agent.baseline.state import fold_title
from tamsa.agent.baseline.values import DATE
from tamsa.agent.baseline.weights import WEIGHTS
from tamsa.agent.baseline.wishes import Value

VALUES: frozenset[Kind] = frozenset(("date", "year", "number"))
"""Kinds of answers that have weights of their own: what stands for a date says little of a name."""
FAR = 60
"""Words beyond which none is near."""
_ENTITIES: frozenset[Kind] = frozenset(("person", "place", "org", "work", "event", "award"))
_LETTERS = re.compile(r"[^\W\d_]{2,}")


@dataclass
class Judged:
    """A candidate with its signs; one without a text is the refusal."""

    candidate: Candidate
    signs: dict[str, float]
    worth: float
    """Weighed sum of the signs."""
    probability: float = 0.0
    """Share of all candidates' odds, in [0, 1]."""

    @property
    def value(self) -> Value:
        """What it is answered with."""
        return self.candidate.value


class Judge:
    """Weighs the candidates of one question.

    Args:
        gathering: gathers the candidates.
        silent: whether the documents were read where the answer should stand, and do not say.
    """

    def __init__(self, gathering: Gathering, *, silent: bool) -> None:
        self.gathering, self.silent = gathering, silent
        self.state, self.question = gathering.state, gathering.question
        self.plan = gathering.plan
        self._folded = f" {fold_title(self.question.text)} "
        self._focus = focus(self.question)
        self._asking = gathering.asking
        self._measure = asked_measure(self.question)
        self._period = asked_period(self.question)
        self._years = [term for term in self.question.weights if term.isdigit() and len(term) == 4]
        self._when: dict[str, float] = {}
        self._taken: dict[str, set[tuple[int, int]]] = {}
        """Page -> offsets of all candidates on it."""
        named = gathering.named
        self._names_on = {
            key: sum(f" {name} " in text for name in named) / max(1, len(named))
            for key, text in gathering.texts.items()
        }

    def judge(self) -> list[Judged]:
        """Return the candidates, the likeliest first."""
        gathered = self.gathering.gather()
        best_plan = max((one.planned.score for one in gathered if one.planned is not None), default=0.0) or 1.0
        best_span = max((one.spanned.score for one in gathered if one.spanned is not None), default=0.0) or 1.0
        column = self.question.kind in VALUES
        self._taken = {}
        for one in gathered:
            for reading in one.readings:
                if not reading.is_title:
                    self._taken.setdefault(reading.page.id, set()).add((reading.start, reading.end))
        judged = []
        for one in gathered:
            judged.append(Judged(one, self._signs(one, best_plan, best_span), 0.0))
        best_near = max((item.signs["asks_near"] for item in judged), default=0.0) or 1.0
        for item in judged:
            item.signs["asks_share"] = item.signs["asks_near"] / best_near
            item.worth = weigh(item.signs, column)
        if self.silent:
            signs = {"refusal": 1.0, "refusal_said": self._asking.stated}
            judged.append(Judged(Candidate(""), signs, weigh(signs, column)))
        judged.sort(key=lambda item: -item.worth)
        odds = [math.exp(item.worth - judged[0].worth) for item in judged]
        for item, odd in zip(judged, odds, strict=True):
            item.probability = odd / sum(odds)
        return judged

    # ---------------------------------------------------------------- what is known of the question

    @cached_property
    def _passed(self) -> set[str]:
        """Folded values of the inner steps: what a question leads through is not its answer."""
        out: set[str] = set()
        step = self.plan.of if self.plan is not None else None
        while step is not None:
            out |= {fold_title(value.text) for value in self.gathering.resolver.values(step)[:1]}
            step = step.of
        return out

    @cached_property
    def _telling(self) -> dict[str, float]:
        """Concept of the question -> how much it tells where few opened pages have it; together 1."""
        pages = self.state.opened
        weights = {
            term: weight * math.log(1 + len(pages) / (1 + sum(term in page.term_set for page in pages)))
            for term, weight in self.question.weights.items()
        }
        total = sum(weights.values()) or 1.0
        return {term: weight / total for term, weight in weights.items()}

    @cached_property
    def _holders(self) -> dict[str, float]:
        """Documents of what the last relation is asked of -> score as a share of the best."""
        step = self.gathering.asked_of
        values = self.gathering.resolver.values(step) if step is not None else []
        best = max((value.score for value in values), default=0.0) or 1.0
        out: dict[str, float] = {}
        for value in values:
            if value.id:
                out.setdefault(value.id, value.score / best)
        return out

    @cached_property
    def _joint(self) -> dict[str, tuple[float, float]]:
        """Page -> share of the question, and of its names, that the page says with its best partner."""
        out = {}
        texts = self.gathering.texts
        for page in self.state.opened:
            said, on = self.question.share(page.term_set), self._names_on[page.id]
            name = f" {fold_title(page.name)} "
            partners = {other.id for other in self.gathering.partners[page.id]}
            for other in self.state.opened:
                if other.id != page.id and (other.id in partners or name in texts[other.id]):
                    said = max(said, self.question.share(page.term_set | other.term_set))
                    on = max(on, self._names_on[other.id])
            out[page.id] = said, on
        return out

    def _falls(self, key: str) -> float:
        """Say whether a document falls into the time that the question sets: 1, -1, or 0 where that is unknown."""
        if self._period is None:
            return 0.0
        if key not in self._when:
            page = self._page_of(key)
            self._when[key] = self._period.holds(page) if page is not None else 0.0
        return self._when[key]

    def _page_of(self, key: str) -> Page | None:
        """Return what was seen of a document: its opened page, else its snippets."""
        if key in self.state.pages:
            return self.state.pages[key][0]
        known = self.state.known.get(key)
        return self.state.preview(key) if known is not None and known.snippets else None

    # ---------------------------------------------------------------- signs

    def _signs(self, one: Candidate, best_plan: float, best_span: float) -> dict[str, float]:
        folded = fold_title(one.text)
        own = [reading for reading in one.readings if not reading.is_title]
        spans = {span for reading in own for span in self._taken.get(reading.page.id, ())}
        authority, source = by_authority(one.settled) if one.settled is not None else (0.0, 0.0)
        support = sum(f" {folded} " in text for text in self.gathering.texts.values())
        signs = {
            "plan": one.planned.score if one.planned else 0.0,
            "plan_share": one.planned.score / best_plan if one.planned else 0.0,
            "plan_first": float(one.place == 0),
            "span": one.spanned.score if one.spanned else 0.0,
            "span_share": one.spanned.score / best_span if one.spanned else 0.0,
            "tried": one.tried,
            "settled": float(one.settled is not None),
            "authority": authority,
            "source": source,
            "column": max(0.0, one.column),
            "other_column": float(one.column < 0),
            "row": one.row,
            "column_row": max(0.0, one.column) * one.row,
            "asked": float(f" {folded} " in self._folded),
            "asked_part": self._asked_part(one.text),
            "passed": float(folded in self._passed),
            "holds_name": float(self._holds(folded, self.gathering.named)),
            "holds_passed": float(self._holds(folded, self._passed)),
            "inside": float(
                any(a <= r.start and r.end <= b and b - a > r.end - r.start for r in own for a, b in spans)
            ),
            "around": float(
                any(r.start <= a and b <= r.end and b - a < r.end - r.start for r in own for a, b in spans)
            ),
            "support": math.log1p(support),
        }
        places = [self._place(one, reading) for reading in (*one.readings, *one.via)]
        for name in places[0]:
            signs[name] = (min if name == "later" else max)(place[name] for place in places)
        return signs | self._type(one) | self._form(one)

    @staticmethod
    def _holds(folded: str, names: Collection[str]) -> bool:
        """Tell whether a text says one of some names and more than it."""
        return any(name and name != folded and f" {name} " in f" {folded} " for name in names)

    def _asked_part(self, text: str) -> float:
        """Say how much of a text the question says itself, in [0, 1]."""
        said = [term for term in terms(text) if not term.isdigit()]
        return sum(term in self.question.weights for term in said) / len(said) if said else 0.0

    def _place(self, one: Candidate, reading: Reading) -> dict[str, float]:
        """Describe where a candidate stands: the sentence, its page, and what leads there."""
        question, gathering, asking = self.question, self.gathering, self._asking
        head = {concept(question.head)} if question.head else set()
        page, sentence = reading.page, reading.sentence
        own = set(terms(one.text))
        said = set(relation_terms(sentence.text)) - own
        index = next((at for at, other in enumerate(page.sentences) if other.start == sentence.start), 0)
        around = {term for other in page.sentences[max(0, index - 1) : index + 2] for term in terms(other.text)} - own
        low = f" {fold_title(sentence.text)} "
        subject = fold_title(gathering.subjects[0].text) if gathering.subjects else ""
        joint, bridged = self._joint.get(page.id, (0.0, 0.0))
        row = float(sentence.row)
        title = fold_title(page.name)
        name_said = float(any(f" {name} " in low for name in gathering.named))
        return {
            "fit": reading.fit,
            "stated": float(reading.stated),
            "related": related(
                page, question.head, gathering.kin_of, None if reading.is_title else (reading.start, reading.end)
            ),
            "title": float(reading.is_title),
            "table_title": float(reading.is_title and bool(page.tables)),
            "said": question.share(said),
            "said_title": question.share(said | set(terms(page.title))),
            "said_page": question.share(page.term_set),
            "said_joint": joint,
            "cue": len(gathering.cues & said) / len(gathering.cues) if gathering.cues else 0.0,
            "near": self._nearness(reading, gathering.cues),
            "focus": len(self._focus & said) / max(1, len(self._focus)),
            "focus_near": self._nearness(reading, self._focus),
            "told": self._told(said),
            "told_near": self._told(said | around),
            "asks": asking.said(said),
            "asks_top": float(asking.said(said) >= 0.99 * max(asking.best_said.values(), default=1.0)),
            "asks_near": asking.said_near(page, sentence, reading.start, reading.end) if not reading.is_title else 0.0,
            "described": asking.described(page.term_set),
            "led": asking.led[page.id][1] if page.id in asking.led else 0.0,
            "led_top": float(page.id == asking.led_most),
            "led_near": asking.led[page.id][0] if page.id in asking.led else 0.0,
            "named_next": float(asking.naming and asking.names_next(page, reading.start)),
            "named_idly": float(not asking.naming and asking.names_next(page, reading.start)),
            "preposition": asking.same_preposition(page, reading.start),
            "head_near": self._nearness(reading, head),
            "apposed": float(asking.apposed(page, reading.start, reading.end)),
            "subject_page": float(bool(gathering.subjects) and gathering.subjects[0].id == page.id),
            "subject_said": float(bool(subject) and f" {subject} " in low),
            "holder": self._holders.get(page.id, 0.0),
            "suits": gathering.suits(page),
            "named_page": float(title in gathering.named),
            "named_deep": float(title in gathering.named and self.plan is not None and self.plan.depth > 1),
            "name_said": name_said,
            "names_on": self._names_on.get(page.id, 0.0),
            "bridged": bridged,
            "page_when": self._falls(page.id),
            "page_year": sum(year in page.term_set for year in self._years) / max(1, len(self._years)),
            "year_said": sum(year in said for year in self._years) / max(1, len(self._years)),
            "lead": float(index == 0),
            "later": math.log1p(index),
            "in_row": row,
            "row_said": row * question.share(said),
            "row_name": row * name_said,
            "row_best": gathering.rows.match.get((page.id, sentence.start), 0.0),
            "row_leads": gathering.rows.leads_to.get(page.id, 0.0),
        }

    def _told(self, said: Collection[str]) -> float:
        """Say how much of the question some concepts hold, those the more that few opened pages have, in [0, 1]."""
        return sum(weight for term, weight in self._telling.items() if term in said)

    def _nearness(self, reading: Reading, cues: Collection[str]) -> float:
        """Say how near the nearest word for the relation stands, in [0, 1]; one after the span counts less."""
        best = 0.0
        for start, end, term in reading.page.tokens.get(reading.sentence.start, ()) if cues else ():
            if term in cues and not (start >= reading.start and end <= reading.end):
                before = end <= reading.start
                begin, stop = (end, reading.start) if before else (reading.end, start)
                distance = reading.page.num_words(begin, stop)
                if distance <= FAR:
                    between = reading.page.text[begin:stop]
                    distance += 2 * ("," in between or ";" in between)
                    best = max(best, math.exp(-distance / 4) * (1.0 if before else 0.8))
        return best

    def _type(self, one: Candidate) -> dict[str, float]:
        """Say how a candidate agrees with what is asked for, by what was seen of its own document."""
        question, state = self.question, self.state
        want, head = question.kind, question.head
        key = next((r.page.id if r.is_title else r.target for r in one.readings if r.is_title or r.target), "")
        kind, noun = state.kind_of(key) if key else ("any", "")
        page = self._page_of(key) if key else None
        entity = want in _ENTITIES
        told = bool(head) and entity and head not in ROLES
        fits = False
        if told and noun and page is not None:
            phrase = {concept(word) for word in _LETTERS.findall(page.definition[0])}
            fits = concept(head) in phrase or noun_fit(head, noun) >= 0.95
        else:
            noun = noun_of_name(one.text)
            fits = told and bool(noun) and noun_fit(head, noun) >= 0.95
        out = {
            "kin": float(entity and kind == want),
            "alien": float(entity and kind not in ("any", want)),
            "noun": float(fits),
            "other_noun": float(told and bool(noun) and not fits and noun_fit(head, noun) <= 0.8),
            "known": float(page is not None),
            "known_says": 0.0,
            "known_names": 0.0,
            "known_when": 0.0,
            "known_year": 0.0,
            "known_no_year": 0.0,
            "known_asks": 0.0,
            "known_described": 0.0,
            "known_led": 0.0,
        }
        if key in self.state.pages:
            out["known_led"] = sum(self._asking.led[key]) / 2
            out["known_asks"] = self._asking.best_said.get(key, 0.0)
        if page is None:
            return out
        present = state.terms_of(key)
        own = set(terms(one.text))
        weights = {term: weight for term, weight in question.weights.items() if term not in own}
        text = self.gathering.texts.get(key) or state.known[key].folded
        named = self.gathering.named
        there = any(year in present for year in self._years)
        out["known_says"] = sum(weight for term, weight in weights.items() if term in present) / question.total
        out["known_names"] = sum(f" {name} " in text for name in named) / max(1, len(named))
        out["known_described"] = self._asking.described(present)
        out["known_when"] = self._falls(key)
        out["known_year"] = float(bool(self._years) and there)
        out["known_no_year"] = float(bool(self._years) and not there)
        return out

    def _form(self, one: Candidate) -> dict[str, float]:
        """Describe the text itself against what is asked for."""
        want, head, text = self.question.kind, self.question.head, one.text
        reading = one.value.chain[-1] if one.value.chain else one.readings[0]
        num_words = len(text.split())
        digits = any(char.isdigit() for char in text)
        valued = any(r.kind in VALUES and not r.is_title for r in one.readings)
        number = want == "number"
        counted = number and len(head) > 2 and any(counts(r.page.text, r.end, head) for r in one.readings)
        valued |= DATE.fullmatch(text) is not None
        measure = measured(reading.page.text, reading.start, reading.end) if number and self._measure else ""
        return {
            "words": math.log1p(num_words),
            "digits": float(digits and want not in VALUES),
            "valued": float(valued and want not in VALUES and want != "any"),
            "unvalued": float(not valued and want in VALUES),
            "person_form": float(want == "person" and num_words > 1 and looks_like_person(text)),
            "single": float(want == "person" and num_words == 1),
            "demonym": float(reading.kind == "nationality" and want != "nationality"),
            "country": float(text in COUNTRIES and head not in ("country", "nation") and want != "nationality"),
            "no_country": float(head in ("country", "nation") and text not in COUNTRIES),
            "comma": float("," in text and not digits),
            "common": float(text[:1].islower() and want in ("any", "name")),
            "several": float(head.endswith(("s", "men")) and not number and (" and " in text or " & " in text)),
            "joined": float(" and " in text or " & " in text),
            "lower": float(text[:1].islower() and want not in ("description", "number", "any")),
            "year_for_date": float(want == "date" and reading.kind == "year"),
            "day_for_date": float(want == "date" and reading.kind == "date"),
            "date_for_year": float(want == "year" and reading.kind == "date"),
            "percent": float(number and "%" in text and not head.startswith("percent")),
            "unit": float(bool(measure) and measure == self._measure),
            "other_unit": float(bool(measure) and measure != self._measure),
            "counted": float(counted),
            "small": float(number and re.fullmatch(r"\d{1,2}|[a-z]+", text.casefold()) is not None),
            "grouped": float(number and re.match(r"\d{1,3},\d{3}", text) is not None),
        }


def weigh(signs: Mapping[str, float], valued: bool) -> float:
    """Sum signs, weighed for names or, where `valued`, for dates and numbers."""
    return sum(WEIGHTS[name][valued] * value for name, value in signs.items() if value and name in WEIGHTS)


__all__ = ["Judge", "Judged", "weigh"]
