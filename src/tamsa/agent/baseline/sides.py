"""The sides of a comparison: what is compared, through which role, and the page that tells of each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.agent.baseline.lexicon import concept, terms
from tamsa.agent.baseline.nouns import Kind, kind_of_noun, noun_fit
from tamsa.agent.baseline.pairs import Operand
from tamsa.agent.baseline.passages import Page
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.resolver import Resolver
from tamsa.agent.baseline.state import State
from tamsa.agent.baseline.steps import Step

_MAKERS = {
    "direct": "director", "perform": "performer", "compose": "composer", "write": "author", "produce": "producer",
    "found": "founder", "star": "star", "invent": "creator", "own": "owner", "design": "designer", "paint": "painter",
}  # fmt: skip
_MADE_BY = re.compile(
    r"\b([a-z-]{3,15})\s+by\s+(?:(?:the|a|an|one)\s+)?(?:[a-z]{2,15}\s+){0,2}?([a-z]{3,20})\b", re.IGNORECASE
)
_COMPARED_NOUN = re.compile(
    r"(?P<verb>\b(?:is|was|are|were|whose|who|which|what|of|two|these)\s+)?"
    r"(?:\b(?:the|a|an)\s+)?\b(?:old|young|new|high|low|larg|long|short|big|tall|small|earli|late)(?:er|est)\s+([a-z]+)\b",
    re.IGNORECASE,
)
GENERIC = frozenset("same both either nation country place city state located locate type kind and or do from".split())
"""Concepts that only say how things are compared."""


@dataclass(frozen=True)
class Side:
    """One of the things compared: what it is called and the page that tells of it."""

    label: str
    page: Page | None
    chain: tuple[Reading, ...] = ()
    likely: bool = True
    """Whether the page tells of the kind of thing that the question calls it."""


@dataclass(frozen=True)
class Role:
    """What stands between the sides and the measure: the director of each film, the museum of each painting."""

    noun: str
    kind: Kind
    cues: tuple[str, ...]


def find_sides(state: State, question: Question, resolver: Resolver) -> tuple[list[Side], Role | None]:
    """Find what a question compares, and wish for the pages that tell of it."""
    operands = _operands(state, question)
    steps = [_step(operand, question) for operand in operands]
    role = _role(state, question, resolver, steps)
    return [_side(state, resolver, step, role) for step in steps], role


def _operands(state: State, question: Question) -> list[Operand]:
    if question.pair is not None:
        return [question.pair.left, question.pair.right]
    known = [name for name in question.names if state.by_title(name.text)]
    named = known or list(question.names)
    both = re.search(r"\b(?:both|same)\b", question.text) and len(question.names) > 1
    if both and question.form != "choice":
        return [Operand(name) for name in (known if len(known) > 1 else question.names)[:2]]
    return [Operand(name) for name in named[:1]] if question.form in ("choice", "polar") else []


def _step(operand: Operand, question: Question) -> Step:
    label = operand.name.text
    noun = operand.noun
    if not noun and question.form == "choice" and kind_of_noun(question.head) in ("work", "org", "place", "person"):
        noun = question.head
    year = f" ({operand.year})" if operand.year and not label.endswith(")") else ""
    return Step(label, name=label + year, head=noun)


def _role(state: State, question: Question, resolver: Resolver, steps: list[Step]) -> Role | None:
    """Find the role through which the sides are compared: "whose director was born first", "the older museum"."""
    outside = question.outside
    match = _COMPARED_NOUN.search(outside)
    if match and not match["verb"]:
        kind = kind_of_noun(match[2])
        if kind in ("person", "place", "org", "work", "event") and match[2] != question.head:
            verbs = tuple(
                t for t in terms(outside[: match.start()]) if t not in GENERIC and t != concept(question.head or "-")
            )
            if not _is_same_class(state, resolver, steps, match[2], kind):
                return Role(match[2], kind, (*verbs, concept(match[2])))
    nouns = [w for w in re.findall(r"[a-z-]+", outside) if kind_of_noun(w) == "person" and concept(w) in _MAKERS]
    noun = nouns[0].rstrip("s") if nouns else ""
    if not noun:
        noun = next(
            (
                _MAKERS[concept(made[1])]
                for made in _MADE_BY.finditer(outside)
                if concept(made[1]) in _MAKERS and kind_of_noun(made[2]) == "person"
            ),
            "",
        )
    if not noun or _is_same_class(state, resolver, steps, noun, "person"):
        return None
    return Role(noun, "person", (concept(noun),))


def _is_same_class(state: State, resolver: Resolver, steps: list[Step], noun: str, kind: Kind) -> bool:
    """Tell whether what is compared is itself of the class that a role would lead to."""
    return bool(steps) and all(_is_of_class(state, resolver, step, noun, kind) for step in steps)


def _is_of_class(state: State, resolver: Resolver, step: Step, noun: str, kind: Kind) -> bool:
    key = next((value.id for value in resolver.values(step)[:1] if value.id), "")
    own, own_noun = state.kind_of(key) if key else ("any", "")
    return own == kind and (kind == "person" or not own_noun or noun_fit(noun, own_noun) >= 0.95)


def _side(state: State, resolver: Resolver, step: Step, role: Role | None) -> Side:
    label = step.phrase
    key = next((value.id for value in resolver.values(step)[:1]), "")
    called = kind_of_noun(step.head)
    likely = called is None or not key or state.kind_of(key)[0] in (called, "any")
    if role is not None and not _is_of_class(state, resolver, step, role.noun, role.kind):
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
    return Side(label, pages[0] if pages else None, best.chain, likely)


__all__ = ["GENERIC", "Role", "Side", "find_sides"]
