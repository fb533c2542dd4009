"""Clauses: patterns such as `{S} was born in {V}`, compiled once and matched on masked sentences.

{S} {S's}  the subject: the page's own thing or a name that is certain; its possessive. {s} the same inside a
           clause, {s+} a list of them
{V} {V+}   the value: a name; a list of names, each a fact
{W} {Y}    the value: a day, month or year; a year alone
{Q}        the value: a number; `{Q:m}` with this unit
{T}        the value: words in lower case
{A}        the value: one to four words of any case
{n} {w} {q} the same, but not the value
(a|b)      one of these; [x] with or without; a leading ^ only at the start of the sentence
A pattern without {S} speaks of the page's own thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tamsa.synthesis.graph.masks import (
    DATE,
    FIRST,
    LAST,
    NAME,
    POSSESSIVE,
    PRONOUN,
    QUANTITY,
    SUBJECT,
    YEAR,
    Atom,
    Mask,
)

_I = f"[{FIRST}-{LAST}]"
_ADVERB = (
    r"(?:(?!alleg|report|near|proba|poss|suppos|appar|purport|likely|unlik|uncert|family|only )"
    r"(?:[a-z]+ly|also|then|later|first|once|jointly) )?"
)
_LEFT = (
    r"(?:^|(?<=, )|(?<=; )|(?<=: )|(?<= and )|(?<= but )|(?<= while )|(?<= when )|(?<= where )|(?<=\) )|(?<=- )|"
    r"(?<=which )|(?<=who )|(?<=that )|(?<=, the )|"
    rf"(?<=[{DATE}{YEAR}]{_I} ))"
)
_RIGHT = (
    rf"(?=$|[.,;:)!?”\"]|\s?\(| [{DATE}{YEAR}]| (?:in|on|at|by|to|for|with|and|as|from|of|or|but|under|since|"
    rf"until|till|"
    r"where|who|which|whose|when|while|after|before|during|between|near|through|via|about|because|starring|featuring|"
    r"based|directed|written|released|published|along|is|was|were|are|has|had|the|until|within|over|into|around|against|"
    r"alongside|opposite|following|together|later|that|-|–|—|across|becoming|making|having|being|founded|located|"
    r"produced|then|so|did|it|he|she)(?:[ ,.;]|$))"
)
_DESCRIPTION = (
    rf"(?P<d>(?:(?:the|The|an?|his|her|its|their|fellow|by|{POSSESSIVE}{_I}) )?(?:[{NAME}]{_I} )?"
    r"(?:[a-z][a-z-]*,? ){0,4}?)"
)
_NAMES = f"[{SUBJECT}{NAME}]{_I}"
_ENDS = f"[{SUBJECT}{NAME}{PRONOUN}]{_I}"
_UNITS = {"m": "m|ft", "km": "km|mi|m", "km2": "km2|sq mi|acre|ha", "min": "min", "t": "t", "people": "people|"}
_SLOTS: dict[str, str] = {
    "{S}": rf"{_LEFT}(?:[Tt]he )?(?P<s>[{SUBJECT}{NAME}{PRONOUN}]{_I})(?:,? \([^()]{{0,80}}\),?)?",
    "{S's}": rf"(?:(?:[Tt]he )?(?P<s>[{SUBJECT}{NAME}{PRONOUN}]{_I})(?:['’]s?)|(?P<h>{POSSESSIVE}{_I}))",
    "{s}": rf"(?:[Tt]he )?(?P<s>[{SUBJECT}{NAME}{PRONOUN}]{_I})(?!['’])",
    "{s+}": rf"(?:[Tt]he )?(?P<s>{_ENDS}(?:, (?:the )?{_NAMES})*(?:,? (?:and|&) (?:the )?{_NAMES})?)(?!['’])",
    "{V}": rf"{_DESCRIPTION}(?P<v>{_ENDS}){_RIGHT}",
    "{V's}": rf"(?:(?:[Tt]he )?(?P<v>{_ENDS})['’]s?|(?P<w>{POSSESSIVE}{_I}))",
    "{v}": rf"{_LEFT}{_DESCRIPTION}(?P<v>{_ENDS})(?!['’])",
    "{V+}": rf"{_DESCRIPTION}(?P<v>{_NAMES}(?:, (?:the )?{_NAMES})*(?:,? (?:and|&) (?:the )?{_NAMES})?){_RIGHT}",
    "{W}": rf"(?P<v>[{DATE}{YEAR}]{_I})(?! ?[-–—/])",
    "{Y}": rf"(?P<v>[{YEAR}]{_I})(?! ?[-–—/])",
    "{T}": r"(?P<v>[a-z][a-z'-]*(?: [a-z][a-z'-]*){0,5}?)(?=$|[.,;:)]| (?:in|by|who|from|at|for|with|until|on|"
    r"before|and) )",
    "{TT}": r"(?P<v>[a-z][a-z'-]*(?: [a-z][a-z'-]*){0,5}?(?:(?:, [a-z' -]{2,30}?)*,?"
    r" and [a-z][a-z' -]{1,40}?)?)(?=$|[.,;:)])",
    "{A}": rf"(?P<v>(?:{_NAMES}|[a-z][a-z'-]*)(?: (?:{_NAMES}|[a-z][a-z'-]*)){{0,3}}?)(?=$|[.,;:)]| (?:in|by|"
    rf"script|alphabet)\b)",
    "{n}": rf"(?:(?:the |a |an )?(?:[a-z-]+ ){{0,2}}{_NAMES}(?:(?:, | and |,? in ){_NAMES}){{0,3}})",
    "{w}": f"[{DATE}{YEAR}]{_I}",
    "{q}": f"[{QUANTITY}]{_I}",
    "{t}": r"(?:[a-z-]+ ){0,3}[a-z-]+",
}
_SLOT = re.compile(r"\{[A-Za-z]T?['’]?s?\+?(?::[\w ]+)?\}")
_AUXILIARY = re.compile(r"(?<![a-z])(was|is|were|are|has been|had been|be)(?= )")
_COMMON = frozenset(
    "was is were are the a an of in on at by to from for with and as has had been its his her he she it that which who "
    "one some there first".split()
)


@dataclass(frozen=True, slots=True)
class Match:
    """What a pattern found: the subject's atom (None: the page's thing) and the value's atoms or stretch."""

    subject: Atom | None
    description: str
    values: tuple[Atom, ...]
    stretch: tuple[int, int] | None
    """`[start, end)` of the document for a value in free words."""
    relation: Relation


