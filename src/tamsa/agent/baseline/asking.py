"""What a question asks against what it describes, word by word, and the sentences that say it."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from functools import cached_property
from operator import itemgetter

from tamsa.agent.baseline.interrogative import interrogative
from tamsa.agent.baseline.lexicon import concept, terms
from tamsa.agent.baseline.passages import Page, Sentence
from tamsa.agent.baseline.question import Question, last_sentence
from tamsa.agent.baseline.state import fold_title

REACH = 6.0
"""Words over which a word's part in what is asked falls to a third."""
CLAUSE = 4.0
"""Words that the bound of a clause counts for."""
NEAR = 6.0
"""The same reach in a page, from what may be the answer."""
MAX_APART = 600
"""Characters from what may be the answer beyond which no word is near."""
MIN_NAME = 4
"""Characters of a title, with a space on either side, up to which it is no name to look for."""
_WORD = re.compile(r"\w+(?:[-'’.&]\w+)*|[,;:]")
_BOUND = frozenset("who whom whose which that where when and but , ; :".split())
_NAMING = re.compile(
    r"\b(?:name[sd]?|called|calls?|nicknam\w+|dubbed|known as|title[sd]?|entitled|termed|referred|alias|pseudonym|"
    r"word|term|phrase|motto|slogan|went by)\b",
    re.IGNORECASE,
)
_NAMES_NEXT = re.compile(
    r"(?:\b(?:known|referred to|dubbed|nicknamed|called|named|titled|entitled|termed|renamed|designated|"
    r"billed|credited)(?: \w+ly)?(?: as| to)?|\b(?:under|by|with|has|had) (?:\w+ ){1,3}(?:name|nickname|title)(?: of)?|"
    r"\bas|\b(?:nickname|motto|slogan|name|title|word|term|meaning|means)(?: of| is| was| for)?)"
    r"[:,]?\s(?:the\s|an?\s)?[\"“‘']?$",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"\b(in|on|at|of|to|from|by|for|with|about|during|under|since|until|near|after|before|as|around|over)"
    r"(?:\s(?:the|an?|its|his|her|their))?\s*[\"“‘']?$",
    re.IGNORECASE,
)


