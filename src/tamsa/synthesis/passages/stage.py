"""The stage in which a model writes questions over passages (`--passages`), shard by shard."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Any

from tamsa.corpus import SearchIndex
from tamsa.errors import ModelAuthError, ModelError, ModelUnavailableError
from tamsa.synthesis.checks import Alike, takes_shortcut
from tamsa.synthesis.decontamination import Evaluations
from tamsa.synthesis.passages.sets import Shown
from tamsa.synthesis.passages.writing import Line, read_lines, writing_prompt
from tamsa.synthesis.records import GoldQuestion
from tamsa.types import Model

SETS_PER_SHARD = 8
"""Sets written about between two checkpoints."""
MAX_TOKENS = 2_048
"""Tokens of a reply, what a model thinks first among them."""
WRITTEN = "written over passages"
"""Name of their number among the counts."""
EMPTY_SHARDS = 4
"""Shards in a row without one new question after which the model, or the documents, have no more to give."""


@dataclass(frozen=True, slots=True)
class PassageJob:
    """Lets a model write about shards of sets. Never more than `concurrency` requests at once."""

    model: Model
    runner: asyncio.Runner
    """Keeps the event loop that the model's connections belong to."""
    index: SearchIndex
    evaluations: Evaluations | None
    seed: int
    concurrency: int = 4

    def open(self) -> None:
        """Do nothing: the model is open."""

    def run(self, state: None, shard: tuple[int, Sequence[tuple[Shown, ...]]]) -> list[dict[str, Any]]:
        """Return what became of each line that was written: a question or None, and why there is none."""
        return self.runner.run(self._write(*shard))

    async def _write(self, number: int, sets: Sequence[tuple[Shown, ...]]) -> list[dict[str, Any]]:
        gate = asyncio.Semaphore(max(1, self.concurrency))

        async def one(place: int, shown: tuple[Shown, ...]) -> list[dict[str, Any]]:
            prompt = writing_prompt(shown, Random(f"{self.seed}/passages/{number}/{place}"))
            async with gate:
                try:
                    reply = await self.model.complete(prompt, max_tokens=MAX_TOKENS)
                except (ModelAuthError, ModelUnavailableError):  # run again, the synthesis goes on
                    raise
                except ModelError:
                    return [{"question": None, "refused": "the writer failed"}]
            return [self._record(line) for line in read_lines(reply.text, shown)]

        found = await asyncio.gather(*(one(place, shown) for place, shown in enumerate(sets)))
        return [record for records in found for record in records]

    def _record(self, line: Line) -> dict[str, Any]:
        question = line.question
        if question is None:
            return {"question": None, "refused": line.refused}
        if self.evaluations is not None and self.evaluations.overlap(question) is not None:
            return {"question": None, "refused": "contaminated"}
        question = replace(question, shortcut=takes_shortcut(question, self.index.search))
        return {"question": question.to_json(), "refused": ""}


def set_shards(sets: Iterable[tuple[Shown, ...]]) -> Iterator[tuple[int, list[tuple[Shown, ...]]]]:
    """Cut sets into numbered shards; no more of the stream is read than is asked for."""
    stream = iter(sets)
    number = 0
    while shard := list(islice(stream, SETS_PER_SHARD)):
        yield number, shard
        number += 1


def choose_passage_questions(
    shards: Iterable[Sequence[Mapping[str, Any]]], counts: Counter[str]
) -> Iterator[GoldQuestion]:
    """Yield the questions that are like no other, until the model, or the documents, have no more to give.

    Args:
        shards: records of `PassageJob`, in order.
        counts: receives how many were written, and how many refused, by reason.
    """
    alike = Alike()
    empty = 0
    for records in shards:
        fresh = 0
        for record in records:
            question = GoldQuestion.from_json(record["question"]) if record["question"] else None
            if question is None or not alike.admit(question):
                counts[record["refused"] or "alike"] += 1
                continue
            fresh += 1
            counts[WRITTEN] += 1
            yield question
        empty = 0 if fresh else empty + 1
        if empty == EMPTY_SHARDS:
            return
