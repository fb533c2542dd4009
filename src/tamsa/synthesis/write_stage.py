"""The stage in which a model writes (`--generator llm`): questions made harder and reworded, all checked again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tamsa.errors import ModelAuthError, ModelError, ModelUnavailableError
from tamsa.synthesis.checks import Alike, Checker
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.writer import Writer
from tamsa.types import Model

WRITTEN_PER_SHARD = 25
"""Questions written between two checkpoints."""
ESCALATED = 0.5
"""Share of the questions that the writer is asked to make harder, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class WriteJob:
    """Lets a model rewrite shards of questions. What it writes counts only if it passes the checks.

    The model is never asked for more than `concurrency` questions at once.
    """

    model: Model
    runner: asyncio.Runner
    """Keeps the event loop that the model's connections belong to."""
    domain: Domain
    checker: Checker
    seed: int
    concurrency: int = 4

    def open(self) -> None:
        """Do nothing: the model is open."""

    def run(self, state: None, shard: tuple[int, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
        """Return, for each question of a shard, the old one, the new one or None, and why there is none."""
        return self.runner.run(self._write([GoldQuestion.from_json(record) for record in shard[1]]))

    async def _write(self, questions: Sequence[GoldQuestion]) -> list[dict[str, Any]]:
        gate = asyncio.Semaphore(max(1, self.concurrency))
        writer = Writer(self.model, self.domain)

        async def one(question: GoldQuestion) -> dict[str, Any]:
            async with gate:
                try:
                    new, reason = await self._rewrite(writer, question)
                except (ModelAuthError, ModelUnavailableError):  # run again, the synthesis goes on
                    raise
                except ModelError as error:
                    new, reason = None, f"the writer failed: {' '.join(str(error).split())[:120]}"
            return {"old": question.to_json(), "new": new.to_json() if new else None, "reason": reason}

        return list(await asyncio.gather(*map(one, questions)))

    async def _rewrite(self, writer: Writer, question: GoldQuestion) -> tuple[GoldQuestion | None, str]:
        random = Random(f"{self.seed}/write/{question.id}")
        current, reasons = question, []
        if random.random() < ESCALATED:
            harder = await writer.escalate(current, random)
            current = harder.question
            reasons.append(harder.reason)
        other = await writer.reword(current)
        current = other.question
        reasons.append(other.reason)
        if current == question:
            return None, "; ".join(filter(None, reasons)) or "nothing was changed"
        outcome = self.checker.check(current)
        if not isinstance(outcome, GoldQuestion):
            return None, f"what was written fails the check: {outcome}"
        return outcome, ""


def choose_written(records: Iterable[Mapping[str, Any]], counts: dict[str, int]) -> Iterator[GoldQuestion]:
    """Yield the new question where there is one that is like no other, else the old one.

    Args:
        records: of `WriteJob`, in order.
        counts: receives how many were written, and why the others were not.
    """
    alike = Alike()
    for record in records:
        new = GoldQuestion.from_json(record["new"]) if record["new"] else None
        if new is not None and alike.admit(new):
            counts["written"] = counts.get("written", 0) + 1
            yield new
            continue
        reason = "alike" if new is not None else str(record["reason"]).split(":")[0]
        counts[f"not written: {reason}"] = counts.get(f"not written: {reason}", 0) + 1
        old = GoldQuestion.from_json(record["old"])
        alike.admit(old)
        yield old
