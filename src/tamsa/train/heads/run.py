"""One head training run, from recipe to heads folder."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import tamsa.models  # noqa: F401 - Auto classes then load our Kimi Linear
from tamsa import __version__
from tamsa.decoding import AutoDecoConfig, AutoDecoForCausalLM
from tamsa.decoding.baselines import Learned
from tamsa.decoding.rollout import sample_rollouts
from tamsa.errors import InputError
from tamsa.scoring.verifiers import find_verifier
from tamsa.store import read_json, write_json
from tamsa.train.heads.checkpoints import HeadsTrainer, claim, step_seed
from tamsa.train.heads.control import control_scores, read_answers, split_prompts, train_control
from tamsa.train.heads.examples import read_control_prompts, read_examples, read_prompts
from tamsa.train.heads.policy import predict
from tamsa.train.heads.recipe import HeadsRecipe
from tamsa.train.heads.reward import train_by_reward
from tamsa.train.heads.states import StateCache, build_cache, flat
from tamsa.train.heads.supervised import OnStep, own_answers, train_supervised
from tamsa.train.heads.tables import plot_distributions, token_table, write_token_table
from tamsa.types import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class HeadsRun:
    """What a run came to."""

    heads: Path
    """The folder for `AutoDecoForCausalLM.from_pretrained`."""
    summary: dict[str, Any]
    """As in `summary.json`."""


def _manifest(recipe: HeadsRecipe) -> dict[str, Any]:
    assert recipe.data.path is not None
    try:
        data = hashlib.sha256(recipe.data.path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"data.path: {recipe.data.path} cannot be read ({error.strerror})") from error
    values = json.loads(json.dumps(asdict(replace(recipe, out=Path())), default=str))
    return {"schema_version": SCHEMA_VERSION, "kind": "heads", "recipe": values, "data_sha256": data}


def _load(recipe: HeadsRecipe) -> tuple[Any, Any]:
    """Return the model with heads, its base frozen, and the tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        base = AutoModelForCausalLM.from_pretrained(recipe.model)
        tokenizer = AutoTokenizer.from_pretrained(recipe.model)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"model: {recipe.model!r} cannot be loaded ({reason})") from error
    if tokenizer.eos_token_id is None:
        raise InputError(f"model: the tokenizer of {recipe.model!r} has no end-of-sequence token, expected one")
    torch.manual_seed(recipe.seed)
    if recipe.heads is not None:
        model = AutoDecoForCausalLM.from_pretrained(recipe.heads, base)
    else:
        model = AutoDecoForCausalLM.from_base(base, AutoDecoConfig(**asdict(recipe.shape)))
    return model.eval().freeze_base(), tokenizer


