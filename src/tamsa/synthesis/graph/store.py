"""The graph on disk: entities, edges and tables in column files, with sorted lists of the edges at each end.

    graph.json      manifest: id, counts, what was left out and why; written last
    entities.arrow  one row a document, in the order of the documents
    edges.arrow     one row a fact, in the order of the documents that state them
    tables.arrow    one row a table with all its cells
    relations.json  names of the relations, sorted; edges hold their places in it
    by_*.npy        edge numbers by subject, object and relation, and where each one's begin

Everything is mapped into memory: opening takes milliseconds, and processes that read the same graph share it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from tamsa.errors import CorruptError, InputError
from tamsa.store import read_json
from tamsa.synthesis.graph.columns import ColumnFile
from tamsa.synthesis.graph.names import Names, name_key
from tamsa.synthesis.records import Edge, EdgeSource, Evidence, ValueType
from tamsa.types import SCHEMA_VERSION

KIND = "tamsa-graph"
FORMAT = 1
"""Version of the folder's layout; a graph of another version is built anew."""

ENTITY_LAYOUT = {
    "id": "s",
    "title": "s",
    "kind": "s",
    "description": "s",
    "aliases": "s",
    "context": "s",
    "same_as": "i",
}
EDGE_LAYOUT = {
    "subject": "i", "subject_title": "s", "relation": "i", "value": "s", "type": "b", "normal": "s", "object": "i",
    "document": "i", "start": "i", "end": "i", "source": "b", "table": "i", "row": "i",
}  # fmt: skip
TABLE_LAYOUT = {"document": "i", "caption": "s", "shape": "s", "subject_column": "i", "header": "s", "rows": "s"}

VALUE_TYPES: tuple[str, ...] = get_args(ValueType)
SOURCES: tuple[str, ...] = get_args(EdgeSource)

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Entity:
    """What the graph knows of a document as a thing that facts are about."""

    id: str
    title: str
    kind: str
    """Guess of its kind: `person`, `place`, `work`, `organization`, `event`, `species`, `team`, … or empty."""
    description: str
    """Its definition in its own first sentence, without article: `Polish tennis player`; or empty."""
    context: str
    """How the first sentence goes on after the name, up to 240 characters."""
    aliases: tuple[str, ...]
    """Other names: titles of duplicates, the title without its qualifier, names that the first sentence gives."""
    number: int
    same_as: int
    """Number of the document that stands for all with the same text; its own number where there is no other."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its text, where it stands in the document, what it links to, and its typed value."""

    text: str
    start: int
    end: int
    object: str | None
    type: ValueType
    normal: str


@dataclass(frozen=True, slots=True)
class GraphTable:
    """A table of a document. Every row has as many cells as the header."""

    number: int
    document: str
    title: str
    """Title of the document."""
    caption: str
    """Heading or line above it, or empty."""
    shape: str
    """The folded header; tables of one shape are isomorphic and can be joined."""
    subject_column: int
    """Column that names what the rows are about, -1 where none does."""
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def subject(self, row: int) -> Cell | None:
        """Return the cell that names what a row is about."""
        return self.rows[row][self.subject_column] if self.subject_column >= 0 else None


