"""Analysis of a question: its names, what kind of answer it wants, and what form it has."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from tamsa.agent.baseline.interrogative import AUXILIARY, WH, interrogative
from tamsa.agent.baseline.lexicon import STOP_WORDS, concept, terms, weight, words
from tamsa.agent.baseline.names import names_in
from tamsa.agent.baseline.nouns import ADJECTIVES, COUNTRY_OF, Kind, kind_of_noun
from tamsa.agent.baseline.openers import plainly

MAX_QUESTION_CHARS = 2_000
"""Characters of a question that are analysed; the rest of a pathological one is ignored."""
Form = Literal["span", "polar", "choice", "count", "extreme"]
"""span: an extractive answer; polar: yes or no; choice: one of two named options; count and extreme:
a number or an item taken from several facts."""

_QUOTED = re.compile(r"“([^”]{2,120})”|\"([^\"]{2,120})\"|(?<!\w)['‘]([^'’]{3,120})['’](?!\w)")
_PAREN = re.compile(r"\s\([^()]{2,40}\)")
_HOW_NUMBER = re.compile(
    r"\bhow (?:many|much|old|long|tall|high|large|big|far|deep|wide|heavy|fast|often|populous|strong|hot|warm|cold|"
    r"thick|steep|broad|expensive|powerful|young|late into|close)\b|"
    r"\bwhat (?:did|does|do|will|would)\s(?:[^\s?]+\s){1,20}?(?P<verb>cost|weigh|measure)\b",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r"(?<=[^\W\d_A-Z]{3})\.\s(?=[A-Z])|['’]s?\s(?=\d)|\s(?:and|or|in|for|on|at|with|to|as|by|from|during)\s(?:the\s)?"
)
_COUNTED_NOUN = re.compile(
    r"\s+(?:of\s+(?:the|its|his|her|their|these|those)\s+)?(?:(?!\w+s\b)[a-z-]+\s+(?=\w{3,}s\b))?([a-z-]+)"
)
"""The noun behind "how many": of an adjective and a plural, the plural."""
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


@dataclass(frozen=True, slots=True)
class Name:
    """A proper name, a quoted title or a known title in the question."""

    text: str
    start: int
    end: int
    quoted: bool = False


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
    extreme: Literal["min", "max", ""] = ""

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
    options = _find_options(text, names)
    kind, head = _wanted(asked)
    form: Form = "span"
    first = AUXILIARY.match(asked)
    if options and re.search(r"\bor\b", text) and not (first and _same_or_both(text)):
        form = "choice"
    elif first or _trailing_polar(text):
        form = "choice" if re.search(r"\bor\b", text) and options else "polar"
    elif (
        options and re.search(r"\b(?:which (?:one )?of|between|which one)\b", text, re.IGNORECASE) and _comparing(text)
    ):
        form = "choice"
    elif re.search(r"\bhow many\b", asked, re.IGNORECASE):
        form = "count"
    elif _superlative(asked):
        form = "extreme"
    return Question(text, form, kind, head, names, weights, options, _extreme(text))


def last_sentence(text: str, names: tuple[Name, ...]) -> str:
    """Return the sentence that asks: what follows the last full stop outside a name."""
    position = 0
    for match in re.finditer(r"(?<=\w)[.;]\s+(?=[A-Z])", text):
        inside = any(name.start <= match.start() < name.end for name in names)
        if not inside and not re.search(r"\b(?:[A-Z]|Mr|Mrs|Dr|St|Jr|vs|No)$", text[: match.start()]):
            rest = text[match.end() :]
            if WH.search(rest) or AUXILIARY.match(rest):
                position = match.end()
    return text[position:]


def _same_or_both(text: str) -> bool:
    return bool(re.search(r"\b(?:both|same)\b", text))


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


def find_names(text: str, titles: tuple[str, ...] = ()) -> tuple[Name, ...]:
    """Find names: quoted spans, known titles, capitalised spans; longest first, none overlapping."""
    found: list[Name] = []

    def add(start: int, end: int, quoted: bool = False) -> None:
        if not quoted and text[start:end] in ADJECTIVES and re.match(r"\s[a-z]", text[end : end + 2]):
            return  # "the Tamil film"
        if end - start > 1 and not any(start < name.end and end > name.start for name in found):
            paren = _PAREN.match(text, end)
            found.append(
                Name(text[start : paren.end() if paren else end], start, paren.end() if paren else end, quoted)
            )

    for match in _QUOTED.finditer(text):
        group = match.lastindex or 1
        add(match.start(group), match.end(group), quoted=True)
    spans = _cut_names(text)
    low = text.casefold()
    same_length = len(low) == len(text)
    for title in sorted(titles, key=len, reverse=True):
        plain = re.sub(r"\s*\([^()]*\)$", "", title)
        for wanted in dict.fromkeys((title, plain)):
            at = low.find(wanted.casefold()) if same_length and len(wanted) > 2 else -1
            while at >= 0:
                end = at + len(wanted)
                bounded = not (at and text[at - 1].isalnum()) and not (end < len(text) and text[end].isalnum())
                if " " not in wanted and _inside_longer(at, end, spans):
                    at = low.find(wanted.casefold(), end)
                    continue
                if at == 0 and not text.startswith(wanted):  # "The town that …" is not the film "The Town"
                    at = low.find(wanted.casefold(), end)
                    continue
                telling = " " in wanted or (text[at].isupper() and at > 0) or text[at].isdigit()
                if bounded and telling and any(char.isupper() or char.isdigit() for char in text[at:end]):
                    add(at, end)
                at = low.find(wanted.casefold(), end)
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if start == 0 and WH.match(text[start:end].split()[0]):
            continue
        opens = start == 0 and " " not in text[start:end]
        if opens and (
            not _is_named(text[start:end]) or re.match(r"\s+(?:of|the|a|an|about|me|what|which)\b", text[end:])
        ):
            continue
        add(start, end)
    return tuple(sorted(found, key=lambda name: name.start))


def _with_article(text: str, start: int) -> int:
    """Take in a capitalised function word before a name inside a sentence: "To Love Ru", "The Conscript"."""
    match = re.search(
        r"(?<=[a-z,] )(?:The|A|An|To|In|On|My|Of|For|At|It|I|No|So|We|He|She|How|What|Who|Where|When|All|Some|This|"
        r"That|"
        r"Its?|If|"
        r"Is|Do) $",
        text[max(0, start - 8) : start],
    )
    return start - len(match[0]) if match else start


def _inside_longer(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return any(a <= start and end <= b and b - a > end - start for a, b in spans)


def _cut_names(text: str) -> list[tuple[int, int]]:
    """Find capitalised spans; unlike in running text, "X and Y" and "X in Y" are two names, and demonyms none."""
    out: list[tuple[int, int]] = []
    for start, end in names_in(text):
        position = start
        for joint in [*_JOINT.finditer(text, start, end), None]:
            stop = joint.start() if joint else end
            piece = text[position:stop]
            inner = names_in(piece) if piece else []
            out += [
                (_with_article(text, position + a), position + b)
                for a, b in inner
                if piece[a:b] not in COUNTRY_OF and piece[a:b].removesuffix("-born") not in COUNTRY_OF
            ]
            position = joint.end() if joint else end
    return out


def _is_named(word: str) -> bool:
    low = word.casefold()
    return low not in STOP_WORDS and kind_of_noun(low) is None and not low.endswith(("ing", "ed", "ly"))


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
        noun = _COUNTED_NOUN.match(text, match.end())
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
        if low in _NP_END or word == ",":
            break
        if kept and _is_past(low) and (at + 1 == len(tokens) or _opens_object(tokens[at + 1])):
            break  # "which Northumbrian conquered this island", "which process came before"
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


_PAST = frozenset(
    """came went gave took got began became ran held led lost made met left built bought sold sang wrote drew won beat
    grew knew kept put saw sent set shot spoke stood taught told thought wore brought caught chose fell fought found
    flew paid rose runs lies""".split()
)
_DETERMINERS = frozenset("this these those his her its their our your my some any no all both each every".split())


def _is_past(word: str) -> bool:
    return word in _PAST or (word.endswith("ed") and len(word) > 4 and kind_of_noun(word) is None)


def _opens_object(word: str) -> bool:
    return word.casefold() in _NP_END or word.casefold() in _DETERMINERS or word[0].isupper() or word[0].isdigit()


def _find_options(text: str, names: tuple[Name, ...]) -> tuple[str, str] | None:
    """Find the two things that a question compares."""
    for joint in (r"\s*,?\s*(?:or|and|&)\s+(?:(?:the|a|an|is|was)\s+)*(?:[a-z-]+\s+){0,4}[\"'“‘]?$",):
        pairs = [
            (left, right)
            for left, right in pairwise(names)
            if re.match(r"[\"'”’]?" + joint, text[left.end : right.start] + "")
        ]
        if pairs:
            with_or = [pair for pair in pairs if re.search(r"\bor\b", text[pair[0].end : pair[1].start])]
            left, right = (with_or or pairs)[-1]
            return left.text, right.text
    match = re.search(
        r"(?:\b(?:a|an|the)\s+)?([\w-]+(?: [\w-]+)?),? or (?:(?:a|an|the)\s+)?([\w-]+(?: [\w-]+){0,2})\s*\?", text
    )
    if match:
        return match[1], match[2]
    return None


def name_terms(names: tuple[Name, ...]) -> frozenset[str]:
    """Return the concepts of all words that stand in names."""
    return frozenset(term for name in names for term in terms(name.text))
