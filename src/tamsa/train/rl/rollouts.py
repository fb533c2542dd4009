"""Rollouts: prompts through the one agent loop, several runs each, with what the model drew kept exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamsa.agent import Budget, research
from tamsa.agent.react import NOT_FOUND
from tamsa.corpus import open_corpus
from tamsa.errors import ModelError
from tamsa.scoring.rewards import UNANSWERED, Reward, answer_reward
from tamsa.tools import Toolset, corpus_toolset, page_chars
from tamsa.train.rl.prompts import Prompt
from tamsa.train.rl.recipe import Environment, RolloutSettings
from tamsa.types import Model, Sampled

DATE = "2026-01-01"
"""The date that rollouts are told."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An unbroken stretch of one run as the model read and wrote it. N tokens, of which M were drawn; a token that a
    form left no choice about was not.
    """

    ids: tuple[int, ...]
    """N."""
    positions: tuple[int, ...]
    """M: where in `ids` the drawn tokens stand, each > 0."""
    logprobs: tuple[float, ...]
    """M: under the distribution drawn from."""
    temperatures: tuple[float, ...]
    """M, or none where the run's own temperature held throughout."""
    top_ps: tuple[float, ...]
    allowed: tuple[tuple[int, ...], ...] = ()
    """M: the tokens that each could be; an empty one, or none at all, where it could be any."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One run of a prompt."""

    prompt: Prompt
    drawn: tuple[Drawn, ...]
    reward: Reward
    answer: str
    num_calls: int
    visited: tuple[str, ...]

    @property
    def num_drawn(self) -> int:
        """Tokens that the model chose."""
        return sum(len(stretch.positions) for stretch in self.drawn)


def join(turns: Iterable[Sampled]) -> tuple[Drawn, ...]:
    """Join the turns of a run whose prompt goes on from the turn before, token for token."""
    stretches: list[list[Sampled]] = []
    for turn in turns:
        last = stretches[-1][-1] if stretches else None
        before = (*last.prompt_ids, *last.completion_ids) if last is not None else None
        if before is not None and turn.prompt_ids[: len(before)] == before:
            stretches[-1].append(turn)
        else:
            stretches.append([turn])
    return tuple(_stretch(turns) for turns in stretches)


def _stretch(turns: Sequence[Sampled]) -> Drawn:
    drawn = [(t, i) for t in turns for i in range(len(t.completion_ids)) if not t.allowed or len(t.allowed[i]) > 1]
    return Drawn(
        ids=(*turns[-1].prompt_ids, *turns[-1].completion_ids),
        positions=tuple(len(t.prompt_ids) + i for t, i in drawn),
        logprobs=tuple(t.logprobs[i] for t, i in drawn),
        temperatures=tuple(t.temperatures[i] for t, i in drawn if t.temperatures),
        top_ps=tuple(t.top_ps[i] for t, i in drawn if t.top_ps),
        allowed=tuple(t.allowed[i] if t.allowed else () for t, i in drawn) if any(t.allowed for t in turns) else (),
    )


class ToolMaker:
    """Makes the tools of a run; the index of each environment is opened once.

    Args:
        environments: whose documents are searched.
        model: for whom.
    """

    def __init__(self, environments: Sequence[Environment], model: Model) -> None:
        self._model = model
        self._indexes = [open_corpus(list(environment.docs)) for environment in environments]

    def __call__(self, number: int) -> Toolset:
        """Make the tools of a run in an environment, by its number."""
        model = self._model
        return corpus_toolset(self._indexes[number], page_chars=page_chars(model), profile=model.profile)


class Explorer:
    """Runs prompts with a model.

    Args:
        model: a local model, which says what it drew.
        make_tools: makes the tools of one run, by the number of the environment.
        settings: how many runs are open at a time, and limits of one run.
        budget: limits of one run in place of those.
    """

    def __init__(
        self,
        model: Model,
        make_tools: Callable[[int], Toolset],
        settings: RolloutSettings,
        budget: Budget | None = None,
    ) -> None:
        self._model = model
        self._make_tools = make_tools
        self._settings = settings
        self._budget = budget or Budget(
            max_calls=settings.max_calls,
            max_tokens=settings.max_tokens,
            max_completion_tokens=settings.max_completion_tokens,
        )

    def explore(self, prompts: Sequence[Prompt], group: int) -> list[list[Rollout]]:
        """Run each prompt `group` times; the results keep the prompts' order. Tools run beside the decoding."""
        return asyncio.run(self._explore(prompts, group))

    async def _explore(self, prompts: Sequence[Prompt], group: int) -> list[list[Rollout]]:
        gate = asyncio.Semaphore(self._settings.concurrency)

        async def one(prompt: Prompt) -> Rollout:
            async with gate:
                return await self._run(prompt)

        runs = await asyncio.gather(*(one(prompt) for prompt in prompts for _ in range(group)))
        return [list(runs[start : start + group]) for start in range(0, len(runs), group)]

    async def _run(self, prompt: Prompt) -> Rollout:
        """Run one prompt; a run that breaks off, or whose answer the model did not draw, is one without an answer."""
        turns: list[Sampled] = []
        answer_drawn = False

        def note(record: Mapping[str, Any]) -> None:
            nonlocal answer_drawn
            if record["kind"] == "completion":
                answer_drawn = "sampled" in record
                if answer_drawn:
                    turns.append(Sampled(**record["sampled"]))

        try:
            report = await research(
                prompt.question,
                model=self._model,
                tools=self._make_tools(prompt.environment),
                budget=self._budget,
                date=DATE,
                mode=self._settings.mode,
                on_event=note,
                keep_sampled=True,
            )
        except ModelError as error:
            return Rollout(prompt, join(turns), Reward(0.0, UNANSWERED), f"({error})", 0, ())
        reward = answer_reward(report, prompt.answers, refusal=NOT_FOUND, need_citation=self._settings.need_citation)
        if not answer_drawn:  # rules answered in its place
            reward = Reward(0.0, UNANSWERED)
        return Rollout(prompt, join(turns), reward, report.answer, report.num_calls, report.visited)
