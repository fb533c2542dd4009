"""Groups of words inside a clause: verbs, roles, participles, and what the words ahead open."""

from __future__ import annotations

from typing import Literal

from tamsa.agent.baseline.building import Builder
from tamsa.agent.baseline.lexicon import MONTHS
from tamsa.agent.baseline.nouns import kind_of_noun
from tamsa.agent.baseline.verbs import (
    ADVERBS,
    AUXILIARIES,
    BE,
    DETERMINERS,
    PREPOSITIONS,
    RELATIVES,
    is_base_verb,
    is_verb,
    maybe_noun,
)

_MAIN = frozenset("did does do had has".split())
"""Auxiliaries that may be the verb itself: "the show that X did with Y"."""
_TIMING = frozenset("before after until since".split())
"""What opens a statement of time behind a clause: "the club that X was with before"."""
MAX_ADVERBIAL = 9
MAX_CLAUSE_WORDS = 9
_PARTS_OF = frozenset("one two three four five some several many most all both part each".split())
_DIRECTIONS = frozenset(
    "north south east west northeast northwest southeast southwest north-east north-west south-east south-west".split()
)


class Groups(Builder):
    """Takes groups of words, and looks ahead for what they open."""

    clause_may_follow: Literal["any", "finite", "none"] = "any"
    """Which verbs after "the group X" open a clause on the group; else X is its name, and the verb the question's."""

    def _words_until_break(self) -> list[str]:
        words: list[str] = []
        while not self.at_end():
            low = self.low()
            if self.is_slot() or low in PREPOSITIONS or low in RELATIVES or low in (",", "and", "or", ";", ":"):
                break
            if self.is_possessive() or (
                words and self.verb_here() and not (maybe_noun(low) and kind_of_noun(words[-1]) is None)
            ):
                break
            if low in AUXILIARIES or (words and low in DETERMINERS):
                break
            words.append(self.take())
        return words

    def _ends_clause(self, ahead: int) -> bool:
        low = self.low(ahead)
        return low in ("", "?", ".") or low in AUXILIARIES or self.is_possessive(ahead) or self.verb_here(ahead)

    def _ends_after_slot(self) -> bool:
        return self.position + 1 >= len(self.tokens) or self.peek(1) in "?.!"

    def _anaphor_ahead(self, ahead: int) -> bool:
        return (
            self.referent is not None
            and self.low(ahead) in ("that", "this")
            and kind_of_noun(self.low(ahead + 1)) is not None
        )

    def _noun_phrase_ahead(self, ahead: int) -> bool:
        low = self.low(ahead)
        if self._anaphor_ahead(ahead):
            return True
        return (
            bool(low)
            and low not in PREPOSITIONS
            and low not in RELATIVES
            and low not in ",?.!;"
            and low not in AUXILIARIES
        )

    def _participle_here(self) -> bool:
        low = self.low()
        if low in ADVERBS and self.low(1) not in AUXILIARIES:
            if self.low(3) in RELATIVES:
                return False  # "the actress best known for who …": what the question itself says
            return is_verb(self.low(1)) and (self.low(2) in PREPOSITIONS or self.low(1).endswith("ing"))
        if not is_verb(low) or low in AUXILIARIES:
            return False
        if low.endswith("ing"):
            return True
        following = self.low(1)
        if low in ("called", "named", "titled"):
            return False  # "the firm called ⟦X⟧" is taken as a name; else it is what the question asks
        if self.low(2) in ("", "?", "."):
            return False  # "the town … located in?": what the question itself says
        return (
            following in PREPOSITIONS
            and following not in ("than",)
            and self.low(2) not in RELATIVES
            and (following == "by" or (self._is_reduced(1) and self.verbs_left(1) >= self.due))
        )

    def _is_reduced(self, ahead: int) -> bool:
        """Tell a reduced relative ("held in X") from a main verb ("died in X"): a verb must follow, or the end."""
        if self.low() in ("died", "lived", "rose", "stood", "lay", "grew", "came", "went", "began", "became", "rises",
                          "stands", "lies", "flows", "took", "won", "wrote"):  # fmt: skip
            return False
        return not self.low().endswith("s")

    def _role_of_which(self, *, bare: bool = False) -> list[str]:
        """Take "a member of" where the preposition has its noun before the clause: "the team that X is a member of".

        With `bare` the preposition came first, and the role stands alone: "the town of which X is mayor".
        """
        if bare and kind_of_noun(self.low()) == "person":
            role = self._words_until_break()
            if self.low() == "of" and not self.is_slot(1) and self._ends_clause(2):  # "head of state"
                role += [self.take(), self.take()]
            return role
        if self.low() not in ("a", "an", "the", "one", "part"):
            return []
        for ahead in range(1, 5):
            low = self.low(ahead)
            if low in PREPOSITIONS and self._ends_clause(ahead + 1):
                return [self.take() for _ in range(ahead + 1)]
            if not low or low in PREPOSITIONS or self.is_slot(ahead) or low in RELATIVES:
                break
        return []

    def _list_ahead(self) -> bool:
        """Tell whether a further name of a list follows: "⟦X⟧, ⟦Y⟧ and ⟦Z⟧"."""
        if self.low() == "and":
            return self.is_slot(1)
        return self.low() == "," and self.is_slot(1) and self.low(2) in (",", "and")

    def _adjective_here(self, verbs: list[str]) -> bool:
        """Tell whether a complement with its preposition follows forms of "be": it says how, it is no thing."""
        low = self.low()
        return (
            all(verb.casefold() in BE for verb in verbs)
            and low.isalpha()
            and low not in DETERMINERS
            and kind_of_noun(low) is None
            and self.low(1) in ("in", "to", "for", "on", "at", "with")
            and self._noun_phrase_ahead(2)
        )

    def _relative_ahead(self, ahead: int = 0) -> int:
        """Return how many tokens stand before a relative pronoun that opens a clause here, or -1 where none does."""
        at = ahead + (self.low(ahead) in PREPOSITIONS)
        if self.low(at) in _PARTS_OF and self.low(at + 1) == "of":  # "two of whose films"
            at += 2
        elif at == ahead and self.low(at) in ("a", "an", "the") and self.low(at + 2) == "of":  # "a stage of which"
            at += 3
        low = self.low(at)
        return at - ahead if low in RELATIVES and (at == ahead or low in ("which", "whom", "whose")) else -1

    def adverbial(self) -> list[str]:
        """Take an adverbial that parts a pronoun, a name or an auxiliary from its verb: "in 2019", ", once of X,"."""
        aside = self.low() == ","
        at = start = 1 if aside else 0
        while self.low(at) in ADVERBS or self.low(at) in ("ahead", "second", "third"):
            at += 1
        if self.low(at) not in PREPOSITIONS:
            return []
        for end in range(at + 1, at + MAX_ADVERBIAL):
            low = self.low(end)
            if not low or low in RELATIVES or low in "?.!;" or (low in AUXILIARIES and not aside):
                return []
            if aside and low == ",":
                words = [self.take() for _ in range(end + 1)]
                return words[start:-1]
            plain = self.is_slot(end) or low[0].isdigit() or low in MONTHS or low in ("the", "of", "early", "late")
            if not aside and not plain:
                return []
            if not aside and (self.verb_here(end + 1) or self.low(end + 1) in AUXILIARIES):
                return [self.take() for _ in range(end + 1)]
        return []

    def opening(self) -> None:
        """Skip an adverbial that opens a sentence: "Apart from ⟦X⟧,", "In 1603"."""
        if self.low() not in PREPOSITIONS and self.low(1) not in PREPOSITIONS:
            return
        if self.is_slot(1) or self.low(1)[:1].isdigit():
            self.position += 2
            while self.low() in ("and", "or") and self.is_slot(1):
                self.position += 2
            self.position += self.low() == ","
            return
        for ahead in range(2, MAX_ADVERBIAL + 6):
            if self.low(ahead) in RELATIVES or self.low(ahead) in AUXILIARIES or not self.low(ahead):
                return
            if self.low(ahead) == "," and self.low(ahead + 1) not in RELATIVES and self.low(ahead - 1) != ",":
                self.position += ahead + 1
                return

    def _direction_ahead(self) -> int:
        """Return how many tokens "directly south of", "to the northeast of" are here, or 0."""
        at = 0
        if self.low() in ("to", "on", "in") and self.low(1) == "the":
            at = 2
        elif self.low() in ("directly", "immediately", "just", "due"):
            at = 1
        return at + 2 if self.low(at) in _DIRECTIONS and self.low(at + 1) == "of" else 0

    def _verb_group(self) -> list[str]:
        verbs: list[str] = []
        while not self.at_end():
            low = self.low()
            if verbs and low in PREPOSITIONS and all(verb.casefold() in AUXILIARIES for verb in verbs):
                adverbial = self.adverbial()  # "has since 2002 been"
                verbs += [token for token in adverbial if not token.startswith("⟦")]
                if adverbial:
                    continue
            if low in ("its", "his", "her", "their") and verbs and verbs[-1].casefold() in ("has", "have", "had"):
                self.take()
                verbs += self._words_until_break()
                break
            if not (low in AUXILIARIES or low in ADVERBS or is_verb(low) or (self.bare_verbs and is_base_verb(low))):
                break
            if self.is_slot():
                break
            if (
                verbs
                and low not in AUXILIARIES
                and low not in ADVERBS
                and any(is_verb(v) and v.casefold() not in AUXILIARIES for v in verbs)
            ):
                break
            if low in AUXILIARIES and any(is_verb(v) and v.casefold() not in AUXILIARIES for v in verbs):
                break
            verbs.append(self.take())
        return verbs

    def _unknown_noun_here(self) -> bool:
        """Tell whether a word that no list knows is a noun: the verb that is due comes later."""
        low = self.low()
        plain = low.isalpha() and low not in ADVERBS and self._noun_phrase_ahead(0) and kind_of_noun(low) is None
        if not plain or low in DETERMINERS or low in ("and", "or", "but") or self.verb_here() or is_base_verb(low):
            return False
        return (self._ends_clause(1) or self.low(1) in PREPOSITIONS) and self.verbs_left(1) >= max(1, self.due)

    def _stranded_ahead(self) -> bool:
        """Tell whether a verb and a preposition without its noun follow the name here."""
        first = self.low(1)
        if not self.verb_here(1) or self.clause_may_follow == "none":
            return False
        if first.endswith("ing"):
            return False
        main = first not in AUXILIARIES or (
            first in _MAIN and not is_verb(self.low(2)) and not is_base_verb(self.low(2))
        )
        gap = self._ends_clause(2) or (self.low(2) != "by" and self.surely_finite(1))
        if main and gap and self.verbs_left(1) > self.due:
            return True  # "the country ⟦X⟧ coached", "the team ⟦X⟧ joined in 2013"
        if self.clause_may_follow == "finite" and first not in AUXILIARIES and not first.endswith("s"):
            return False
        for ahead in range(2, MAX_CLAUSE_WORDS):
            low = self.low(ahead)
            if not low or low in RELATIVES or low == "," or self.is_slot(ahead):
                return False
            if low in PREPOSITIONS and (self._ends_clause(ahead + 1) or self.low(ahead + 1) in _TIMING):
                return True
        return False
