"""A graph in memory for tests of questions: towns, people, films and a table, each fact stated in a document."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tamsa.synthesis.domain import Domain
from tamsa.synthesis.graph import Cell, Entity, GraphTable
from tamsa.synthesis.graph.store import SOURCES
from tamsa.synthesis.records import Edge, Evidence
from tamsa.types import Document, Hit

WORDS = "Amber Bronze Copper Dusk Ember Frost Glass Harbour Iron Jade Kite Lantern".split()
YEARS = (1931, 1934, 1938, 1942, 1947, 1951, 1955, 1958, 1963, 1966, 1970, 1974)


class SmallGraph:
    """The parts of `Graph` that questions are drawn from, filled by hand."""

    id = "small"

    def __init__(self) -> None:
        self.things: list[Entity] = []
        self.documents: dict[str, Document] = {}
        self._edges: list[Edge] = []
        self._tables: list[GraphTable] = []

    def add(self, title: str, kind: str, description: str) -> str:
        identity = title.replace(" ", "_")
        number = len(self.things)
        self.things.append(
            Entity(
                id=identity,
                title=title,
                kind=kind,
                description=description,
                context=f"is a {description}.",
                aliases=(),
                number=number,
                same_as=number,
            )
        )
        self.documents[identity] = Document(identity, title, f"{title} is a {description}.")
        return identity

    def state(self, subject: str, relation: str, value: str, kind: str, document: str = "", link: bool = True) -> None:
        document = document or subject
        held = self.documents[document]
        title = self.entity(subject).title
        sentence = f"{title}: {relation.replace('_', ' ')} {value}."
        start = len(held.text) + 1
        self.documents[document] = Document(held.id, held.title, f"{held.text} {sentence}")
        target = value.replace(" ", "_") if kind == "entity" and link else None
        evidence = Evidence(document, held.title, start, start + len(sentence))
        self._edges.append(
            Edge(
                f"e{len(self._edges)}",
                subject,
                title,
                relation,
                value,
                kind,
                target,
                evidence,
                "sentence",  # type: ignore[arg-type]
            )
        )

    def tabulate(self, title: str, header: tuple[str, ...], rows: list[tuple[tuple[str, str], ...]]) -> None:
        identity = self.add(title, "", "list")
        number = len(self._tables)
        text = self.documents[identity].text
        made = []
        for row in rows:
            cells = []
            for value, kind in row:
                start = len(text) + 1
                text += " " + value
                target = value.replace(" ", "_") if kind == "entity" else None
                normal = value if kind in ("year", "quantity") else ""
                cells.append(Cell(value, start, len(text), target, kind, normal))  # type: ignore[arg-type]
            made.append(tuple(cells))
        self.documents[identity] = Document(identity, title, text)
        self._tables.append(GraphTable(number, identity, title, "", "|".join(header), 0, header, tuple(made)))

    # what `Domain` asks of a graph

    @property
    def num_tables(self) -> int:
        return len(self._tables)

    @property
    def subject_numbers(self) -> np.ndarray:
        return np.array([self.number(edge.subject) for edge in self._edges], np.int32)

    @property
    def object_numbers(self) -> np.ndarray:
        return np.array([self.number(edge.object) if edge.object else -1 for edge in self._edges], np.int32)

    @property
    def relation_names(self) -> list[str]:
        return sorted({edge.relation for edge in self._edges})

    @property
    def relation_numbers(self) -> np.ndarray:
        return np.array([self.relation_names.index(edge.relation) for edge in self._edges], np.int32)

    @property
    def source_numbers(self) -> np.ndarray:
        return np.array([SOURCES.index(edge.source) for edge in self._edges], np.int8)

    @property
    def num_entities(self) -> int:
        return len(self.things)

    def relations(self) -> dict[str, int]:
        names = sorted({edge.relation for edge in self._edges})
        return {name: sum(edge.relation == name for edge in self._edges) for name in names}

    def by_relation(self, relation: str) -> np.ndarray:
        return np.array([n for n, edge in enumerate(self._edges) if edge.relation == relation], np.int32)

    def edge(self, number: int) -> Edge:
        return self._edges[number]

    def edges_of(self, subject: str, relation: str | None = None) -> list[Edge]:
        return [e for e in self._edges if e.subject == subject and relation in (None, e.relation)]

    def edges_to(self, target: str, relation: str | None = None) -> list[Edge]:
        return [e for e in self._edges if e.object == target and relation in (None, e.relation)]

    def numbers_of(self, number: int) -> np.ndarray:
        identity = self.things[number].id
        return np.array([n for n, edge in enumerate(self._edges) if edge.subject == identity], np.int32)

    def numbers_to(self, number: int) -> np.ndarray:
        identity = self.things[number].id
        return np.array([n for n, edge in enumerate(self._edges) if edge.object == identity], np.int32)

    def number(self, identity: str) -> int:
        return next((thing.number for thing in self.things if thing.id == identity), -1)

    def entity(self, identity: str) -> Entity | None:
        return next((thing for thing in self.things if thing.id == identity), None)

    def entity_at(self, number: int) -> Entity:
        return self.things[number]

    def table(self, number: int) -> GraphTable:
        return self._tables[number]

    def tables(self) -> Iterator[GraphTable]:
        return iter(self._tables)


def small_graph() -> SmallGraph:
    """Make the graph: six towns, twelve directors, twelve actors, twelve films."""
    graph = SmallGraph()
    towns = [graph.add(f"{name}ham", "place", "market town") for name in ("Ald", "Bry", "Cor", "Dun", "Elm", "Fen")]
    regions = [graph.add(name, "place", "region") for name in ("Northmark", "Southmark")]
    for at, town in enumerate(towns):
        graph.state(town, "in_region", graph.entity(regions[at % 2]).title, "entity")
        graph.state(town, "population", f"{12_000 + 3_517 * at:,}", "quantity")
    people = []
    for at, year in enumerate(YEARS):
        for role, noun, shift in (("Director", "film director", 40), ("Actor", "actor", 30)):
            person = graph.add(f"{role} {'ABCDEFGHIJKL'[at]}son", "person", f"Aldish {noun}")
            graph.state(person, "born_on", f"{at + 2} March {year - shift}", "date")
            graph.state(person, "died_on", f"{at + 3} May {year + shift}", "date")
            graph.state(person, "born_in", graph.entity(towns[(at * 5 + shift) % 6]).title, "entity")
            graph.state(person, "nationality", "Aldish" if at % 2 else "Brynish", "text")
            people.append(person)
    rows = []
    for at, year in enumerate(YEARS):
        film = graph.add(
            f"The {WORDS[at]} Road",
            "work",
            f"{year} film",
        )
        director, actor = people[2 * at], people[2 * ((at + 3) % 12) + 1]
        graph.state(film, "director", graph.entity(director).title, "entity")
        graph.state(film, "starring", graph.entity(actor).title, "entity")
        graph.state(film, "released", str(year), "year")
        graph.state(film, "set_in", graph.entity(towns[at % 6]).title, "entity")
        rows.append(
            (
                (graph.entity(film).title, "entity"),
                (graph.entity(director).title, "entity"),
                (str(year), "year"),
                (f"{80 + 7 * at}", "quantity"),
            )
        )
    graph.tabulate("List of films of Aldland", ("Film", "Director", "Year", "Points"), rows)
    return graph


def small_domain(graph: SmallGraph | None = None) -> Domain:
    """Make the domain of the small graph."""
    graph = graph or small_graph()
    return Domain(graph, graph.documents.get)  # type: ignore[arg-type]


def title_search(graph: SmallGraph):  # type: ignore[no-untyped-def]
    """Return a plain search that finds the documents whose titles stand in the query, first named first."""

    def search(query: str, k: int) -> list[Hit]:
        found = sorted((query.find(d.title), d.id) for d in graph.documents.values() if d.title in query)
        return [Hit(i, graph.documents[i].title, 1.0, "") for _, i in found[:k]]

    return search
