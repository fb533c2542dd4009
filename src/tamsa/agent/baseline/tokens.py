"""The tokens of a question as a parser takes them: words, names in slots, and what starts where."""

from __future__ import annotations

import re

from tamsa.agent.baseline.names import Name
from tamsa.agent.baseline.nouns import kind_of_noun
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.verbs import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    PREPOSITIONS,
    RELATIVES,
    is_base_verb,
    is_verb,
    maybe_noun,
    past_of,
)

_TOKEN = re.compile(r"⟦\d+⟧|['’]s?(?=\s|$|[,.?])|[\w]+(?:[-'’./&][\w]+)*|[^\s\w]")
_BIRTH_NAME = re.compile(
    r"\b(?:(?:birth|real|full|legal|given|maiden|original|true|actual)\s+){1,2}name\b(?!\s+given)", re.IGNORECASE
)
_STAGE_NAME = re.compile(
    r"\b(?:stage|pen|professional|ring|artistic)\s+name\b|\b(?:pseudonym|nom de plume)\b", re.IGNORECASE
)

_PASSIVE = frozenset(
    """released published founded established born located built directed written set based formed known called named
    held produced made created developed opened situated found described composed recorded adapted designed filmed shot
    painted issued signed dated used played organised organized launched introduced owned incorporated starring
    discovered completed constructed regarded considered headquartered run given""".split()
)
"""Past forms that follow what they are said of as a participle: "the film X released in 1990"."""


class Tokens:
    """The tokens of one question; `position` moves over them."""

    def __init__(self, text: str, names: tuple[Name, ...]) -> None:
        self.names = names
        out = []
        at = 0
        for index, name in enumerate(names):
            out.append(text[at : name.start])
            out.append(f" ⟦{index}⟧ " if not name.quoted else f"⟦{index}⟧")
            at = name.end
        out.append(text[at:])
        plain = re.sub(r"[\"“”‘]|(?<=⟧)[’'](?!s\b)", "", "".join(out))
        plain = re.sub(r"\bhead offices?\b", "headquarters", plain)
        plain = re.sub(r"\b([A-Z])\.([A-Z])\.", r"\1\2", plain)  # "U.S.": the stop ends no sentence
        plain = re.sub(r"\bfound (?=(?:in|at|on|near|inside)\b)", "located ", plain)
        plain = _BIRTH_NAME.sub("birth-name", _STAGE_NAME.sub("stage-name", plain))
        self.tokens = _TOKEN.findall(plain)
        self.position = 0
        self.bare_verbs = False
        """True after "did" or "does": the main verb has no ending."""
        self.referent: Step | None = None
        """What "that person" or "it" stands for."""
        self.last_head = ""
        """The class of thing last spoken of: what "the one" stands for."""
        self.due = 0
        """Verbs that must follow the noun phrase at hand: its clause's own, and that of each clause around it."""

    # ---------------------------------------------------------------- tokens

    def peek(self, ahead: int = 0) -> str:
        """Return a token without taking it, or the empty string."""
        at = self.position + ahead
        return self.tokens[at] if 0 <= at < len(self.tokens) else ""

    def low(self, ahead: int = 0) -> str:
        """Return a token in lower case."""
        return self.peek(ahead).casefold()

    def take(self) -> str:
        """Take a token."""
        token = self.peek()
        self.position += 1
        return token

    def at_end(self) -> bool:
        """Tell whether the question is read to its end."""
        return self.position >= len(self.tokens) or self.peek() in "?.!"

    def is_slot(self, ahead: int = 0) -> bool:
        """Tell whether a token stands for a name."""
        return self.peek(ahead).startswith("⟦")

    def slot(self, token: str) -> str:
        """Return the name that a slot token stands for."""
        return self.names[int(token[1:-1])].text

    def text(self, start: int, stop: int) -> str:
        """Return a stretch of tokens as text, with the names back in place."""
        out = [self.slot(token) if token.startswith("⟦") else token for token in self.tokens[start:stop]]
        return re.sub(r"\s+(['’,])", r"\1", " ".join(out))

    def is_possessive(self, ahead: int = 0) -> bool:
        """Tell whether a token is an apostrophe with or without its s."""
        return self.peek(ahead) in ("'s", "’s", "'", "’")

    def verb_here(self, ahead: int = 0, *, after_noun: bool = True) -> bool:
        """Tell whether a verb group starts here."""
        low = self.low(ahead)
        if self.is_slot(ahead) or not low:
            return False
        if low in AUXILIARIES:
            return True
        if low in ADVERBS:
            return self.verb_here(ahead + 1, after_noun=after_noun) and self.low(ahead + 1) not in ADVERBS
        if is_verb(low):
            return after_noun or not maybe_noun(low)
        return self.bare_verbs and after_noun and is_base_verb(low) and not self._noun_use(ahead)

    def verbs_left(self, ahead: int) -> int:
        """Count the finite verbs from here on that no relative pronoun from here on claims."""
        count = 0
        at = ahead
        while self.low(at) not in ("", "?", "!"):
            low = self.low(at)
            if low in RELATIVES and not (low == "that" and self.low(at - 1) in PREPOSITIONS):
                count -= 1
            elif self.verb_here(at) and self.low(at - 1) != "to" and not self.surely_noun(at):
                start = at
                while self.low(at) in AUXILIARIES or self.low(at) in ADVERBS:
                    at += 1
                if not is_verb(self.low(at)) and not (self.bare_verbs and is_base_verb(self.low(at))):
                    at -= 1
                count += at > start or not self.low(at).endswith("ing")
            at += 1
        return count

    def bare_verb_ahead(self, ahead: int) -> bool:
        """Tell whether a bare verb stands from here on: the one that "did" waits for."""
        rest = self.tokens[self.position + ahead :]
        return any(is_base_verb(token) and kind_of_noun(token) is None for token in rest)

    def surely_finite(self, ahead: int) -> bool:
        """Tell whether a verb can be no participle of the noun before it: "did", "joined", not "released"."""
        low = self.low(ahead)
        return (
            (is_verb(low) or low in AUXILIARIES)
            and not low.endswith("ing")
            and (past_of(low) != low or low not in _PASSIVE)
        )

    def surely_noun(self, ahead: int) -> bool:
        """Tell whether a word that is a noun as often as a verb can only be a noun here."""
        if not maybe_noun(self.low(ahead)):
            return False
        before = self.low(ahead - 1)
        after = self.low(ahead + 1)
        return (
            before in DETERMINERS
            or self.is_possessive(ahead - 1)
            or not (after in DETERMINERS or after in PREPOSITIONS or self.is_slot(ahead + 1))
        )

    def _noun_use(self, ahead: int) -> bool:
        """Tell whether a word that could be a bare verb is a noun here ("its head of", "release date")."""
        following = self.low(ahead + 1)
        return following == "of" and kind_of_noun(self.low(ahead)) is not None
