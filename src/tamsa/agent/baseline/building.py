"""Steps put together from what a parser has read: a relation, a description, a further condition."""

from __future__ import annotations

from dataclasses import replace

from tamsa.agent.baseline.lexicon import relation_terms
from tamsa.agent.baseline.nouns import Kind, kind_of_noun
from tamsa.agent.baseline.steps import Clause, Step, last_noun, names_of
from tamsa.agent.baseline.tokens import Tokens

_CALLING = frozenset(
    "billed described regarded considered recognised recognized listed identified known called".split()
)
"""Verbs that say no more than "is": "the wrestler billed as the brother of X"."""
_THINGS: frozenset[Kind | None] = frozenset(("person", "place", "org", "work", "event", "award"))
"""Kinds of what a document may be about."""


def _describes(argument: Step) -> bool:
    """Tell whether an argument only describes: it holds no name and is no thing that a page could be found for."""
    if names_of(argument):
        return False
    return argument.kind not in _THINGS or (argument.of is None and len(relation_terms(argument.phrase)) <= 1)


class Builder(Tokens):
    """Makes steps of the tokens just read."""

    def _described(self, start: int, words: list[str]) -> Step:
        head = last_noun(words)
        return Step(self.text(start, self.position), kind_of_noun(head) or "any", head)

    def _relation(self, start: int, words: list[str], of: Step, nouns: list[str]) -> Step:
        head = last_noun(nouns)
        return Step(
            self.text(start, self.position), kind_of_noun(head) or "any", head, relation_terms(" ".join(words)), of=of
        )

    def _attach(self, start: int, words: list[str], base: Step, argument: Step) -> Step:
        """Attach "of X", "in X" to what stands before it."""
        if base.name or base.of is not None:
            return self._constrained(base, Clause((), argument))
        if _describes(argument) and kind_of_noun(base.head) in _THINGS:
            return replace(base, phrase=self.text(start, self.position))
        head = base.head
        return Step(self.text(start, self.position), base.kind, head, relation_terms(" ".join(words)), of=argument)

    def _apply(self, start: int, words: list[str], base: Step, clause: Clause) -> Step:
        """Make the base the value of a clause about the clause's argument."""
        if clause.argument is None:
            return self._constrained(base, clause)
        if base.name or (base.of is not None and base.of.leaf.name):
            return self._constrained(base, clause)
        saying = " ".join(word for word in clause.words if word.casefold() not in _CALLING)
        if not relation_terms(saying) and (clause.argument.name or clause.argument.of is not None):
            # "the campaign also known as X", "the city that is the capital of X": the argument itself is meant
            same = clause.argument
            return replace(same, kind=base.kind if base.kind != "any" else same.kind, head=base.head or same.head)
        if _describes(clause.argument) and base.of is None and kind_of_noun(base.head) in _THINGS:
            names = tuple(dict.fromkeys((*base.names, *clause.names)))
            return replace(base, phrase=self.text(start, self.position), names=names)
        cues = relation_terms(" ".join([*words, *clause.words]))
        names = clause.names
        of = clause.argument
        if base.of is not None:  # "the singer of a band that X joined": the clause binds the open argument
            return replace(base, of=replace(base.of, cues=cues, of=of) if base.of.of is None else base.of)
        return Step(self.text(start, self.position), base.kind, base.head, cues, of=of, names=names)

    def _constrained(self, base: Step, clause: Clause) -> Step:
        """Keep a further condition as names and cues that should stand near the evidence."""
        names = [*base.names, *clause.names]
        if clause.argument is not None:
            names += names_of(clause.argument)
        extra = relation_terms(" ".join(clause.words)) if base.of is not None and not base.name else ()
        return replace(base, names=tuple(dict.fromkeys(names)), cues=tuple(dict.fromkeys(base.cues + extra)))
