"""The records that the stages of synthesis hand on: evidence, edges of the graph, gold questions.

Stages meet at files. Every record is a frozen dataclass with `to_json()` and `from_json()`; offsets are character
offsets into the document's text as indexed, half open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tamsa.types import SCHEMA_VERSION, Document

FindDocument = Callable[[str], Document | None]
"""Finds a document by its title."""
ValueType = Literal["entity", "date", "year", "quantity", "text"]
"""entity: has a page or could have one; date: a day or month; quantity: a number with or without a unit."""
EdgeSource = Literal["lead", "sentence", "table", "link", "mention", "llm"]
"""How an edge was found. `link` and `mention` say only that the subject's page points at the object."""
QuestionKind = Literal[
    "chain",
    "comparison",
    "intersection",
    "superlative",
    "counting",
    "temporal",
    "yes_no",
    "conflict",
    "unanswerable",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of a document that states a fact: a sentence or a table row."""

    document: str
    """Document id."""
    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Edge:
    """One fact of the graph: subject, relation, value, and where it is stated."""

    id: str
    subject: str
    """Document id of the subject's page; empty where it has none."""
    subject_title: str
    relation: str
    """Name in snake case, `born_on`; for tables the column header in the same form, prefixed `column:`."""
    value: str
    """As written in the evidence."""
    value_type: ValueType
    object: str | None
    """Document id of the value's own page, where there is one."""
    evidence: Evidence
    source: EdgeSource
    normal: str = ""
    """Canonical form: `1916-02-13`, `1916-02`, `1916`, `1234.5 m`; empty for entities and texts."""
    table: int = -1
    """Number of the graph's table that it was read from, -1 for none."""
    row: int = -1
    """Row of that table, from 0."""

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Edge:
        """Read the plain JSON form."""
        return cls(**{**record, "evidence": Evidence(**record["evidence"])})


@dataclass(frozen=True, slots=True)
class Hop:
    """One step that a researcher must take: a relation of a known subject gives a value, on some page."""

    subject: str
    """Title, or the name where it has no page."""
    subject_id: str | None
    relation: str
    value: str
    value_id: str | None
    evidence: Evidence
    inverse: bool = False
    """True: the value is known and the subject is what is looked for."""
    others: tuple[Evidence, ...] = ()
    """Further places that state the same fact, where they are known."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a conflict of sources is decided."""

    reason: str
    winner: Evidence
    losers: tuple[Evidence, ...] = ()
    losing_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with its answer, the chain of facts that leads to it, and the form that recomputes it."""

    id: str
    question: str
    answers: tuple[str, ...]
    """Accepted forms, the canonical one first; `("NOT FOUND",)` for an unanswerable one."""
    kind: QuestionKind
    hops: int
    answer_type: ValueType | Literal["yes_no", "none"] = "text"
    chain: tuple[Hop, ...] = ()
    """In the order in which a researcher can take the steps."""
    supporting_titles: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    """Atomic obfuscations applied, in order."""
    difficulty: int = 1
    """Number of atomic operations, hops included."""
    form: Mapping[str, Any] = field(default_factory=dict)
    """Set-theoretic form in JSON: unions, intersections, projections over edges."""
    settlement: Settlement | None = None
    shortcut: bool = False
    """True: the first search on the question shows a page that alone gives the answer (kept for one-hop questions)."""
    parent: str = ""
    """Id of the graph it was drawn from."""
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form; `tamsa eval` reads it as a question file."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> GoldQuestion:
        """Read the plain JSON form."""
        fields = dict(record)
        fields["chain"] = tuple(
            Hop(
                **{
                    **hop,
                    "evidence": Evidence(**hop["evidence"]),
                    "others": tuple(Evidence(**item) for item in hop.get("others", ())),
                }
            )
            for hop in record.get("chain", ())
        )
        if record.get("settlement"):
            settled = dict(record["settlement"])
            settled["winner"] = Evidence(**settled["winner"])
            settled["losers"] = tuple(Evidence(**item) for item in settled.get("losers", ()))
            settled["losing_values"] = tuple(settled.get("losing_values", ()))
            fields["settlement"] = Settlement(**settled)
        for name in ("answers", "supporting_titles", "relations", "operations"):
            fields[name] = tuple(record.get(name, ()))
        return cls(**fields)
