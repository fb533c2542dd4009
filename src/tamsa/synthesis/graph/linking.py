"""Linking: from a stretch of a text to the entity it means, by the document's own links or by an unambiguous name."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection
from functools import cached_property
from pathlib import Path

from tamsa.synthesis.graph.columns import ColumnFile
from tamsa.synthesis.graph.names import ALIAS, PLACED, QUALIFIED, TITLE, Names, name_key
from tamsa.synthesis.graph.store import ENTITY_LAYOUT
from tamsa.types import Document

_PLACES = frozenset({"place", "building"})


class Entities:
    """What linking needs of all entities: ids, titles, kinds, twins and names. Mapped from the graph's folder."""

    def __init__(self, folder: Path) -> None:
        self._file = ColumnFile(folder / "entities.arrow", ENTITY_LAYOUT)
        self.same_as = self._file.numbers("same_as")
        self._kinds = self._file.texts("kind")
        self._names = Names.load(folder)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {entity_id: row for row, entity_id in enumerate(self._file.texts("id"))}

    def number(self, entity_id: str) -> int:
        """Return the number of the entity that stands for a document, -1 for an unknown one."""
        row = self._numbers.get(entity_id, -1)
        return int(self.same_as[row]) if row >= 0 else -1

    def kind(self, number: int) -> str:
        """Return the kind of an entity."""
        return self._kinds[number]

    def title(self, number: int) -> str:
        """Return the title of an entity."""
        return self._file.text("title", number)

    def description(self, number: int) -> str:
        """Return the definition of an entity."""
        return self._file.text("description", number)

    def aliases(self, number: int) -> list[str]:
        """Return the other names of an entity."""
        names: list[str] = json.loads(self._file.text("aliases", number))
        return names

    def context(self, number: int) -> str:
        """Return how the first sentence of an entity goes on after its name."""
        return self._file.text("context", number)

    def is_title(self, name: str) -> bool:
        """Tell whether a name is the title of a document."""
        return any(rank == TITLE for rank, _ in self._names.ranked(name_key(name)))

    def kind_of_name(self, name: str) -> str:
        """Return the kind of all things with this title, or empty where they differ or there is none."""
        kinds = {self._kinds[row] for rank, row in self._names.ranked(name_key(name)) if rank == TITLE}
        return next(iter(kinds)) if len(kinds) == 1 else ""

    def resolve(self, name: str, kinds: Collection[str] = ()) -> int:
        """Return the entity that a name means, -1 where none or several could be meant.

        Args:
            name: as written.
            kinds: kinds that make sense; empty for all. Entities of unknown kind may be meant by their whole title.
        """
        groups: dict[int, set[int]] = {}
        for rank, row in self._names.ranked(name_key(name)):
            row = int(self.same_as[row])
            kind = self._kinds[row]
            if kinds and kind not in kinds and (kind or rank != TITLE):
                continue
            groups.setdefault(rank, set()).add(row)
        if not groups:
            return -1
        every = set().union(*(rows for rank, rows in groups.items() if rank != PLACED))
        titles = groups.get(TITLE, set())
        if len(titles) == 1:
            return next(iter(titles)) if len(every) == 1 else -1
        if titles or not kinds:
            return -1
        others = groups.get(ALIAS, set()) | groups.get(QUALIFIED, set())
        return next(iter(others)) if len(others) == 1 else -1


class Linker:
    """Links the stretches of one document."""

    def __init__(self, entities: Entities, document: Document) -> None:
        self._entities = entities
        spans = sorted((link.start, link.end, link.target) for link in document.links if link.end > link.start)
        self._spans = spans
        self._starts = [start for start, _, _ in spans]

    def links_within(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Return `(start, end, entity number)` of the links inside a stretch; -1 for a target that is not known."""
        place = bisect_left(self._starts, start)
        found = []
        while place < len(self._spans) and self._spans[place][0] < end:
            left, right, target = self._spans[place]
            if right <= end:
                found.append((left, right, self.target(target)))
            place += 1
        return found

    def target(self, target: str) -> int:
        """Return the entity that a link's target means: an id, else a title."""
        number = self._entities.number(target)
        return number if number >= 0 else self._entities.resolve(target)

    def link(self, name: str, start: int, end: int, kinds: Collection[str] = ()) -> int:
        """Return the entity that the text at `[start, end)` means, -1 where that is not certain."""
        for left, right, number in self.links_within(start, end):
            if right - left >= 0.6 * (end - start):
                return number
        if kinds and _PLACES & set(kinds):
            kinds = set(kinds) | _PLACES
        return self._entities.resolve(name, kinds)
