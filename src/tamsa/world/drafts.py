"""A question in the making: text, answers, facts; and the choice of the pages that support it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tamsa.world.graph import Entity, Fact, Place

NOT_FOUND = "NOT FOUND"
"""The answer to a question on which the documents are silent."""


@dataclass(slots=True)
class Draft:
    """One question before it gets its number.

    `facts` are the facts that a solver must find, in order; `pages` are further pages that support the answer.
    """

    kind: str
    question: str
    answers: list[str]
    facts: list[Fact]
    hops: int
    query: dict[str, Any]
    pages: list[str] = field(default_factory=list)
    places: list[tuple[Fact, Place]] = field(default_factory=list)
    """Fixed places for some facts, where not any statement of them will do."""
    settlement: dict[str, Any] | None = None

    def record(self, number: int) -> dict[str, Any]:
        """Return the JSON record."""
        fixed = {id(fact): place for fact, place in self.places}
        chosen: list[str] = []
        chain: list[list[str]] = []
        evidence: list[dict[str, Any]] = []
        stated_on: list[list[str]] = []
        stated_at: list[list[dict[str, Any]]] = []
        for fact in self.facts:
            place = fixed.get(id(fact)) or best_place(fact, chosen)
            if place.page not in chosen:
                chosen.append(place.page)
            target = fact.object.title if isinstance(fact.object, Entity) else fact.text
            chain.append([fact.subject.title, fact.relation.name, target, place.page])
            stated_on.append(sorted({p.page for p in fact.stated}))
            stated_at.append([{"title": p.page, "start": p.start, "end": p.end} for p in fact.stated])
            evidence.append({"title": place.page, "start": place.start, "end": place.end})
        for page in self.pages:
            if page not in chosen:
                chosen.append(page)
        record = {
            "id": f"w{number:05d}",
            "question": self.question,
            "answers": self.answers,
            "supporting_titles": chosen,
            "kind": self.kind,
            "hops": self.hops,
            "chain": chain,
            "evidence": evidence,
            "stated_on": stated_on,
            "stated_at": stated_at,
            "query": self.query,
        }
        if self.settlement is not None:
            record["settlement"] = self.settlement
        return record


def best_place(fact: Fact, pages: Sequence[str]) -> Place:
    """Choose where to read a fact: on a page that is needed anyway, else its subject's, its object's, else any."""
    for place in fact.stated:
        if place.page in pages:
            return place
    for place in fact.stated:
        if place.page == fact.subject.title:
            return place
    for place in fact.stated:
        if isinstance(fact.object, Entity) and place.page == fact.object.title:
            return place
    return fact.stated[0]


def usable(fact: Fact) -> bool:
    """True for an undisputed fact that stands on some page."""
    return fact.status == "asserted" and bool(fact.stated)


def order(value: object) -> int:
    """Put dates and numbers on one scale; days of a year are kept apart."""
    if isinstance(value, tuple):
        year, month, day = value
        return int(year) * 400 + int(month) * 32 + int(day)
    return value if isinstance(value, int) else 0


def sole(entity: Entity, relation: str) -> Fact | None:
    """Return the one usable fact of a relation, or None if there is none or more than one."""
    facts = entity.all(relation)
    return facts[0] if len(facts) == 1 and usable(facts[0]) else None


def place_on(fact: Fact, page: str) -> Place | None:
    """Return where a page states a fact, or None if it does not."""
    return next((place for place in fact.stated if place.page == page), None)
