"""Reading samples of pairs: question, evidence and reply, in the form that a guided reader is trained on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from math import fsum, log
from random import Random

from tamsa.agent.baseline.lexicon import stem, terms, words
from tamsa.agent.baseline.names import names_in
from tamsa.agent.baseline.verbs import AUXILIARIES, PREPOSITIONS, is_verb, maybe_noun
from tamsa.agent.guided.evidence import LONGEST, Passage
from tamsa.synthesis.recurring.bridges import bridge, own_pairs
from tamsa.synthesis.recurring.clauses import X, clause_of, is_loose
from tamsa.synthesis.recurring.evidence import lay_out, rivals_of
from tamsa.synthesis.recurring.naming import asked, description, named, telling_words
from tamsa.synthesis.recurring.pairs import Pair, alike, find_pairs
from tamsa.synthesis.recurring.paraphrase import paraphrase
from tamsa.synthesis.recurring.rows import Sample
from tamsa.synthesis.recurring.shelf import Line, Shelf
from tamsa.synthesis.recurring.wording import ask
from tamsa.synthesis.wording.nouns import VAGUE

DESCRIBED, BRIDGED, UNANSWERABLE = 0.8, 0.6, 0.1
"""Shares of the questions that describe a thing where they can, of those whose description is another sentence rather
than its definition, and of those that nothing shown answers."""
PARAPHRASED = 0.7
"""Share of the questions of which words are changed for others that mean the same."""
MIN_WORDS, MAX_WORDS = 6, 45
MIN_SUPPORT = {"own": 3.5, "told": 5.0, "asked": 8.0, "foreign": 10.0}
"""Weight of the words that a question must share with the sentence that answers it, names left out, in nats: where both
sentences stand on the pages of the two things, where the answering one does, the asking one, and neither."""
MIN_PLAIN = 2.0
"""The same of words without capitals, which say how the things belong together."""
SELDOM = 30
"""Sentences that may name X before more than the usual support is needed."""
MAX_NAMED = 80
"""The same of the more seldom of the two things."""
MAX_NAMES, MAX_NAMES_DATED = 9, 6
"""Names in a sentence that answers, and in one that answers by a value."""
MAX_UNKNOWN = 3
"""Names without a page in a sentence that answers by one."""
LONG, LONG_KEPT = 28, 0.3
"""Words beyond which a question is kept in that share of cases only."""
VIEWS, MAX_ASKED = 4, 2
"""Samples of one pair, each in a wording and with evidence of its own, and those of one wording."""
MAX_USES = 12
"""Pairs that ask for one thing."""
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_LISTED_BEFORE = re.compile(
    r"[A-ZÀ-Þ][\w.’')\]”\"]*,? (?:and|or|&) (?:the )?[“\"]?$|[A-ZÀ-Þ][\w.’')\]”\"]*( \(\d{4}\))?, [“\"]?$"
)
_LISTED_AFTER = re.compile(
    r"[”\"]?(?: \([^()]*\))?,? (?:and|or|&) (?:the )?[“\"]?[A-ZÀ-Þ]|[”\"]?(?: \([^()]*\))?, [“\"]?[A-ZÀ-Þ]"
)


class Samples:
    """Makes reading samples.

    Args:
        shelf: all pages.
        seed: of all choices.
        purpose: what they are for; the same seed draws others for another purpose.
    """

    def __init__(self, shelf: Shelf, seed: int, purpose: str = "") -> None:
        self._shelf = shelf
        self._seed = f"{seed}/{purpose}" if purpose else str(seed)

    def __iter__(self) -> Iterator[Sample]:
        """Yield samples, as many as there are: of recurring facts, and in turn with them of bridges."""
        recurring = self._of(find_pairs(self._shelf, Random(f"{self._seed}/recurring")), "recurring", VIEWS)
        bridges = self._of(own_pairs(self._shelf, Random(f"{self._seed}/bridge")), "bridge", 1)
        for pair in zip_longest(recurring, bridges):
            yield from (sample for sample in pair if sample is not None)

    def _of(self, pairs: Iterator[Pair], kind: str, views: int) -> Iterator[Sample]:
        times_asked: Counter[str] = Counter()
        uses: Counter[int] = Counter()
        for number, pair in enumerate(pairs):
            if uses[pair.y] >= MAX_USES:
                continue
            answer = self._answer(pair)
            if answer is None or not self._says(pair):
                continue
            used = False
            for view in range(views):
                sample = self._sample(pair, answer, kind, Random(f"{self._seed}/{kind}/{number}/{view}"))
                if sample is not None and times_asked[sample.question] < MAX_ASKED:
                    times_asked[sample.question] += 1
                    used = True
                    yield sample
            uses[pair.y] += used

    # ------------------------------------------------------------------ one sample

    def _sample(self, pair: Pair, answer: str, kind: str, random: Random) -> Sample | None:
        shelf, x, y = self._shelf, pair.x, pair.y
        clause = clause_of(shelf, pair.asking, x, y, random)
        if clause is None or is_loose(clause):
            return None
        place = next((place for place in pair.asking.places if place.thing == y), None)
        want = asked(shelf, y, place, pair.asking)
        question = ask(clause, want, random)
        if question is None:
            return None
        told = self._told(pair, question, kind, random)
        if told is None and kind == "bridge":
            return None
        bare = question
        if random.random() < PARAPHRASED:
            question = paraphrase(question, random)
            told = (paraphrase(told[0], random), told[1]) if told else None
        question = _with_x(question, told[0] if told else self._name(x, question, random))
        if not MIN_WORDS <= len(question.split()) <= MAX_WORDS or self._gives_away(question, y):
            return None
        if len(question.split()) > LONG and random.random() > LONG_KEPT:
            return None
        support, plain = self._shared(bare, pair.telling, x, y)
        if kind == "recurring" and not self._plain(pair) and (plain < MIN_PLAIN or support < self._wanted(pair)):
            return None
        lines = [*([told[1]] if told else []), pair.telling]
        unanswerable = random.random() < UNANSWERABLE
        passages = self._evidence(pair, bare, lines[:-1] if unanswerable else lines, support, unanswerable, random)
        if passages is None:
            return None
        copied = tuple(lines[:-1] if unanswerable else lines)
        kind = "unanswerable" if unanswerable else kind
        return Sample(question, passages, copied, "" if unanswerable else answer, kind, pair.asking, answer)

    def _told(self, pair: Pair, question: str, kind: str, random: Random) -> tuple[str, Line] | None:
        """Name X otherwise than by its name; return the words and the line that leads from them to X."""
        shelf, x, y = self._shelf, pair.x, pair.y
        if kind == "recurring" and random.random() > DESCRIBED:
            return None
        if self._gives_away(question, x) or not _takes_description(question):
            return None
        found = bridge(shelf, x, y, random) if random.random() < BRIDGED else None
        words, lines = description(shelf, x), shelf.lines_of(x)
        for told in (found, (words, lines[0]) if words and lines else None):
            if told is None or told[1] in (pair.asking, pair.telling):
                continue
            if not self._gives_away(told[0], y) and not self._gives_away(told[1].text, y):
                return told
        return None

    def _answer(self, pair: Pair) -> str | None:
        """Return what is asked for as the telling sentence writes it, else as its page is called."""
        line, shelf = pair.telling, self._shelf
        if len(line.text) > LONGEST:
            return None
        if shelf.is_value(pair.y):
            place = next((place for place in line.places if place.thing == pair.y), None)
            text = line.text[place.start : place.end] if place else ""
            if shelf.value_type(pair.y) == "quantity":
                number = re.match(r"[\d.,]*\d(?:\s(?:million|billion|thousand))?", text)
                return number[0] if number else None
            return text or None
        name = shelf.pages[pair.y].name
        place = next((place for place in line.places if place.thing == pair.y), None)
        if place is None:
            return name
        text = line.text[place.start : place.end]
        closes = text.count("(") > text.count(")") and line.text[place.end : place.end + 1] == ")"
        return " ".join(f"{text})".split() if closes else text.split())

    def _says(self, pair: Pair) -> bool:
        """Tell whether the telling sentence leaves no other thing that could be asked for."""
        shelf, line, y = self._shelf, pair.telling, pair.y
        if line.subject is not None and line.subject.thing == y:
            return True
        place = next((place for place in line.places if place.thing == y), None)
        if place is None:
            return False
        if self._other_year(pair):
            return False
        before, after = line.text[: place.start], line.text[place.end :]
        listed = _LISTED_BEFORE.search(before) or _LISTED_AFTER.match(after)
        if shelf.is_value(y):
            kind = shelf.value_type(y)
            same_kind = {p.thing for p in line.places if shelf.is_value(p.thing) and shelf.value_type(p.thing) == kind}
            if kind == "name":
                return not listed and len(same_kind) <= MAX_UNKNOWN and len(names_in(line.text)) <= MAX_NAMES
            if kind == "quantity" and not _counts_alike(pair):
                return False
            if re.search(r"[A-ZÀ-Þ]\w+ of $", before) or len(names_in(line.text)) > MAX_NAMES_DATED:
                return False
            return len(same_kind) <= 2
        if shelf.entries[y].kind != "place" and listed:
            return False
        kind, noun = shelf.entries[y].kind, shelf.entries[y].noun
        others = {p.thing for p in line.places if not shelf.is_value(p.thing)} | {line.page}
        others -= {pair.x, y}
        same = any(
            shelf.entries[other].kind == kind
            and (shelf.entries[other].noun == noun or {noun, shelf.entries[other].noun} & VAGUE)
            for other in others
        )
        return not same and len(names_in(line.text)) <= MAX_NAMES

    def _other_year(self, pair: Pair) -> bool:
        """Tell whether the answering page is of another year (a season, a tournament) than what is asked about."""
        told = set(_YEAR.findall(self._shelf.pages[pair.telling.page].title))
        asked = set(_YEAR.findall(self._shelf.pages[pair.asking.page].title)) | set(_YEAR.findall(pair.asking.text))
        return bool(told and asked and not told & asked)

    def _wanted(self, pair: Pair) -> float:
        """Return the weight of common words that two sentences need: more where X is named everywhere."""
        asked, told = (page in (pair.x, pair.y) for page in (pair.asking.page, pair.telling.page))
        near = "own" if asked and told else "told" if told else "asked" if asked else "foreign"
        things = [thing for thing in (pair.x, pair.y) if not self._shelf.is_value(thing)]
        often = max(0.0, log(self._shelf.times_named(pair.x) / SELDOM))
        often += max(0.0, log(min(map(self._shelf.times_named, things)) / MAX_NAMED))
        return MIN_SUPPORT[near] + 2 * often

    def _plain(self, pair: Pair) -> bool:
        """Tell whether two sentences are sure to say the same without sharing a word: each is on the page of a thing of
        the other, and both things are seldom named."""
        if self._shelf.is_value(pair.y):
            return self._shelf.value_type(pair.y) == "year" and self._dated(pair)
        return {pair.asking.page, pair.telling.page} == {pair.x, pair.y} and all(
            self._shelf.times_named(thing) <= 15 for thing in (pair.x, pair.y)
        )

    def _dated(self, pair: Pair) -> bool:
        """Tell whether the telling sentence gives the year behind the name, as of a work: `Easy Rider (1969)`."""
        line = pair.telling
        ends = {place.end for place in line.places if place.thing == pair.x}
        starts = {place.start for place in line.places if place.thing == pair.y}
        return self._shelf.entries[pair.x].kind == "work" and any(
            line.text[end:start] in (" (", "” (", '" (') for end in ends for start in starts
        )

    def _shared(self, question: str, line: Line, x: int, y: int) -> tuple[float, float]:
        """Weigh the words that a question has in common with a line, and those without capitals among them.

        The names of the two things are left out.
        """
        names = set(terms(self._shelf.pages[x].title))
        if not self._shelf.is_value(y):
            names |= set(terms(self._shelf.pages[y].title))
        told = set(terms(line.text)) - names
        plain = set(terms(re.sub(r"[^\W_]*[^\W\d_a-z][\w-]*|\S*\d\S*", " ", question)))
        weights = {term: self._shelf.weight(term) for term in set(terms(question)) & told}
        return fsum(weights.values()), fsum(weights[term] for term in plain & set(weights))

    def _name(self, x: int, question: str, random: Random) -> str:
        how = named(self._shelf, x)
        preceded = re.search(rf"(?P<the>\b[Tt]he ){X}", question)
        if preceded:
            return how.name.removeprefix("the ").removeprefix("The ")
        free = _takes_description(question)
        if free and ((how.qualifier and random.random() < 0.6) or (not how.human and random.random() < 0.15)):
            return how.introduced
        return how.name

    def _gives_away(self, text: str, y: int) -> bool:
        said = {word.casefold() for word in words(text)}
        said |= set(re.findall(r"\d[\d,.]*\d|\d", text))
        return bool(said & telling_words(self._shelf, y))

    # ------------------------------------------------------------------ evidence

    def _evidence(
        self, pair: Pair, question: str, needed: Sequence[Line], support: float, unanswerable: bool, random: Random
    ) -> tuple[Passage, ...] | None:
        shelf, x, y = self._shelf, pair.x, pair.y
        hidden = telling_words(shelf, y)
        noun = "" if shelf.is_value(y) else shelf.entries[y].noun
        limit = 0.5 * support if unanswerable else support

        def allowed(line: Line) -> bool:
            if line is pair.asking or len(line.text) > LONGEST:
                return False
            if unanswerable or line.page == pair.asking.page:
                if hidden & {word.casefold() for word in words(line.text)} or line.page == y:
                    return False
                if hidden & {word.casefold() for word in words(shelf.pages[line.page].title)}:
                    return False
            things = line.things | {line.page}
            if x in things and (y in things or (noun and shelf.entries[line.page].noun == noun and line.page != x)):
                return False
            if x in things and self._shared(question, line, x, y)[0] >= max(limit, 1.0):
                return False
            return not alike(line, pair.asking)

        things = [thing for thing in (x, y) if not shelf.is_value(thing)]
        passages = lay_out(shelf, needed, rivals_of(shelf, things, noun, question, random), allowed, random)
        return passages if len(passages) >= 2 else None


def _counts_alike(pair: Pair) -> bool:
    """Tell whether both sentences count the same: by the word behind the number, or as a population."""
    after = []
    for line in (pair.asking, pair.telling):
        place = next((place for place in line.places if place.thing == pair.y), None)
        if place is None:
            return False
        word = re.match(r"[\s-]?([a-z]+)", line.text[place.end :])
        last = re.search(r"([a-z]+)$", line.text[place.start : place.end])
        found = last or word
        after.append(stem(found[1]) if found else "")
    return (after[0] == after[1] != "") or all("population" in line.text for line in (pair.asking, pair.telling))


def _takes_description(question: str) -> bool:
    """Tell whether a description may stand for X: nothing before it names its kind, and nothing is owned by it."""
    word = re.search(rf"([\w'’.-]+) (?:the )?{X}", question)
    if f"{X}'" in question or f"{X}’" in question or re.search(rf"{X}-", question):
        return False
    return (
        word is None
        or word[1] in PREPOSITIONS
        or word[1] in AUXILIARIES
        or (is_verb(word[1]) and not maybe_noun(word[1]))
    )


def _with_x(question: str, name: str) -> str:
    """Put the words for X into a question."""
    if name.startswith(("the ", "The ")):
        question = re.sub(rf"\b([Tt])he {X}", X, question)
    text = question.replace(f"{X}'s", name + ("'" if name.endswith("s") else "'s")).replace(X, name)
    return text[:1].upper() + text[1:]
