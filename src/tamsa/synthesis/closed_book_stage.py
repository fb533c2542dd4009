"""The stage in which a model is asked without documents: questions that it knows by heart are dropped."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tamsa.scoring.judge import Judge
from tamsa.synthesis.checks.closed_book import MAX_REPLY_TOKENS, ClosedBook, Recalled
from tamsa.synthesis.records import GoldQuestion
from tamsa.types import Model

ASKED_PER_SHARD = 25
"""Questions asked between two checkpoints."""
MAX_ASKED = 4
"""Questions asked for each one wanted, at most: a model that knows everything must not cost without end."""


@dataclass(frozen=True, slots=True)
class ClosedBookJob:
    """Asks shards of questions. The endpoint is never asked for more than `concurrency` at once."""

    model: Model
    runner: asyncio.Runner
    """Keeps the event loop that the model's connections belong to."""
    judge: Judge | None = None
    concurrency: int = 4
    max_tokens: int = MAX_REPLY_TOKENS

    def open(self) -> None:
        """Do nothing: the model is open."""

    def run(self, state: None, shard: tuple[int, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
        """Return each question of a shard with what the model made of it."""
        return self.runner.run(self._ask(shard[1]))

    async def _ask(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        gate = asyncio.Semaphore(max(1, self.concurrency))
        book = ClosedBook(self.model, self.judge, max_tokens=self.max_tokens)

        async def one(question: GoldQuestion) -> Recalled:
            async with gate:
                return await book.ask(question)

        recalled = await asyncio.gather(*(one(GoldQuestion.from_json(record)) for record in records))
        return [
            {"question": dict(record), "recalled": asdict(item)} for record, item in zip(records, recalled, strict=True)
        ]


def choose_unknown(records: Iterable[Mapping[str, Any]], counts: Counter[str]) -> Iterator[GoldQuestion]:
    """Yield the questions that the model did not know.

    Args:
        records: of `ClosedBookJob`, in order.
        counts: receives how many were asked, how many replies could not be read, and how many are dropped.
    """
    for record in records:
        outcome = Recalled(**record["recalled"]).outcome
        if outcome != "guessable":
            counts["asked closed book"] += 1
        if outcome == "unread":
            counts["unread closed book"] += 1
        if outcome == "known":
            counts["closed_book"] += 1
            continue
        yield GoldQuestion.from_json(record["question"])
