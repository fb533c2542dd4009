"""The knowledge graph of one realm: entities, dated facts, and where each fact is stated.

A world is a row of realms (two or three countries with everything in them). Only one realm is held in memory
at a time, so the cost of a world is one realm, whatever its number of pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tamsa.world.relations import Relation

PRESENT = 2005
"""The year in which the encyclopedia was written."""

Date = tuple[int, int, int]
"""Year, month, day."""
Value = "Entity | int | str | Date"

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Entity:
    """One thing of the world that has (or could have) a page.

    `name` is what prose calls it; `title` adds a disambiguation where two pages share a name.
    """

    __slots__ = (
        "aliases",
        "born",
        "country",
        "culture",
        "died",
        "facts",
        "foreign",
        "gender",
        "inverse",
        "kind",
        "name",
        "namesakes",
        "note",
        "place",
        "short",
        "start",
        "sub",
        "title",
    )

    def __init__(self, kind: str, *, country: Entity | None = None, place: Entity | None = None) -> None:
        self.kind = kind
        self.title = ""
        self.name = ""
        self.short = ""
        """Surname of a person, or a shorter form; prose may use it after the first mention."""
        self.sub = ""
        """Finer kind: occupation, industry, building type."""
        self.gender = ""
        self.country = country
        self.place = place
        """Town (of people, buildings, companies) or region (of towns, mountains)."""
        self.culture = 0
        self.born: Date | None = None
        self.died: Date | None = None
        self.start = 0
        """Year of founding, making or opening; 0 where it does not apply."""
        self.note = ""
        self.facts: list[Fact] = []
        self.inverse: list[Fact] = []
        self.namesakes: list[Entity] = []
        self.aliases: tuple[str, ...] = ()
        self.foreign = False
        """True for an entity of an earlier realm, whose page is already written."""

    @property
    def id(self) -> str:
        """Document id: the title with underscores, as encyclopedias on the web have it."""
        return self.title.replace(" ", "_")

    def get(self, relation: str) -> Fact | None:
        """Return the first fact of a relation, disputed ones included."""
        for fact in self.facts:
            if fact.relation.name == relation:
                return fact
        return None

    def all(self, relation: str) -> list[Fact]:
        """Return all facts of a relation, in the order in which they were added."""
        return [fact for fact in self.facts if fact.relation.name == relation]

    def one(self, relation: str) -> Entity | None:
        """Return the entity at the other end of a single-valued relation."""
        fact = self.get(relation)
        return fact.object if fact is not None and isinstance(fact.object, Entity) else None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.title or '?'}>"


@dataclass(slots=True)
class Place:
    """Where a fact is stated: a page and the character range of the sentence or table row."""

    page: str
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Fact:
    """One statement of the graph.

    `status`: `asserted` (undisputed), `settled` (true, but other sources say otherwise) or `refuted`.
    """

    subject: Entity
    relation: Relation
    object: Entity | int | str | Date
    year: int | None = None
    until: int | None = None
    home: str = "S"
    """Which pages state it: `S` the subject's, `O` the object's, `SO` both, `` none but tables or sources."""
    status: str = "asserted"
    stated: list[Place] = field(default_factory=list)
    number: int = -1

    @property
    def text(self) -> str:
        """The object as prose writes it."""
        return show(self.object, self.relation.range)


def show(value: Entity | int | str | Date, kind: str) -> str:
    """Write a value as prose does: names, `14 March 1893`, `12,345`, `1893`."""
    if isinstance(value, Entity):
        return value.name
    if isinstance(value, tuple):
        return f"{value[2]} {MONTHS[value[1] - 1]} {value[0]}"
    if isinstance(value, int):
        return str(value) if kind == "year" else f"{value:,}"
    return value


class Graph:
    """All entities and facts of one realm, with indexes by kind."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.entities: list[Entity] = []
        self.facts: list[Fact] = []
        self.by_kind: dict[str, list[Entity]] = {}

    def new(self, kind: str, *, country: Entity | None = None, place: Entity | None = None) -> Entity:
        """Add an entity that gets a page."""
        entity = Entity(kind, country=country, place=place)
        self.entities.append(entity)
        self.by_kind.setdefault(kind, []).append(entity)
        return entity

    def kind(self, *kinds: str) -> list[Entity]:
        """Return the entities of some kinds, in the order of creation."""
        if len(kinds) == 1:
            return self.by_kind.get(kinds[0], [])
        return [entity for kind in kinds for entity in self.by_kind.get(kind, [])]

    def add(self, fact: Fact) -> Fact:
        """Add a fact and index it at both ends."""
        fact.number = len(self.facts)
        self.facts.append(fact)
        fact.subject.facts.append(fact)
        if isinstance(fact.object, Entity) and not fact.object.foreign:
            fact.object.inverse.append(fact)
        return fact

    def __iter__(self) -> Iterator[Entity]:
        return iter(self.entities)
