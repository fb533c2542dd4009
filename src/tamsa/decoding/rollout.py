"""Rollouts: many samples a prompt from any causal language model, drawn by any strategy, with what training needs.

Prompts are read once and shared by their samples; rows that have ended leave the batch.

Legend of shapes: G prompts, n samples of each, N = G n rollouts, L new tokens of the longest, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tamsa.decoding import base as base_model
from tamsa.decoding.baselines import Step
from tamsa.errors import ConfigError, InputError


@dataclass(slots=True)
class Rollouts:
    """Samples of several prompts; the n of one prompt lie side by side."""

    tokens: Tensor
    """`[N, L]` drawn tokens, end-of-sequence included; `pad` behind it."""
    lengths: Tensor
    """`[N]` tokens drawn."""
    ended: Tensor
    """`[N]` whether an end-of-sequence token was drawn."""
    temperature: Tensor
    """`[N, L]` of each draw; NaN behind the end."""
    top_p: Tensor
    """`[N, L]`, likewise."""
    log_probs: Tensor
    """`[N, L]` log-probability of the drawn token under the distribution it was drawn from; 0 behind the end."""
    hidden: Tensor | None
    """`[N, L, D]` states that each draw was made from, where asked for; zeros behind the end."""

    @property
    def mask(self) -> Tensor:
        """`[N, L]` whether a token was drawn there."""
        return torch.arange(self.tokens.shape[1], device=self.lengths.device) < self.lengths[:, None]

    def completions(self) -> list[list[int]]:
        """Return the drawn tokens of every rollout, without its end-of-sequence token."""
        lengths = (self.lengths - self.ended.long()).tolist()
        return [row[:length] for row, length in zip(self.tokens.tolist(), lengths, strict=True)]


def pad_prompts(prompts: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Return token ids `[G, T]`, padded on the left, and their mask.

    Raises:
        InputError: there are none, or one is empty.
    """
    if not prompts or not all(prompts):
        raise InputError("prompts: none, or an empty one; expected at least one token each")
    T = max(map(len, prompts))
    ids = torch.full((len(prompts), T), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, T - len(prompt) :] = torch.tensor(prompt)
        mask[row, T - len(prompt) :] = 1
    return ids, mask


@torch.no_grad()
def sample_rollouts(
    model: Any,
    prompts: Sequence[Sequence[int]],
    step: Step,
    *,
    num_samples: int,
    max_new_tokens: int,
    eos_token_id: int | Sequence[int],
    pad_token_id: int = 0,
    keep_hidden: bool = False,
    generator: torch.Generator | None = None,
) -> Rollouts:
    """Draw samples of every prompt.

    Args:
        model: a causal language model of transformers (of an AutoDeco model, its `base`); put in evaluation mode.
        prompts: token ids of each.
        step: the strategy.
        num_samples: of each prompt.
        max_new_tokens: where a rollout is cut off.
        eos_token_id: tokens that end a rollout.
        pad_token_id: what stands behind the end, and before short prompts.
        keep_hidden: keep the states that each token was drawn from: all that head training needs of a rollout.
        generator: source of the draws, on the model's device; torch's default where None.

    Raises:
        InputError: a prompt is empty, or a step's logits hold NaN.
        ConfigError: a number is out of range.
    """
    if num_samples < 1 or max_new_tokens < 1:
        raise ConfigError(f"num_samples, max_new_tokens: {num_samples}, {max_new_tokens}, expected at least 1")
    base_model.output_layer(model)
    was_training = model.training
    model.eval()
    try:
        return _sample(
            model, prompts, step, num_samples, max_new_tokens, eos_token_id, pad_token_id, keep_hidden, generator
        )
    finally:
        model.train(was_training)


def _sample(
    model: Any,
    prompts: Sequence[Sequence[int]],
    step: Step,
    num_samples: int,
    max_new_tokens: int,
    eos_token_id: int | Sequence[int],
    pad: int,
    keep_hidden: bool,
    generator: torch.Generator | None,
) -> Rollouts:
    device = model.get_output_embeddings().weight.device
    ids, mask = (x.to(device) for x in pad_prompts(prompts, pad))
    eos = torch.as_tensor(eos_token_id, device=device).reshape(-1)
    N, L = len(prompts) * num_samples, max_new_tokens
    tokens = torch.full((N, L), pad, dtype=torch.long, device=device)
    lengths = torch.zeros(N, dtype=torch.long, device=device)
    ended = torch.zeros(N, dtype=torch.bool, device=device)
    T, P = torch.full((2, N, L), float("nan"), device=device)
    log_probs = torch.zeros(N, L, device=device)
    kept: Tensor | None = None

    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    with base_model.capturing() as states:
        out = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True, logits_to_keep=1)
    hidden, logits = (x[:, -1].repeat_interleave(num_samples, 0) for x in (states[-1], out.logits))
    cache = out.past_key_values
    # reorder_cache is what every kind of cache has, those of linear attention included; it repeats and drops rows too
    cache.reorder_cache(torch.arange(len(prompts), device=device).repeat_interleave(num_samples))
    mask = mask.repeat_interleave(num_samples, 0)
    position = positions[:, -1].repeat_interleave(num_samples, 0)
    rows = torch.arange(N, device=device)  # the rollout of each row of the batch
    alive = torch.ones(N, dtype=torch.bool, device=device)  # of the batch

    for column in range(L):
        shaped = step(hidden, logits)
        log_q = torch.log_softmax(shaped.logits, -1)
        if bool(torch.isnan(log_q).any()):
            raise InputError("logits: NaN after the decoding step; the model's forward pass failed")
        drawn = torch.multinomial(log_q.exp(), 1, generator=generator).squeeze(1)
        live = rows[alive]
        tokens[live, column] = drawn[alive]
        T[live, column], P[live, column] = shaped.temperature[alive], shaped.top_p[alive]
        log_probs[live, column] = log_q.gather(1, drawn[:, None]).squeeze(1)[alive]
        lengths[live] += 1
        if keep_hidden:
            if kept is None:
                kept = torch.zeros(N, L, hidden.shape[1], dtype=hidden.dtype, device=device)
            kept[live, column] = hidden[alive]
        stop = torch.isin(drawn, eos) & alive
        ended[rows[stop]] = True
        alive = alive & ~stop
        if column + 1 == L or not bool(alive.any()):
            break
        if int(alive.sum()) < 0.75 * alive.numel():
            stay = alive.nonzero().squeeze(1)
            cache.reorder_cache(stay)
            rows, mask, position, drawn, alive = (x[stay] for x in (rows, mask, position, drawn, alive))
        mask = torch.cat([mask, mask.new_ones(mask.shape[0], 1)], 1)
        position = position + 1
        with base_model.capturing() as states:
            out = model(
                input_ids=drawn[:, None],
                attention_mask=mask,
                position_ids=position[:, None],
                past_key_values=cache,
                use_cache=True,
            )
        hidden, logits = states[-1][:, -1], out.logits[:, -1]
    width = int(lengths.max())
    return Rollouts(
        tokens[:, :width],
        lengths,
        ended,
        T[:, :width],
        P[:, :width],
        log_probs[:, :width],
        None if kept is None else kept[:, :width],
    )
