"""The nodes of a plan: a name, a description, or a relation to another node."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from tamsa.agent.baseline.lexicon import STOP_WORDS
from tamsa.agent.baseline.nouns import Kind, kind_of_noun
from tamsa.agent.baseline.verbs import PREPOSITIONS


@dataclass(frozen=True)
class Step:
    """One node of a plan.

    A leaf is a name (`name` set) or a description (`phrase` alone). An inner node is a relation: its
    value stands in the relation `cues` to the value of `of`.
    """

    phrase: str
    kind: Kind = "any"
    """Kind of the value."""
    head: str = ""
    """Noun that the value is an instance of."""
    cues: tuple[str, ...] = ()
    """Concepts of the words that state the relation."""
    name: str = ""
    of: Step | None = None
    names: tuple[str, ...] = ()
    """Other names in the phrase: they should stand near the evidence."""
    told: bool = False
    """Whether a clause tells of it ("the act that X joined"): then it is a thing of its own, whatever its kind."""
    whole: Step | None = None
    """The same relation in one step, where this one and `of` were made of it: a grandfather, the father of a parent."""

    @property
    def depth(self) -> int:
        """Number of relations from here to the leaf."""
        return 0 if self.of is None else 1 + self.of.depth

    @property
    def leaf(self) -> Step:
        """The innermost step."""
        return self if self.of is None else self.of.leaf


@dataclass(frozen=True)
class Clause:
    """What a relative clause or predicate says: its cue words and its argument."""

    words: tuple[str, ...]
    argument: Step | None
    names: tuple[str, ...] = ()
    """Names in further conditions ("and was produced by X")."""


def names_of(step: Step) -> tuple[str, ...]:
    """Return every name in a step."""
    own = (step.name,) if step.name else ()
    return own + step.names + (names_of(step.of) if step.of is not None else ())


def last_noun(words: list[str]) -> str:
    """Return the head of a noun phrase: its last known noun, else its last word."""
    for word in reversed(words):
        if kind_of_noun(word):
            return word.casefold()
    tail = [word for word in words if word and word.casefold() not in STOP_WORDS and word.isalpha()]
    return tail[-1].casefold() if tail else ""


def until_preposition(words: list[str]) -> list[str]:
    """Return what stands before the first preposition: the noun phrase without what modifies it."""
    return list(takewhile(lambda word: word.casefold() not in PREPOSITIONS, words))
