"""How often the teacher strays from the straight path."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """How often the teacher strays from the straight path, each in [0, 1]."""

    vague_query: float = 0.12
    """A first query without the name."""
    plausible_page: float = 0.16
    """A page that only looks right is opened first."""
    guessed_title: float = 0.12
    """A title is guessed before it was seen."""
    other_start: float = 0.2
    """A search where a visit would do, or a visit where a search would."""
    side_by_side: float = 0.7
    """Independent things are looked up in one turn."""
    recheck: float = 0.06
    """The last value is looked up once more before the answer."""
    two_queries: float = 0.15
    """Two queries in one search."""
    stray: float = 0.35
    """Runs that meet a dead end on purpose: a vague search, a page that only looks right, until there is one."""
    open_chain: float = 0.5
    """Guided runs in which the documents of the chain are opened among others, instead of those the rules choose."""


STRAIGHT = Habits(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""No straying at all."""
