"""Analysis of a question: its names, what kind of answer it wants, and what form it has."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from tamsa.agent.baseline.interrogative import AUXILIARY, WH, interrogative
from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, terms, weight, words
from tamsa.agent.baseline.mentions import find_names
from tamsa.agent.baseline.names import Name
from tamsa.agent.baseline.nouns import Kind, kind_of_noun
from tamsa.agent.baseline.openers import plainly
from tamsa.agent.baseline.pairs import Pair, compared, find_pair
from tamsa.agent.baseline.verbs import DETERMINERS, is_verb, maybe_noun

MAX_QUESTION_CHARS = 2_000
"""Characters of a question that are analysed; the rest of a pathological one is ignored."""
Form = Literal["span", "polar", "choice", "count", "extreme"]
"""span: an extractive answer; polar: yes or no; choice: one of two named options; count and extreme:
a number or an item taken from several facts."""

_HOW_NUMBER = re.compile(
    r"\bhow (?:many|much|old|long|tall|high|large|big|far|deep|wide|heavy|fast|often|populous|strong|hot|warm|cold|"
    r"thick|steep|broad|expensive|powerful|young|late into|close)\b|"
    r"\bwhat (?:did|does|do|will|would)\s(?:[^\s?]+\s){1,20}?(?P<verb>cost|weigh|measure)\b",
    re.IGNORECASE,
)
_COUNTED_NOUN = re.compile(
    r"\s+(?:of\s+(?:the|its|his|her|their|these|those)\s+)?"
    r"(?:(?:(?!\w+s\b|people\b|children\b|men\b|women\b)[a-z-]+\s+){1,2}(?=\w{3,}s\b))?([a-z-]+)"
)
"""The noun behind "how many": of an adjective and a plural, the plural."""
_SIZED_NOUN = re.compile(r"\s+an?\s+(?:[a-z-]+\s+)?([a-z-]+)(?=\s(?:of|in|is|was|are|were|do|does|did|has|have|had)\b)")
"""The noun of "how large a share"."""
_KIND_OF_WH: dict[str, Kind] = {"who": "person", "whom": "person", "whose": "person", "when": "date", "where": "place"}
_MIN_WORDS = frozenset(
    """first earlier earliest before older oldest elder fewer fewest less least smaller smallest lower lowest shorter
    shortest nearer cheaper lighter sooner slower narrower predates""".split()
)
_MAX_WORDS = frozenset(
    """last later latest after younger youngest newer newest recent recently more most larger largest bigger biggest
    greater greatest higher highest taller tallest longer longest heavier heaviest farther further deeper deepest
    wider richer faster fastest oldest-person""".split()
)
TIME_CLAUSE = re.compile(
    r"\s+(?:(?:in|during) the (?:same )?year (?:in which|when|that)|(?<!^)when)\s+(?P<clause>[^?]+)", re.IGNORECASE
)
"""A clause that fixes a year by another fact: "in the year in which the film X was released"."""
_IMPERATIVE = re.compile(
    r"(?:please\s+)?(?:name|give|tell|list|state|identify|find)\s+(?:me\s+)?(?!who|whom|what|which|when|where|how)",
    re.IGNORECASE,
)
_SLOT_MARKS = {ord(mark): " " for mark in "⟦⟧"}
"""What the parser marks names with must not come from the question."""
_WHICH_ONE = re.compile(
    r"^(?:one|a|an|a certain)\s+(?P<statement>[a-z].*)[.;]\s+(?:which|who|what)(?: one| is it| was it| is that)?\?$",
    re.IGNORECASE,
)
"""A riddle: "One novel was written by X. Which one?"."""
_COMPARE = re.compile(rf"\b({'|'.join(sorted(_MIN_WORDS | _MAX_WORDS, key=len, reverse=True))})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """What the rules see in a question."""

    text: str
    form: Form
    kind: Kind
    """Kind of the answer that is wanted."""
    head: str
    """The noun that the answer must be an instance of (`river` in "which river"), or empty."""
    names: tuple[Name, ...]
    weights: dict[str, float] = field(hash=False)
    """Concept of each content word -> how telling it is."""
    options: tuple[str, str] | None = None
    """The two things compared."""
    pair: Pair | None = None
    """The same where both are named, with what the question says of each."""
    extreme: Literal["min", "max", ""] = ""

    @property
    def outside(self) -> str:
        """The question without its names."""
        return outside_names(self.text, self.names)

    @property
    def total(self) -> float:
        """Sum of the weights of all content words."""
        return sum(self.weights.values()) or 1.0

    def share(self, present: Collection[str]) -> float:
        """Say how much of the question a set of concepts holds, in [0, 1]."""
        return sum(weight for term, weight in self.weights.items() if term in present) / self.total


def analyse(text: str, titles: tuple[str, ...] = ()) -> Question:
    """Analyse a question.

    Args:
        text: the question as asked.
        titles: known document titles that stand in it; they are kept whole as names.
    """
    text = " ".join(text[:MAX_QUESTION_CHARS].translate(_SLOT_MARKS).split())
    asked = last_sentence(text, find_names(text, titles))
    text = text[: len(text) - len(asked)] + plainly(asked)
    text = _WHICH_ONE.sub(r"Which \g<statement>?", text)
    names = find_names(text, titles)
    weights: dict[str, float] = {}
    for word in words(text):
        if word.casefold() not in STOP_WORDS:
            key = concept(word)
            weights[key] = max(weights.get(key, 0.0), weight(word))
    asked = last_sentence(text, names)
    pair = find_pair(text, names)
    kind, head = _wanted(asked)
    form: Form = "span"
    sides = compared(text, asked, pair, comparing=_comparing(outside_names(text, names))) if pair else ""
    options = _options(text, pair if sides or (pair and pair.joint != "order") else None)
    if sides:
        form = sides
    elif AUXILIARY.match(asked) or _trailing_polar(text):
        form = "choice" if re.search(r"\bor\b", text) and options else "polar"
    elif re.search(r"\bhow many\b", asked, re.IGNORECASE):
        form = "count"
    elif _superlative(asked):
        form = "extreme"
    if options is None or pair is None or options[0] != pair.left.name.text:
        pair = None
    return Question(text, form, kind, head, names, weights, options, pair, _extreme(outside_names(text, names)))


def last_sentence(text: str, names: tuple[Name, ...]) -> str:
    """Return the sentence that asks: what follows the last full stop outside a name."""
    position = 0
    for match in re.finditer(r"(?<=[\w)”\"])[.;]\s+(?=[A-Z])", text):
        inside = any(name.start <= match.start() < name.end for name in names)
        if not inside and not re.search(r"\b(?:[A-Z]|Mr|Mrs|Dr|St|Jr|vs|No)$", text[: match.start()]):
            rest = text[match.end() :]
            if WH.search(rest) or AUXILIARY.match(rest):
                position = match.end()
    return text[position:]


def _trailing_polar(text: str) -> bool:
    return bool(re.search(r",\s*(?:yes or no|true or false)\b|^true or false", text, re.IGNORECASE))


def _comparing(text: str) -> bool:
    return bool(_COMPARE.search(text))


def _extreme(text: str) -> Literal["min", "max", ""]:
    found = _COMPARE.search(text)
    if not found:
        return ""
    return "min" if found[1].casefold() in _MIN_WORDS else "max"


def _superlative(text: str) -> bool:
    return bool(
        re.search(r"\b(?:the )?(?:most|least|fewest|\w{3,}est)\b", text, re.IGNORECASE)
        and re.search(r"^(?:which|what|who|of |among|in )", text, re.IGNORECASE)
    )


_HEAD = re.compile(
    r"\b(?:what|which)(?:'s|\s+(?:is|are|was|were)(?:\s+the)?)?\s+(?P<np>(?:(?:[A-Z]\.[A-Z]\.|[\w'’,-]+)\s*){1,8})",
    re.IGNORECASE,
)
_NP_END = frozenset(
    """is are was were be do does did has have had can could will would that who whom which whose where when in on at
    of for from by to with and or as after before during since until under over into about than the""".split()
)


def _wanted(text: str) -> tuple[Kind, str]:
    """Say what kind of answer is wanted, and the head noun that says so."""
    if _IMPERATIVE.match(text):
        return _imperative(text)
    match = _HOW_NUMBER.search(text)
    first = interrogative(text)
    if match and (first is None or match.start() <= first.start()):
        if match["verb"]:
            return "number", {"cost": "cost", "weigh": "weight"}.get(match["verb"].casefold(), "length")
        counts = match[0].casefold().endswith(("many", "much"))
        noun = (_COUNTED_NOUN if counts else _SIZED_NOUN).match(text, match.end())
        return "number", noun[1] if noun and not AUXILIARY.match(noun[1]) else ""
    if first is None:
        return _imperative(text)
    word = first[1].casefold()
    if word in _KIND_OF_WH:
        if word == "whose":
            noun = re.match(r"\s+([a-z-]+)", text[first.end() :])
            if noun and (kind := kind_of_noun(noun[1])) not in (None, "person"):
                return kind, noun[1]
        if word == "who":
            match = re.match(
                r"\s+(?:is|was|were|are)\s+(?:the\s+)?([a-z][\w-]*(?:\s[a-z][\w-]*){0,3})", text[first.end() :]
            )
            head = _head_noun(match[1]) if match else ""
            return "person", head if kind_of_noun(head) == "person" else ""
        return _KIND_OF_WH[word], ""
    looked = re.compile(
        r"\b(?:what|which)\s+(?:is|was|are|were)\s+the\s+(?:name|title)s?\s+of\s+(?:the|a|an)\s+(?P<np>(?:(?:[A-Z]\.[A-Z]\.|[\w'’,-]+)\s*){1,8})",
        re.IGNORECASE,
    )
    match = looked.search(text, first.start()) or _HEAD.search(text, first.start())
    if match:
        head = _head_noun(match["np"])
        if head and (head not in STOP_WORDS or kind_of_noun(head)):
            kind = _kind_for(head, text)
            placed = re.search(r"\b(?:in|from|at|of|to|on|near)\s+$", text[: first.start()], re.IGNORECASE)
            if head == "area" and (
                placed
                or re.search(
                    r"\b(?:what|which)\s+(?:(?!total|surface|land)[a-z]+\s+)?area\b(?! (?:has|have)\b)",
                    text,
                    re.IGNORECASE,
                )
            ):
                kind = "place"
            return kind, head
    return "any", ""


def _imperative(text: str) -> tuple[Kind, str]:
    match = re.match(
        r"(?:please\s+)?(?:name|give|tell|list|state|identify|find|in)\s+(?:me\s+)?(?:the\s+)?(.*)", text, re.IGNORECASE
    )
    phrase = match[1] if match else text
    named = re.match(r"(?:name|title)\s+of\s+(?:the|a|an)\s+(.*)", phrase, re.IGNORECASE)
    head = _head_noun(named[1] if named else phrase)
    return (_kind_for(head, text) if head else "any"), head


def _kind_for(head: str, text: str) -> Kind:
    return kind_of_noun(head) or ("name" if head.endswith("name") else "any")


def _head_noun(phrase: str) -> str:
    """Return the last noun of the noun phrase that a text opens with."""
    kept: list[str] = []
    tokens = re.findall(r"[\w'’-]+|,", phrase)
    for at, word in enumerate(tokens):
        low = word.casefold()
        if low in ("the", "a", "an", "of") and not kept:
            continue
        if low in _NP_END or word == "," or (kept and low in _PARTING):
            break
        if kept and _is_past(low) and (at + 1 == len(tokens) or _opens_object(tokens[at + 1])):
            break  # "which Northumbrian conquered this island", "which process came before"
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if kept and is_verb(low) and (following == "by" or (low.endswith("s") and not maybe_noun(low))):
            break  # "the poll run by", "which maker calls home"
        if (
            kept
            and low.endswith("s")
            and is_verb(low)
            and following.casefold() in _AFTER_VERB
            and kind_of_noun(kept[-1])
        ):
            break  # "what club plays at"
        if kept and low in _PAST and kind_of_noun(kept[-1]):
            break  # "which company began building"
        if kept and low.endswith("ly") and is_verb(following):
            break
        if low.endswith(("'s", "’s")) and kind_of_noun(low[:-2]):
            return str(low[:-2])  # "which country's citizen": the country is asked for
        if kept and kind_of_noun(kept[-1]) and kind_of_noun(low) is None and low.endswith(("ed", "ing", "s")):
            break  # "which river flows", "what company founded"
        if (
            kept
            and concept(low) in ("direct", "write", "found", "star", "release", "birth", "win", "own")
            and (kind_of_noun(low) is None)
        ):
            break
        if word[0].isupper() and kept and kind_of_noun(kept[-1]):
            break
        kept.append(low)
    for word in reversed(kept):
        if kind_of_noun(word):
            return word
    return kept[-1] if kept else ""


_PARTING = frozenset("each every a an the his her its their".split())
"""Determiners that open another noun phrase."""
_AFTER_VERB = DETERMINERS | frozenset("at into onto through against near over under home".split())
"""What follows a verb in the third person rather than a plural of the same letters."""
_PAST = frozenset(
    """came went gave took got began became ran held led lost made met left built bought sold sang wrote drew won beat
    grew knew kept put saw sent set shot spoke stood taught told thought wore brought caught chose fell fought found
    flew paid rose runs lies""".split()
)


def _is_past(word: str) -> bool:
    return word in _PAST or (word.endswith("ed") and len(word) > 4 and kind_of_noun(word) is None)


def _opens_object(word: str) -> bool:
    return word.casefold() in _NP_END or word.casefold() in DETERMINERS or word[0].isupper() or word[0].isdigit()


def _options(text: str, pair: Pair | None) -> tuple[str, str] | None:
    """Name the two things that a question puts to choice, or the two words: "a musical or a novel"."""
    if pair is not None:
        return pair.left.name.text, pair.right.name.text
    match = re.search(
        r"(?:\b(?:a|an|the)\s+)?([\w-]+(?: [\w-]+)?),? or (?:(?:a|an|the)\s+)?([\w-]+(?: [\w-]+){0,2})\s*\?", text
    )
    return (match[1], match[2]) if match else None


def outside_names(text: str, names: tuple[Name, ...]) -> str:
    """Return a question without its names."""
    for name in sorted(names, key=lambda name: -name.start):
        text = f"{text[: name.start]} {text[name.end :]}"
    return text


def name_terms(names: tuple[Name, ...]) -> frozenset[str]:
    """Return the concepts of all words that stand in names."""
    return frozenset(term for name in names for term in terms(name.text))
