"""What the votes of a guided reader are worth beside the rules (`reader_votes`, `reader_weight` of `tamsa.json`).

Every question is researched once; the replies to its prompt are kept, and the election is held again with other numbers
of votes and other weights. Weight 0 is the rules alone, a very large one the votes alone. Choose on questions made from
documents (`tamsa synthesize`, `tamsa world build`), never on those that a result is to be reported on.

Usage: python benchmarks/reader_weight.py MODEL --on QUESTIONS DOCS [--on QUESTIONS DOCS ...] [--limit N] [--votes 8]
Prints exact match with its standard error by weight, for each set and over all.
"""

from __future__ import annotations

import argparse
import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tamsa.agent import research
from tamsa.agent.guided import GuidedPolicy
from tamsa.agent.guided.election import elected_turn
from tamsa.agent.guided.task import Task
from tamsa.agent.react import parse_turn, short_answer_span
from tamsa.corpus import open_documents
from tamsa.eval import Question, read_questions
from tamsa.llm import open_model
from tamsa.scoring.metrics import exact_match
from tamsa.tools import corpus_toolset
from tamsa.types import Completion, Message

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 100.0)
SIDE_BY_SIDE = 32


class Polls(GuidedPolicy):
    """A guided policy that keeps the last task and its replies."""

    task: Task
    replies: Sequence[Completion]

    async def _ask(self, task: Task, prompt: list[Message], room: int) -> Sequence[Completion]:
        self.task, self.replies = task, await super()._ask(task, prompt, room)
        return self.replies


@dataclass(frozen=True)
class Poll:
    """A question with what rules and reader say."""

    question: Question
    task: Task
    replies: Sequence[Completion]

    def right(self, votes: int, weight: float) -> float:
        """Return exact match, 0 or 1."""
        answer = parse_turn(elected_turn(self.task, self.replies[:votes], weight).text).answer or ""
        start, end = short_answer_span(answer)
        return exact_match(answer[start:end], self.question.answers)


async def poll(model: str, questions: Path, docs: Path, limit: int | None, votes: int) -> list[Poll]:
    """Research the questions of a set."""
    index, found = open_documents([docs]), list[Poll]()
    reader = open_model(model)
    reader.profile = replace(reader.profile, reader_votes=votes)
    lead, gate = GuidedPolicy(reader), asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(question: Question) -> None:
        async with gate:
            policy = Polls(reader)
            policy._rules = lead._rules
            await research(question.question, model=policy, tools=corpus_toolset(index, profile=policy.profile))
            if hasattr(policy, "task"):
                found.append(Poll(question, policy.task, policy.replies))

    await asyncio.gather(*(one(question) for question in read_questions(questions)[:limit]))
    return found


def shown(polls: Sequence[Poll], votes: int, weight: float) -> str:
    """Return exact match in percent with its standard error."""
    share = math.fsum(item.right(votes, weight) for item in polls) / len(polls)
    return f"{100 * share:5.1f} ± {100 * math.sqrt(share * (1 - share) / len(polls)):.1f}"


def main() -> None:
    """Poll and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--on", nargs=2, type=Path, action="append", required=True, metavar=("QUESTIONS", "DOCS"))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--votes", type=int, nargs="+", default=[8])
    options = parser.parse_args()
    sets = [
        asyncio.run(poll(options.model, questions, docs, options.limit, max(options.votes)))
        for questions, docs in options.on
    ]
    for votes in options.votes:
        names = [
            f"{questions.parent.name} ({len(polls)})" for (questions, _), polls in zip(options.on, sets, strict=True)
        ]
        print(f"{votes} votes\nweight  " + "  ".join(f"{name:>18}" for name in [*names, "all"]))
        for weight in WEIGHTS:
            cells = [shown(polls, votes, weight) for polls in [*sets, [item for polls in sets for item in polls]]]
            print(f"{weight:6.1f}  " + "  ".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()
