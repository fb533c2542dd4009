"""Turns of the teacher: what it thinks, what it calls, what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that the teacher makes."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """A turn of the teacher: a thought, then calls or the answer."""

    thought: str
    calls: tuple[Call, ...] = ()
    answer: str | None = None
    dead_end: bool = False
    """True: the turn follows something that did not help."""


class LostError(Exception):
    """The teacher cannot reach a fact through the tools."""
