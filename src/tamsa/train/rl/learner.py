"""The learner: from rollouts to one step of the weights.

Legend of shapes: N tokens of a packed row, M drawn tokens in it, S conversations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from tamsa.models import KimiLinearForCausalLM
from tamsa.scoring.rewards import UNANSWERED
from tamsa.train.optimisers import Optimisers
from tamsa.train.rl.objective import leave_one_out, surrogate, token_logprobs
from tamsa.train.rl.recipe import ObjectiveSettings, RolloutSettings
from tamsa.train.rl.rollouts import Drawn, Rollout

CHUNK = 1024
"""Drawn tokens whose logits exist at a time."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A stretch of a run with what its run earned beyond its group."""

    drawn: Drawn
    advantage: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What a step came to."""

    num_lessons: int
    num_tokens: int
    """Drawn tokens in the loss."""
    num_left_out: int
    """Runs without an answer, and stretches too long for one pass."""
    surrogate: float
    ratio_error: float
    """Mean distance of the ratio from 1: 0 up to rounding, since every step is on-policy."""
    clipped: float
    """Share of tokens at the clip."""
    entropy: float
    """Mean -log p of the drawn tokens, in nats."""
    grad_norm: float


def lessons_of(
    groups: Sequence[Sequence[Rollout]], settings: ObjectiveSettings, micro_tokens: int
) -> tuple[list[Lesson], int]:
    """Turn groups of rollouts into lessons; groups whose runs all earned the same give none.

    Returns:
        The lessons, and how many runs or stretches were left out of the loss.
    """
    lessons, left_out = [], 0
    for group in groups:
        advantages = leave_one_out([rollout.reward.value for rollout in group])
        for rollout, advantage in zip(group, advantages, strict=True):
            if advantage == 0.0:
                continue
            if settings.leave_out_unanswered and rollout.reward.outcome == UNANSWERED:
                left_out += 1
                continue
            for drawn in rollout.drawn:
                if len(drawn.ids) > micro_tokens:
                    left_out += 1
                elif drawn.positions:
                    lessons.append(Lesson(drawn, advantage))
    return lessons, left_out


def pack(lessons: Sequence[Lesson], micro_tokens: int) -> Iterator[list[Lesson]]:
    """Cut lessons, in order, into rows of at most `micro_tokens`."""
    row: list[Lesson] = []
    used = 0
    for lesson in lessons:
        if row and used + len(lesson.drawn.ids) > micro_tokens:
            yield row
            row, used = [], 0
        row.append(lesson)
        used += len(lesson.drawn.ids)
    if row:
        yield row


class Learner:
    """Moves a model towards what earned more than its group.

    Args:
        model: a causal language model, the one that drew the rollouts.
        optimisers: of its weights.
        objective: the clip, and what is left out.
        rollouts: temperature and top-p where the model did not choose its own.
        micro_tokens: tokens of one forward pass.
    """

    def __init__(
        self,
        model: Any,
        optimisers: Optimisers,
        objective: ObjectiveSettings,
        rollouts: RolloutSettings,
        micro_tokens: int,
    ) -> None:
        self._model, self._optimisers = model, optimisers
        self._objective, self._rollouts = objective, rollouts
        self._micro_tokens = micro_tokens

    def learn(self, groups: Sequence[Sequence[Rollout]], scale: float = 1.0) -> Learned | None:
        """Take one step on groups of rollouts; None, and no step, where no group teaches anything.

        Args:
            groups: the runs of each prompt.
            scale: of the learning rate.
        """
        lessons, left_out = lessons_of(groups, self._objective, self._micro_tokens)
        if not lessons:
            return None
        num_tokens = sum(len(lesson.drawn.positions) for lesson in lessons)
        sums = torch.zeros(4, dtype=torch.float64)
        self._model.train()
        for row in pack(lessons, self._micro_tokens):
            logprobs, drawn, advantages = self._forward(row)
            objective = self._objective
            values, clipped = surrogate(logprobs, drawn, advantages, objective.clip_low, objective.clip_high)
            torch.autograd.backward(-values.sum() / num_tokens)
            self._optimisers.collect()
            with torch.no_grad():
                ratio = (logprobs - drawn).exp()
                parts = (values.sum(), (ratio - 1).abs().sum(), clipped.sum(), -logprobs.sum())
                sums += torch.stack([part.double() for part in parts])
        norm = self._optimisers.step(scale)
        means = (sums / num_tokens).tolist()
        return Learned(len(lessons), num_tokens, left_out, means[0], means[1], means[2], means[3], norm)

    def _forward(self, row: Sequence[Lesson]) -> tuple[Tensor, Tensor, Tensor]:
        """Return `[M]` log-probabilities now (with gradient), those of the drawing, and the advantages."""
        drawn = [lesson.drawn for lesson in row]
        lengths = torch.tensor([0, *(len(d.ids) for d in drawn)])
        bounds = lengths.cumsum(0)
        device = next(self._model.parameters()).device
        ids = torch.tensor([token for d in drawn for token in d.ids], device=device)
        at = torch.tensor([start + p for d, start in zip(drawn, bounds.tolist(), strict=False) for p in d.positions])
        at = at.to(device)
        fixed_T, fixed_P = self._rollouts.temperature, self._rollouts.top_p
        T = torch.tensor([t for d in drawn for t in (d.temperatures or (fixed_T,) * len(d.positions))], device=device)
        P = torch.tensor([p for d in drawn for p in (d.top_ps or (fixed_P,) * len(d.positions))], device=device)
        before = torch.tensor([value for d in drawn for value in d.logprobs], device=device)
        advantages = torch.tensor([lesson.advantage for lesson in row for _ in lesson.drawn.positions], device=device)
        targets, rows = ids[at], at - 1
        logits_of = self._logits(ids, bounds, rows)
        parts = []
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            parts.append(logits_of(part, targets[part], T[part], P[part]))
        return torch.cat(parts), before, advantages

    def _logits(self, ids: Tensor, bounds: Tensor, rows: Tensor) -> Any:
        """Read a packed row; return a function from a slice of `rows` to the log-probabilities of its targets."""
        model = self._model
        if isinstance(model, KimiLinearForCausalLM):
            cu_seqlens = bounds.to(torch.int32).to(ids.device)
            hidden = model.model(input_ids=ids[None], cu_seqlens=cu_seqlens, use_cache=False).last_hidden_state[0][rows]
            weight = model.lm_head.weight

            def of_hidden(part: slice, targets: Tensor, T: Tensor, P: Tensor) -> Tensor:
                def compute(h: Tensor, w: Tensor) -> Tensor:
                    return token_logprobs(h @ w.t(), targets, T, P)

                found: Tensor = checkpoint(compute, hidden[part], weight, use_reentrant=False)
                return found

            return of_hidden
        starts = torch.repeat_interleave(bounds[:-1], bounds.diff()).to(ids.device)
        positions = (torch.arange(len(ids), device=ids.device) - starts)[None]
        logits = model(input_ids=ids[None], position_ids=positions, use_cache=False).logits[0][rows]
        return lambda part, targets, T, P: token_logprobs(logits[part], targets, T, P)
