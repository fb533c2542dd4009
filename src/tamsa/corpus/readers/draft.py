"""What a reader gives back, and the builder most readers write it with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tamsa.types import Link, Section

MAX_CHARS = 100_000_000
"""Longest text of one document."""
PART_CHARS = 4_000_000
"""Tables longer than this become several documents."""


class ReadError(Exception):
    """A file cannot be read; the message is the reason recorded with the skip."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as found in a file.

    `id` is None for a file that is one document; `part` numbers the documents of a long table
    (1, 2, …). Targets of links are as written in the file.
    """

    title: str
    text: str
    sections: tuple[Section, ...] = ()
    links: tuple[Link, ...] = ()
    date: str | None = None
    id: str | None = None
    part: int = 1


@dataclass(frozen=True, slots=True)
class Skip:
    """A part of a file (a record, the rest of a table) that was left out, and why."""

    where: str
    reason: str


Found = Iterator[Draft | Skip]


class TextBuilder:
    """Collects text piece by piece and remembers where sections and links stand."""

    def __init__(self, limit: int = MAX_CHARS) -> None:
        self._pieces: list[str] = []
        self._limit = limit
        self._open: tuple[str, int] | None = None
        self.size = 0
        self.sections: list[Section] = []
        self.links: list[Link] = []

    def add(self, text: str) -> None:
        """Append text.

        Raises:
            ReadError: the document grows beyond the limit.
        """
        if self.size + len(text) > self._limit:
            raise ReadError(f"more than {self._limit:,} characters of text; split the file")
        if text:
            self._pieces.append(text)
            self.size += len(text)

    def section(self, title: str) -> None:
        """Begin a section here; it ends where the next one begins."""
        self.end_section()
        self._open = (" ".join(title.split())[:200], self.size)

    def end_section(self) -> None:
        """End the section that is open."""
        if self._open is not None:
            title, start = self._open
            if self.size > start:
                self.sections.append(Section(title, start, self.size))
            self._open = None

    def link(self, target: str, start: int) -> None:
        """Mark the text since `start` as a link."""
        if target and self.size > start:
            self.links.append(Link(target, start, self.size))

    def draft(self, title: str, *, date: str | None = None, part: int = 1) -> Draft:
        """Finish the document."""
        self.end_section()
        return Draft(title, "".join(self._pieces), tuple(self.sections), tuple(self.links), date, part=part)
