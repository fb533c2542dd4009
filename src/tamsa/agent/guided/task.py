"""The task of a reader: what the rules have gathered for one question, and what they would answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tamsa.agent.baseline.answering import Conclusion, Outcome
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.reporting import plain
from tamsa.agent.baseline.state import fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.guided.evidence import Passage, choose
from tamsa.agent.guided.prompt import reading_prompt
from tamsa.agent.react import NOT_FOUND
from tamsa.types import Message

MAX_GUESSES = 3
MAX_CANDIDATES = 8
"""Candidates of the rules for the answer: their sentences are shown before others, and they may be elected."""
MAX_STEP_VALUES = 4
"""The same for each step towards it."""


@dataclass(frozen=True, slots=True)
class Task:
    """A reading task: what the rules have gathered for one question."""

    question: str
    passages: tuple[Passage, ...]
    guesses: tuple[str, ...]
    """Answers of the rules, best first; the first is the one they would give."""
    candidates: tuple[Outcome, ...]
    """What the rules may answer, with probabilities that need not add up to 1; the first is what they would answer."""

    @property
    def outcome(self) -> Outcome:
        """What the rules would answer."""
        return self.candidates[0]

    def prompt(self, *, brief: bool) -> list[Message]:
        """Write the prompt for a reader."""
        return reading_prompt(self.question, self.passages, self.guesses, brief=brief)


def gather(conclusion: Conclusion, size: int, max_guesses: int = MAX_GUESSES, held: Sequence[Reading] = ()) -> Task:
    """Gather what was read for a question.

    Args:
        conclusion: what the rules make of it.
        size: characters of evidence at most.
        max_guesses: answers of the rules that are shown. A model that is trained to read is shown none: it would
            learn to repeat the first.
        held: what is to be shown before all else.
    """
    state, question, outcome = conclusion.state, conclusion.question, conclusion.outcome
    judged = [item.value for item in conclusion.judged if item.candidate.text]
    steps = [conclusion.resolver.values(step)[:MAX_STEP_VALUES] for step in _steps(conclusion.plan)]
    passages = choose(state, question, (*held, *outcome.chain), [judged[:MAX_CANDIDATES], *steps], size)
    texts = (outcome.text or NOT_FOUND, *(value.text for value in judged[:max_guesses]))
    guesses: dict[str, str] = {}
    for text in texts:
        if text.strip():
            guesses.setdefault(fold_title(text), plain(text)[:200])
    rivals = (conclusion.outcome_of(item) for item in conclusion.judged[:MAX_CANDIDATES])
    candidates = (outcome, *(rival for rival in rivals if fold_title(rival.text) != fold_title(outcome.text)))
    return Task(state.question, passages, tuple(guesses.values())[:max_guesses], candidates)


def _steps(plan: Step | None) -> Iterator[Step]:
    """Yield a plan's steps, the last one first."""
    while plan is not None:
        yield plan
        plan = plan.of
