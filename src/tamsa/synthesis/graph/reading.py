"""Reading: the sentences of a document become facts, where pattern, kinds and links agree.

A fact is kept only if its subject is certain (the page's own thing, a link, an unambiguous title), its value is of a
kind that the relation takes, and nothing in the sentence says that it is doubted, denied or made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from tamsa.synthesis.graph.clauses import Match, Patterns, Relation
from tamsa.synthesis.graph.facts import Found
from tamsa.synthesis.graph.kinds import kind_of_noun
from tamsa.synthesis.graph.linking import Entities, Linker
from tamsa.synthesis.graph.masks import DATE, NAME, POSSESSIVE, PRONOUN, QUANTITY, SUBJECT, YEAR, Atom, Mask, Masker
from tamsa.synthesis.graph.patterns_people import PEOPLE
from tamsa.synthesis.graph.patterns_places import PLACES
from tamsa.synthesis.graph.patterns_society import SOCIETY
from tamsa.synthesis.graph.patterns_works import WORKS
from tamsa.synthesis.graph.profile import Definition, bare_title
from tamsa.synthesis.graph.sentences import Sentence, split_sentences
from tamsa.types import Document

RELATIONS: tuple[Relation, ...] = (*PEOPLE, *WORKS, *PLACES, *SOCIETY)
MAX_SENTENCES = 400
"""Sentences of one document that are read."""

_DOUBT = re.compile(
    r"\b(?:not|never|neither|nor|alleged(?:ly)?|reported(?:ly)?|supposed(?:ly)?|purported(?:ly)?|rumou?r(?:s|ed)?|hoax|legend|"
    r"possibly|probably|perhaps|likely|unlikely|presumably|apparently|may have|might have|could have|would have|"
    r"said to|believed to|thought to|claim(?:s|ed)? to|claims|planned|plans|proposed|intended|scheduled|expected|"
    r"supposed|disputed|uncertain|unknown|fictional(?:ly)?|fictitious|mistaken(?:ly)?|erroneous(?:ly)?|incorrect(?:ly)?|"
    r"if|until corrected|was to have|will|rather than|instead of|contrary|except|withdrawn|nearly|almost|unreleased|"
    r"cancel?led|attempt(?:ed|s)?|failed|refused|declined|unbuilt|misattributed)\b|n't\b",
    re.IGNORECASE,
)
_CORRECTION = re.compile(r", (?:and )?not (?:on |in |by |at )?(?=[\ue002\ue005\ue006\ue007])")
_WORDS_OF = {
    "organization": frozenset(
        "company corporation inc ltd limited studios studio records pictures films productions entertainment "
        "university "
        "college school institute academy group press publishing publishers books games association federation society "
        "league club fc f.c party bank airlines railway railways band orchestra church council committee agency "
        "network "
        "television tv broadcasting media museum foundation trust army navy regiment team united city rovers athletic "
        "ministry department commission board authority union brothers bros sons house works yard shipyard shipyards "
        "motors motor industries technologies systems software international interactive channel radio".split()
    ),
    "place": frozenset(
        "county river lake mount mountain mountains island islands bay valley province state district city town "
        "village "
        "street road avenue park forest creek kingdom republic coast sea ocean desert peninsula".split()
    ),
    "work": frozenset("album film novel song magazine journal newspaper times".split()),
}
_TITLES_OF_PEOPLE = frozenset(
    "sir dr prof st lord lady king queen pope saint prince princess general colonel captain".split()
)
_NATIONS_LAST = re.compile(r"(?:ish|ese|ian|ean|can|ench|utch|reek|erman|ussian)$")
_PLACE_OF = re.compile(
    r"(?:(?:the|a|an|its|their) )?(?:[a-z-]+ ){0,2}(?:town|city|village|state|county|province|region|district|"
    r"kingdom|republic|"
    r"municipality|parish|hamlet|commune|island|suburb|borough|township|community|duchy|department|prefecture|area|capital"
    r"|neighborhood|neighbourhood|port|settlement|canton|territory) of"
)
_ACTS = frozenset({"Act", "Law", "Treaty", "Constitution", "Charter", "Order", "Decree", "Agreement", "Bill"})
_PLACES = frozenset({"place", "building"})
_BAD_IN_DESCRIPTION = frozenset("of and or with than for from in on at to by as not no former".split())

_PATTERNS: list[Patterns] = []


def patterns() -> Patterns:
    """Return all patterns, compiled when first asked for."""
    if not _PATTERNS:
        _PATTERNS.append(Patterns(RELATIONS))
    return _PATTERNS[0]


class Reader:
    """Reads documents with the names of all entities at hand."""

    def __init__(self, entities: Entities) -> None:
        self._entities = entities
        self._patterns = patterns()

    def read(self, document: Document, number: int, definition: Definition | None, linker: Linker) -> Iterator[Found]:
        """Yield the facts of a document's sentences."""
        kind = self._entities.kind(number)
        masker = self.masker(document, number, definition)
        for sentence in split_sentences(document.text, MAX_SENTENCES):
            here = definition is not None and definition.sentence.start == sentence.start
            span = (definition.phrase_start, definition.phrase_end) if here and definition else None
            mask = masker.mask(sentence, linker, self._entities, span)
            correction = _CORRECTION.search(mask.text)
            if correction:
                mask.text = mask.text[: correction.start()]
            if _DOUBT.search(mask.text):
                continue
            for match in self._patterns.find(mask, _always):
                yield from self._facts(document, number, kind, sentence, mask, match, linker, here)

    def masker(self, document: Document, number: int, definition: Definition | None) -> Masker:
        """Make the masker of a document: `the film` means it where its definition or its kind says so."""
        kind = self._entities.kind(number)
        words = re.findall(r"[a-z-]+", definition.phrase.lower()) if definition else []
        nouns = {word for word in words if kind_of_noun(word) == kind and kind} | set(words[-1:])
        nouns |= set(re.findall(r"[a-z-]+", bare_title(document.title).lower())[-1:]) | _GENERIC.get(kind, frozenset())
        return Masker(document.title, self._entities.aliases(number), kind, sorted(nouns), number)

    def _facts(
        self, document: Document, number: int, kind: str, sentence: Sentence, mask: Mask, match: Match,
        linker: Linker, lead: bool,
    ) -> Iterator[Found]:  # fmt: skip
        relation = match.relation
        subject = self._subject(match, number, kind, linker)
        if subject < 0:
            return
        subject_kind = self._entities.kind(subject)
        if relation.domain and subject_kind not in relation.domain and (subject_kind or not relation.loose):
            return
        name = self._specific(relation.name, subject, subject_kind)
        if not name:
            return
        source = "lead" if lead else "sentence"
        if match.stretch is not None:
            start, end = match.stretch
            value = document.text[start:end]
            if value and "\n" not in value and len(value) <= 80 and _is_plain(value):
                yield Found(subject, "", name, value, "text", "", -1, sentence.start, sentence.end, source)  # type: ignore[arg-type]
            return
        about_other = subject != number
        for atom in match.values:
            if atom.mark in (DATE, YEAR, QUANTITY):
                if not relation.range:
                    yield Found(
                        subject, "", name, atom.text, atom.type, atom.normal, -1, sentence.start, sentence.end, source  # type: ignore[arg-type]
                    )  # fmt: skip
                continue
            found = self._value(document, number, relation, atom, match.description, linker, sentence, mask)
            if found is None or found[2] == subject:
                continue
            if (
                about_other
                and atom.mark not in (SUBJECT, PRONOUN, POSSESSIVE)
                and (match.subject is None or match.subject.linked < 0)
            ):
                continue
            value, end, target = found
            if name == "on_river" and not self._is_river(value, target):
                continue
            yield Found(subject, "", name, value, "entity", "", target, sentence.start, max(end, sentence.end), source)  # type: ignore[arg-type]

    def _subject(self, match: Match, number: int, kind: str, linker: Linker) -> int:
        atom = match.subject
        if atom is None:
            return number if kind in match.relation.implicit else -1
        if atom.mark != NAME:
            return number
        if atom.linked >= 0:
            return atom.linked
        return self._entities.resolve(atom.text, match.relation.domain)

    def _value(
        self, document: Document, number: int, relation: Relation, atom: Atom, description: str, linker: Linker,
        sentence: Sentence, mask: Mask,
    ) -> tuple[str, int, int] | None:  # fmt: skip
        """Return the value as written, its end, and its entity; None where it makes no sense."""
        if atom.mark in (SUBJECT, PRONOUN, POSSESSIVE):
            kind = self._entities.kind(number)
            if relation.range and kind and kind not in relation.range:
                return None
            return (atom.text if atom.mark == SUBJECT else document.title), atom.end, number
        if not self._fits(description, relation.range):
            return None
        value, end, target = atom.text, atom.end, atom.linked
        if target < 0:
            if "place" in relation.range:
                value, end, target = self._place(document, atom, sentence, relation.range)
            else:
                target = self._entities.resolve(value, relation.range)
        kind = self._entities.kind(target) if target >= 0 else self._guess(value, relation.range)
        kinds = relation.range | {"place", "building"} if relation.range & {"place", "building"} else relation.range
        if kinds and kind and kind not in kinds:
            return None
        if target < 0 and relation.range & {"person", "organization"} and value.split()[-1] in _ACTS:
            return None
        if target < 0 and not _is_name(value, relation.range):
            return None
        return value, end, target

    def _guess(self, name: str, kinds: Set[str]) -> str:
        kind = self._entities.kind_of_name(name) or guess_kind(name)
        return (
            "" if kind == "person" and kinds and kinds <= _PLACES else kind
        )  # "in New Haven": a place, whatever it is

    def _place(self, document: Document, atom: Atom, sentence: Sentence, kinds: Set[str]) -> tuple[str, int, int]:
        """Read on over `, Alabama, United States`: the longest known title, or a place that its page puts there."""
        text = document.text
        chain = [(atom.end, atom.text)]
        end = atom.end
        while len(chain) < 4:
            match = _CHAIN.match(text, end, sentence.end)
            if match is None:
                break
            end = match.end(1)
            chain.append((end, match[1]))
        for stop, _ in reversed(chain[1:]):
            name = text[atom.start : stop]
            target = self._entities.resolve(name, kinds)
            if target >= 0 and self._entities.kind(target) in ("place", "building", "organization", ""):
                return name, stop, target
        target = self._entities.resolve(atom.text, kinds)
        if len(chain) == 1:
            return atom.text, atom.end, target
        if target >= 0 and any(name in self._entities.context(target) for _, name in chain[1:]):
            return atom.text, atom.end, target
        if guess_kind(chain[1][1]) == "person":
            return atom.text, atom.end, -1
        return text[atom.start : chain[1][0]], chain[1][0], -1

    def _fits(self, description: str, kinds: Set[str]) -> bool:
        """Tell whether the words before a name call it something that the relation takes."""
        words = re.findall(r"[a-z-]+", description)
        if not words or (len(words) == 1 and words[0] in ("the", "by", "his", "her", "its", "their", "fellow")):
            return words != ["his"] and words != ["her"]
        if _PLACE_OF.fullmatch(" ".join(words)):
            return "place" in kinds
        if words[0] == "the" and len(words) > 1 and words[-1] == "the":
            return False
        if set(words) & _BAD_IN_DESCRIPTION:
            return False
        kind = kind_of_noun(words[-1])
        return bool(kind) and (not kinds or kind in kinds)

    def _is_river(self, name: str, target: int) -> bool:
        words = set(
            re.findall(r"[a-z]+", f"{name} {self._entities.description(target) if target >= 0 else ''}".lower())
        )
        return bool(words & {"river", "rivers", "stream", "creek", "tributary", "canal"})

    def _specific(self, relation: str, subject: int, kind: str) -> str:
        """Name a relation more exactly by what its subject is: who wrote a film is its screenwriter."""
        if relation not in _BY_KIND:
            return relation
        words = set(re.findall(r"[a-z]+", self._entities.description(subject).lower()))
        for noun, name in _BY_KIND[relation]:
            if noun in words or noun == kind:
                return name
        return ""


