"""Steps made plain: those that add nothing of their own are merged, those that are two in one are parted."""

from __future__ import annotations

from dataclasses import replace

from tamsa.agent.baseline.kinship import unfold
from tamsa.agent.baseline.lexicon import concept, is_concept, stem
from tamsa.agent.baseline.nouns import ROLES
from tamsa.agent.baseline.steps import Step

_UNITS = frozenset("kilometr metr mile feet squar square km hectar acre".split())
_DROPPED_HEADS = _UNITS | frozenset(
    concept(word) for word in "year date time place name person type kind one thing body saw see".split()
)
_EVENTIVE = frozenset(
    """birth death marriage burial foundation founding establishment inception release publication premiere opening
    closure construction completion discovery invention creation ascent signature signing residence origin
    employment service arrival departure source mouth field site
    scene first list headquarters""".split()
)
"""Nouns for what happens to a thing: "the date of birth of X" is one relation, not two."""
_EVENT_ENDINGS = ("tion", "sion", "ment", "ance", "ence", "ship")
_PARTS = frozenset(
    "screenplay script score music lyrics soundtrack libretto text words story choreography summit top "
    "part role lead".split()
)
"""Parts of a thing that its own page tells of: "wrote the screenplay of X", "reached the summit of X"."""


def simplify(step: Step) -> Step:
    """Merge steps that add nothing of their own ("the date of birth of X"), and part those that are two in one."""
    if step.of is None:
        return step
    step = unfold(step)
    assert step.of is not None
    inner = simplify(step.of)
    own = _own_cues(step)
    if inner.of is not None:
        if not step.names and not own and step.kind != "number":
            if step.kind == "name":
                return inner  # "the name of the city where": the city
            return replace(inner, kind=step.kind if step.kind != "any" else inner.kind, head=step.head or inner.head)
        bare = set(own) == {concept(step.head)} and not is_concept(concept(step.head)) and step.kind != "number"
        if bare and not step.names and stem(step.head) == stem(inner.head):
            return replace(inner, kind=step.kind, head=step.head)
        if _is_part(inner, step, own) and not inner.name:
            same = inner.of is not None and inner.of.of is not None and stem(inner.of.head) == stem(step.head)
            if "list" in inner.cues and step.head and same:  # "the longest river in the list of rivers of X"
                return replace(step, cues=own, of=inner.of.of, names=step.names + inner.names)
            return replace(
                step, cues=tuple(dict.fromkeys(own + inner.cues)), of=inner.of, names=step.names + inner.names
            )
    return replace(step, cues=own, of=inner)


def _is_part(inner: Step, outer: Step, own: tuple[str, ...]) -> bool:
    """Tell whether an inner step names no thing of its own but an event or a part of its subject."""
    head = inner.head
    if inner.kind in ("date", "year", "number", "nationality") or head in _EVENTIVE:
        return True
    if head in _PARTS and outer.kind in ("person", "any"):
        return True
    if inner.kind == "description":
        return outer.kind == "description"
    if inner.kind != "any" or (inner.told and head) or head.removesuffix("s") in ROLES:
        return False
    if "first" in inner.cues and head and outer.kind in ("person", "any"):
        return True  # "the author of the first grammar of X": the page on X tells of its first one
    # "the region of the setting of X" are two relations, "took the points of X" is one
    possessive = set(own) <= {concept(outer.head), "locate"}
    return not head or not possessive or (len(head) > 6 and head.endswith(_EVENT_ENDINGS))


def _own_cues(step: Step) -> tuple[str, ...]:
    """The cues without the noun that only says what kind of thing the value is."""
    head = concept(step.head) if step.head else ""
    kept = tuple(cue for cue in step.cues if cue not in _DROPPED_HEADS)
    others = tuple(cue for cue in kept if cue != head)
    return others if others and not is_concept(head) else kept
