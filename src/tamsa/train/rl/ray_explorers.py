"""Rollouts spread over the workers of a Ray cluster: each holds a copy of the policy and the environments' indexes.

Weights go out once a step, through the cluster's object store; a group of runs stays together, since it shares its
prompt. A worker that dies is started again and its work done anew: every call carries the weights it is made with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tamsa.cluster import connected
from tamsa.errors import ModelError, TamsaError
from tamsa.llm.local.folder import choose_device
from tamsa.train.optimisers import lower
from tamsa.train.rl.explorers import LocalExplorers
from tamsa.train.rl.policy import Policy
from tamsa.train.rl.prompts import Prompt
from tamsa.train.rl.recipe import Environment, RlRecipe
from tamsa.train.rl.rollouts import Rollout

RESTARTS = 3
"""How often a worker that died is started again."""


class _Worker:
    """A worker: a policy and its explorers, made with the first call."""

    def __init__(self, recipe: RlRecipe) -> None:
        self._recipe = recipe
        self._made: tuple[Policy, LocalExplorers] | None = None
        self._version = -1

    def _explorers(self, version: int, weights: Any) -> LocalExplorers:
        if self._made is None:
            torch.set_num_threads(self._recipe.workers.cpus)
            policy = Policy(self._recipe, choose_device(self._recipe.device))
            lower(policy.model, getattr(torch, self._recipe.precision))  # as the learner's, weights that stay included
            self._made = policy, LocalExplorers(self._recipe, policy)
        policy, explorers = self._made
        if version != self._version:
            policy.take(weights)
            explorers.renew()
            self._version = version
        return explorers

    def open(self, version: int, weights: Any) -> None:
        """Make everything now, so that what is wrong is told before the run begins."""
        self._explorers(version, weights)

    def explore(
        self, version: int, weights: Any, prompts: Sequence[Prompt], group: int, step: int
    ) -> tuple[list[list[Rollout]], float]:
        """Run prompts; see `Explorers`. Returns the engines' seconds too."""
        explorers = self._explorers(version, weights)
        began = explorers.decode_s
        return explorers.explore(prompts, group, step), explorers.decode_s - began

    def measure(self, version: int, weights: Any, prompts: Sequence[Prompt]) -> tuple[list[Rollout], float]:
        """Run held-out prompts."""
        explorers = self._explorers(version, weights)
        began = explorers.decode_s
        return explorers.measure(prompts), explorers.decode_s - began


class RayExplorers:
    """Both explorers on the workers of a cluster.

    Args:
        recipe: how prompts are run; `workers` says where. Its folders must be there under the same names.
        policy: whose weights are sent out.

    Raises:
        ConfigError: there is no such cluster, or it is too small.
        InputError: a worker cannot open the model or the documents.
    """

    def __init__(self, recipe: RlRecipe, policy: Policy) -> None:
        self._policy, self._stack = policy, ExitStack()
        self.decode_s = 0.0
        w = recipe.workers
        self._ray = self._stack.enter_context(connected(w.ray, w.count, w.cpus, w.gpus))
        options = {"num_cpus": w.cpus, "num_gpus": w.gpus, "max_restarts": RESTARTS, "max_task_retries": RESTARTS}
        worker = self._ray.remote(_Worker).options(**options)
        self._workers = [worker.remote(_for_worker(recipe)) for _ in range(w.count)]
        self._version = 0
        try:
            self.renew()
            for opened in [worker.open.remote(*self._sent) for worker in self._workers]:
                self._get(opened)
        except BaseException:
            self.close()
            raise

    def renew(self) -> None:
        """Send the policy's present weights out."""
        self._weights = self._ray.put(self._policy.weights())
        self._version += 1

    def explore(self, prompts: Sequence[Prompt], group: int, step: int) -> list[list[Rollout]]:
        """Run each prompt `group` times; see `Explorers`."""
        return self._spread(prompts, lambda worker, part: worker.explore.remote(*self._sent, part, group, step))

    def measure(self, prompts: Sequence[Prompt]) -> list[Rollout]:
        """Run each held-out prompt once."""
        return self._spread(prompts, lambda worker, part: worker.measure.remote(*self._sent, part))

    @property
    def _sent(self) -> tuple[int, Any]:
        return self._version, self._weights

    def _spread(self, prompts: Sequence[Prompt], ask: Callable[[Any, Sequence[Prompt]], Any]) -> list[Any]:
        """Have each worker do every so-manieth prompt; return the results in the order of the prompts."""
        count = len(self._workers)
        parts = [list(prompts[number::count]) for number in range(count)]
        asked = [(number, ask(self._workers[number], part)) for number, part in enumerate(parts) if part]
        results: list[Any] = [None] * len(prompts)
        longest = 0.0
        for number, reference in asked:
            found, decode_s = self._get(reference)
            results[number::count] = found
            longest = max(longest, decode_s)
        self.decode_s += longest
        return results

    def _get(self, reference: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            cause = getattr(error, "cause", None)
            if isinstance(cause, TamsaError):
                raise cause from error
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(f"a worker of the Ray cluster failed ({lines[-1].strip()[:300]})") from error

    def close(self) -> None:
        """End the workers and leave the cluster."""
        for worker in self._workers:
            self._ray.kill(worker)
        self._stack.close()


def _for_worker(recipe: RlRecipe) -> RlRecipe:
    """Return what a worker is told: whole paths, and the processors and GPUs that it has."""
    w = recipe.workers
    return replace(
        recipe,
        init=recipe.init.absolute(),
        environments=tuple(_whole(environment) for environment in recipe.environments),
        held_out=tuple(_whole(environment) for environment in recipe.held_out),
        threads=w.cpus,
        device="auto" if w.gpus and w.engine == "local" else "cpu",  # vLLM has a copy of its own
    )


def _whole(environment: Environment) -> Environment:
    return replace(environment, docs=tuple(Path(doc).absolute() for doc in environment.docs))