_GENERIC = {
    kind: frozenset(words.split())
    for kind, words in {
        "work": "film book novel album song series show painting game single newspaper magazine",
        "place": "town city village river mountain district region county municipality country",
        "building": "building church stadium station bridge museum house castle airport hospital",
        "organization": "company club band university school college institution team newspaper",
        "event": "tournament event competition festival battle expedition treaty race",
        "ship": "ship vessel",
        "species": "species plant animal",
        "award": "award prize",
    }.items()
}
_BY_KIND: dict[str, tuple[tuple[str, str], ...]] = {
    "by": (
        ("painting", "painter"), ("novel", "author"), ("novella", "author"), ("book", "author"), ("poem", "author"),
        ("play", "author"), ("memoir", "author"), ("story", "author"), ("album", "artist"), ("song", "artist"),
        ("single", "artist"), ("ep", "artist"), ("mixtape", "artist"), ("opera", "composer"), ("symphony", "composer"),
        ("soundtrack", "artist"), ("compilation", "artist"),
    ),
    "written_by": (
        ("film", "screenwriter"), ("novel", "author"), ("novella", "author"), ("book", "author"), ("poem", "author"),
        ("play", "author"), ("memoir", "author"), ("story", "author"), ("song", "songwriter"), ("single", "songwriter"),
        ("series", "writer"), ("sitcom", "writer"), ("episode", "screenwriter"), ("musical", "author"),
        ("opera", "composer"), ("comic", "author"), ("manga", "author"), ("work", "author"),
    ),
    "came_out": (
        ("film", "released"), ("album", "released"), ("single", "released"), ("song", "released"), ("ep", "released"),
        ("game", "released"), ("work", "published"),
    ),
    "dated": (
        ("battle", "fought_on"), ("siege", "fought_on"), ("treaty", "signed_on"), ("painting", "painted"),
        ("photograph", "painted"), ("novel", "published"), ("book", "published"),
    ),
    "work_of": (
        ("painting", "painter"), ("novel", "author"), ("building", "designed_by"), ("album", "artist"),
        ("book", "author"),
    ),
}  # fmt: skip
_WORD = r"[^\W\d_a-z][\w'’-]*(?:\.\w+)*"
_CHAIN = re.compile(
    rf",\s({_WORD}(?:\s(?:of\s(?:the\s)?|and\s)?{_WORD}){{0,3}})(?=[,;:)(]|\.(?:\s|$)|$|"
    r"\s(?:in|on|and|at|near|where|which|with|until|before|to|from|by|as|is|was|he|she|it|who|but|for|since|during|"
    r"after)\b)"
)


