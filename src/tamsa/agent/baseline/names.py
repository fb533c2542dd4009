"""Proper names in running text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.agent.baseline.lexicon import MONTHS, STOP_WORDS
from tamsa.agent.baseline.nouns import kind_of_name, kind_of_noun

_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚ"
CAPITALISED = rf"(?:[{_UPPER}](?:[\w’'.&-]*[\w’'])?\.?|[a-z]{{1,2}}[’'\-]?[{_UPPER}][\w’'-]+)"
_LINK_WORD = (
    r"(?:of|the|de|du|des|da|das|do|dos|del|della|di|la|le|les|las|los|el|al|y|e|et|van|von|der|den|zu|zur|am|bin|ibn|"
    r"and|&|for|in|on|at|to|a|an|with|’n’|'n'|und|och|og|upon)"
)
_NAME = re.compile(
    rf"{CAPITALISED}(?:(?:\s(?:{_LINK_WORD}\s){{0,3}}|,\s(?=(?:Jr|Sr|Inc|Ltd|II|III)\b))(?:{CAPITALISED}|\d{{1,4}}\b))*"
)
_SENTENCE_END = re.compile(r"(?<=\w\.)\s(\w+)")
_TAIL = re.compile(r"(?:\s(?:and|&|in|on|at|to|for|with|of)|['’]s|(?<=s)['’])\s(\w+)$")
_ARTICLES = ("The", "A", "An")
_DOTTED = re.compile(r"(?:\b(?:Jr|Sr|Inc|Ltd|Co|Corp|Bros|St|Mt|Dr|No)|\.\w|\b[A-Z])\.$")
MAX_PARTS = 3
"""Parts of a long name that are taken together."""
MAX_SPACES = 8
"""Spaces before a name that are passed over."""
_JOINT = re.compile(
    r"(?:\s(and|&|in|on|at|to|for|with|of the|of|und)\s(?:(?:the|an?|in|on|at|to|for|with)\s(?=\S))?"
    r"|(['’]s)\s)"
)
_PARTING = frozenset("and & in on at to for with 's ’s".split())
"""What may stand between two names as well as inside one."""
_DETERMINER = re.compile(r"\b(?:the|an?|its|his|her|their)\s$", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:(\d{1,3}(?:st|nd|rd|th))|\d{4})\s$")
"""The number of one of a row of events: "7th", "1960"."""
_OPENING = re.compile(
    r"(?:Born|Raised|Educated|Based|Situated|Located|Founded|Established|Set|Written|Directed|Produced|Released|"
    r"Published|Trained|Married|Buried)\s(?:and\s\w+\s)?(?:in|on|at|to|by|for|with)\s(?:(?:the|an?)\s)?"
)
"""A participle that has its capital from opening a sentence, and the preposition that leads to a name."""
_DATED = re.compile(rf"(?:{'|'.join(month.title() for month in MONTHS)})(?:\s\d+)+\s(?:in|at|on)\s(?:(?:the|an?)\s)?")
"""A date before a place: "28 June 1956 in X"."""


@dataclass(frozen=True, slots=True)
class Name:
    """A proper name, a quoted title or a known title in the question."""

    text: str
    start: int
    end: int
    quoted: bool = False


def _after_role(piece: str) -> list[int]:
    """Find where a name begins behind what its bearer is: "Chairman X", "Prime Minister of Japan X"."""
    words = [(match.start(), match[0]) for match in re.finditer(r"\S+", piece)]
    last = -1
    for at, (_, word) in enumerate(words[:-1]):
        if kind_of_noun(word) == "person":
            last = at
    if last < 0:
        return []
    rest = words[last + 1 :]
    if rest[0][1] in ("of", "for") and len(rest) > 3:  # the realm is one word: longer ones are links
        rest = rest[2:]
    return [rest[0][0]] if rest[0][1][0].isupper() and kind_of_noun(rest[0][1]) is None else []


def _before(text: str, at: int) -> str:
    """Return the character before an offset, spaces left out; nothing at the beginning."""
    return text[max(0, at - MAX_SPACES) : at].rstrip()[-1:]


def names_in(text: str) -> list[tuple[int, int]]:
    """Find the proper names of a sentence as offsets; function words at its edges are left out."""
    out: list[tuple[int, int]] = []
    for match in _NAME.finditer(text):
        start, end = match.span()
        piece = match[0]
        before, longer = len(out), list[int]()
        # a sentence opens with a capital whatever its first word is
        while True:
            word = re.match(r"[\w’'.-]+", piece)
            if word and word[0].casefold() in STOP_WORDS and (len(piece) > len(word[0]) or word[0] != "I"):
                inside = start > 0 and _before(text, start) not in ("|" if word[0] in _ARTICLES else '|.!?:"“‘(')
                if inside and word[0][0].isupper() and len(piece) > len(word[0]):
                    longer.append(start)  # "The Band", "Still Life": with and without what else opens a sentence
                skip = len(word[0]) + len(piece[len(word[0]) :]) - len(piece[len(word[0]) :].lstrip())
                start, piece = start + skip, piece[skip:]
                lower = re.match(rf"(?:{_LINK_WORD}\s)+", piece)
                if lower:
                    start, piece = start + lower.end(), piece[lower.end() :]
                if not piece:
                    break
                digits = re.match(r"(?:\d+,?\s+)+", piece)
                if digits:  # "In 1984 X"
                    start, piece = start + digits.end(), piece[digits.end() :]
            else:
                break
        opening = _DATED.match(text, start, end)
        if start == 0 or _before(text, start) in ".!?":
            opening = opening or _OPENING.match(text, start, end)
        if opening:
            start = opening.end()
        piece = text[start:end]
        if piece.endswith(".") and not _DOTTED.search(piece):
            end -= 1
            piece = piece[:-1]
        if piece.endswith(("'s", "’s")):
            end -= 2
            piece = text[start:end]
        if (
            piece.split(" ")[0].casefold() in MONTHS
            and re.fullmatch(r"\w+(?: \d+)*", piece)
            and piece not in ("May", "March")
        ):
            continue
        tail = _TAIL.search(piece)
        if tail is not None and (tail[1].casefold() in STOP_WORDS or tail[1].isdigit()):  # "Wild and It", "Sea and 1"
            end, piece = start + tail.start(), piece[: tail.start()]
        if len(piece) > 1 and any(char.isupper() for char in piece):
            out.append((start, end))
            out += [(start + left, start + right) for left, right in _parts(piece, _definite(text, start))]
            out.extend((at, end) for at in longer if at < start)
            out.extend((start + at, end) for at in _after_role(piece))
            numbered = _NUMBERED.search(text, max(0, start - MAX_SPACES), start)
            if numbered:
                of_it = [stop for first, stop in out[before:] if first == start]
                out += [
                    (start - len(numbered[0]), stop)
                    for stop in of_it
                    if numbered[1] or kind_of_name(text[start:stop]) == "event"
                ]
            for stop in _SENTENCE_END.finditer(piece):  # "Nikkei, Inc. Also": an abbreviation ends a sentence
                if stop[1].casefold() in STOP_WORDS:
                    out.append((start, start + stop.start()))
    clean = []
    for start, end in out:
        if text[end - 1 : end] == "." and not _DOTTED.search(text[start:end]):
            end -= 1
        clean.append((start, end))
    return list(dict.fromkeys(span for span in clean if span[0] < span[1]))


def _definite(text: str, at: int) -> bool:
    """Tell whether an article or a possessive stands before an offset: before a thing, and not before a person."""
    return _DETERMINER.search(text, max(0, at - MAX_SPACES), at) is not None


def _parts(name: str, definite: bool) -> list[tuple[int, int]]:
    """Find the shorter names that what looks like one name may be made of: "Paris to a Jewish" holds Paris."""
    starts, ends = [0], []
    of: list[tuple[int, int]] = []
    for joint in _JOINT.finditer(name):
        if joint[1] == "&" and not (" " in name[starts[-1] : joint.start()] and " " in name[joint.end() :]):
            continue  # "Ruud & Sons" is one company, "Ada Rinn & Jon Rinn" are two persons
        if (joint[1] or joint[2]) in _PARTING:
            ends.append(joint.start())
            starts.append(joint.end())
        elif joint[1] == "of" and name[joint.end() : joint.end() + 1].isupper():
            of.append((joint.end(), len(name)))
            if not definite and is_full_name(name[starts[-1] : joint.start()]):  # "Ada Rinn of Velda"
                of.append((starts[-1], joint.start()))
    ends.append(len(name))
    whole = range(len(starts))
    parts = [(starts[a], ends[b]) for a in whole for b in whole[a : a + MAX_PARTS] if (a, b) != (0, len(starts) - 1)]
    return [part for part in (*parts, *of) if any(char.isupper() for char in name[part[0] : part[1]])]


def is_full_name(text: str) -> bool:
    """Tell whether a name has the form of a person's name and surname, and no word in it says otherwise."""
    words = text.split()
    return (
        1 < len(words) <= MAX_PARTS
        and all(word[0].isupper() and not word.isupper() and kind_of_noun(word) is None for word in words)
        and kind_of_name(text) is None
        and words[0] not in _ARTICLES
    )
