"""Other sources of the same fact: which may state it otherwise, and which of them carries the value."""

from __future__ import annotations

import re
from dataclasses import replace

from tamsa.agent.baseline.conflicts import authority, is_source, settle
from tamsa.agent.baseline.lexicon import phrase_concepts, terms
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.wishes import Value, Wishes

_DISPUTED = re.compile(r"\b(?:sources?|statements?|weigh|disagree\w*|belie\w+|true|correct|actual\w*|real)\b")
NEAR_RANK = 5
"""Rank among the hits for the subject down to which a source that speaks of its own authority is read."""
MAX_SOURCES = 3
"""Further sources that are opened because they may state the same fact otherwise."""


class Rivals:
    """Looks out for disagreeing sources while a plan is carried out."""

    def __init__(self, state: State, question: Question) -> None:
        self.state = state
        self.question = question
        self.wishes = Wishes()
        self._outermost: Step | None = None
        self.readings: dict[Step, list[Reading]] = {}
        """All readings of a step on its best subject, for comparing sources."""
        self.rivals: set[str] = set()
        """Unopened documents that seem to state the value asked for as well."""

    def _weighed(self, step: Step, values: list[Value]) -> list[Value]:
        """Put the value first that the sources with authority carry, where sources disagree."""
        best: dict[str, Reading] = {}
        for reading in sorted(self.readings.get(step, ()), key=lambda reading: -reading.score):
            if reading.fit >= 0.7 and reading.score >= 0.25 and not reading.is_title:
                best.setdefault(reading.page.id, reading)
        if len(best) < 2 or not any(is_source(reading.page.title) for reading in best.values()):
            return values
        settled = settle(list(best.values()))
        if settled is None:
            return values
        key = fold_title(settled.winner.text)
        raised = [
            replace(value, score=max(value.score, values[0].score) * 1.1) if fold_title(value.text) == key else value
            for value in values
        ]
        return sorted(raised, key=lambda value: -value.score)

    def _find_rivals(self, step: Step, about: list[str], subject: Value) -> None:
        """Note unopened documents whose snippet states the relation of the very subject: they may disagree."""
        if step.of is None or step.of.of is not None:
            return
        cues = set(step.cues)
        disputed = bool(_DISPUTED.search(self.question.text))
        names = [f" {fold_title(name)} " for name in about if len(fold_title(name)) > 3]
        for key, known in self.state.known.items():
            if self.state.is_open(key) or not known.snippets or key == subject.id:
                continue
            if not any(name in known.folded for name in names):
                continue
            page = self.state.preview(key)
            for sentence in page.sentences:
                low = f" {fold_title(sentence.text)} "
                if not any(name in low for name in names):
                    continue
                spans = [
                    s for s in page.spans_in(sentence.start, sentence.end)
                    if (s.when is not None and step.kind in ("date", "year")) or s.kind == "number" == step.kind
                ]  # fmt: skip
                stated = bool(cues & (set(terms(sentence.text)) | {c for _, _, c in phrase_concepts(sentence.text)}))
                weighty = disputed or authority(page)[0] != 0.0
                if (spans and (stated or len(sentence.text.split()) <= 12)) or (
                    stated and weighty and step.kind in ("person", "place", "org", "any")
                ):
                    self.rivals.add(key)
        for page in self.state.opened if disputed else ():
            if is_source(page.title):
                self.wishes.query(page.title, 0.9)  # what corrects a source names it
        if (step is self._outermost or disputed) and self._doubtful(step, subject):
            sources = [
                (min(known.ranks.values(), default=99), key)
                for key, known in self.state.known.items()
                if known.snippets and not self.state.is_open(key) and is_source(known.title)
                and (any(name in known.folded for name in names) or min(known.ranks.values(), default=99) < NEAR_RANK)
            ]  # fmt: skip
            self.rivals |= {key for _, key in sorted(sources)[:MAX_SOURCES]}
        for key in self.rivals:
            self.wishes.page(key, 1.6)

    def _doubtful(self, step: Step, subject: Value) -> bool:
        """Tell whether the question itself says that sources disagree, or no page states the value."""
        if _DISPUTED.search(self.question.text):
            return True
        readings = self.readings.get(step, ())
        return bool(subject.id) and all(reading.score < 0.6 or reading.page.id != subject.id for reading in readings)
