"""A recursive-descent parser of English noun phrases and clauses, as questions nest them.

"the river on which the town where the person whom X married was born stands" is read from the inside
out as four relations on X. The grammar knows shapes, not particular relations.
"""

from __future__ import annotations

from dataclasses import replace

from tamsa.agent.baseline.groups import Groups
from tamsa.agent.baseline.nouns import COUNTRIES, kind_of_noun
from tamsa.agent.baseline.steps import Clause, Step, last_noun, names_of
from tamsa.agent.baseline.verbs import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    PREPOSITIONS,
    RELATIVES,
    is_base_verb,
    is_verb,
    maybe_noun,
)

_OF_VERBS = frozenset("from to with for as against into onto".split())
"""Prepositions that belong to a verb before a name rather than to the name."""
MAX_DEPTH = 10


class Parser(Groups):
    """Parses one question into steps."""

    # ---------------------------------------------------------------- noun phrases

    def noun_phrase(self, depth: int = 0) -> Step:
        """Parse a noun phrase with all that modifies it."""
        start = self.position
        words: list[str] = []
        base: Step | None = None
        if self.low() in ("that", "this", "it", "he", "she", "they") and self.referent is not None:
            token = self.take().casefold()
            if token in ("that", "this") and (kind_of_noun(self.low()) or self.low() == "one"):
                self.take()
            base = self.referent
        while base is None and not self.at_end():
            low = self.low()
            if self.is_slot():
                base = self._name(words, start)
                break
            if low == "one" and self.low(-1) == "the" and not words and self.last_head:
                self.take()
                words = [self.last_head]
                break
            if low == "or" and words and kind_of_noun(words[-1]) == kind_of_noun(self.low(1)) is not None:
                self.take()  # "the town or city in which"
                words.pop()
                continue
            if low == "that" and not words and self.low(-1) in DETERMINERS:
                break
            if (low in DETERMINERS and not words) or low in ("the", "a", "an"):
                if words and low in ("the", "a", "an"):
                    break
                if low in ("his", "her", "its", "their") and self.referent is not None and not words:
                    self.take()
                    head = self._words_until_break()
                    base = self._relation(start, head, self.referent, head)
                    break
                self.take()
                continue
            if low == "," and words and kind_of_noun(words[-1]) is None and not self.is_slot(1):
                self.take()
                continue
            if low == "and" and words and kind_of_noun(words[-1]) == "person" == kind_of_noun(self.low(1)):
                self.take()  # "the writer and director of X"
                continue
            if (
                low in PREPOSITIONS
                or low in RELATIVES
                or low in (",", "and", "or", ";", ":", "(", ")")
                or self.is_possessive()
            ):
                break
            if low in ("most", "best") and is_verb(self.low(1)) and kind_of_noun((words or [""])[-1]) is None:
                words += [self.take(), self.take()]  # "the third most read daily"
                continue
            if (
                words
                and self.verb_here(after_noun=bool(words))
                and not (maybe_noun(low) and not kind_of_noun(words[-1]) and low not in AUXILIARIES)
            ):
                break
            if not words and low in AUXILIARIES:
                break
            words.append(self.take())
        if base is None:
            base = self._described(start, words)
        return self._modified(start, words, base, depth)

    def _name(self, words: list[str], start: int) -> Step:
        """Parse a name with the class words before it and a compound noun after it."""
        if words and (kind_of_noun(last_noun(words)) or self.low(-2) == "the") and self._stranded_ahead():
            # "the group ⟦X⟧ belonged to": a clause on X, which is not the group itself
            subject = Step(self.slot(self.peek()), name=self.slot(self.take()))
            clause = Clause(tuple(self._verb_group()), subject)
            while not self.at_end() and not self.verb_here() and self._relative_ahead() < 0:
                if self.is_slot():
                    clause = replace(clause, names=(*clause.names, self.slot(self.take())))
                    continue
                clause = replace(clause, words=(*clause.words, self.take()))
                if clause.words[-1].casefold() in PREPOSITIONS and self._ends_clause(0):
                    break
            return self._apply(start, words, self._described(start, words), clause)
        the = self.low(-1) == "the"
        name = self.slot(self.take())
        if the and not words and self._unknown_noun_here():  # "the ⟦X⟧ coaster at ⟦Y⟧ stands"
            words = [self.take()]
        head = last_noun(words)
        step = Step(self.text(start, self.position), kind_of_noun(head) or "any", head, name=name)
        described = (
            self.low().isalpha()
            and self.low() not in DETERMINERS
            and self._noun_phrase_ahead(0)
            and not is_base_verb(self.low())
            and kind_of_noun(self.low(1)) is not None
            and not self.verb_here(1)
        )  # "the ⟦X⟧ protest song"
        taken_for_verb = self.verb_here() and (
            not is_base_verb(self.low())
            or not self.due
            or self.verbs_left(1) < self.due
            or (self.bare_verbs and not self.bare_verb_ahead(1))
        )  # "did the ⟦X⟧ show take place" has a verb besides
        if not self.at_end() and not self.is_slot() and (kind_of_noun(self.low()) or described) and not taken_for_verb:
            # "the ⟦X⟧ performer", "⟦X⟧ riding": the noun that follows is what is meant
            nouns = self._words_until_break()
            if nouns and self.is_slot() and not self._stranded_ahead():  # "the ⟦Ohio⟧ politician ⟦X⟧"
                return replace(self._name(nouns, start), names=(name,))
            if nouns:
                return self._relation(start, nouns, Step(name, name=name), nouns)
        if self.low() == "," and self.is_slot(1) and self.low(2) not in ("and", "or", ","):
            self.take()  # "Bourne, Massachusetts" where no such title is known
            second = self.slot(self.take())
            if self.low() == ",":
                self.take()
            return replace(step, names=(second,))
        return step

    def _modified(self, start: int, words: list[str], base: Step, depth: int) -> Step:
        """Parse what follows the head of a noun phrase."""
        while not self.at_end() and depth < MAX_DEPTH:
            low = self.low()
            if self.is_possessive() and is_verb(self.low(1)) and self.low(2) in ("the", "a", "an"):
                self.take()  # "⟦St John⟧'s hosts the": the name ends so
            elif self.is_possessive():
                self.take()
                nouns = self._words_until_break()
                if self.is_slot() and not self._ends_after_slot():
                    # "X's album ⟦Y⟧": the name itself is meant, its owner helps to find it
                    named = self._name(nouns, start)
                    base = replace(named, names=(*named.names, base.name)) if base.name else named
                    words = []
                    continue
                if self.is_slot():
                    named = self._name(nouns, start)
                    base = replace(named, names=(*named.names, base.name)) if base.name else named
                    words = []
                    continue
                if not nouns:
                    break
                base = self._relation(start, nouns, base, nouns)
                words = nouns
            elif depth and base.name and base.of is None and self._list_ahead():  # "with ⟦X⟧ and ⟦Y⟧"
                self.take()
                base = replace(base, names=(*base.names, self.slot(self.take())))
            elif low == "," and (skipped := self._relative_ahead(1)) >= 0 and self.low(1) not in ("that", "when"):
                self.position += 1 + skipped
                base = self._relative(start, words, base, depth)
            elif self._anaphor_ahead(0):
                break
            elif (skipped := self._relative_ahead()) >= 0:
                self.position += skipped
                base = self._relative(start, words, base, depth)
            elif low == "," and (adverbial := self.adverbial()):  # "the winger ⟦X⟧, once of ⟦Y⟧, was born"
                names = tuple(self.slot(token) for token in adverbial if token.startswith("⟦"))
                base = replace(base, names=(*base.names, *names))
            elif direction := self._direction_ahead():
                where = self.low(direction - 2)
                self.position += direction
                base = self._apply(start, words, base, Clause((where,), self.noun_phrase(depth + 1)))
            elif low == "of" and self.low(1) == "higher":  # "a school of higher learning": a set phrase
                self.position += 3
            elif low == "of":
                self.take()
                base = self.attach(start, words, base, self.noun_phrase(depth + 1))
            elif low in ("named", "called", "titled", "entitled", "nicknamed") and self.is_slot(1) and not base.name:
                self.take()
                base = replace(base, name=self.slot(self.take())) if base.of is None else base
            elif self._participle_here():
                base = self._participle(start, words, base, depth)
            elif low == "to" and is_base_verb(self.low(1)) and not base.name:  # "the first to reach the top of X"
                self.take()
                bare, self.bare_verbs = self.bare_verbs, True
                clause = self.predicate(depth + 1)
                self.bare_verbs = bare
                base = self._apply(start, words, base, clause)
            elif low in _OF_VERBS and base.name and not base.head:
                break  # "divides ⟦X⟧ from the state": not said of the name
            elif low in PREPOSITIONS and self._noun_phrase_ahead(1):
                self.take()
                argument = self.noun_phrase(depth + 1)
                if low == "between" and self.low() == "and":  # "the strait between ⟦X⟧ and the country that …"
                    self.take()
                    other = self.noun_phrase(depth + 1)
                    argument, other = (other, argument) if other.depth > argument.depth else (argument, other)
                    argument = replace(argument, names=(*argument.names, *names_of(other)))
                base = self.attach(start, words, base, argument)
            elif low == "and" and (self.is_slot(1) or self.low(1) in DETERMINERS or self.verb_here(1)):
                if self.is_slot(1) or not self.verb_here(1) or base.name or depth:
                    break
                self.take()
                base = self._constrained(base, self.predicate(depth + 1))
            elif (low in ("the", "a", "an") or self.is_slot()) and (
                (words and base.of is None and not base.name) or self.is_compound(base)
            ):
                mark = self.position  # "the state the composer comes from"
                subject = self._subject(depth + 1)
                if self.at_end() or not self.verb_here() or not names_of(subject):
                    self.position = mark
                    break
                verbs = self._verb_group()
                while self.low() in PREPOSITIONS and not self._noun_phrase_ahead(1):
                    verbs.append(self.take())
                base = self._apply(start, words, base, Clause(tuple(verbs), subject))
            else:
                break
        return base

    def _participle(self, start: int, words: list[str], base: Step, depth: int) -> Step:
        verbs = []
        while self.low() in ADVERBS:
            verbs.append(self.take())
        verbs.append(self.take())
        while self.low() in PREPOSITIONS and self.low(1) not in ("which", "whom", "whose"):
            verbs.append(self.take())
        if self.at_end() or not self._noun_phrase_ahead(0):
            return self._constrained(base, Clause(tuple(verbs), None))
        argument = self.noun_phrase(depth + 1)
        return self._apply(start, words, base, Clause(tuple(verbs), argument))

    # ---------------------------------------------------------------- clauses

    def _relative(self, start: int, words: list[str], base: Step, depth: int) -> Step:
        preposition = self.low(-1) if self.low(-1) in PREPOSITIONS else ""
        pronoun = self.take().casefold()
        owned = self._words_until_break() if pronoun == "whose" else []
        plural = bool(owned) and is_base_verb(owned[-1])  # "whose court maids appear in"
        adverbial = [] if plural else self.adverbial()
        if (self.verb_here() or plural) and pronoun in ("who", "that", "which", "when", "whose"):
            clause = self.predicate(depth + 1)
        else:
            clause = self._object_clause(pronoun, preposition, depth)
        said = [token for token in adverbial if not token.startswith("⟦")]
        named = [self.slot(token) for token in adverbial if token.startswith("⟦")]
        clause = replace(clause, words=(*owned, *said, *clause.words), names=(*clause.names, *named))
        base = self._apply(start, words, base, clause)
        while self.low() in ("and", "but") and self.verb_here(1):
            self.take()
            base = self._constrained(base, self.predicate(depth + 1))
        return base

    def _object_clause(self, pronoun: str, preposition: str, depth: int) -> Clause:
        """Parse a relative clause whose pronoun is not its subject: "in which ⟦X⟧ played ⟦Y⟧"."""
        in_place = pronoun in ("where", "when") or bool(preposition)
        start = self.position
        before, self.clause_may_follow = self.clause_may_follow, "any" if in_place else "none"
        self.due += 1
        subject = self.noun_phrase(depth + 1)
        self.due -= 1
        self.clause_may_follow = before
        verbs = self._verb_group()
        if not verbs and names_of(subject) and self.low().isalpha() and self._noun_phrase_ahead(0):
            verbs = [self.take()]  # a verb that is not known, or a noun
            verbs = self._verb_group() or verbs
        if preposition in ("after", "for") and "named" in verbs:
            verbs.append("namesake")  # "the person after whom X is named"
        verbs += self._role_of_which(bare=preposition == "of")
        words, things = self._complement(depth) if verbs else ([], [])
        subject = self.extraposed(start, subject, depth)
        named = [thing for thing in (subject, *things) if names_of(thing)]
        about = next((thing for thing in named if thing.name not in COUNTRIES), None) or next(iter(named), subject)
        if about is not subject and not names_of(subject):
            words = [*subject.phrase.split(), *words]
        names = [name for thing in named if thing is not about for name in names_of(thing)]
        return Clause((*verbs, *words), about, tuple(dict.fromkeys(names)))

    def extraposed(self, start: int, subject: Step, depth: int = 0) -> Step:
        """Attach a clause that follows the verb to the subject it tells of: "the town lies where ⟦X⟧ was born"."""
        skipped = self._relative_ahead()
        if skipped < 0 or names_of(subject) or depth >= MAX_DEPTH:
            return subject
        self.position += skipped
        bare, self.bare_verbs = self.bare_verbs, False
        subject = self._relative(start, subject.phrase.split(), subject, depth + 1)
        self.bare_verbs = bare
        return subject

    def _complement(self, depth: int) -> tuple[list[str], list[Step]]:
        """Parse what follows the verb of a clause up to its end: words, and the things with a name."""
        words: list[str] = []
        things: list[Step] = []
        while not self.at_end() and self._relative_ahead() < 0:
            low = self.low()
            if low == "to" and is_base_verb(self.low(1)):
                words += [self.take(), self.take()]
            elif low in PREPOSITIONS:
                words.append(self.take())
            elif low in ("and", ",") and (self.is_slot(1) or (low == "and" and self.low(1) in DETERMINERS)) and things:
                self.take()
            elif is_base_verb(low) and self.is_slot(-1) and self.low(1) in (*PREPOSITIONS, ""):
                break  # "the people of the state that joined ⟦X⟧ live in …"
            elif (
                (self.verb_here() and not self.surely_noun(0)) or not self._noun_phrase_ahead(0) or low in ("and", "or")
            ):
                break
            else:
                mark = self.position
                thing = self.noun_phrase(depth + 1)
                if self.position == mark:
                    break
                if names_of(thing):
                    things.append(thing)
                else:
                    words += thing.phrase.split()
        return words, things

    def _subject(self, depth: int) -> Step:
        """Parse the subject of a clause whose object is the noun before it: "X" is then in apposition to its class."""
        before, self.clause_may_follow = self.clause_may_follow, "none"
        subject = self.noun_phrase(depth)
        self.clause_may_follow = before
        return subject

    def predicate(self, depth: int = 0) -> Clause:
        """Parse a verb group with its object or complement."""
        verbs = self._verb_group()
        if self._adjective_here(verbs):  # "is official in X", "is native to X"
            verbs.append(self.take())
        if direction := self._direction_ahead():  # "lies northeast of X"
            verbs.append(self.low(direction - 2))
            self.position += direction
        while self.low() in PREPOSITIONS and self.low(1) not in ("which", "whom", "whose"):
            verbs.append(self.take())
        if self.at_end() or not self._noun_phrase_ahead(0) or self.verb_here(after_noun=True):
            return Clause(tuple(verbs), None)
        argument = self.noun_phrase(depth + 1)
        words = list(verbs)
        names: list[str] = []
        while not self.at_end():  # "gave ⟦X⟧ the ⟦Y⟧": all but one argument are conditions
            low = self.low()
            if low in ("and", ","):
                if low == "and" and self.verb_here(1):
                    self.take()
                    more = self.predicate(depth + 1)
                    words += more.words
                    names += more.names
                    if more.argument is not None:
                        names += names_of(more.argument)
                        if argument.leaf.name == "" and more.argument.leaf.name:
                            argument = more.argument
                    continue
                break
            if (low in PREPOSITIONS and self._noun_phrase_ahead(1)) or low in DETERMINERS:
                words.append(self.take())
                other = self.noun_phrase(depth + 1)
                bare = argument.of is None and not argument.head
                if other.leaf.name and (not argument.leaf.name or (bare and other.of is not None)):
                    argument, other = other, argument  # "divides ⟦X⟧ from the state where …"
                names += names_of(other)
                if not other.leaf.name:
                    words += other.phrase.split()
                continue
            break
        own = set(names_of(argument))
        return Clause(tuple(words), argument, tuple(name for name in names if name not in own))