@dataclass(frozen=True)
class Relation:
    """A relation and the ways in which texts state it."""

    name: str
    domain: frozenset[str]
    """Kinds of the subject that make sense; empty for all."""
    range: frozenset[str]
    """Kinds of the value that make sense, for names."""
    templates: tuple[str, ...]
    loose: bool = False
    """True: a subject of unknown kind will do."""
    implicit: frozenset[str] = frozenset()
    """Kinds of pages on which a pattern without subject speaks of the page's thing."""

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The compiled templates."""
        return tuple(Pattern(template, self) for template in self.templates)


class Pattern:
    """One compiled template."""

    def __init__(self, template: str, relation: Relation) -> None:
        self.template = template
        self.relation = relation
        self.triggers = _triggers(template)
        unit = re.search(r"\{Q:([^}]+)\}", template)
        self.units = frozenset(_UNITS[unit[1]].split("|")) if unit else frozenset()
        self._regex = re.compile(_compile(template))

    def find(self, mask: Mask) -> Iterator[Match]:
        """Yield what the template finds in a masked sentence."""
        for match in self._regex.finditer(mask.text):
            groups = match.groupdict()
            start, end = match.span("w" if groups.get("w") else "v")
            values = tuple(
                mask.atoms[ord(mask.text[i + 1]) - ord(FIRST)]
                for i in range(start, end)
                if SUBJECT <= mask.text[i] <= QUANTITY
            )
            if self.units and not (values and _unit_of(values[0].normal) in self.units):
                continue
            stretch = None
            if not values or (end - start > 2 and "{A}" in self.template) or "{T" in self.template:
                stretch = (mask.places[start], mask.places[end - 1] + 1)
            named = groups.get("s") or groups.get("h") or ""
            places = [i for i, char in enumerate(named) if SUBJECT <= char <= QUANTITY]
            subjects: list[Atom | None] = [mask.atoms[ord(named[i + 1]) - ord(FIRST)] for i in places]
            description = (groups.get("d") or "").strip()
            for subject in subjects or [None]:
                yield Match(subject, description, values, stretch, self.relation)


def _unit_of(normal: str) -> str:
    return normal.partition(" ")[2]


def _compile(template: str) -> str:
    out: list[str] = []
    place = 0
    text = template.strip()
    anchored = text.startswith("^")
    text = re.sub(r"\[([^\[\],]*[^\s\[\],])\] ", r"[\1 ]", text.lstrip("^"))  # `[x] y` is `[x ]y`
    for match in _SLOT.finditer(text):
        out.append(_literal(text[place : match.start()]))
        slot = match.group()
        if slot.startswith("{Q"):
            out.append(rf"(?P<v>[{QUANTITY}]{_I})(?! ?[-–—/])")
        else:
            out.append(_SLOTS[slot])
        place = match.end()
    out.append(_literal(text[place:]))
    pattern = "".join(out)
    head = "" if text.startswith(("{S}", "{v}")) else _LEFT if text.startswith("{s+}") else r"(?:^|(?<=[ ;,(]))"
    return (r"^(?:[^,;]{0,40}, )?" if anchored else head) + pattern + r"(?![a-z])"


def _literal(text: str) -> str:
    """Turn literal words into a pattern: `[x]` and `(a|b)` as the module says, adverbs after auxiliaries."""
    text = text.replace("an? ", "\ue001")
    text = re.sub(r"([.?+*])", r"\\\1", text).replace("[The ]", "\ue000")
    text = text.replace("[", "(?:").replace("]", ")?")
    text = re.sub(r"\((?!\?:)", "(?:", text).replace("\ue000", "(?:[Tt]he )?")
    text = text.replace("\ue001", "an? ")
    text = re.sub(r"\b(his|her|its)\b", rf"(?:\1|{POSSESSIVE}{_I})", text)
    text = _AUXILIARY.sub(lambda match: rf"{match.group()}(?: [a-z]+ly| also| then| later| once| first)?", text)
    return text if not text.startswith(" ") or not text.strip() else " " + _ADVERB + text[1:]


def _triggers(template: str) -> frozenset[str]:
    """Return words of which a sentence must hold one for the template to be tried."""
    text = _SLOT.sub(" ", template.lower())
    while "[" in text:
        text = re.sub(r"\[[^\[\]]*\]", " ", text)
    plain = re.sub(r"\([^()]*\)", " ", text)
    words = [word for word in re.findall(r"[a-z][a-z'-]*", plain) if word not in _COMMON]
    if words:
        return frozenset({max(words, key=len)})
    for group in re.findall(r"\(([^()]*)\)", text):
        options = [[w for w in re.findall(r"[a-z][a-z'-]*", part) if w not in _COMMON] for part in group.split("|")]
        if all(options):
            return frozenset(max(option, key=len) for option in options)
    return frozenset()


class Patterns:
    """All patterns, found by the words that a sentence holds."""

    def __init__(self, relations: Iterable[Relation]) -> None:
        self._by_word: dict[str, list[Pattern]] = {}
        self._always: list[Pattern] = []
        for relation in relations:
            for pattern in relation.patterns:
                for word in pattern.triggers:
                    self._by_word.setdefault(word, []).append(pattern)
                if not pattern.triggers:
                    self._always.append(pattern)
        self._order = {id(p): n for n, p in enumerate(p for relation in relations for p in relation.patterns)}

    def find(self, mask: Mask, accepts: Callable[[Relation], bool]) -> Iterator[Match]:
        """Yield the matches of all patterns whose relation makes sense, in the order of the patterns."""
        found = {id(pattern): pattern for word in mask.words for pattern in self._by_word.get(word, ())}
        for pattern in sorted(found.values(), key=lambda pattern: self._order[id(pattern)]):
            if accepts(pattern.relation):
                yield from pattern.find(mask)
        for pattern in self._always:
            if accepts(pattern.relation):
                yield from pattern.find(mask)


def relation(name: str, domain: str, range_: str, templates: str, implicit: str = "") -> Relation:
    """Make a relation from kinds (`person|work`; `*` for all) and one template a line."""

    def kinds(text: str) -> frozenset[str]:
        return frozenset() if text == "*" else frozenset(text.split("|")) - {""}

    lines = tuple(line.strip() for line in templates.strip().splitlines() if line.strip())
    loose = domain == "*" or "" in domain.split("|")
    return Relation(name, kinds(domain), kinds(range_), lines, loose, kinds(implicit))
