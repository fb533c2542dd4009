"""Train heads by a verifiable reward: sample with them, verify, and step along the policy gradient.

Legend of shapes: G prompts, n rollouts of each, N positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tamsa.decoding import DecodingHeads
from tamsa.decoding.rollout import Rollouts, sample_rollouts
from tamsa.errors import InputError
from tamsa.scoring.verifiers import Verifier
from tamsa.train.heads.checkpoints import HeadsTrainer, step_seed
from tamsa.train.heads.examples import Prompt
from tamsa.train.heads.policy import Drawn, PerturbStep, SoftStep, advantages, log_likelihood, policy_loss
from tamsa.train.heads.recipe import HeadsRecipe, Reward, Sampling
from tamsa.train.heads.supervised import OnStep


def reward_of(
    rollouts: Rollouts, prompts: Sequence[Prompt], tokenizer: Any, verifier: Verifier, config: Sampling
) -> Tensor:
    """Verify every rollout; one that did not end scores 0 where it must. Returns `[G, n]`.

    Raises:
        InputError: the verifier returned something that is no finite number.
    """
    texts = [tokenizer.decode(ids, skip_special_tokens=True) for ids in rollouts.completions()]
    rewards = torch.zeros(len(texts), dtype=torch.float64)
    for row, (text, ended) in enumerate(zip(texts, rollouts.ended.tolist(), strict=True)):
        if ended or not config.must_end:
            rewards[row] = float(verifier(text, prompts[row // config.num_samples].record))
    if not bool(torch.isfinite(rewards).all()):
        raise InputError("sampling.verifier: returned NaN or infinity, expected a finite reward")
    return rewards.view(len(prompts), config.num_samples)


def _chosen(prompts: Sequence[Prompt], count: int, seed: int, batch: int) -> list[Prompt]:
    """Return the prompts of a batch: epochs of shuffled prompts, one after the other."""
    found: list[Prompt] = []
    first = batch * count
    while len(found) < count:
        epoch, offset = divmod(first + len(found), len(prompts))
        order = torch.randperm(len(prompts), generator=torch.Generator().manual_seed(step_seed(seed, epoch, salt=2)))
        take = order[offset : offset + count - len(found)].tolist()
        found += [prompts[i] for i in take]
    return found


def _exploring(heads: DecodingHeads, config: Reward, generator: torch.Generator) -> SoftStep | PerturbStep:
    return SoftStep(heads, config) if config.exploration == "soft" else PerturbStep(heads, config, generator)


@torch.no_grad()
def _old_likelihoods(model: Any, hidden: Tensor, drawn: Drawn, config: Reward, chunk: int = 16_384) -> Tensor:
    parts = []
    for start in range(0, hidden.shape[0], chunk):
        rows = slice(start, start + chunk)
        logits = model.project(hidden[rows]).float()
        part = Drawn(*(x[rows] for x in drawn))
        parts.append(log_likelihood(model.decoding_heads, hidden[rows], logits, part, config)[0])
    return torch.cat(parts)


def train_by_reward(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Prompt],
    verifier: Verifier,
    recipe: HeadsRecipe,
    trainer: HeadsTrainer,
    on_step: OnStep | None = None,
) -> None:
    """Run the batches that the trainer has not done yet.

    Args:
        model: an AutoDeco model; only its heads change.
        tokenizer: of the model.
        prompts: what to ask, cycled.
        verifier: what rewards an answer.
        recipe: sampling, reward and optimizer.
        trainer: of the model's heads, resumed; a batch is one step of its count of checkpoints.
        on_step: called after each batch.
    """
    config, sampling = recipe.reward, recipe.sampling
    device = model.device
    for batch in range(trainer.step // config.passes, config.num_batches):
        chosen = _chosen(prompts, config.prompts_per_batch, recipe.seed, batch)
        g = torch.Generator(device).manual_seed(step_seed(recipe.seed, batch))
        noise = torch.Generator(device).manual_seed(step_seed(recipe.seed, batch, salt=3))
        rollouts = sample_rollouts(
            model.base,
            [prompt.ids for prompt in chosen],
            _exploring(model.decoding_heads, config, noise),
            num_samples=sampling.num_samples,
            max_new_tokens=sampling.max_new_tokens,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id or 0,
            keep_hidden=True,
            generator=g,
        )
        rewards = reward_of(rollouts, chosen, tokenizer, verifier, sampling)
        mask = rollouts.mask
        assert rollouts.hidden is not None
        weights = advantages(rewards, config.k).reshape(-1).to(device)
        # Each rollout's tokens share its advantage; every token of the batch weighs the same.
        advantage = (weights[:, None].expand_as(mask)[mask]) / mask.sum()
        hidden = rollouts.hidden[mask]
        drawn = Drawn(rollouts.tokens[mask], rollouts.temperature[mask], rollouts.top_p[mask], mask.new_zeros(0))
        drawn = drawn._replace(log_probs=torch.zeros_like(drawn.temperature))
        drawn = drawn._replace(log_probs=_old_likelihoods(model, hidden, drawn, config))
        measured: dict[str, float] = {}
        for _ in range(config.passes):
            result = policy_loss(model.decoding_heads, hidden, model.project, drawn, advantage, config)
            norm = trainer.update(result.loss)
            measured = {"clipped": result.clipped, "divergence": result.divergence, "gradient_norm": norm}
        measured |= {
            "reward": float(rewards.mean()),
            "solved": float((rewards > 0).any(1).double().mean()),
            "temperature": float(rollouts.temperature.nanmean()),
            "top_p": float(rollouts.top_p.nanmean()),
            "length": float(rollouts.lengths.double().mean()),
        }
        trainer.log(measured)
        if (batch + 1) % recipe.optimizer.save_every == 0 or batch + 1 == config.num_batches:
            trainer.save()
        if on_step is not None:
            on_step(batch + 1, config.num_batches, measured)
