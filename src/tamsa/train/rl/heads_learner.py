"""The learner of AutoDeco heads: the weights stay, T and P of every choice move towards what earned more.

The backbone is frozen, so the states of a run are read once, and log pi of a choice is a function of T and P alone
(`tamsa.train.heads.policy`). Replies held to a form are learned from as they are drawn: among the allowed tokens.

Legend of shapes: M drawn tokens of a row, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tamsa.decoding import LossConfig
from tamsa.decoding.losses import heads_loss
from tamsa.models import KimiLinearForCausalLM
from tamsa.train.heads.policy import Drawn, log_likelihood, policy_loss
from tamsa.train.heads.recipe import Reward
from tamsa.train.optimisers import Optimisers
from tamsa.train.rl.learner import Learned
from tamsa.train.rl.lessons import Row, lessons_of, right_ones, rows_of
from tamsa.train.rl.recipe import ObjectiveSettings, RolloutSettings
from tamsa.train.rl.rollouts import Rollout

FORBIDDEN = -1e4
"""Logit of a token that could not be drawn: its probability is 0, and no statistic becomes NaN."""
PASSES = 4
"""Steps on the same runs: the backbone has read them once."""
PLAIN = LossConfig(temperature_weight="none", top_p_weight="none", easy_mask=0.0)
"""Cross-entropy of the model's own right answers, unweighted."""


@dataclass(frozen=True, slots=True)
class _Choices:
    """Drawn tokens of one stretch with what the frozen model made of them."""

    hidden: Tensor
    """`[m, D]`"""
    logits: Tensor
    """`[m, V]`, among the allowed tokens."""
    drawn: Drawn
    advantages: Tensor


class HeadsLearner:
    """Moves the heads of a model, by reward or by the cross-entropy of its right answers.

    Args:
        model: an AutoDeco model; its base stays as it is.
        optimisers: of its heads.
        objective: the clip, what is left out, and which of the two ways.
        rollouts: how the runs were drawn.
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
        self._reward = Reward(clip=objective.clip_high)

    def learn(self, groups: Sequence[Sequence[Rollout]], scale: float = 1.0) -> Learned | None:
        """Take a few steps on groups of rollouts; None, and no step, where nothing teaches.

        Args:
            groups: the runs of each prompt.
            scale: of the learning rate.
        """
        by_reward = self._objective.heads == "reward"
        if by_reward:
            lessons, left_out = lessons_of(groups, self._objective, self._micro_tokens)
        else:
            lessons, left_out = right_ones(groups, self._micro_tokens), 0
        if not lessons:
            return None
        device = self._model.device
        is_shared = isinstance(self._model.base, KimiLinearForCausalLM)
        rows = list(rows_of(lessons, self._rollouts, self._micro_tokens, device, is_shared=is_shared))
        choices = [part for row in rows for part in self._choices(row)]
        num_tokens = sum(len(part.advantages) for part in choices)
        before = torch.cat([part.drawn.log_probs for part in choices])
        drawn = torch.cat([row.logprobs for row in rows])
        norm = clipped = surrogate = 0.0
        for _ in range(PASSES):
            surrogate = clipped = 0.0
            for part in choices:
                share = len(part.advantages) / num_tokens
                loss, outside = self._loss(part) if by_reward else (self._entropy(part), 0.0)
                torch.autograd.backward(loss * share)
                surrogate -= float(loss.detach()) * share
                clipped += outside * share
            self._optimisers.collect()
            norm = self._optimisers.step(scale)
        gap = float(((before - drawn).exp() - 1).abs().mean())
        num_read = sum(row.forest.num_tokens for row in rows)
        entropy = -float(before.mean())
        return Learned(len(lessons), num_tokens, num_read, left_out, surrogate, gap, clipped, entropy, norm)

    @torch.no_grad()
    def _choices(self, row: Row) -> list[_Choices]:
        """Read a row with the frozen model."""
        model = self._model
        hidden = model.hidden_states(**row.packed())[0].index_select(0, row.at)
        found = []
        for part in row.parts():
            logits = model.project(hidden[part]).float()
            mask = row.mask(part, logits.shape[-1])
            logits = logits if mask is None else logits.masked_fill(~mask, FORBIDDEN)
            drawn = Drawn(row.targets[part], row.T[part], row.P[part], row.logprobs[part])
            likely = log_likelihood(model.decoding_heads, hidden[part], logits, drawn, self._reward)[0]
            found.append(_Choices(hidden[part], logits, drawn._replace(log_probs=likely), row.advantages[part]))
        return found

    def _loss(self, part: _Choices) -> tuple[Tensor, float]:
        """Return the clipped policy-gradient loss, a mean over tokens, and the share at the clip."""
        weights = part.advantages / len(part.advantages)
        heads, logits = self._model.decoding_heads, part.logits
        result = policy_loss(
            heads, part.hidden, lambda _: logits, part.drawn, weights, self._reward, chunk_positions=len(logits)
        )
        return result.loss, result.clipped

    def _entropy(self, part: _Choices) -> Tensor:
        """Return the loss of both heads on what was right."""
        return heads_loss(self._model.decoding_heads, part.hidden, part.drawn.tokens, part.logits, PLAIN).loss
