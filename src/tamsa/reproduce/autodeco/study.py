"""The controlled study: every strategy on the same small models and held-out problems, over several seeds.

A seed is everything anew: facts, corpus, base model, heads, problems. Each part of a seed is written when it is done,
so a study that was stopped goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tamsa.decoding import AutoDecoForCausalLM, LossConfig
from tamsa.decoding.baselines import GREEDY, Learned, Static, Step
from tamsa.errors import ConfigError, InputError
from tamsa.reproduce.autodeco.base import Base, train_base
from tamsa.reproduce.autodeco.conditions import conditions
from tamsa.reproduce.autodeco.methods import (
    MAX_NEW_TOKENS,
    controls_of,
    edt_grid,
    min_p_grid,
    run_method,
    static_grid,
    top_n_sigma_grid,
    tune,
)
from tamsa.reproduce.autodeco.tasks import Habits, Problem, Tasks
from tamsa.store import make_folder, read_json, write_atomic, write_json
from tamsa.train.heads import HeadsRecipe, train_heads
from tamsa.train.heads.recipe import Data, HeadsShape, Optimizer, Reward, Sampling
from tamsa.types import SCHEMA_VERSION

VERIFIER = "tamsa.reproduce.autodeco.tasks:verify"
KS = (1, 8)

LEARNED = {
    "AutoDeco, paper's objective": "paper",
    "AutoDeco, plain cross-entropy": "plain",
    "reward heads, k=1": "reward1",
    "reward heads, k=8": "reward8",
}
"""Learned strategies and the folders of their heads."""


@dataclass(frozen=True, slots=True)
class Study:
    """The study's size.

    Raises:
        ConfigError: a value is out of its range.
    """

    num_seeds: int = 5
    num_samples: int = 16
    """Samples of a problem, in tuning and in the test."""
    num_train: int = 150
    """Problems of each kind for the heads."""
    num_validation: int = 15
    num_test: int = 30
    habits: Habits = field(default_factory=Habits)
    base: Base = field(default_factory=Base)
    head_size: int = 64
    cross_entropy_epochs: int = 12
    reward_batches: int = 18
    reward_prompts: int = 48
    reward_passes: int = 4
    learning_rate: float = 5e-3

    def __post_init__(self) -> None:
        if self.num_samples < max(KS) + 1:
            raise ConfigError(f"num_samples: {self.num_samples}, expected more than {max(KS)}, for pass@{max(KS)}")
        if self.num_seeds < 1:
            raise ConfigError(f"num_seeds: {self.num_seeds}, expected at least 1")


OnNews = Callable[[str], None]


def _recipes(study: Study, folder: Path, seed: int) -> dict[str, HeadsRecipe]:
    """Return the recipes of all heads of a seed."""
    common: dict[str, Any] = {
        "model": str(folder / "base"),
        "seed": seed,
        "shape": HeadsShape(head_size=study.head_size),
        "data": Data(path=folder / "prompts.jsonl"),
        "sampling": Sampling(
            verifier=VERIFIER,
            num_samples=study.num_samples,
            max_new_tokens=MAX_NEW_TOKENS,
            prompts_at_once=100,
        ),
    }
    supervised = Optimizer(study.learning_rate, epochs=study.cross_entropy_epochs, save_every=1000)
    by_reward = Optimizer(study.learning_rate, save_every=10)
    plain = LossConfig(temperature_weight="none", top_p_weight="none", easy_mask=0.0)

    def reward(k: int) -> Reward:
        return Reward(study.reward_batches, study.reward_prompts, k, study.reward_passes)

    return {
        "paper": HeadsRecipe(source="own", out=folder / "paper", optimizer=supervised, **common),
        "plain": HeadsRecipe(source="own", out=folder / "plain", optimizer=supervised, loss=plain, **common),
        "reward1": HeadsRecipe(
            source="reward", out=folder / "reward1", optimizer=by_reward, reward=reward(1), **common
        ),
        "reward8": HeadsRecipe(
            source="reward", out=folder / "reward8", optimizer=by_reward, reward=reward(8), **common
        ),
    }


def write_prompts(path: Path, problems: list[Problem]) -> None:
    """Write problems as a prompts file of `tamsa train heads`."""
    write_atomic(path, "".join(json.dumps(problem.record) + "\n" for problem in problems))


def run_seed(study: Study, out: Path, seed: int, on_news: OnNews) -> dict[str, Any]:
    """Run one seed, or what is left of it, and return its scores as in `scores.json`."""
    from transformers import AutoModelForCausalLM

    folder = make_folder(out / f"seed-{seed}")
    done = folder / "scores.json"
    if done.exists():
        found: dict[str, Any] = read_json(done)
        return found
    tasks = Tasks(seed, study.habits)
    if not (folder / "base.json").exists():
        on_news(f"seed {seed}: training the base")
        write_json(folder / "base.json", {"loss": train_base(folder / "base", tasks, study.base, seed)})
    write_prompts(folder / "prompts.jsonl", tasks.problems("train", study.num_train))
    heads = {}
    for name, recipe in _recipes(study, folder, seed).items():
        on_news(f"seed {seed}: heads {name}")
        heads[name] = train_heads(recipe)

    base = AutoModelForCausalLM.from_pretrained(folder / "base").eval()
    validation = tasks.problems("validation", study.num_validation)
    test = tasks.problems("test", study.num_test)
    n = study.num_samples
    counts: dict[str, dict[str, list[int]]] = {}
    settings: dict[str, dict[str, str]] = {}

    def test_of(step: Step, salt: int = 0) -> list[int]:
        return run_method(base, test, step, n, 10_000 + seed + salt).num_right

    def same(step: Step) -> dict[str, list[int]]:
        right = test_of(step)
        return {str(k): right for k in KS}

    on_news(f"seed {seed}: baselines")
    counts["greedy"], counts["T=1"] = same(GREEDY), same(Static())
    families = {
        "static, tuned": static_grid(),
        "EDT, tuned": edt_grid(),
        "min-p, tuned": min_p_grid(),
        "top-nσ, tuned": top_n_sigma_grid(),
    }
    for name, grid in families.items():
        best = tune(base, validation, grid, n, KS, 20_000 + seed)
        settings[name] = {str(k): best[k] for k in KS}
        counts[name] = {str(k): test_of(grid[best[k]]) for k in KS}
    oracle = tune(base, test, families["static, tuned"], n, KS, 30_000 + seed)
    settings["static, oracle"] = {str(k): oracle[k] for k in KS}
    counts["static, oracle"] = {str(k): test_of(families["static, tuned"][oracle[k]]) for k in KS}

    on_news(f"seed {seed}: learned strategies")
    for name, key in LEARNED.items():
        model = AutoDecoForCausalLM.from_pretrained(heads[key].heads, base)
        counts[name] = same(Learned(model.decoding_heads))
        for control, step in controls_of(model.decoding_heads, base, validation, n, 40_000 + seed).items():
            counts[f"{control} of {name}"] = same(step)
            if isinstance(step, Static):
                shown = f"T={step.temperature:.3f} P={step.top_p:.3f}"
                settings[f"{control} of {name}"] = {str(k): shown for k in KS}
    scores = {
        "schema_version": SCHEMA_VERSION,
        "seed": seed,
        "num_samples": n,
        "kinds": [problem.kind for problem in test],
        "counts": counts,
        "settings": settings,
        "heads": {name: run.summary for name, run in heads.items()},
    }
    write_json(done, scores)
    return scores


def run_study(study: Study, out: Path, on_news: OnNews = print) -> list[dict[str, Any]]:
    """Run every seed, or what is left of them, and return their scores.

    Args:
        study: its size.
        out: its folder.
        on_news: called with a line at every step.

    Raises:
        InputError: the folder holds a study with other settings.
        StorageError: it cannot be written.
    """
    make_folder(out)
    values = json.loads(json.dumps(asdict(study), default=str))
    del values["num_seeds"]
    manifest = out / "study.json"
    if manifest.exists():
        found = read_json(manifest)
        different = [key for key in values if found.get(key) != values[key]]
        if different:
            key = different[0]
            raise InputError(
                f"{out}: holds a study with {key} = {found.get(key)!r}, now {values[key]!r}; choose another out"
            )
    else:
        write_json(manifest, {**values, "conditions": conditions()})
    return [run_seed(study, out, seed, on_news) for seed in range(study.num_seeds)]


def study_conditions(out: Path) -> dict[str, Any] | None:
    """Return the conditions under which a study was begun, where it noted them."""
    found: dict[str, Any] = read_json(out / "study.json")
    return found.get("conditions")
