"""Train heads on cached states by the paper's objective, from given examples or from the model's own right answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from tamsa.decoding.baselines import Static
from tamsa.decoding.rollout import sample_rollouts
from tamsa.errors import InputError
from tamsa.scoring.verifiers import Verifier
from tamsa.train.heads.checkpoints import HeadsTrainer, step_seed
from tamsa.train.heads.examples import Example, Prompt
from tamsa.train.heads.recipe import HeadsRecipe, Sampling
from tamsa.train.heads.states import StateCache

OnStep = Callable[[int, int, dict[str, float]], None]
"""Called with steps done, steps in all, and what was measured."""


def own_answers(
    model: Any, tokenizer: Any, prompts: Sequence[Prompt], verifier: Verifier, config: Sampling, seed: int
) -> tuple[list[Example], float]:
    """Sample the model's own answers and keep accepted ones (rejection sampling), as training examples.

    Args:
        model: an AutoDeco model; its base answers.
        tokenizer: of the model.
        prompts: what to ask.
        verifier: accepts a reward of at least 1/2.
        config: how to sample and how many to keep of each prompt.
        seed: of the draws.

    Returns:
        The examples and the share of samples that was accepted.

    Raises:
        InputError: no answer was accepted.
    """
    examples: list[Example] = []
    accepted = 0
    for number, start in enumerate(range(0, len(prompts), config.prompts_at_once)):
        batch = prompts[start : start + config.prompts_at_once]
        rollouts = sample_rollouts(
            model.base,
            [prompt.ids for prompt in batch],
            Static(config.temperature, config.top_p),
            num_samples=config.num_samples,
            max_new_tokens=config.max_new_tokens,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id or 0,
            generator=torch.Generator(model.device).manual_seed(step_seed(seed, number, salt=1)),
        )
        drawn = [row[:n] for row, n in zip(rollouts.tokens.tolist(), rollouts.lengths.tolist(), strict=True)]
        texts = [tokenizer.decode(ids, skip_special_tokens=True) for ids in rollouts.completions()]
        for index, prompt in enumerate(batch):
            kept: set[tuple[int, ...]] = set()
            for row in range(index * config.num_samples, (index + 1) * config.num_samples):
                if bool(rollouts.ended[row]) and verifier(texts[row], prompt.record) >= 0.5:
                    accepted += 1
                    answer = tuple(drawn[row])
                    if len(kept) < config.max_kept and answer not in kept:
                        kept.add(answer)
                        learned = [False] * len(prompt.ids) + [True] * len(answer)
                        examples.append(Example([*prompt.ids, *answer], learned))
    if not examples:
        raise InputError(
            f"data.path: none of {len(prompts)} x {config.num_samples} answers was accepted by the verifier; take "
            "easier prompts, more samples or another verifier"
        )
    return examples, accepted / (len(prompts) * config.num_samples)


def train_supervised(
    model: Any, cache: StateCache, recipe: HeadsRecipe, trainer: HeadsTrainer, on_step: OnStep | None = None
) -> None:
    """Run the epochs that the trainer has not done yet.

    Args:
        model: an AutoDeco model; only its heads change.
        cache: states and labels.
        recipe: loss, batch size, epochs.
        trainer: of the model's heads, resumed.
        on_step: what to call after each step.
    """
    config = recipe.optimizer
    model.loss_config = recipe.loss
    device = model.get_output_embeddings().weight.device
    per_epoch = cache.num_batches(config.batch_positions)
    total = per_epoch * config.epochs
    for epoch in range(trainer.step // per_epoch, config.epochs):
        for index, (hidden, labels) in enumerate(cache.batches(config.batch_positions, recipe.seed, epoch)):
            if epoch * per_epoch + index < trainer.step:
                continue
            g = torch.Generator(device).manual_seed(step_seed(recipe.seed, trainer.step))
            result = model.heads_loss(hidden.to(device), labels.to(device), generator=g)
            norm = trainer.update(result.loss)
            measured = {
                "loss": float(result.loss.detach()),
                "temperature_loss": float(result.temperature_loss),
                "top_p_loss": float(result.top_p_loss),
                "temperature": float(result.temperature.mean()),
                "top_p": float(result.top_p.mean()),
                "gradient_norm": norm,
            }
            trainer.log(measured)
            if trainer.step % config.save_every == 0 or trainer.step == total:
                trainer.save()
            if on_step is not None:
                on_step(trainer.step, total, measured)