def _always(_: Relation) -> bool:
    return True


def _is_plain(value: str) -> bool:
    words = value.split()
    return bool(words) and words[0] not in (
        "the",
        "a",
        "an",
        "his",
        "her",
        "their",
        "one",
        "many",
        "some",
        "several",
        "part",
    )


def guess_kind(name: str) -> str:
    """Guess the kind of a name without a page from its words; empty where they do not say."""
    words = [word.strip(".,'’").lower() for word in name.split()]
    if not words or "," in name:
        return ""
    for kind, known in _WORDS_OF.items():
        if words[-1] in known or (
            kind == "organization" and words[0] in ("university", "bank", "ministry", "institute")
        ):
            return kind
    if words[0] in _TITLES_OF_PEOPLE:
        return "person"
    plain = [word for word in name.split() if word[0].isupper()]
    if 2 <= len(words) <= 4 and len(plain) >= 2 and not any(char.isdigit() for char in name):
        return "person" if not any(word.lower() in ("of", "the", "and", "for") for word in words) else ""
    return ""


def _is_name(name: str, kinds: Set[str]) -> bool:
    """Tell whether a name without a page may be taken as a value: whole, and not an adjective of nation."""
    words = name.split()
    if not words or len(name) > 80:
        return False
    if len(words) == 1 and kinds:
        return "person" not in kinds and not (_NATIONS_LAST.search(name) and "place" not in kinds)
    return True
