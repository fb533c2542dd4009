"""Curation: difficulty from pass rates, the best of several trajectories, pairs for preference training.

Kept for reinforcement learning is what a solver gets right sometimes but not always, and what a weak solver fails and
a strong one gets right (arXiv 2510.24701, section 3). What everybody or nobody solves is set aside, with its rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tamsa.synthesis.exploration import Exploration
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.verdicts import Verdict

Pool = Literal["learn", "frontier", "solved", "unsolved", "untried"]
"""learn: sometimes right; frontier: the strong solver alone is right; solved, unsolved: always and never right."""
MIN_SAVED_CALLS = 3
"""Calls that a right trajectory must save against another right one to be preferred to it."""


@dataclass(frozen=True, slots=True)
class PassRate:
    """How often one solver got a question right."""

    solver: str
    right: int
    tries: int

    @property
    def rate(self) -> float:
        """Share of right answers, in [0, 1]."""
        return self.right / self.tries if self.tries else 0.0


@dataclass(frozen=True, slots=True)
class Graded:
    """A question with what the solvers make of it."""

    question_id: str
    rates: tuple[PassRate, ...]
    """Weakest solver first, in the order in which the solvers were given."""
    pool: Pool
    difficulty: float
    """One minus the mean pass rate of all solvers, in [0, 1]; by atomic operations where nobody tried."""

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return asdict(self)


def grade(question: GoldQuestion, rates: Sequence[PassRate]) -> Graded:
    """Put a question into a pool by the pass rates of the solvers, the weakest first."""
    tried = [rate for rate in rates if rate.tries]
    if not tried:
        return Graded(question.id, (), "untried", min(1.0, question.difficulty / 10))
    difficulty = 1 - sum(rate.rate for rate in tried) / len(tried)
    pool: Pool
    if all(rate.rate == 1.0 for rate in tried):
        pool = "solved"
    elif all(rate.rate == 0.0 for rate in tried):
        pool = "unsolved"
    elif len(tried) > 1 and tried[0].rate == 0.0 and tried[-1].rate > 0.0:
        pool = "frontier"
    else:
        pool = "learn"
    return Graded(question.id, tuple(tried), pool, round(difficulty, 4))


def pass_rates(
    judged: Iterable[tuple[Exploration, Verdict]], solvers: Sequence[str]
) -> dict[str, tuple[PassRate, ...]]:
    """Count, for each question, how often each solver was right."""
    right: dict[tuple[str, str], int] = defaultdict(int)
    tries: dict[tuple[str, str], int] = defaultdict(int)
    for exploration, verdict in judged:
        key = exploration.question_id, exploration.model
        tries[key] += 1
        right[key] += verdict.correct
    questions = dict.fromkeys(question for question, _ in tries)
    return {
        question: tuple(
            PassRate(solver, right[question, solver], tries[question, solver])
            for solver in solvers
            if tries[question, solver]
        )
        for question in questions
    }


def best_of(judged: Sequence[tuple[Exploration, Verdict]]) -> Exploration | None:
    """Return the accepted trajectory with the best verdict, the shorter one where they tie; None if none is."""
    accepted = [(exploration, verdict) for exploration, verdict in judged if verdict.accepted]
    if not accepted:
        return None
    return min(accepted, key=lambda item: (-round(item[1].score, 3), len(item[0].steps), item[0].sample))[0]


def preference_pairs(judged: Sequence[tuple[Exploration, Verdict]]) -> Iterator[tuple[Exploration, Exploration, str]]:
    """Yield (chosen, rejected, reason) of the trajectories of one question in one strategy.

    A right one is preferred to a wrong one, and to a right one that wastes calls.
    """
    best = best_of(judged)
    if best is None:
        return
    for exploration, verdict in judged:
        if exploration is best or exploration.mode != best.mode:
            continue
        if not verdict.correct and exploration.conversations and exploration.report:
            yield best, exploration, "wrong answer"
        elif not verdict.accepted and verdict.correct:
            yield best, exploration, verdict.reason
        elif verdict.accepted and len(exploration.steps) >= len(best.steps) + MIN_SAVED_CALLS:
            yield best, exploration, "waste"


def by_question(
    judged: Iterable[tuple[Exploration, Verdict]],
) -> Mapping[str, list[tuple[Exploration, Verdict]]]:
    """Group trajectories by question, in the order in which they come."""
    groups: dict[str, list[tuple[Exploration, Verdict]]] = defaultdict(list)
    for item in judged:
        groups[item[0].question_id].append(item)
    return groups
