"""The context in which a realm is made: graph, randomness, names, people to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from tamsa.world.graph import PRESENT, Date, Entity, Fact, Graph
from tamsa.world.names import RealmNames
from tamsa.world.schema import RELATIONS, Plan

T = TypeVar("T")


class Making:
    """Everything that the steps of making a realm share."""

    def __init__(self, graph: Graph, random: Random, names: RealmNames, plan: Plan, foreign: Sequence[Entity]) -> None:
        self.graph = graph
        self.random = random
        self.names = names
        self.plan = plan
        self.foreign = list(foreign)
        """Universities of earlier realms at which people of this one may study."""
        self.by_occupation: dict[str, list[Entity]] = {}
        self.towns_of: dict[Entity, list[Entity]] = {}
        """Towns by region and by country."""

    def maybe(self, probability: float) -> bool:
        """Draw yes with a probability."""
        return self.random.random() < probability

    def choose(self, items: Sequence[T]) -> T:
        """Draw one of some items."""
        return self.random.choice(items)

    def fact(
        self, subject: Entity, name: str, target: Entity | int | str | Date, *, year: int | None = None,
        until: int | None = None, home: str | None = None,
    ) -> Fact:  # fmt: skip
        """State a fact; where it is told is drawn from the relation's weights unless `home` says."""
        relation = RELATIONS[name]
        if home is None:
            home = "S"
            if isinstance(target, Entity):
                only_s, only_o, both = relation.home
                roll = self.random.random() * (only_s + only_o + both)
                home = "S" if roll < only_s or target.foreign else "O" if roll < only_s + only_o else "SO"
        return self.graph.add(Fact(subject, relation, target, year, until, home))

    def date(self, year: int) -> Date:
        """Draw a day of a year."""
        month = self.random.randrange(1, 13)
        return (year, month, self.random.randrange(1, 29 if month == 2 else 31))

    def alive(self, person: Entity, year: int) -> bool:
        """True if a person lived through the whole of a year after birth."""
        assert person.born is not None
        return person.born[0] < year and (person.died is None or person.died[0] > year)

    def fits(self, person: Entity, year: int, youngest: int, oldest: int) -> bool:
        """True if a person lived in a year and was of a certain age then."""
        assert person.born is not None
        return youngest <= year - person.born[0] <= oldest and self.alive(person, year)

    def pick(
        self, occupations: Sequence[str], year: int, *, youngest: int = 24, oldest: int = 68,
        country: Entity | None = None, but: Sequence[Entity | None] = (),
    ) -> Entity | None:  # fmt: skip
        """Choose a person of one of some occupations who was of working age in a year; None if there is nobody."""
        found = [
            person
            for occupation in occupations
            for person in self.by_occupation.get(occupation, ())
            if self.fits(person, year, youngest, oldest) and person not in but
        ]
        if country is not None:
            at_home = [person for person in found if person.country is country]
            found = at_home if at_home and self.maybe(0.85) else found
        return self.choose(found) if found else None

    def working_year(
        self, person: Entity, *, youngest: int = 24, oldest: int = 66, earliest: int = 0, latest: int = PRESENT - 1
    ) -> int | None:
        """Draw a year in which a person was alive and of working age; None if there is none."""
        assert person.born is not None
        first = max(person.born[0] + youngest, earliest)
        last = min(person.born[0] + oldest, latest, (person.died[0] - 1) if person.died else latest)
        return self.random.randint(first, last) if first <= last else None

    def maker(
        self, occupations: Sequence[str], *, earliest: int = 0, latest: int = PRESENT - 1, country: Entity | None = None
    ) -> tuple[Entity, int] | None:
        """Choose a person of some occupations together with a year in which that person could do a work."""
        people = [person for occupation in occupations for person in self.by_occupation.get(occupation, ())]
        if country is not None:
            people = [person for person in people if person.country is country] or people
        for _ in range(12):
            if not people:
                return None
            person = self.choose(people)
            year = self.working_year(person, earliest=earliest, latest=latest)
            if year is not None:
                return person, year
        return None

    def entitle(self, entity: Entity, candidates: Sequence[str]) -> str:
        """Give an entity the first free title of some; falls back on a numbered one."""
        for title in candidates:
            if self.names.names.claim(title):
                entity.title = entity.name = title
                return title
        for number in range(2, 10_000):
            title = f"{candidates[0]} {_roman(number)}"
            if self.names.names.claim(title):
                entity.title = entity.name = title
                return title
        raise AssertionError("no free title")


_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
    (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def _roman(number: int) -> str:
    out = ""
    for value, letters in _ROMAN:
        while number >= value:
            out += letters
            number -= value
    return out


def similar(first: Entity, second: Entity) -> None:
    """Mark two entities as deliberate near-namesakes."""
    first.namesakes.append(second)
    second.namesakes.append(first)