@contextmanager
def _deterministic() -> Iterator[None]:
    """Ask torch for the same sums every time, so that a resumed run is bitwise the uninterrupted one."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def _cached(model: Any, tokenizer: Any, recipe: HeadsRecipe) -> tuple[StateCache, dict[str, Any]]:
    assert recipe.data.path is not None
    measured: dict[str, Any] = {}
    if recipe.source == "given":
        examples = read_examples(recipe.data.path, tokenizer, recipe.data.max_length)
    else:
        prompts = read_prompts(recipe.data.path, tokenizer, recipe.data.max_length)
        verifier = find_verifier(recipe.sampling.verifier)
        examples, share = own_answers(model, tokenizer, prompts, verifier, recipe.sampling, recipe.seed)
        measured["accepted"] = share
    cache = build_cache(recipe.out / "states", model, examples, recipe.data.shard_positions)
    return cache, {**measured, "num_examples": len(examples), "num_positions": cache.num_positions}


def _report(model: Any, tokenizer: Any, folder: Path, hidden: Tensor, tokens: Tensor) -> dict[str, Any]:
    """Write the table by token and the plot; return the means."""
    parts = []
    with torch.no_grad():
        for rows in torch.arange(len(tokens)).split(4096):
            h = hidden[rows].to(model.device)
            parts.append(torch.stack(predict(model.decoding_heads, h, model.project(h).float())).cpu())
    T, P = torch.cat(parts, dim=1)
    write_token_table(folder / "tokens.csv", token_table(tokenizer, tokens.cpu(), T, P))
    plot_distributions(folder / "distributions.png", T, P)
    return {
        "temperature_mean": float(T.mean()),
        "temperature_sd": float(T.std()),
        "top_p_mean": float(P.mean()),
        "top_p_sd": float(P.std()),
    }


def train_heads(recipe: HeadsRecipe, on_step: OnStep | None = None) -> HeadsRun:
    """Train heads as the recipe says; a run that was killed goes on.

    Writes into `recipe.out`: `run.json`, `metrics.jsonl`, `checkpoint.pt`, `states/` (cached hidden states), `heads/`,
    `tokens.csv`, `distributions.png`, `summary.json`.

    Args:
        recipe: the run.
        on_step: called after each step.

    Raises:
        InputError: model, data or heads cannot be used, or do not fit each other.
        ConfigError: the verifier is unknown.
        CorruptError: the folder holds another run, or a damaged file.
        StorageError: something cannot be written.
    """
    claim(recipe.out, _manifest(recipe))
    done = recipe.out / "summary.json"
    if done.exists():
        return HeadsRun(recipe.out / "heads", read_json(done))
    assert recipe.data.path is not None
    model, tokenizer = _load(recipe)
    summary: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "tamsa_version": __version__, "source": recipe.source}
    with _deterministic():
        if recipe.source in ("given", "own"):
            cache, measured = _cached(model, tokenizer, recipe)
            with HeadsTrainer(recipe.out, model.decoding_heads, recipe.optimizer) as trainer:
                train_supervised(model, cache, recipe, trainer, on_step)
            hidden, tokens = cache.shard(0)
        elif recipe.source == "reward":
            prompts = read_prompts(recipe.data.path, tokenizer, recipe.data.max_length)
            verifier = find_verifier(recipe.sampling.verifier)
            with HeadsTrainer(recipe.out, model.decoding_heads, recipe.optimizer) as trainer:
                train_by_reward(model, tokenizer, prompts, verifier, recipe, trainer, on_step)
                measured = {"num_prompts": len(prompts), "reward": trainer.metrics()[-1]["reward"]}
            rollouts = sample_rollouts(
                model.base,
                [prompt.ids for prompt in prompts[: recipe.reward.prompts_per_batch]],
                Learned(model.decoding_heads),
                num_samples=1,
                max_new_tokens=recipe.sampling.max_new_tokens,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id or 0,
                keep_hidden=True,
                generator=torch.Generator(model.device).manual_seed(step_seed(recipe.seed, 0, salt=6)),
            )
            hidden, tokens = flat(rollouts)
        else:
            found = read_control_prompts(recipe.data.path, tokenizer, recipe.data.max_length)
            train, held_out = split_prompts(found, recipe.control.held_out, recipe.seed)
            start = copy.deepcopy(model.decoding_heads)
            answered = read_answers(model, tokenizer, train, recipe)
            unseen = read_answers(model, tokenizer, held_out, recipe)
            before = control_scores(model, unseen).record()
            with HeadsTrainer(recipe.out, model.decoding_heads, recipe.optimizer) as trainer:
                train_control(model, answered, start, recipe, trainer, on_step)
            measured = {"before": before, "after": control_scores(model, unseen).record()}
            hidden = torch.cat([a.plain for a in unseen])
            tokens = model.project(hidden.to(model.device)).argmax(-1)
    model.save_pretrained(recipe.out / "heads", dtype=torch.float32)
    summary |= {**measured, **_report(model, tokenizer, recipe.out, hidden, tokens)}
    write_json(done, summary)
    return HeadsRun(recipe.out / "heads", summary)
