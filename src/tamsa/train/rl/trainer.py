"""The loop of the stage `rl`: draw prompts, run them, learn, exchange prompts, evaluate, keep everything."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from tamsa.llm.local.folder import HEADS, choose_device
from tamsa.store import make_folder, write_json
from tamsa.train.checkpoints import Checkpoint, checkpoints, read_checkpoint, write_checkpoint
from tamsa.train.manifest import make_manifest, parent_of
from tamsa.train.metrics import Metrics, open_record
from tamsa.train.optimisers import Optimisers
from tamsa.train.rl.explorers import Explorers, LocalExplorers
from tamsa.train.rl.heads_learner import HeadsLearner
from tamsa.train.rl.learner import Learned, Learner
from tamsa.train.rl.plots import plot_rewards
from tamsa.train.rl.policy import Policy
from tamsa.train.rl.pool import Pool
from tamsa.train.rl.prompts import read_prompts
from tamsa.train.rl.ray_explorers import RayExplorers
from tamsa.train.rl.recipe import RlRecipe
from tamsa.train.rl.rollouts import Rollout
from tamsa.train.saving import save_model
from tamsa.types import SCHEMA_VERSION

FREE = ("steps", "minutes", "track", "threads", "device", "workers", "save_dtype", "held_out")
"""Fields of a recipe that may change between the sessions of a run."""


class RlTrainer:
    """One run of reinforcement learning.

    Args:
        recipe: what to do.
        resume: go on from the latest checkpoint. Weights, optimiser, pool and counters go on as they were, and what is
            drawn depends on them and the step alone: the same run but for rounding, since what is decoded together
            depends on the time.
        on_note: receives lines of progress.

    Raises:
        ConfigError, InputError: the recipe or the data cannot be used; nothing was written then.
    """

    def __init__(self, recipe: RlRecipe, *, resume: bool, on_note: Callable[[str], None]) -> None:
        recipe.check()
        self.recipe, self.out, self.on_note = recipe, recipe.out, on_note
        if recipe.threads is not None:
            torch.set_num_threads(recipe.threads)
        manifest = make_manifest("rl", recipe.out, recipe.to_json(), recipe.init, resume=resume, free=FREE)
        prompts = read_prompts(recipe.environments)
        self.held_out = read_prompts(recipe.held_out)
        self.policy = Policy(recipe, choose_device(recipe.device))
        self.optimisers, self.learner = self._make_learner()
        self.pool = Pool(prompts, recipe.pool, recipe.seed)
        self.step = 0
        self.seconds = 0.0
        """Of all sessions."""
        if resume:
            self._restore()
        self._explorers: Explorers = (RayExplorers if recipe.workers.ray else LocalExplorers)(recipe, self.policy)
        make_folder(self.out)
        if not resume:
            write_json(self.out / "run.json", manifest)
        self.run_id = str(manifest["run_id"])
        self.metrics = Metrics(self.out, self.step, recipe.track.trackio, manifest)
        self.rollouts = open_record(self.out / "rollouts.jsonl", self.step)

    def _make_learner(self) -> tuple[Optimisers, Learner | HeadsLearner]:
        recipe, policy = self.recipe, self.policy
        settings = recipe.objective, recipe.rollouts, recipe.micro_tokens
        if recipe.learn == "weights":
            optimisers = Optimisers(policy.learning, recipe.optimiser, getattr(torch, recipe.precision))
            return optimisers, Learner(policy.model, optimisers, *settings)
        optimisers = Optimisers(policy.learning, recipe.optimiser)
        return optimisers, HeadsLearner(policy.with_heads, optimisers, *settings)

    # ------------------------------------------------------------------ state

    def save(self) -> Path:
        """Write a checkpoint."""
        state = {
            "schema_version": SCHEMA_VERSION,
            "step": self.step,
            "seconds": self.seconds,
            "pool": self.pool.state(),
        }
        checkpoint = Checkpoint(self.optimisers.weights(), self.optimisers.state(), state)
        return write_checkpoint(self.out / "checkpoints", self.step, checkpoint, self.recipe.track.keep)

    def _restore(self) -> None:
        found = checkpoints(self.out / "checkpoints")
        if not found:
            self.on_note("no checkpoint yet: the run begins anew")
            return
        checkpoint = read_checkpoint(found[-1])
        self.optimisers.restore(checkpoint.weights, checkpoint.optimiser)
        self.pool.restore(checkpoint.state["pool"])
        self.step, self.seconds = checkpoint.state["step"], checkpoint.state["seconds"]
        self.on_note(f"resumed at step {self.step:,}")

    # ------------------------------------------------------------------ work

    def run(self) -> None:
        """Train to the end of the budget and write the model."""
        try:
            self._run()
        finally:
            self.metrics.close()
            self.rollouts.close()
            self._explorers.close()

    def _run(self) -> None:
        recipe, track = self.recipe, self.recipe.track
        if self.step == 0:
            self._evaluate()
        while self.step < recipe.steps and (recipe.minutes is None or self.seconds < 60 * recipe.minutes):
            began = time.monotonic()
            self._step()
            self.step += 1
            if track.evaluate_every and self.step % track.evaluate_every == 0 and self.step < recipe.steps:
                self._evaluate()
            self.seconds += time.monotonic() - began
            if track.save_every and self.step % track.save_every == 0:
                self.save()
        self._evaluate()
        self.save()
        about = {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "stage": "rl",
            "learned": recipe.learn,
            "parent": parent_of(recipe.init),
            "steps": self.step,
            "seconds": round(self.seconds, 1),
            "held_out": next((r["held_out"] for r in reversed(self.metrics.records) if "held_out" in r), {}),
            "optimiser": asdict(recipe.optimiser),
        }
        folder = self.out / "model"
        weights = self.optimisers.weights() if recipe.learn == "weights" else {}
        policy = self.policy
        save_model(policy.whole, weights, policy.tokenizer, folder, recipe.save_dtype, about, recipe.init)
        if recipe.learn == "heads":
            policy.with_heads.save_pretrained(folder / HEADS, dtype=torch.float32)
        self.on_note(f"{folder}: {self.step:,} steps, {self.seconds / 60:.1f} minutes")

    def _step(self) -> None:
        r = self.recipe.rollouts
        began, decoded = time.monotonic(), self._explorers.decode_s
        prompts = self.pool.draw(r.prompts)
        groups = self._explorers.explore(prompts, r.group, self.step)
        explored = time.monotonic()
        learned = self.learner.learn(groups)
        taught = time.monotonic()
        if learned is not None:
            self._explorers.renew()
        seconds = {
            "explore_s": explored - began,
            "decode_s": self._explorers.decode_s - decoded,  # of explore_s; the rest are rules, tools and bookkeeping
            "learn_s": taught - explored,
            "renew_s": time.monotonic() - taught,
        }
        for prompt, group in zip(prompts, groups, strict=True):
            self.pool.report(prompt, [rollout.reward.value for rollout in group])
        for rollout in (rollout for group in groups for rollout in group):
            self.rollouts.append({"step": self.step + 1, **_line(rollout)})
        self._log(groups, learned, {**seconds, "step_s": time.monotonic() - began})

    def _log(self, groups: Sequence[Sequence[Rollout]], learned: Learned | None, seconds: Mapping[str, float]) -> None:
        runs = [rollout for group in groups for rollout in group]
        reward = sum(rollout.reward.value for rollout in runs) / len(runs)
        record = {
            "step": self.step + 1,
            "reward": reward,
            "outcomes": dict(Counter(rollout.reward.outcome for rollout in runs)),
            "mixed_groups": sum(len({rollout.reward.value for rollout in group}) > 1 for group in groups),
            "calls_mean": sum(rollout.num_calls for rollout in runs) / len(runs),
            "drawn_mean": sum(rollout.num_drawn for rollout in runs) / len(runs),
            "pool_active": self.pool.num_active,
            "pool_retired": self.pool.num_retired,
            **{name: round(value, 3) for name, value in seconds.items()},
            **(asdict(learned) if learned is not None else {"num_lessons": 0}),
        }
        self.metrics.add(record)
        self.on_note(
            f"step {self.step + 1:,}  reward {reward:.3f}  mixed {record['mixed_groups']}/{len(groups)}  "
            f"{record['drawn_mean']:.0f} tokens a run  {seconds['step_s']:.1f} s"
        )

    def _evaluate(self) -> None:
        """Run the held-out prompts once each."""
        if self.held_out:
            runs = self._explorers.measure(self.held_out)
            by_kind: dict[str, list[float]] = defaultdict(list)
            for run in runs:
                by_kind[run.prompt.kind or "all"].append(run.reward.value)
            reward = sum(run.reward.value for run in runs) / len(runs)
            kinds = {kind: sum(values) / len(values) for kind, values in sorted(by_kind.items())}
            self.metrics.add({"step": self.step, "held_out": {"reward": reward, "n": len(runs), "kinds": kinds}})
            self.on_note(f"step {self.step:,}  held out: {reward:.3f} of {len(runs)}")
        plot_rewards(self.metrics.records, self.out / "reward.png", f"rl: {self.out.name}")


def _line(rollout: Rollout) -> dict[str, Any]:
    return {
        "prompt": rollout.prompt.id,
        "answer": rollout.answer[:300],
        "reward": rollout.reward.value,
        "outcome": rollout.reward.outcome,
        "num_calls": rollout.num_calls,
        "num_drawn": rollout.num_drawn,
        "visited": list(rollout.visited),
    }
