"""A fact as the extractors hand it on, before it has a number."""

from __future__ import annotations

from dataclasses import dataclass

from tamsa.synthesis.records import EdgeSource, ValueType


@dataclass(frozen=True, slots=True)
class Found:
    """A fact: `value` stands in the document's text within `[start, end)`, the sentence or row that states it."""

    subject: int
    """Entity number, -1 for a thing without a page, which `subject_title` names."""
    subject_title: str
    relation: str
    value: str
    type: ValueType
    normal: str
    object: int
    start: int
    end: int
    source: EdgeSource = "lead"
    table: int = -1
    row: int = -1
