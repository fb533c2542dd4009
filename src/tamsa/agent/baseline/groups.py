"""Groups of words inside a clause: verbs, roles, participles, and what the words ahead open."""

from __future__ import annotations

from tamsa.agent.baseline.building import Builder
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


class Groups(Builder):
    """Takes groups of words, and looks ahead for what they open."""

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
            if low in AUXILIARIES:
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
            return is_verb(self.low(1)) and (self.low(2) in PREPOSITIONS or self.low(1).endswith("ing"))
        if not is_verb(low) or low in AUXILIARIES:
            return False
        if low.endswith("ing"):
            return True
        following = self.low(1)
        if self.low(2) in ("", "?", "."):
            return False  # "the town … located in?": what the question itself says
        return (
            following in PREPOSITIONS
            and following not in ("than",)
            and self.low(2) not in ("which", "whom")
            and (following == "by" or self._is_reduced(1))
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

    def _closing_verbs(self) -> list[str]:
        """Take the verbs, with their preposition, that a clause ends with: "whose work X is based on"."""
        mark = self.position
        verbs = self._verb_group()
        while self.low() in PREPOSITIONS and verbs:
            verbs.append(self.take())
        if not self.at_end() and self.low() != ",":
            self.position = mark
            return []
        return verbs

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

    def _verb_group(self) -> list[str]:
        verbs: list[str] = []
        while not self.at_end():
            low = self.low()
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
