"""Shards on disk: each stage's results in files that appear whole, so that a killed stage goes on where it stood."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from tamsa.cluster import check_cluster
from tamsa.store import make_folder, read_jsonl, write_atomic
from tamsa.synthesis.workers import Job, map_shards


@dataclass(frozen=True, slots=True)
class Crew:
    """Who does the work."""

    workers: int = 1
    ray: str | None = None

    def check(self) -> None:
        """See that they can be reached, before other work is done.

        Raises:
            ConfigError: the cluster is not there.
        """
        if self.ray is not None:
            check_cluster(self.ray)


@dataclass(frozen=True, slots=True)
class Shards:
    """The shard files of one stage."""

    folder: Path
    name: str

    def path(self, number: int) -> Path:
        """Name the file of a shard."""
        return self.folder / f"{self.name}-{number:05d}.jsonl"

    def read(self, number: int) -> list[dict[str, Any]]:
        """Return the records of a shard."""
        return list(read_jsonl(self.path(number)))

    def run(
        self, job: Job, shards: Iterable[tuple[int, Any]], crew: Crew, on_done: Callable[[int], None] = lambda _: None
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the records of every shard in order; those on disk are read, the others made and written.

        Shards are written in order, so what is on disk is the beginning.

        Args:
            job: makes the records of `(number, payload)`.
            shards: numbers and payloads, in order; may be endless.
            crew: who does the work.
            on_done: called with the number of each shard.
        """
        make_folder(self.folder)
        stream = iter(shards)
        for number, payload in stream:
            if self.path(number).exists():
                yield self._done(number, on_done)
                continue
            numbers: list[int] = []
            rest = self._noted(chain([(number, payload)], stream), numbers)
            for position, records in enumerate(map_shards(job, rest, workers=crew.workers, ray=crew.ray)):
                write_atomic(self.path(numbers[position]), "".join(_line(record) for record in records))
                yield self._done(numbers[position], on_done)

    @staticmethod
    def _noted(shards: Iterator[tuple[int, Any]], numbers: list[int]) -> Iterator[tuple[int, Any]]:
        for number, payload in shards:
            numbers.append(number)
            yield number, payload

    def _done(self, number: int, on_done: Callable[[int], None]) -> list[dict[str, Any]]:
        records = self.read(number)
        on_done(number)
        return records


def _line(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