class Asking:
    """How far each word of a question is part of what is asked, or of what describes it.

    Args:
        question: the question.
        pages: the opened pages; a word counts the more, the fewer of them have it.
    """

    def __init__(self, question: Question, pages: Collection[Page]) -> None:
        self.question, self.pages = question, pages
        asked = last_sentence(question.text, question.names)
        match = interrogative(asked)
        self.near = self._distances(asked, match)
        before = asked[: match.start()] if match is not None else ""
        found = _PREPOSITION.search(before.rstrip() + " ") if before.strip() else None
        self.preposition = found[1].casefold() if found else ""
        """What stands before the word that asks: "at" in "at which rink"."""
        around = asked[max(0, match.start() - 60) : match.end() + 60] if match is not None else asked
        self.naming = _NAMING.search(around) is not None or question.kind == "name"
        """Whether a name or a word for something is asked for."""

    def _distances(self, asked: str, match: re.Match[str] | None) -> dict[str, float]:
        """Return concept -> its distance from the word that asks; those of other sentences have none."""
        out: dict[str, float] = {}
        sides = (
            _WORD.findall(asked[: match.start()])[::-1] if match is not None else [],
            _WORD.findall(asked[match.end() :] if match is not None else asked),
        )
        for side in sides:
            distance = 0.0
            for word in side:
                if word.casefold() in _BOUND:
                    distance += CLAUSE
                    continue
                distance += 1.0
                key = concept(word)
                if key in self.question.weights:
                    out[key] = min(out.get(key, math.inf), distance)
        return out

    @cached_property
    def _telling(self) -> dict[str, float]:
        number = len(self.pages)
        return {
            term: weight * math.log(1 + number / (1 + sum(term in page.term_set for page in self.pages)))
            for term, weight in self.question.weights.items()
        }

    @cached_property
    def asks(self) -> dict[str, float]:
        """Concept -> its weight in what is asked; together 1."""
        return _even(
            {term: weight * math.exp(-self.near.get(term, math.inf) / REACH) for term, weight in self._telling.items()}
        )

    @cached_property
    def describes(self) -> dict[str, float]:
        """Concept -> its weight in what is described; together 1."""
        return _even(
            {
                term: weight * (1 - math.exp(-self.near.get(term, math.inf) / REACH))
                for term, weight in self._telling.items()
            }
        )

    def said(self, present: Collection[str]) -> float:
        """Say how much of what is asked some concepts hold, in [0, 1]."""
        return sum(weight for term, weight in self.asks.items() if term in present)

    def said_near(self, page: Page, sentence: Sentence, start: int, end: int) -> float:
        """Say how much of what is asked stands near an offset of a sentence, in [0, 1]."""
        best: dict[str, float] = {}
        tokens = page.tokens.get(sentence.start, ())
        first = bisect_left(tokens, start - MAX_APART, key=itemgetter(0))
        last = bisect_right(tokens, end + MAX_APART, lo=first, key=itemgetter(0))
        for begin, stop, term in tokens[first:last]:
            weight = self.asks.get(term, 0.0)
            if weight and not (begin >= start and stop <= end):
                apart = page.num_words(stop, start) if stop <= start else page.num_words(end, begin)
                best[term] = max(best.get(term, 0.0), weight * math.exp(-apart / NEAR))
        return sum(best.values())

    def described(self, present: Collection[str]) -> float:
        """Say how much of what is described some concepts hold, in [0, 1]."""
        return sum(weight for term, weight in self.describes.items() if term in present)

    @cached_property
    def led(self) -> dict[str, tuple[float, float]]:
        """Page -> how much of what is described another opened page says that names it: its sentence, and all of it."""
        lines = {
            page.id: [
                (sentence.start, f" {fold_title(sentence.text)} ", {term for _, _, term in page.tokens[sentence.start]})
                for sentence in page.sentences
            ]
            for page in self.pages
        }
        out: dict[str, tuple[float, float]] = {}
        for page in self.pages:
            name = f" {fold_title(page.name)} "
            near = whole = 0.0
            for other in self.pages:
                if other.id == page.id:
                    continue
                links = [int(link["start"]) - other.start for link in other.sound_links if str(link["id"]) == page.id]
                linked = {sentence.start for sentence in other.sentences_at(links)}
                title = set(terms(other.title))
                for start, text, said in lines[other.id]:
                    if start in linked or (len(name) > MIN_NAME and name in text):
                        near = max(near, self.described(said | title))
                        whole = max(whole, self.described(other.term_set))
            out[page.id] = near, whole
        return out

    @cached_property
    def led_most(self) -> str:
        """The page that what is described leads to most of all; empty where it leads to none."""
        best = max(self.led, key=lambda key: sum(self.led[key]), default="")
        return best if best and sum(self.led[best]) else ""

    @cached_property
    def best_said(self) -> dict[str, float]:
        """Page -> the most of what is asked that one of its sentences says."""
        return {
            page.id: max(
                (self.said({term for _, _, term in page.tokens[sentence.start]}) for sentence in page.sentences),
                default=0.0,
            )
            for page in self.pages
        }

    @property
    def stated(self) -> float:
        """How far a page that what is described leads to has a sentence that says what is asked, in [0, 1]."""
        return max((self.best_said[key] * sum(led) / 2 for key, led in self.led.items()), default=0.0)

    def names_next(self, page: Page, start: int) -> bool:
        """Tell whether words that give a name stand before an offset."""
        return _NAMES_NEXT.search(page.text[max(0, start - 60) : start]) is not None

    def apposed(self, page: Page, start: int, end: int) -> bool:
        """Tell whether the noun asked for stands next to a span as what it is: "chairman X", "X, an English Quaker"."""
        if not self.question.head:
            return False
        noun = re.escape(self.question.head.removesuffix("s"))
        before = rf"\b{noun}(?:s|es)?(?:,? (?:of|is|was|are|were|named|called))?,?\s(?:the\s)?[\"“‘(']?$"
        after = (
            r"[\"”’)']?(?:,? (?:is|was|are|were|became))?,?\s"
            rf"(?:(?:an?|the|its|his|her|their)\s(?:[\w-]+\s){{0,3}}?)?{noun}"
        )
        return bool(
            re.search(before, page.text[max(0, start - 50) : start], re.I)
            or re.match(after, page.text[end : end + 60], re.I)
        )

    def same_preposition(self, page: Page, start: int) -> float:
        """Say whether what stands before an offset is the preposition before the word that asks: 1, -1, or 0."""
        if not self.preposition:
            return 0.0
        found = _PREPOSITION.search(page.text[max(0, start - 30) : start])
        return 0.0 if found is None else 1.0 if found[1].casefold() == self.preposition else -1.0


def _even(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values()) or 1.0
    return {term: weight / total for term, weight in weights.items()}


__all__ = ["Asking"]
