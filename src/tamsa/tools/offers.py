"""What a group of optional tools comes to: the tools themselves, and what is missing with the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tamsa.tools.protocol import Tool
from tamsa.types import Document


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A tool that cannot be offered on this machine."""

    name: str
    reason: str
    """One line: what is missing and the way out."""

    def __str__(self) -> str:
        return f"{self.name} is not offered: {self.reason}"


async def _nothing_to_close() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Offer:
    """Tools for a `Toolset`, with what goes along with them."""

    tools: tuple[Tool, ...] = ()
    notes: Sequence[str] = ()
    """What is not available or was withdrawn, and why, a line each, for the run's notes; it may grow."""
    get_document: Callable[[str], Document | None] = lambda _: None
    """Finds a document that one of the tools opened, for the verification of quotes."""
    aclose: Callable[[], Awaitable[None]] = _nothing_to_close
    """Releases connections and processes; called once when the run ends."""
