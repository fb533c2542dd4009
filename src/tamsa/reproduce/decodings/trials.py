"""Answers to the same questions by several decodings of one model, through the agent, and how many were right."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tamsa.agent import Budget
from tamsa.agent.guided import MODE as GUIDED
from tamsa.agent.guided import GuidedPolicy
from tamsa.agent.modes import with_mode
from tamsa.decoding import AutoDecoForCausalLM
from tamsa.llm import ModelSettings
from tamsa.llm.about import Defaults
from tamsa.llm.local import LocalModel
from tamsa.llm.local.folder import Folder
from tamsa.reproduce.decodings.recipe import DecodingsRecipe
from tamsa.store import Journal
from tamsa.train.building import build_tokenizer, load_model
from tamsa.train.rl.prompts import Prompt, read_prompts
from tamsa.train.rl.recipe import Environment, RolloutSettings
from tamsa.train.rl.rollouts import Explorer, ToolMaker

CHUNK = 12
"""Questions that every decoding answers before the next ones: rules lead them once for all."""
STATE_MEGABYTES = 128
"""States that each decoding keeps between its answers."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """One way to decode."""

    name: str
    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 1.0
    heads: str | None = None
    """Name of the AutoDeco heads that choose both."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one decoding made of one question."""

    part: str
    decoding: str
    prompt: str
    kind: str
    num_samples: int
    num_right: int
    temperature: float
    """Mean over the choices that heads made; else the decoding's own."""
    top_p: float


class Trials:
    """Answers questions with decodings of one model; what is in the journal is not answered again.

    Args:
        recipe: the model, its heads and the numbers.
        journal: receives a line a trial.
    """

    def __init__(self, recipe: DecodingsRecipe, journal: Journal) -> None:
        self._recipe, self._journal = recipe, journal
        self._found = {(t.part, t.decoding, t.prompt): t for t in (Trial(**record) for record in journal.records)}
        self._tokenizer: Any = build_tokenizer(None, recipe.model)
        self._base: Any = load_model(recipe.model, self._tokenizer).eval()
        about = Folder(recipe.model, str(recipe.model)).about
        # the model's own answers, drawn as each decoding says
        self._about = replace(about, sampling=Defaults(), profile=replace(about.profile, reader_votes=0))

    def _open(self, decoding: Decoding) -> LocalModel:
        settings = ModelSettings(
            batch_size=self._recipe.concurrency,
            threads=self._recipe.threads,
            state_megabytes=STATE_MEGABYTES,
            greedy=decoding.temperature == 0,
            temperature=decoding.temperature,
            top_p=decoding.top_p,
            seed=self._recipe.seed,
        )
        model = self._base
        if decoding.heads is not None:
            model = AutoDecoForCausalLM.from_pretrained(self._recipe.heads[decoding.heads], base=self._base)
        return LocalModel.of(model, self._tokenizer, settings, about=self._about)

    def prompts(self, environments: Sequence[Environment], count: int) -> list[Prompt]:
        """Draw questions from environments, the same ones in every run."""
        found = read_prompts(tuple(environments))
        return random.Random(self._recipe.seed).sample(found, min(count, len(found)))

    def run(
        self, part: str, environments: Sequence[Environment], prompts: Sequence[Prompt], decodings: Sequence[Decoding]
    ) -> dict[str, list[Trial]]:
        """Answer every question with every decoding; return the trials by decoding, in the order of the questions."""
        mode = self._about.profile.mode
        budget = Budget() if mode == GUIDED else None
        settings = RolloutSettings(concurrency=self._recipe.concurrency, mode="react" if mode == GUIDED else mode)
        tools: ToolMaker | None = None
        led: GuidedPolicy | None = None
        explorers: dict[str, tuple[LocalModel, Explorer]] = {}
        for decoding in decodings:
            model = self._open(decoding)
            policy = with_mode(model, mode)[0] if led is None else led.with_reader(model)
            led = policy if isinstance(policy, GuidedPolicy) else None
            tools = tools or ToolMaker(environments, policy)
            explorers[decoding.name] = model, Explorer(policy, tools, settings, budget)
        try:
            for start in range(0, len(prompts), CHUNK):
                for decoding in decodings:
                    asked = prompts[start : start + CHUNK]
                    asked = [prompt for prompt in asked if (part, decoding.name, prompt.id) not in self._found]
                    if asked:
                        model, explorer = explorers[decoding.name]
                        self._answer(part, decoding, asked, explorer)
                        model.forget()
        finally:
            for model, _ in explorers.values():
                model.engine.close()
        return {d.name: [self._found[part, d.name, prompt.id] for prompt in prompts] for d in decodings}

    def _answer(self, part: str, decoding: Decoding, prompts: Sequence[Prompt], explorer: Explorer) -> None:
        count = 1 if decoding.temperature == 0 else self._recipe.num_samples
        for prompt, group in zip(prompts, explorer.explore(prompts, count), strict=True):
            drawn = [stretch for rollout in group for stretch in rollout.drawn]
            T = [t for stretch in drawn for t in stretch.temperatures]
            P = [p for stretch in drawn for p in stretch.top_ps]
            trial = Trial(
                part,
                decoding.name,
                prompt.id,
                prompt.kind,
                count,
                sum(rollout.reward.value >= 0.5 for rollout in group),
                round(sum(T) / len(T), 6) if T else decoding.temperature,
                round(sum(P) / len(P), 6) if P else decoding.top_p,
            )
            self._found[part, decoding.name, prompt.id] = trial
            self._journal.append(asdict(trial))