class Graph:
    """A graph in a folder, read-only. Made by `build_graph`; safe to use from several threads."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._entities = ColumnFile(path / "entities.arrow", ENTITY_LAYOUT)
        self._edges = ColumnFile(path / "edges.arrow", EDGE_LAYOUT)
        self._tables = ColumnFile(path / "tables.arrow", TABLE_LAYOUT)
        self.relation_names: list[str] = read_json(path / "relations.json")
        """Names of the relations; the numbers of `relation_numbers` are places in this list."""
        self._places = {name: place for place, name in enumerate(self.relation_names)}

    @classmethod
    def open(cls, path: Path | str) -> Graph:
        """Open a graph.

        Raises:
            InputError: there is no finished graph in the folder.
            CorruptError: it is damaged or of another version.
        """
        path = Path(path)
        if not (path / "graph.json").is_file():
            raise InputError(f"{path}: no finished graph (graph.json is missing); build it with: tamsa synthesize")
        manifest = read_json(path / "graph.json")
        if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
            raise CorruptError(f"{path / 'graph.json'}: not the manifest of a graph; delete the folder")
        if manifest.get("format") != FORMAT or manifest.get("schema_version") != SCHEMA_VERSION:
            raise CorruptError(f"{path}: a graph of another version; delete the folder and build it anew")
        return cls(path, manifest)

    # ------------------------------------------------------------------ counts

    @property
    def id(self) -> str:
        """Hash of the documents and of the extractor: the parent of every question drawn from the graph."""
        return str(self.manifest["id"])

    @property
    def num_edges(self) -> int:
        """Edges in the graph."""
        return self._edges.num_rows

    @property
    def num_entities(self) -> int:
        """Entities, one a document, duplicates included."""
        return self._entities.num_rows

    @property
    def num_tables(self) -> int:
        """Tables in the graph."""
        return self._tables.num_rows

    def relations(self) -> dict[str, int]:
        """Return the number of edges of every relation, in the order of the names."""
        counts = np.diff(self._starts("relation")).tolist()
        return dict(zip(self.relation_names, counts, strict=True))

    # ------------------------------------------------------------------ edges

    def __len__(self) -> int:
        return self.num_edges

    def __iter__(self) -> Iterator[Edge]:
        return map(self.edge, range(self.num_edges))

    def edge(self, number: int) -> Edge:
        """Return the edge of a number in `[0, num_edges)`; its id is `e` and the number."""
        if not 0 <= number < self.num_edges:
            raise IndexError(f"edge {number} of {self.num_edges}")
        file = self._edges
        subject, target = int(file.numbers("subject")[number]), int(file.numbers("object")[number])
        document = int(file.numbers("document")[number])
        return Edge(
            id=f"e{number}",
            subject=self._entities.text("id", subject) if subject >= 0 else "",
            subject_title=self._entities.text("title", subject) if subject >= 0 else file.text("subject_title", number),
            relation=self.relation_names[file.numbers("relation")[number]],
            value=file.text("value", number),
            value_type=VALUE_TYPES[file.numbers("type")[number]],
            object=self._entities.text("id", target) if target >= 0 else None,
            evidence=Evidence(
                self._entities.text("id", document),
                self._entities.text("title", document),
                int(file.numbers("start")[number]),
                int(file.numbers("end")[number]),
            ),
            source=SOURCES[file.numbers("source")[number]],
            normal=file.text("normal", number),
            table=int(file.numbers("table")[number]),
            row=int(file.numbers("row")[number]),
        )

    def edge_of(self, edge_id: str) -> Edge:
        """Return the edge of an id.

        Raises:
            InputError: there is none.
        """
        if not (edge_id.startswith("e") and edge_id[1:].isdecimal() and int(edge_id[1:]) < self.num_edges):
            raise InputError(f"edge {edge_id!r}: not in the graph {self.path}")
        return self.edge(int(edge_id[1:]))

    def edges_of(self, subject_id: str, relation: str | None = None) -> list[Edge]:
        """Return the edges from an entity, in order; of one relation if it is named."""
        return [self.edge(n) for n in self.numbers_of(self.number(subject_id), relation).tolist()]

    def edges_to(self, object_id: str, relation: str | None = None) -> list[Edge]:
        """Return the edges to an entity, in order; of one relation if it is named."""
        return [self.edge(n) for n in self.numbers_to(self.number(object_id), relation).tolist()]

    def by_relation(self, relation: str) -> Numbers:
        """Return the numbers of the edges of a relation, ascending; empty for an unknown one."""
        place = self._places.get(relation)
        return self._slice("relation", place) if place is not None else np.zeros(0, np.int32)

    def numbers_of(self, entity: int, relation: str | None = None) -> Numbers:
        """Return the numbers of the edges from the entity of a number; empty for -1."""
        return self._only(self._slice("subject", entity), relation) if entity >= 0 else np.zeros(0, np.int32)

    def numbers_to(self, entity: int, relation: str | None = None) -> Numbers:
        """Return the numbers of the edges to the entity of a number; empty for -1."""
        return self._only(self._slice("object", entity), relation) if entity >= 0 else np.zeros(0, np.int32)

    def _only(self, numbers: Numbers, relation: str | None) -> Numbers:
        if relation is None:
            return numbers
        wanted: Numbers = numbers[self.relation_numbers[numbers] == self._places.get(relation, -1)]
        return wanted

    def _slice(self, end: str, place: int) -> Numbers:
        starts = self._starts(end)
        return self._order(end)[starts[place] : starts[place + 1]]

    def _order(self, end: str) -> Numbers:
        return self._arrays[f"by_{end}"]

    def _starts(self, end: str) -> Numbers:
        return self._arrays[f"by_{end}_starts"]

    @cached_property
    def _arrays(self) -> dict[str, Numbers]:
        names = [f"by_{end}{part}" for end in ("subject", "object", "relation") for part in ("", "_starts")]
        try:
            return {name: np.load(self.path / f"{name}.npy", mmap_mode="r") for name in names}
        except (OSError, ValueError) as error:
            raise CorruptError(f"{self.path}: damaged ({error}); delete the folder and build it anew") from error

    # ------------------------------------------------------------------ whole columns, for sampling

    @property
    def subject_numbers(self) -> Numbers:
        """Entity number of every edge's subject, -1 where it has no page."""
        return self._edges.numbers("subject")

    @property
    def object_numbers(self) -> Numbers:
        """Entity number of every edge's value, -1 where it has no page."""
        return self._edges.numbers("object")

    @property
    def relation_numbers(self) -> Numbers:
        """Place of every edge's relation in `relation_names`."""
        return self._edges.numbers("relation")

    @property
    def source_numbers(self) -> NDArray[np.int8]:
        """Place of every edge's source in `SOURCES`."""
        return self._edges.numbers("source")

    @property
    def type_numbers(self) -> NDArray[np.int8]:
        """Place of every edge's value type in `VALUE_TYPES`."""
        return self._edges.numbers("type")

    # ------------------------------------------------------------------ entities

    def number(self, entity_id: str) -> int:
        """Return the number of the entity that stands for a document, -1 for an unknown one.

        Of documents with the same text one stands for all: the one whose title names best what it is about.
        """
        row = self._numbers.get(entity_id, -1)
        return int(self._entities.numbers("same_as")[row]) if row >= 0 else -1

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {entity_id: row for row, entity_id in enumerate(self._entities.texts("id"))}

    def entity(self, entity_id: str) -> Entity | None:
        """Return the entity that stands for a document, or None."""
        row = self.number(entity_id)
        return self.entity_at(row) if row >= 0 else None

    def entity_at(self, number: int) -> Entity:
        """Return the entity of a number in `[0, num_entities)`."""
        file = self._entities
        return Entity(
            id=file.text("id", number),
            title=file.text("title", number),
            kind=file.text("kind", number),
            description=file.text("description", number),
            context=file.text("context", number),
            aliases=tuple(json.loads(file.text("aliases", number))),
            number=number,
            same_as=int(file.numbers("same_as")[number]),
        )

    def entities(self) -> Iterator[Entity]:
        """Yield the entities in order, duplicates left out."""
        same = self._entities.numbers("same_as")
        return (self.entity_at(row) for row in range(self.num_entities) if same[row] == row)

    def find(self, name: str) -> list[str]:
        """Return the ids of the entities with this title or alias (case and diacritics folded), best first."""
        found = self._names.find(name_key(name))
        return [self._entities.text("id", row) for row in found]

    @cached_property
    def _names(self) -> Names:
        return Names.load(self.path)

    def titles(self, numbers: Sequence[int]) -> list[str]:
        """Return the titles of entities by number."""
        return [self._entities.text("title", number) for number in numbers]

    # ------------------------------------------------------------------ tables

    def table(self, number: int) -> GraphTable:
        """Return the table of a number in `[0, num_tables)`."""
        file = self._tables
        document = int(file.numbers("document")[number])
        rows = tuple(
            tuple(
                Cell(
                    text,
                    start,
                    end,
                    self._entities.text("id", target) if target >= 0 else None,
                    VALUE_TYPES[kind],
                    normal,
                )
                for text, start, end, target, kind, normal in row
            )
            for row in json.loads(file.text("rows", number))
        )
        return GraphTable(
            number=number,
            document=self._entities.text("id", document),
            title=self._entities.text("title", document),
            caption=file.text("caption", number),
            shape=file.text("shape", number),
            subject_column=int(file.numbers("subject_column")[number]),
            header=tuple(json.loads(file.text("header", number))),
            rows=rows,
        )

    def tables(self) -> Iterator[GraphTable]:
        """Yield the tables in order."""
        return map(self.table, range(self.num_tables))

    def shapes(self) -> dict[str, list[int]]:
        """Return the numbers of the tables of every shape, in the order of the shapes."""
        groups: dict[str, list[int]] = {}
        for number, shape in enumerate(self._tables.texts("shape")):
            groups.setdefault(shape, []).append(number)
        return dict(sorted(groups.items()))

    def close(self) -> None:
        """Release the files."""
        for file in (self._entities, self._edges, self._tables):
            file.close()

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
