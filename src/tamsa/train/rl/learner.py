"""The learner: from rollouts to one step of the weights.

Legend of shapes: M drawn tokens of a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from tamsa.models import KimiLinearForCausalLM
from tamsa.train.optimisers import Optimisers
from tamsa.train.rl.lessons import Lesson, Row, lessons_of, rows_of
from tamsa.train.rl.objective import surrogate, token_logprobs
from tamsa.train.rl.recipe import ObjectiveSettings, RolloutSettings
from tamsa.train.rl.rollouts import Rollout


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
    """Mean distance of the ratio from 1: 0 up to rounding, since every step is on-policy; of heads, the distance of the
    soft cut that is learned from the hard one that was drawn from."""
    clipped: float
    """Share of tokens at the clip."""
    entropy: float
    """Mean -log p of the drawn tokens, in nats."""
    grad_norm: float


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
        self._model.eval()  # dropout would make it another than the one that drew
        for row in self.rows(lessons):
            num_read += row.forest.num_tokens
            logprobs = self.logprobs(row)
            objective = self._objective
            values, clipped = surrogate(logprobs, row.logprobs, row.advantages, objective.clip_low, objective.clip_high)
            torch.autograd.backward(-values.sum() / num_tokens)
            self._optimisers.collect()
            with torch.no_grad():
                ratio = (logprobs - row.logprobs).exp()
                parts = (values.sum(), (ratio - 1).abs().sum(), clipped.sum(), -logprobs.sum())
                sums += torch.stack([part.double() for part in parts]).cpu()
        norm = self._optimisers.step(scale)
        means = (sums / num_tokens).tolist()
        return Learned(len(lessons), num_tokens, num_read, left_out, means[0], means[1], means[2], means[3], norm)

    def rows(self, lessons: Sequence[Lesson]) -> Iterator[Row]:
        """Lay lessons out for the model."""
        device = next(self._model.parameters()).device
        is_shared = isinstance(self._model, KimiLinearForCausalLM)
        return rows_of(lessons, self._rollouts, self._micro_tokens, device, is_shared=is_shared)

    def logprobs(self, row: Row) -> Tensor:
        """Return the log-probabilities `[M]` of what was drawn, with gradient."""
        model = self._model
        weight: Tensor | None = None
        if isinstance(model, KimiLinearForCausalLM):
            source, weight = model.model(**row.packed(), use_cache=False).last_hidden_state[0], model.lm_head.weight
        else:
            source = model(**row.packed(), use_cache=False).logits[0]
        source = source.index_select(0, row.at)
        parts = []
        for part in row.parts():
            settings = row.targets[part], row.T[part], row.P[part], row.mask(part, model.config.vocab_size)
            if weight is None:
                parts.append(token_logprobs(source[part], *settings))
            else:  # the logits of a part live no longer than they are needed
                parts.append(checkpoint(_of_states, source[part], weight, *settings, use_reentrant=False))
        return torch.cat(parts)


def _of_states(hidden: Tensor, weight: Tensor, *settings: Any) -> Tensor:
    return token_logprobs(hidden @ weight.t(), *settings)
