"""The graph as the makers of questions see it: names and nouns of things, edges fit to be asked about, rivals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from tamsa.agent.baseline.conflicts import authority
from tamsa.agent.baseline.passages import Page
from tamsa.synthesis.graph.store import SOURCES, Graph, GraphTable, Numbers
from tamsa.synthesis.plausible import KINDS, Plausible, said_of
from tamsa.synthesis.records import Edge
from tamsa.synthesis.values import Item, fold, item_of, merged, plain_title, read_day
from tamsa.synthesis.wording.lexicon import SAYINGS
from tamsa.synthesis.wording.nouns import GENERIC, Named, call, generic_of, sayable
from tamsa.types import Document

MAX_RIVALS = 400
"""An entity that more documents point at is too well known to be described by what points at it."""
MAX_POINTING = 24
"""Edges to a thing up to which `the player who played for it` is believed to be unique where the graph has one."""
_VALUE_TYPES = {"date": ("date", "year"), "number": ("quantity",), "text": ("text",)}
LAST_ONLY = frozenset({"located_in", "part_of"})
"""Relations that places have at several levels, so that `the location of X` is no one thing to go on from."""
UNSAYING = frozenset({"", "place", "product", "substance", "building", "organisation", "event", "work"})
"""Nouns that say too little to stand at the head of a description."""
MANY_TO_ONE = frozenset(
    """plays_for member_of located_in in_region in_country part_of born_in died_in buried_at studied_at worked_for
    starring citizen_of party award network label distributor studio publisher operator owner headquarters held_in
    set_in found_in league plays_in on_river""".split()
)
"""Relations of which a thing is the value many times as a rule: going back along them takes a little-known thing."""
ONE_OF_MANY = frozenset(
    """plays_in league party member_of citizen_of award industry plays_for worked_for studied_at network label
    distributor studio publisher songwriter""".split()
)
"""Relations whose value always has many subjects: nobody means one club by the league that it plays in."""
STATED = ("lead", "sentence", "llm")
_CONCEPT = re.compile(r"[A-Z][a-z-]+(?: [a-z-]+)* (?:film|album|song|novel|series|game|bridge|club|team|river)")
_CONCEPT_NOUNS = frozenset("film album song novel series game bridge club team river".split())
MAX_WAYS = 60
"""Edges to a well-known entity that are looked at."""
_CACHE = 1 << 15


@dataclass(frozen=True, slots=True)
class Way:
    """A step that leads to an entity and means it alone."""

    edge: Edge
    start: str
    """Document id of the entity at its other end."""
    inverse: bool
    """True: it leads back from the value of the edge to its subject."""


class Domain:
    """A graph with the texts it was read from. Implements `forms.Facts`; keeps what it looked up last.

    Args:
        graph: the graph.
        text_of: finds a document by id, None where there is none.
    """

    def __init__(self, graph: Graph, text_of: Callable[[str], Document | None]) -> None:
        self.graph = graph
        self.text_of = lru_cache(4096)(text_of)
        self.named = lru_cache(_CACHE)(self._named)
        """Return how an entity is called; None where its name cannot stand in a question."""
        self.entity = lru_cache(_CACHE)(graph.entity)
        self.table = lru_cache(512)(graph.table)
        self._plausible = Plausible(graph)
        self._noun_at = self._plausible.noun_at
        self.rivals = lru_cache(_CACHE)(self._rivals)
        """Return the ids of all things that a noun may fit and that point at an entity; None for too many."""
        self.authority = lru_cache(_CACHE)(self._authority)
        """Return how far a document is to be believed by its own account, and why (0 and nothing as a rule)."""
        self.ways = lru_cache(1 << 14)(self._ways)
        """Return the steps that lead to an entity."""
        self._leads: dict[tuple[str, int], bool] = {}
        self.facts_of = lru_cache(_CACHE)(self._facts_of)
        """Return the edges from an entity that can be asked about."""
        self.facts_to = lru_cache(1 << 13)(self._facts_to)
        """Return the edges to an entity that can be asked about."""
        self.nameable = lru_cache(_CACHE)(self._nameable)
        """Return whether the name of an entity can stand in a question."""
        self._of = lru_cache(_CACHE)(graph.edges_of)
        self._to = lru_cache(1 << 12)(self._edges_to)

    # ------------------------------------------------------------------ facts

    def edges_of(self, subject_id: str, relation: str | None = None) -> Sequence[Edge]:
        """Return the edges from an entity, of one relation if it is named."""
        return self._of(subject_id, relation)

    def edges_to(self, object_id: str, relation: str | None = None) -> Sequence[Edge]:
        """Return the edges to an entity, of one relation if it is named."""
        if relation is None:
            return self._to(object_id)
        return self.graph.edges_to(object_id, relation)

    def _edges_to(self, object_id: str) -> Sequence[Edge]:
        numbers = self.graph.numbers_to(self.graph.number(object_id))
        return [self.graph.edge(number) for number in numbers[:2000].tolist()]

    def _facts_of(self, subject_id: str) -> tuple[Edge, ...]:
        return self._facts(self.graph.numbers_of(self.graph.number(subject_id)))

    def _facts_to(self, object_id: str) -> tuple[Edge, ...]:
        return self._facts(self.graph.numbers_to(self.graph.number(object_id)))

    def _facts(self, numbers: Numbers) -> tuple[Edge, ...]:
        edges = map(self.graph.edge, numbers[self.worded[numbers]].tolist())
        return tuple(edge for edge in edges if self.askable(edge))

    @cached_property
    def worded(self) -> NDArray[np.bool_]:
        """Whether each edge of the graph is of a relation that there are words for, and stated in a text."""
        said = np.array([name in SAYINGS for name in self.graph.relation_names], bool)
        stated = np.isin(self.graph.source_numbers, [SOURCES.index(name) for name in STATED])
        return stated & said[self.graph.relation_numbers] if len(stated) else stated

    @cached_property
    def cut_off_at(self) -> int:
        """Number of rows at which the documents cut their tables off, 0 where they do not.

        Tables end where their things end, so no length is common among the longest unless they were cut. Of a table
        that was, nobody can say which row is the last or how many there are.
        """
        total = self.graph.num_tables
        lengths = [len(self.table(number).rows) for number in range(0, total, total // 400 + 1)]
        longest = max(lengths, default=0)
        return longest if len(lengths) >= 40 and lengths.count(longest) >= 0.1 * len(lengths) else 0

    # ------------------------------------------------------------------ names

    def _named(self, identity: str) -> Named | None:
        entity = self.entity(identity)
        if entity is None or not self.nameable(identity):
            return None
        if _CONCEPT.fullmatch(entity.title) and self.noun(identity) in _CONCEPT_NOUNS:
            return None  # `Feature film` is no film
        document = self.text_of(identity) if entity.kind != "person" else None
        return call(entity.title, entity.description, entity.kind, document.text[:200] if document else "")

    def _nameable(self, identity: str) -> bool:
        entity = self.entity(identity)
        return entity is not None and sayable(entity.title)

    def noun(self, identity: str) -> str:
        """Return the noun of an entity; empty for one that is not known."""
        number = self.graph.number(identity)
        return self._noun_at(number) if number >= 0 else ""

    def aliases(self, item: Item) -> tuple[str, ...]:
        """Return other names of an entity that can stand for it: they share its words, and one word is not enough.

        `Bob` is no answer for `Bob Dylan`; `Dylan` alone neither; `EU` is one for `European Union`.
        """
        entity = self.entity(item.id) if item.id else None
        if entity is None:
            return ()
        title = fold(plain_title(entity.title)).split()
        initials = "".join(word[0] for word in title)
        kept = []
        for alias in entity.aliases:
            words = fold(alias).split()
            shared = set(words) & set(title)
            if (shared and len(words) >= min(len(title), 2)) or (len(words) == 1 and initials and words[0] == initials):
                kept.append(alias)
        return tuple(kept)

    # ------------------------------------------------------------------ edges fit to be asked about

    def askable(self, edge: Edge) -> bool:
        """Whether an edge can be put into words and its subject and value are what the relation takes."""
        saying = SAYINGS.get(edge.relation)
        if saying is None or not edge.subject or edge.source not in STATED or not self._reliable(edge):
            return False
        subject = self.entity(edge.subject)
        if subject is None or not said_of(edge.relation, subject) or not self.nameable(edge.subject):
            return False
        wanted = _VALUE_TYPES.get(saying.asked)
        if wanted is not None:
            return edge.value_type in wanted and self._readable(edge)
        if edge.object is None:
            if edge.relation == "named_after" and " " not in edge.value:  # `an apostle`, of which there are twelve
                return False
            return edge.value_type == "entity" and sayable(edge.value) and len(edge.value) > 4
        value = self.entity(edge.object)
        return (
            value is not None
            and edge.object != edge.subject
            and self._plausible.takes(edge.relation, value)
            and self._plausible.holds(edge, subject, value)
            and self.nameable(edge.object)
        )

    def fits(self, relation: str, identity: str) -> bool:
        """Whether a relation can be said of a thing."""
        subject = self.entity(identity)
        return subject is not None and said_of(relation, subject)

    def _reliable(self, edge: Edge) -> bool:
        """Whether a fact stands on the page of its subject or value, or on one that is an authority by its own account.

        What a guide, an almanac or a newspaper says in passing may be contradicted by what the graph has missed.
        """
        page = edge.evidence.document
        return page in (edge.subject, edge.object) or self.authority(page)[0] > 0

    def _authority(self, identity: str) -> tuple[float, str]:
        document = self.text_of(identity)
        if document is None:
            return 0.0, ""
        return authority(Page(document.id, document.title, document.text[:2000]))

    @staticmethod
    def _readable(edge: Edge) -> bool:
        if edge.value_type in ("date", "year"):
            return read_day(edge.normal or edge.value) is not None
        return 0 < len(edge.value) <= 60

    def single(self, edge: Edge) -> bool:
        """Whether the relation of an edge has this one value alone."""
        return len(self.values(edge.subject, edge.relation)) == 1

    def values(self, subject_id: str, relation: str) -> list[Item]:
        """Return the distinct values of a relation; a date and its vaguer form count once."""
        return merged(list(dict.fromkeys(item_of(edge) for edge in self.edges_of(subject_id, relation))))

    def known_well(self, identity: str) -> bool:
        """Whether more documents point at a thing than a relation of many to one can be trusted to be unique over."""
        return len(self.graph.numbers_to(self.graph.number(identity))) > MAX_POINTING

    def takes(self, asked: str, identity: str) -> bool:
        """Whether a thing is of a kind that is asked for: a person, a place, an organisation, a work."""
        entity, kinds = self.entity(identity), KINDS.get(asked)
        return entity is not None and kinds is not None and entity.kind in kinds

    # ------------------------------------------------------------------ steps

    def steps_on(self, edge: Edge) -> bool:
        """Whether a relation leads from its subject to this one thing: `the birthplace of …`."""
        saying = SAYINGS[edge.relation]
        return (
            edge.object is not None
            and saying.single
            and edge.relation not in LAST_ONLY
            and (edge.relation != "named_after" or self._is_person(edge.object))
            and self.nameable(edge.object)
            and self.single(edge)
        )

    def _is_person(self, identity: str) -> bool:
        found = self.entity(identity)
        return found is not None and found.kind == "person"

    def leads_back(self, edge: Edge) -> bool:
        """Whether a relation leads back from its value to this one subject: `the film that was directed by …`.

        No other document about a thing of the same noun may point at the value at all, so that a fact which the graph
        missed cannot make the phrase mean two things.
        """
        found, noun = self.entity(edge.subject), self.noun(edge.subject)
        if edge.object is None or found is None or not self.nameable(edge.subject) or noun in UNSAYING:
            return False
        if edge.relation in ONE_OF_MANY or (edge.relation == "winner" and not re.search(r"\d", found.title)):
            return False
        if edge.relation in MANY_TO_ONE and (noun in GENERIC or self.known_well(edge.object)):
            return False  # `the person who was born in Omaha` may be anyone
        return self.rivals(edge.object, noun) == (found.id,)

    def leads(self, identity: str, steps: int) -> bool:
        """Whether an entity can be referred to over a number of steps, as far as each step alone tells."""
        key = (identity, steps)
        if key not in self._leads:
            ways = self.ways(identity) if steps else ()
            self._leads[key] = (
                any(self.leads(way.start, steps - 1) for way in ways) if steps else self.nameable(identity)
            )
        return self._leads[key]

    def _ways(self, identity: str) -> tuple[Way, ...]:
        into = self.facts_to(identity)
        if len(into) > MAX_WAYS:
            into = into[:: len(into) // MAX_WAYS]
        onward = [Way(edge, edge.subject, False) for edge in into if self.steps_on(edge)]
        back = [
            Way(edge, edge.object, True)
            for edge in self.facts_of(identity)
            if edge.object is not None and self.leads_back(edge)
        ]
        return (*onward, *back)

    # ------------------------------------------------------------------ rivals

    def _rivals(self, identity: str, noun: str) -> tuple[str, ...] | None:
        numbers = self.graph.numbers_to(self.graph.number(identity))
        if len(numbers) > 4 * MAX_RIVALS:
            return None
        subjects = sorted({int(number) for number in self.graph.subject_numbers[numbers] if number >= 0})
        if len(subjects) > MAX_RIVALS:
            return None
        nouns = (noun, generic_of(noun))
        return tuple(self.graph.entity_at(number).id for number in subjects if self._noun_at(number) in nouns)

    def tables_of(self, number: int) -> GraphTable:
        """Return a table of the graph."""
        return self.table(number)
