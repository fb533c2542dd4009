"""The names that a question mentions: quoted, known titles, capitalised spans."""

from __future__ import annotations

import re

from tamsa.agent.baseline.interrogative import WH
from tamsa.agent.baseline.lexicon import NUMBER_WORDS, STOP_WORDS
from tamsa.agent.baseline.names import Name, names_in
from tamsa.agent.baseline.nouns import ADJECTIVES, COUNTRY_OF, kind_of_noun, noun_of_name
from tamsa.agent.baseline.verbs import PREPOSITIONS

_QUOTED = re.compile(r"“([^”]{2,120})”|\"([^\"]{2,120})\"|(?<!\w)['‘]([^'’]{3,120})['’](?!\w)")
_PAREN = re.compile(r"\s\([^()]{2,40}\)")
_JOINT = re.compile(
    r"(?<=[^\W\d_A-Z]{3})\.\s(?=[A-Z])|['’]s?\s(?=\d)|\s(?:and|or|in|for|on|at|with|to|as|by|from|during)\s(?:the\s)?"
)
_FUNCTION_NAME = re.compile(
    r"(?<=[a-z,] )(?:Between|About|After|Before|Above|Below|Under|Within|Without|Since|Once|Here|There|Who|What|When|"
    r"Where|Why|How|All|Some|Both|Other|Others|They|We|You|Her|Him|He|She|It|If|Not|No|Yes)(?=\s*[?.,;:]|\s(?:or|and)\b|$)"
)
"""A function word that stands as a name: "Which came first, Lab Rats or Between?"."""

_OPENING = PREPOSITIONS | frozenset(NUMBER_WORDS)
"""What opens a sentence with a capital and is no part of the name behind it."""


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
    spans = _cut_names(text) + [match.span() for match in _FUNCTION_NAME.finditer(text)]
    low = text.casefold()
    same_length = len(low) == len(text)
    for title in sorted(titles, key=len, reverse=True):
        plain = re.sub(r"\s*\([^()]*\)$", "", title)
        for wanted in dict.fromkeys((title, plain)):
            at = low.find(wanted.casefold()) if same_length and len(wanted) > 2 else -1
            while at >= 0:
                end = at + len(wanted)
                bounded = not (at and text[at - 1].isalnum()) and not (end < len(text) and text[end].isalnum())
                if _inside_longer(text, at, end, wanted, spans):
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
        first = text[start:end].split()[0]
        if start == 0 and first.casefold() in _OPENING:  # "Besides ⟦X⟧", "Two ⟦X⟧ stations"
            inner = names_in(text[len(first) + 1 : end]) if " " in text[:end] else []
            for a, b in inner[:1]:
                add(len(first) + 1 + a, len(first) + 1 + b)
            continue
        opens = start == 0 and " " not in text[start:end]
        if opens and (
            not _is_named(text[start:end])
            or re.match(r"\s+(?:of|the|a|an|about|me|what|which|from|with)\b", text[end:])
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


def _inside_longer(text: str, start: int, end: int, title: str, spans: list[tuple[int, int]]) -> bool:
    """Tell whether a title is only a part of a name: one word of it, written otherwise, or without its class word."""
    if re.search(r"['’]s\s$", text[max(0, start - 3) : start]):
        return False  # "the author's Title"
    longer = [(a, b) for a, b in spans if a <= start and end <= b and b - a > end - start]
    if not longer:
        return False
    if " " not in title or text[start:end] != title:
        return True
    return any(a == start and noun_of_name(text[end:b]) and " " not in text[end:b].strip() for a, b in longer)


def _cut_names(text: str) -> list[tuple[int, int]]:
    """Find capitalised spans; unlike in running text, "X and Y" and "X in Y" are two names, and demonyms none."""
    out: list[tuple[int, int]] = []
    for start, end in names_in(text):
        position = start
        for joint in [*_JOINT.finditer(text, start, end), None]:
            if joint and joint[0] in (" at ", " for ") and noun_of_name(text[position : joint.start()].split(" ")[-1]):
                continue  # "the University at Albany"
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


__all__ = ["find_names"]
