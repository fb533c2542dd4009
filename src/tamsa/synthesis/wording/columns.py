"""Columns of tables in words: what a column is called, and what its value says of the thing in the row."""

from __future__ import annotations

from dataclasses import dataclass

from tamsa.synthesis.wording.nouns import article_for
from tamsa.synthesis.wording.saying import Asked


@dataclass(frozen=True, slots=True)
class Column:
    """One kind of column: its noun, and what its value says of the thing in the row (`{V}` is the value)."""

    noun: str
    asked: Asked
    clauses: tuple[str, ...]
    """After the noun of the row: `from {V}`, `directed by {V}`."""
    most: tuple[str, ...] = ()
    """For the largest value: `with the largest capacity`."""
    least: tuple[str, ...] = ()
    more: str = ""
    """For values above a bound: `with a capacity of more than {V}`."""
    fewer: str = ""


Entry = tuple[str, Column]
"""Headers, `|` between them, with the column that they head."""


def named(headers: str, noun: str, asked: Asked, clauses: str) -> Entry:
    """Make a column of names or words; `|` between its clauses."""
    return headers, Column(noun, asked, tuple(clauses.split("|")))


def counted(headers: str, what: str, *, fewest: bool = True) -> Entry:
    """Make a column of counts: `with the most goals`. Where most rows have few, the fewest are not asked for."""
    return headers, Column(
        f"number of {what}",
        "number",
        (f"with {{V}} {what}",),
        (f"with the most {what}",),
        (f"with the fewest {what}",) if fewest else (),
        f"with more than {{V}} {what}",
        f"with fewer than {{V}} {what}",
    )


def measured(headers: str, what: str, largest: str = "largest", smallest: str = "smallest") -> Entry:
    """Make a column of one measure: `with a capacity of {V}`."""
    a = f"with {article_for(what)} {what} of"
    return headers, Column(
        what,
        "number",
        (f"{a} {{V}}",),
        (f"with the {largest} {what}",),
        (f"with the {smallest} {what}",),
        f"{a} more than {{V}}",
        f"{a} less than {{V}}",
    )


def dated(headers: str, noun: str, done: str, clauses: str, last: str, first: str) -> Entry:
    """Make a column of dates; `done` stands before `after {V}` and `before {V}`."""
    return headers, Column(
        noun,
        "date",
        tuple(clauses.split("|")),
        tuple(last.split("|")),
        tuple(first.split("|")),
        f"{done} after {{V}}",
        f"{done} before {{V}}",
    )
