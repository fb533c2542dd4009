"""Sentences before the question proper: they name what "that person" in it refers to."""

from __future__ import annotations

import re
from dataclasses import replace

from tamsa.agent.baseline.grammar import Parser
from tamsa.agent.baseline.lexicon import relation_terms
from tamsa.agent.baseline.names import Name
from tamsa.agent.baseline.question import Question, last_sentence
from tamsa.agent.baseline.steps import Step, names_of
from tamsa.agent.baseline.verbs import DETERMINERS, PREPOSITIONS

_SENTENCE = re.compile(r"(?<=[\w⟧)”\"])[.;]\s+(?=[A-Z])")
_PREAMBLE = re.compile(
    r"^(?:i am (?:interested in|thinking of|looking for)|i(?:'m| am) interested in|think of|consider|take|regarding|"
    r"about|given|let us take|start (?:with|from)|suppose|this is about|look at|"
    r"let us (?:look at|talk about))\s+", re.IGNORECASE,
)  # fmt: skip


def preamble(question: Question) -> tuple[str, Step | None]:
    """Take in sentences before the question: they name what "that person" then refers to."""
    text = question.text
    rest = last_sentence(text, question.names)
    if len(rest) == len(text):
        return text, None
    before = text[: len(text) - len(rest)].rstrip(" .;")
    cuts = [m for m in _SENTENCE.finditer(before) if not any(n.start <= m.start() < n.end for n in question.names)]
    start = cuts[-1].end() if cuts else 0
    lead = _PREAMBLE.match(before[start:])
    at = start + (lead.end() if lead else 0)
    names = tuple(
        Name(n.text, n.start - at, n.end - at, n.quoted)
        for n in question.names
        if n.start >= at and n.end <= len(before)
    )
    parser = Parser(before[at:], names)
    if parser.low() in PREPOSITIONS:
        parser.opening()
    referent = parser.noun_phrase()
    if parser.low() in ("has", "had") and parser.low(1) in DETERMINERS:  # "X's region has a northern neighbour"
        parser.take()
        owned = parser.noun_phrase()
        if not names_of(owned):
            kind = referent.kind if owned.kind == "any" else owned.kind
            referent = replace(owned, kind=kind, cues=relation_terms(owned.phrase), of=referent)
    return rest, referent


__all__ = ["preamble"]
