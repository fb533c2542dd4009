"""Who runs the prompts: an explorer that draws, to be learned from, and one that is measured, with the same weights."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tamsa.agent import Budget
from tamsa.agent.guided import MODE as GUIDED
from tamsa.agent.modes import with_mode
from tamsa.llm import ModelSettings
from tamsa.llm.about import About
from tamsa.llm.local import LocalModel
from tamsa.llm.local.folder import HEADS, Folder
from tamsa.llm.local.vllm_engine import VllmEngine
from tamsa.train.rl.policy import Policy
from tamsa.train.rl.prompts import Prompt
from tamsa.train.rl.recipe import Environment, RlRecipe
from tamsa.train.rl.rollouts import Explorer, Rollout, ToolMaker


class Explorers(Protocol):
    """Both explorers, in this process or spread over workers."""

    @property
    def decode_s(self) -> float:
        """Seconds that engines have spent reading and drawing; of several at a time the longest."""
        ...

    def renew(self) -> None:
        """Go on with the policy's present weights."""
        ...

    def explore(self, prompts: Sequence[Prompt], group: int, step: int) -> list[list[Rollout]]:
        """Run each prompt `group` times; what is drawn depends on the weights, the prompts and the step alone."""
        ...

    def measure(self, prompts: Sequence[Prompt]) -> list[Rollout]:
        """Run each held-out prompt once: greedily, or drawing with the heads that learn."""
        ...

    def close(self) -> None:
        """Let everything go."""
        ...


class LocalExplorers:
    """Both explorers in this process, decoding with the policy itself or, by vLLM, with a copy of it.

    Args:
        recipe: how prompts are run.
        policy: the model.

    Raises:
        ConfigError: vLLM is asked for and not installed, or cannot serve the model.
        InputError: documents cannot be opened.
    """

    def __init__(self, recipe: RlRecipe, policy: Policy) -> None:
        self._recipe, self._policy = recipe, policy
        self._served: _Served | None = None
        self._models: list[LocalModel] = []
        self._measured: Explorer | None = None
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        recipe, r = self._recipe, self._recipe.rollouts
        if recipe.workers.engine == "vllm":
            self._served = _Served(recipe, self._policy)
        found = Folder(recipe.init, str(recipe.init)).about
        about = replace(found, profile=replace(found.profile, reader_votes=0))  # what rules answer teaches nothing
        plain = replace(about, sampling=type(about.sampling)())
        common = ModelSettings(batch_size=r.concurrency, threads=recipe.threads, max_tokens=r.max_completion_tokens)
        drawing = replace(common, temperature=r.temperature, top_p=r.top_p, seed=recipe.seed)
        self._drawing = self._explorer(self._model(drawing, plain, heads=r.heads), recipe.environments)
        if recipe.held_out and recipe.learn == "heads":
            settings = replace(common, temperature=1.0, top_p=1.0, seed=recipe.seed)
            self._measured = self._explorer(self._model(settings, plain, heads=True), recipe.held_out)
        elif recipe.held_out:
            greedy = self._model(replace(common, greedy=True), about, heads=False)
            self._measured = self._explorer(greedy, recipe.held_out)

    def _model(self, settings: ModelSettings, about: About, *, heads: bool) -> LocalModel:
        policy, engine = self._policy, self._served.engine if self._served is not None else None
        network = policy.with_heads if heads else policy.model
        model = LocalModel.of(network, policy.tokenizer, settings, about=about, engine=engine)
        self._models.append(model)
        return model

    def _explorer(self, model: LocalModel, environments: Sequence[Environment]) -> Explorer:
        r = self._recipe.rollouts
        policy, strategy = with_mode(model, r.mode)
        budget = Budget() if r.mode == GUIDED else None  # rules that are cut off would leave the reader too little
        return Explorer(policy, ToolMaker(environments, policy), replace(r, mode=strategy), budget)

    @property
    def decode_s(self) -> float:
        """Seconds that the engines have spent reading and drawing."""
        return sum({id(model.engine): model.engine.busy_s for model in self._models}.values())

    def renew(self) -> None:
        """Go on with the policy's present weights."""
        if self._served is not None:
            self._served.renew()

    def explore(self, prompts: Sequence[Prompt], group: int, step: int) -> list[list[Rollout]]:
        """Run each prompt `group` times; see `Explorers`."""
        self._models[0].forget(self._recipe.seed * 100_003 + step)
        return self._drawing.explore(prompts, group)

    def measure(self, prompts: Sequence[Prompt]) -> list[Rollout]:
        """Run each held-out prompt once."""
        assert self._measured is not None
        self._models[1].forget(self._recipe.seed)
        return [group[0] for group in self._measured.explore(prompts, 1)]

    def close(self) -> None:
        """End the engines."""
        for model in self._models:
            model.engine.close()
        if self._served is not None:
            self._served.close()


class _Served:
    """The policy's copy in vLLM, which reads weights from a folder."""

    def __init__(self, recipe: RlRecipe, policy: Policy) -> None:
        self._policy, self._number = policy, 0
        self._learns_heads = recipe.learn == "heads"
        self._folder = Path(tempfile.mkdtemp(prefix="tamsa-vllm-"))
        try:
            policy.save(self._folder / "0")
            self.engine = VllmEngine(
                self._folder / "0",
                heads=self._folder / "0" / HEADS if policy.with_heads is not None else None,
                name=str(recipe.init),
                batch_size=recipe.rollouts.concurrency,
                dtype=recipe.precision,
                arguments=recipe.workers.vllm,
            )
        except BaseException:
            self.close()
            raise

    def renew(self) -> None:
        if self._learns_heads:
            self.engine.renew(heads=self._policy.weights())
            return
        self._number += 1
        folder = self._folder / str(self._number)
        self._policy.save_model(folder)
        self.engine.renew(folder)
        shutil.rmtree(folder)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
