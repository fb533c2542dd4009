"""The learner: from rollouts to one step of the weights.

Legend of shapes: N tokens of a row, M drawn tokens in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from tamsa.models import Forest, KimiLinearForCausalLM
from tamsa.scoring.rewards import UNANSWERED
from tamsa.train.optimisers import Optimisers
from tamsa.train.rl.objective import leave_one_out, mask_of, surrogate, token_logprobs
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
    """Drawn tokens in the loss; those without an alternative are none."""
    num_read: int
    """Tokens of the forward passes; what runs share is read once."""
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


class Learner:
    """Moves a model towards what earned more than its group.

    Args:
        model: a causal language model, the one that drew the rollouts.
        optimisers: of its weights.
        objective: the clip, and what is left out.
        rollouts: temperature and top-p where the model did not choose its own.
        micro_tokens: tokens of one forward pass. What runs of a prompt share is read once, by a Kimi Linear.
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
        num_read = 0
        self._model.train()
        for row in self._lay_out(lessons).cut(self._micro_tokens):
            logprobs, drawn, advantages, read = self._forward([lessons[number] for number in row])
            num_read += read
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
        return Learned(len(lessons), num_tokens, num_read, left_out, means[0], means[1], means[2], means[3], norm)

    def _lay_out(self, lessons: Sequence[Lesson]) -> Forest:
        """Lay lessons out for the model."""
        sequences = [lesson.drawn.ids for lesson in lessons]
        return Forest.grow(sequences) if isinstance(self._model, KimiLinearForCausalLM) else Forest.apart(sequences)

    def _forward(self, row: Sequence[Lesson]) -> tuple[Tensor, Tensor, Tensor, int]:
        """Return `[M]` log-probabilities now (with gradient), those of the drawing, the advantages, and N."""
        drawn = [lesson.drawn for lesson in row]
        forest = self._lay_out(row)
        device = next(self._model.parameters()).device
        rows = torch.cat([forest.places(n)[torch.tensor(d.positions) - 1] for n, d in enumerate(drawn)]).to(device)
        targets = torch.tensor([d.ids[p] for d in drawn for p in d.positions], device=device)
        fixed_T, fixed_P = self._rollouts.temperature, self._rollouts.top_p
        T = torch.tensor([t for d in drawn for t in (d.temperatures or (fixed_T,) * len(d.positions))], device=device)
        P = torch.tensor([p for d in drawn for p in (d.top_ps or (fixed_P,) * len(d.positions))], device=device)
        before = torch.tensor([value for d in drawn for value in d.logprobs], device=device)
        advantages = torch.tensor([lesson.advantage for lesson in row for _ in lesson.drawn.positions], device=device)
        allowed = [tokens for d in drawn for tokens in (d.allowed or ((),) * len(d.positions))]
        logprobs_of = self._logprobs(forest, rows)
        parts = []
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            mask = mask_of(allowed[part], self._model.config.vocab_size)
            parts.append(logprobs_of(part, targets[part], T[part], P[part], None if mask is None else mask.to(device)))
        return torch.cat(parts), before, advantages, forest.num_tokens

    def _logprobs(self, forest: Forest, rows: Tensor) -> Any:
        """Read a forest; return a function from a slice of `rows` to the log-probabilities of its targets."""
        model = self._model
        ids, cu_seqlens = forest.ids[None].to(rows.device), forest.cu_seqlens.to(rows.device)
        if isinstance(model, KimiLinearForCausalLM):
            read = model.model(input_ids=ids, cu_seqlens=cu_seqlens, parents=forest.parents, use_cache=False)
            hidden = read.last_hidden_state[0].index_select(0, rows)
            weight = model.lm_head.weight

            def of_hidden(part: slice, *settings: Any) -> Tensor:
                def compute(h: Tensor, w: Tensor) -> Tensor:
                    return token_logprobs(h @ w.t(), *settings)

                found: Tensor = checkpoint(compute, hidden[part], weight, use_reentrant=False)
                return found

            return of_hidden
        starts = torch.repeat_interleave(cu_seqlens[:-1], cu_seqlens.diff())
        positions = (torch.arange(ids.shape[1], device=rows.device) - starts)[None]
        logits = model(input_ids=ids, position_ids=positions, use_cache=False).logits[0][rows]
        return lambda part, *settings: token_logprobs(logits[part], *settings)
