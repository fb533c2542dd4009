"""Writes a page: sentences from phrasings, mentions that vary, links and facts with exact offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import Any

from tamsa.world.graph import Date, Entity, Fact, Place, show

_SLOT = re.compile(r"\{([^}]+)\}")
_ARTICLE_KINDS = frozenset(
    ("river", "award", "battle", "treaty", "expedition", "species", "invention", "bridge", "newspaper", "festival")
)
_ARTICLE_WORDS = (
    "Museum of", "University of", "Gallery", "Stadium", "Observatory", "Playhouse", "Company", "Institute", "Works",
    "Shipyards", "Mills", "Yards", "Theatre of", "Cathedral of", "House of", "Brewery",
)  # fmt: skip
APPOSITIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "town": (("in_region", ", a town in {V}"), ("on_river", ", on the {V}"), ("in_region", " in {V}")),
    "company": (
        ("industry", ", a company in the business of {V}"),
        ("headquarters", ", a company based in {V}"),
        ("founded", ", a company founded in {V}"),
    ),
    "university": (("located_in", " in {V}"), ("founded", ", founded in {V}")),
    "building": (("stands_in", ", {a noun} in {V}"), ("opened", ", opened in {V}"), ("designed_by", ", a work of {V}")),
    "film": (("director", ", directed by {V}"), ("released", ", a film of {V}")),
    "novel": (("author", ", a novel by {V}"), ("published", ", a novel of {V}")),
    "album": (("artist", ", an album by {V}"), ("released", ", an album of {V}")),
    "painting": (("painter", ", a painting by {V}"), ("painted", ", a painting of {V}")),
    "person": (
        ("occupation", ", the {nation} {V}"),
        ("occupation", ", {a nation} {V}"),
        ("occupation", ", {a V} by profession"),
        ("born_in", ", a native of {V}"),
        ("studied_at", ", who had studied at {V}"),
    ),
    "ship": (("shipbuilder", ", built by {V}"), ("launched", ", launched in {V}")),
    "river": (("flows_into", ", a tributary of the {V}"),),
    "mountain": (("in_region", ", a mountain in {V}"), ("height", ", {V} m high")),
    "newspaper": (("located_in", " of {V}"),),
    "club": (("located_in", ", a club from {V}"),),
    "award": (("established_by", ", which is given by {V}"),),
    "bridge": (("crosses", ", which crosses the {V}"), ("stands_in", ", a bridge in {V}")),
    "species": (("found_in", ", a species of {V}"),),
    "mineral": (("type_locality", ", first found on {V}"),),
    "invention": (("inventor", ", an invention of {V}"),),
    "treaty": (("signed_in", ", signed in {V}"),),
    "battle": (("fought_near", ", fought near {V}"),),
    "expedition": (("leader", ", led by {V}"), ("destination", ", which was sent to {V}")),
}
"""Appositions by kind of the entity mentioned: relation told in passing, and its wording."""

_PRONOUNS = {"male": ("he", "his"), "female": ("she", "her"), "": ("it", "its")}


@lru_cache(maxsize=4096)
def compile_template(template: str) -> tuple[tuple[bool, str], ...]:
    """Split a phrasing into (is slot, text) pieces."""
    pieces: list[tuple[bool, str]] = []
    last = 0
    for match in _SLOT.finditer(template):
        if match.start() > last:
            pieces.append((False, template[last : match.start()]))
        pieces.append((True, match.group(1)))
        last = match.end()
    if last < len(template):
        pieces.append((False, template[last:]))
    return tuple(pieces)


def article(entity: Entity) -> str:
    """Return `the ` for entities that take it, else an empty string."""
    if entity.name.startswith(("The ", "A ", "An ")) or "'s " in entity.name:
        return ""
    if entity.kind in _ARTICLE_KINDS or (
        entity.kind in ("building", "company", "university") and any(w in entity.name for w in _ARTICLE_WORDS)
    ):
        return "the "
    return ""


def a_or_an(text: str) -> str:
    """Return the text with its indefinite article."""
    vowel = text[:1].lower() in "aeiouøåö" and not text.lower().startswith(("eu", "uni"))
    return ("an " if vowel or text.startswith(("8", "11 ", "18")) else "a ") + text


def noun(entity: Entity) -> str:
    """Return the common noun of an entity: occupation, building type, kind."""
    if entity.kind in ("person", "building", "invention", "species"):
        return entity.sub
    if entity.kind == "university":
        return "institution"
    return entity.kind


class Page:
    """A page being written.

    `parts` grow to the text; `links`, `sections` and stated facts carry character offsets into it.
    """

    def __init__(self, entity: Entity, random: Random) -> None:
        self.entity = entity
        self.random = random
        self.parts: list[str] = []
        self.length = 0
        self.links: list[dict[str, Any]] = []
        self.sections: list[dict[str, Any]] = []
        self.used: list[tuple[str, int]] = []
        """(relation, phrasing number) of every sentence, for the statistics of variety."""
        self.asides: set[str] = set()
        self._mentioned = False
        self._openings: list[str] = []
        self._rival = False
        self._sentence = 0
        self._paragraph_sentences = 0
        self._added = False
        """True while the sentence ends with an apposition."""
        self._known: set[int] = set()
        """Entities (by `id()`) already introduced on the page."""

    # ------------------------------------------------------------------ raw writing

    def write(self, text: str) -> None:
        """Write text as it is."""
        self.parts.append(text)
        self.length += len(text)

    def link(self, entity: Entity, text: str | None = None) -> None:
        """Write a mention of another page and record it as a link."""
        shown = text or entity.name
        if entity is not self.entity and entity.title:
            self.links.append({"target": entity.id, "start": self.length, "end": self.length + len(shown)})
        self.write(shown)

    def heading(self, title: str) -> None:
        """Start a section."""
        self.close_section()
        if self.length:
            self.write("\n\n")
        self.sections.append({"title": title, "start": self.length, "end": self.length})
        if title != self.entity.title:
            self.write(f"## {title}\n\n")
        self._paragraph_sentences = 0

    def close_section(self) -> None:
        """Let the current section end here."""
        if self.sections:
            self.sections[-1]["end"] = self.length

    def paragraph(self) -> None:
        """Start a paragraph."""
        self.write("\n\n")
        self._paragraph_sentences = 0

    def state(self, fact: Fact, start: int) -> None:
        """Record that the text from `start` to here states a fact."""
        fact.stated.append(Place(self.entity.title, start, self.length))

    # ------------------------------------------------------------------ sentences

    def begin(self) -> int:
        """Start a sentence; returns where it starts."""
        self._added = False
        if self._paragraph_sentences:
            self.write(" ")
        self._paragraph_sentences += 1
        self._sentence = self.length
        return self.length

    def plain(self, text: str) -> None:
        """Write a sentence (or several) without facts."""
        self.begin()
        self.write(text)
        self._openings.append(text.split(" ", 1)[0])

    def sentence(self, pieces: Sequence[str | Entity], facts: Sequence[Fact]) -> None:
        """Write one sentence given as texts and entities, and record the facts it states."""
        start = self.begin()
        first = True
        for piece in pieces:
            if isinstance(piece, Entity):
                the = article(piece)
                if the and not self._ends_with_the():
                    self.write("The " if first else the)
                self.link(piece)
                if piece.kind == "person" and piece is not self.entity:
                    self._rival = True
            elif piece:
                self.write(piece[0].upper() + piece[1:] if first else piece)
            first = False
        self._mentioned = True
        self._openings.append("")
        for fact in facts:
            self.state(fact, start)

    def say(self, fact: Fact, side: str, *, follow: tuple[Fact, str] | None = None) -> bool:
        """State a fact in one of its phrasings; `follow` may be joined to the same sentence.

        Returns:
            True if `follow` was joined.
        """
        template = self._choose(fact, side)
        start = self.begin()
        self._render(template, fact, side, first=True)
        joined = False
        joinable = follow is not None and follow[0].relation is not fact.relation
        if (
            follow is not None
            and joinable
            and template.startswith("{P} ")
            and " and " not in template
            and "," not in template
            and not self._added
            and self.random.random() < 0.45
        ):
            other, other_side = follow
            tails = [
                (i, t) for i, t in enumerate(_phrasings(other, other_side))
                if t.startswith("{P} ") and t.count("{P") == 1 and " and " not in t
                and t.split(" ")[1:3] != template.split(" ")[1:3] and "died" not in template
            ]  # fmt: skip
            if tails:
                number, tail = self.random.choice(tails)
                self.used.append((f"{other.relation.name}/{other_side}", number))
                self.write(" and ")
                self._render(tail[4:], other, other_side, first=False)
                joined = True
        self.write(".")
        self.state(fact, start)
        if joined and follow is not None:
            self.state(follow[0], start)
        return joined

    def _choose(self, fact: Fact, side: str) -> str:
        phrasings = _phrasings(fact, side)
        # Two sentences in a row that open alike sound like a list: prefer another opening then.
        recent = self._openings[-2:]
        order = list(range(len(phrasings)))
        self.random.shuffle(order)
        name = f"{fact.relation.name}/{side}"
        number = order[0]
        for number in order:
            opening = "P" if phrasings[number].startswith("{P") else phrasings[number][:4]
            if (name, number) not in self.used[-5:] and (len(recent) < 2 or recent != [opening, opening]):
                break
        template = phrasings[number]
        self.used.append((name, number))
        self._openings.append("P" if template.startswith("{P") else template[:4])
        return template

    def _ends_with_the(self) -> bool:
        return bool(self.parts) and self.parts[-1].endswith((" the ", "The "))

    def _render(self, template: str, fact: Fact, side: str, *, first: bool) -> None:
        other = fact.object if side == "s" else fact.subject
        pieces = compile_template(template)
        for number, (is_slot, text) in enumerate(pieces):
            if not is_slot:
                self.write(text)
            elif text in ("P", "P's"):
                self._mention(first, possessive=text == "P's")
            elif text == "his":
                self.write(_PRONOUNS[self.entity.gender][1])
            elif text in ("X", "X's"):
                if isinstance(other, Entity):
                    self._other(other, first, possessive=text == "X's")
                    if number == len(pieces) - 1 and self.random.random() < 0.4:
                        self._introduce(other)
                    self._known.add(id(other))
                else:
                    self.write(show(other, fact.relation.range))
            elif text == "a X":
                self.write(a_or_an(show(other, fact.relation.range)) if not isinstance(other, Entity) else other.name)
            elif text == "y":
                self.write(str(fact.year))
            elif text == "z":
                self.write(str(fact.until))
            elif text == "unit":
                self.write("km" if fact.subject.kind == "river" else fact.relation.unit or "m")
            first = False

    def _other(self, other: Entity, first: bool, *, possessive: bool) -> None:
        the = article(other)
        if the and not self._ends_with_the():
            self.write("The " if first else the)
        self.link(other)
        if possessive:
            self.write("'" if other.name.endswith("s") else "'s")
        if other.kind == "person" and other.gender == self.entity.gender:
            self._rival = True

    def _introduce(self, other: Entity) -> None:
        """Add an apposition that tells, in passing, a fact of another page."""
        if id(other) in self._known or other.foreign or other.kind not in APPOSITIONS:
            return
        name, template = self.random.choice(APPOSITIONS[other.kind])
        fact = other.get(name)
        if fact is None or fact.status != "asserted" or fact.object is self.entity or fact.subject is self.entity:
            return
        start = self._sentence
        before, _, after = template.partition("{V}")
        nation = other.country.note if other.country else ""
        for slot, text in (("{nation}", nation), ("{a nation}", a_or_an(nation)), ("{a noun}", a_or_an(noun(other)))):
            before = before.replace(slot, text)
        if "{a V}" in before:
            before = before.replace("{a V}", a_or_an(fact.text))
        self.write(before)
        if isinstance(fact.object, Entity):
            the = article(fact.object)
            if the and not self._ends_with_the():
                self.write(the)
            self.link(fact.object)
        elif "{V}" in template:
            self.write(fact.text)
        self.write(after)
        self.state(fact, start)
        self._added = True

    def enumerate_facts(self, template: str, facts: Sequence[Fact], side: str) -> None:
        """State several facts of one relation in one sentence: `Its students included A, B and C.`"""
        start = self.begin()
        first = True
        for is_slot, text in compile_template(template):
            if not is_slot:
                self.write(text)
            elif text in ("P", "P's"):
                self._mention(first, possessive=text == "P's")
            else:
                for index, fact in enumerate(facts):
                    if index:
                        self.write(" and " if index == len(facts) - 1 else ", ")
                    other = fact.object if side == "s" else fact.subject
                    assert isinstance(other, Entity)
                    self._other(other, first and index == 0, possessive=False)
                    self._known.add(id(other))
            first = False
        self.write(".")
        self._openings.append("P" if template.startswith("{P") else template[:4])
        self.used.append((f"{facts[0].relation.name}/{side}+", 0))
        for fact in facts:
            self.state(fact, start)

    def _mention(self, first: bool, *, possessive: bool) -> None:
        """Write the page's own entity: in full, by its short name, by its noun or by a pronoun."""
        entity = self.entity
        roll = self.random.random()
        if not self._mentioned:
            text = article(entity) + entity.name
        elif first and (roll < 0.62 and not (self._rival and roll < 0.45)) and self._paragraph_sentences > 1:
            self._rival = False
            pronoun, own = _PRONOUNS[entity.gender]
            text = own if possessive else pronoun
            self.write(text[0].upper() + text[1:])
            return
        elif entity.kind == "person":
            text = entity.short
        elif roll < 0.75 or entity.kind in ("country", "region", "town", "language", "mineral"):
            text = article(entity) + entity.name
        else:
            text = "the " + noun(entity)
        self._mentioned = True
        self._rival = False
        if self._ends_with_the() and text.startswith("the "):
            text = text[4:]
        if possessive:
            text += "'" if text.endswith("s") else "'s"
        self.write(text[0].upper() + text[1:] if first else text)

    # ------------------------------------------------------------------ tables

    def table(
        self, header: Sequence[str], rows: Sequence[tuple[Sequence[str | int | Entity | Date], Sequence[Fact]]]
    ) -> None:
        """Write a Markdown table; each row states its facts."""
        self.write("| " + " | ".join(header) + " |\n|" + " --- |" * len(header))
        for cells, facts in rows:
            self.write("\n")
            start = self.length
            self.write("|")
            for cell in cells:
                self.write(" ")
                if isinstance(cell, Entity):
                    self.link(cell)
                else:
                    self.write(cell if isinstance(cell, str) else show(cell, "number"))
                self.write(" |")
            for fact in facts:
                self.state(fact, start)
        self._paragraph_sentences = 0

    def record(self, date: str) -> dict[str, Any]:
        """Return the page as a corpus record, with the fields of `tamsa.types.Document`."""
        self.close_section()
        return {
            "id": self.entity.id,
            "title": self.entity.title,
            "text": "".join(self.parts),
            "sections": self.sections,
            "links": self.links,
            "date": date,
        }


def _phrasings(fact: Fact, side: str) -> tuple[str, ...]:
    options = fact.relation.s if side == "s" else fact.relation.o or fact.relation.s
    if fact.year is None:
        return tuple(t for t in options if "{y}" not in t) or options
    return options
