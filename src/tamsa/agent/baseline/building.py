"""Steps put together from what a parser has read: a relation, a description, a further condition."""

from __future__ import annotations

from dataclasses import replace

from tamsa.agent.baseline.lexicon import concept, is_concept, relation_terms
from tamsa.agent.baseline.nouns import Kind, kind_of_noun
from tamsa.agent.baseline.steps import Clause, Step, last_noun, names_of
from tamsa.agent.baseline.tokens import Tokens
from tamsa.agent.baseline.verbs import ADVERBS, BE

_CALLING = frozenset(
    "billed described regarded considered recognised recognized listed identified known called".split()
)
"""Verbs that say no more than "is": "the wrestler billed as the brother of X"."""
_IDENTITY = _CALLING | BE | ADVERBS | frozenset(("as",))
"""Words of a clause that says only what a thing is."""
_THINGS: frozenset[Kind | None] = frozenset(("person", "place", "org", "work", "event", "award"))
"""Kinds of what a document may be about."""

_STRANDED = {"in": "located", "at": "located", "on": "located", "near": "located", "from": "born"}
"""What a preposition without its noun says by itself: "the town that X is in"."""


def _describes(argument: Step) -> bool:
    """Tell whether an argument only describes: it holds no name and is no thing that a page could be found for."""
    if names_of(argument):
        return False
    return argument.kind not in _THINGS or (argument.of is None and len(relation_terms(argument.phrase)) <= 1)


class Builder(Tokens):
    """Makes steps of the tokens just read."""

    def _described(self, start: int, words: list[str]) -> Step:
        head = last_noun(words)
        if kind_of_noun(head):
            self.last_head = head
        return Step(self.text(start, self.position), kind_of_noun(head) or "any", head)

    def _relation(self, start: int, words: list[str], of: Step, nouns: list[str]) -> Step:
        head = last_noun(nouns)
        return Step(
            self.text(start, self.position), kind_of_noun(head) or "any", head, relation_terms(" ".join(words)), of=of
        )

    def attach(self, start: int, words: list[str], base: Step, argument: Step) -> Step:
        """Attach "of X", "in X" to what stands before it."""
        if base.name or base.of is not None:
            return self._constrained(base, Clause((), argument))
        if _describes(argument) and kind_of_noun(base.head) in _THINGS:
            return replace(base, phrase=self.text(start, self.position))
        head = base.head
        return Step(self.text(start, self.position), base.kind, head, relation_terms(" ".join(words)), of=argument)

    def _apply(self, start: int, words: list[str], base: Step, clause: Clause) -> Step:
        """Make the base the value of a clause about the clause's argument."""
        argument = clause.argument
        if argument is not None and base.of is not None and self.is_compound(base):
            # "the ⟦Oscar⟧ ceremony to which ⟦X⟧ was sent": the name in front only describes
            clause = replace(clause, names=(*base.names, base.of.name, *clause.names))
            base = replace(base, of=None, names=())
        if argument is None or base.name or (base.of is not None and base.of.leaf.name):
            return self._constrained(base, clause)
        said = " ".join(word for word in clause.words if word.casefold() not in _CALLING)
        stated = bool(relation_terms(said))
        if not stated and clause.words and clause.words[-1].casefold() in _STRANDED:
            stated, clause = True, replace(clause, words=(*clause.words, _STRANDED[clause.words[-1].casefold()]))
        stated = stated or not all(word.casefold() in _IDENTITY for word in clause.words)
        if not stated and not clause.names and (argument.name or argument.of is not None):
            # "the campaign also known as X", "the city that is the capital of X": the argument itself is meant
            kind = base.kind if base.kind != "any" else argument.kind
            return replace(argument, kind=kind, head=base.head or argument.head)
        if _describes(argument) and base.of is None and kind_of_noun(base.head) in _THINGS:
            names = tuple(dict.fromkeys((*base.names, *clause.names)))
            return replace(base, phrase=self.text(start, self.position), names=names)
        cues = relation_terms(" ".join([*words, *clause.words]))
        names = clause.names
        if base.of is not None:  # "the singer of a band that X joined": the clause binds the open argument
            return replace(base, of=replace(base.of, cues=cues, of=argument) if base.of.of is None else base.of)
        phrase = self.text(start, self.position)
        return Step(phrase, base.kind, base.head, cues, of=argument, names=names, told=bool(clause.words))

    @staticmethod
    def is_compound(step: Step) -> bool:
        """Tell whether a step is a noun with a name before it: "the ⟦X⟧ team"."""
        of = step.of
        return (
            of is not None
            and bool(of.name)
            and not of.head
            and step.cues == (concept(step.head),)
            and (not is_concept(concept(step.head)))
        )

    def _constrained(self, base: Step, clause: Clause) -> Step:
        """Keep a further condition as names and cues that should stand near the evidence."""
        names = [*base.names, *clause.names]
        if clause.argument is not None:
            names += names_of(clause.argument)
        extra = relation_terms(" ".join(clause.words)) if base.of is not None and not base.name else ()
        return replace(base, names=tuple(dict.fromkeys(names)), cues=tuple(dict.fromkeys(base.cues + extra)))
