"""`tamsa reproduce nano`: run what is left of the making of the bundled model."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import torch
from transformers import AutoModelForCausalLM

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.modes import with_mode
from tamsa.config import from_mapping, load_config
from tamsa.corpus import open_corpus
from tamsa.errors import ConfigError
from tamsa.eval import Scores, evaluate, read_questions
from tamsa.llm import ModelSettings, open_model
from tamsa.llm.about import ABOUT, About, Defaults
from tamsa.reproduce.nano.card import write_card
from tamsa.reproduce.nano.curve import plot_curve
from tamsa.reproduce.nano.data import Ground, make_library, make_worlds
from tamsa.reproduce.nano.recipe import EvaluationSet, NanoRecipe, RoundSettings
from tamsa.reproduce.nano.round_record import in_words
from tamsa.reproduce.nano.rounds import Round
from tamsa.store import make_folder, read_json, write_atomic, write_json
from tamsa.tools import corpus_toolset, page_chars
from tamsa.train.stages import run_stage
from tamsa.types import Model

TOKENIZER_PAGES = 700
"""Pages and trajectories of each world that the tokenizer learns from: many worlds, so that no name becomes a token."""
TOKENIZER_TRAJECTORIES = 120
HEADS_TRAJECTORIES = 400
"""Conversations that AutoDeco heads are trained on."""
BATCH = 16
"""Questions that are decoded together in an evaluation."""


def run(recipe: Path | None, overrides: list[str], on_note: Callable[[str], None]) -> None:
    """Make the bundled model; everything lies in the recipe's `out`, the finished package in `out/package`."""
    Nano(load_config(NanoRecipe, recipe, overrides), on_note).run()


@dataclass(frozen=True, slots=True)
class Stage:
    """A finished stage of training."""

    name: str
    model: Path
    is_evaluated: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model to be evaluated."""

    name: str
    folder: Path | None
    """None: the baseline."""
    settings: ModelSettings = field(default_factory=ModelSettings)

    def open(self) -> Model:
        """Open the model."""
        return BaselinePolicy() if self.folder is None else open_model(f"hf:{self.folder}", self.settings)


class Nano:
    """The making of the bundled model.

    Args:
        recipe: what to do.
        on_note: receives lines of progress.
    """

    def __init__(self, recipe: NanoRecipe, on_note: Callable[[str], None]) -> None:
        self.recipe, self.out, self.on_note = recipe, recipe.out, on_note
        self.heads: Path | None = None
        """AutoDeco heads of the finished model, once they are trained."""
        self.rounds: dict[str, dict[str, Any]] = {}
        """Records of the rounds, by stage."""

    def run(self) -> None:
        """Run every step that has not been done."""
        make_folder(self.out)
        recipe = self.recipe
        folder, workers = self.out / "worlds", recipe.workers
        grounds = [
            world
            for group in recipe.worlds
            for world in make_worlds(group, folder, explore=True, workers=workers, on_note=self.on_note)
        ]
        grounds += [
            ground
            for library in recipe.libraries
            for ground in make_library(library, folder, workers=workers, on_note=self.on_note)
        ]
        held_out = make_worlds(recipe.held_out, folder, explore=False, workers=workers, on_note=self.on_note)
        tokenizer = self._tokenizer(grounds) if recipe.init is None else None
        done = self._train(grounds, held_out, tokenizer)
        package = self._package(done[-1].model)
        decodings = [
            Candidate(f"nano, {name}", package, from_mapping(ModelSettings, settings, f"decodings.{name}"))
            for name, settings in recipe.decodings.items()
        ]
        stages = [Candidate(stage.name, stage.model) for stage in done[:-1] if stage.is_evaluated]
        scores = self._evaluate(held_out, [*stages, Candidate("nano", package)], decodings)
        write_card(package, recipe, scores, self._about(), self.rounds)
        runs = [(stage.name, stage.model.parent) for stage in done]
        packed = [(name, run) for name, run in runs if (run / "loss.png").is_file()]
        plot_curve(packed, self.out / "curve.png", self.rounds)
        self.on_note(f"{package}: copy it to src/tamsa/nano to bundle it")

    # ------------------------------------------------------------------ training

    def _tokenizer(self, grounds: Sequence[Ground]) -> Path:
        out = self.out / "tokenizer"
        if not (out / "tokenizer.json").is_file():
            sources: list[dict[str, Any]] = []
            known = [ground for ground in grounds if ground.tasks is not None] or grounds
            for ground in known:
                sources += [{"path": path, "limit": TOKENIZER_PAGES, "weight": 0.6} for path in ground.docs]
                for path in ground.trajectories.values():
                    sources.append({"path": path, "limit": TOKENIZER_TRAJECTORIES, "weight": 0.4})
            sources += [{"path": path, "limit": 30_000, "weight": float(len(known))} for path in self.recipe.corpora]
            fields = {**self.recipe.tokenizer, "model_max_length": self.recipe.context_length}
            run_stage("tokenizer", None, overrides({**fields, "out": out, "sources": sources}), on_note=self.on_note)
        return out

    def _train(self, grounds: Sequence[Ground], held_out: Sequence[Ground], tokenizer: Path | None) -> list[Stage]:
        """Run the stages; return those that have a model of their own."""
        done: list[Stage] = []
        for stage in self.recipe.stages:
            fields = dict(stage)
            try:
                kind, name = fields.pop("stage"), fields.pop("name")
            except KeyError as error:
                raise ConfigError(f"stages: {error.args[0]} is missing in {json.dumps(stage)[:120]}") from None
            before = self._grown(name, done[-1].model if done else self.recipe.init, fields.pop("grow", {}))
            if kind == "heads":
                self._train_heads(name, fields, before, grounds)
                continue
            turn = self._round(name, fields, before, grounds) if kind == "round" else None
            corpora = self.recipe.corpora if fields.pop("corpora", False) else ()
            mix, evaluated = fields.pop("mix", {}), fields.pop("evaluate", True)
            modes = fields.pop("modes", {fields.get("rollouts", {}).get("mode", "react"): 1.0})
            out = self.out / name
            if not (out / "model" / "config.json").is_file():
                given = {"out": out, **({"init": before} if before else {"tokenizer": tokenizer})}
                given |= self._data(kind, grounds, held_out, corpora, mix, modes)
                if turn is not None and before is not None:
                    given["sources"] = turn.mixed(before, given["sources"])
                resume = (out / "run.json").is_file()
                packed = "sft" if turn is not None else kind
                run_stage(packed, None, overrides({**fields, **given}), resume=resume, on_note=self.on_note)
            self._write_about(out / "model", max(modes, key=modes.__getitem__))
            if turn is not None:
                self.rounds[name] = turn.finish(out / "model")
                self.on_note(f"{name}: {in_words(self.rounds[name])}")
            done.append(Stage(name, out / "model", evaluated))
        if not done:
            raise ConfigError("stages: none given; add a [[stages]] table with stage and name")
        return done

    def _grown(self, name: str, model: Path | None, larger: Mapping[str, Any]) -> Path | None:
        """Make the model that a stage begins from larger, if that is asked for and not done yet."""
        if not larger:
            return model
        if model is None:
            raise ConfigError(f"stages: {name}: grow needs a model; give init, or put a stage before it")
        out = self.out / f"{name}-grown"
        if not (out / "config.json").is_file():
            run_stage("grow", None, overrides({"init": model, "out": out, "model": larger}), on_note=self.on_note)
        return out

    def _round(self, name: str, fields: dict[str, Any], model: Path | None, grounds: Sequence[Ground]) -> Round:
        """Take a round out of a stage; what its fields leave open is as the model researches."""
        if model is None:
            raise ConfigError(f"stages: {name}: a round needs a model; give init, or put a stage before it")
        fields.setdefault("modes", {read_json(model / ABOUT)["profile"]["mode"]: 1.0})
        settings = from_mapping(RoundSettings, fields.pop("round", {}), f"stages: {name}: round")
        folder = self.out / "rounds"
        earlier = [folder / other for other in self.rounds]
        return Round(folder / name, len(earlier) + 1, settings, grounds, earlier, self.recipe.workers)

    def _train_heads(self, name: str, fields: dict[str, Any], model: Path | None, grounds: Sequence[Ground]) -> None:
        """Train AutoDeco heads on trajectories, the weights of the model frozen."""
        if model is None:
            raise ConfigError(f"stages: {name}: heads need a model; put a stage that trains one before them")
        out = self.out / name
        if not (out / "heads" / "config.json").is_file():
            mode = read_json(model / ABOUT)["profile"]["mode"]
            taught = [ground.trajectories[mode] for ground in grounds if mode in ground.trajectories]
            if not taught:
                raise ConfigError(f"stages: {name}: no group has trajectories in the mode {mode} to train heads on")
            make_folder(out)
            trajectories = taught[-1]
            rows = parquet.read_table(trajectories, columns=["messages"]).to_pylist()[:HEADS_TRAJECTORIES]
            data = out / "conversations.jsonl"
            write_atomic(data, "".join(json.dumps(row) + "\n" for row in rows))
            given = {
                "model": model,
                "out": out / "run",
                "data": {"path": data, "max_length": self.recipe.context_length},
            }
            run_stage("heads", None, overrides({**fields, **given}), on_note=self.on_note)
            aside = out / ".heads.tmp"
            shutil.rmtree(aside, ignore_errors=True)
            shutil.copytree(out / "run" / "heads", aside)
            aside.replace(out / "heads")
        self.heads = out / "heads"

    def _data(
        self,
        kind: str,
        grounds: Sequence[Ground],
        held_out: Sequence[Ground],
        corpora: Sequence[Path],
        mix: Mapping[str, float],
        modes: Mapping[str, float],
    ) -> dict[str, Any]:
        weights = [float(mix.get(ground.group, 1.0)) for ground in grounds]
        chosen = [(ground, weight) for ground, weight in zip(grounds, weights, strict=True) if weight > 0]
        if kind == "rl":
            return {
                "environments": [{"docs": g.docs, "prompts": g.questions} for g, _ in chosen],
                "held_out": [{"docs": g.docs, "prompts": g.questions, "limit": 100} for g in held_out[:1]],
            }
        sources: list[dict[str, Any]] = []
        for ground, weight in chosen:
            if kind == "pretrain":
                sources += [{"path": path, "weight": weight} for path in ground.docs]
                continue
            if kind == "mid" and ground.tasks is not None:
                sources.append({"path": ground.tasks, "weight": weight})
            for mode, path in ground.trajectories.items():
                if (share := weight * modes.get(mode, 0.0)) > 0:
                    sources.append({"path": path, "weight": share * (0.5 if kind == "mid" else 1.0)})
        seen: set[str] = set()
        for source in sources:  # the loss on one world's items tells enough
            if source["path"].name in seen:
                source["held_out"] = 0.0
            seen.add(source["path"].name)
        whole = sum(source["weight"] for source in sources)
        return {"sources": [*sources, *({"path": path, "weight": whole} for path in corpora)]}

    # ------------------------------------------------------------------ the package

    def _package(self, model: Path) -> Path:
        """Write the finished model in bf16, with what an agent should know of it."""
        package = self.out / "package"
        if not (package / "config.json").is_file():
            aside = self.out / ".package.tmp"
            shutil.rmtree(aside, ignore_errors=True)
            shutil.copytree(model, aside)
            for weights in aside.glob("*.safetensors"):
                weights.unlink()
            network: Any = AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16, local_files_only=True)
            network.save_pretrained(aside)
            if self.heads is not None:
                shutil.copytree(self.heads, aside / "heads")
                about = read_json(aside / "heads" / "config.json")
                write_json(aside / "heads" / "config.json", {**about, "base_model_name_or_path": "nano"})
            self._write_about(aside, read_json(model / ABOUT)["profile"]["mode"])
            aside.replace(package)
        return package

    def _write_about(self, folder: Path, mode: str) -> None:
        """Write how the model researches, sees its tools and is decoded."""
        about = About(
            profile=replace(self.recipe.profile, mode=mode),
            sampling=Defaults(greedy=True),
            context_length=self.recipe.context_length,
        )
        write_json(folder / ABOUT, asdict(about))

    def _evaluate(
        self, held_out: Sequence[Ground], models: Sequence[Candidate], decodings: Sequence[Candidate]
    ) -> dict[str, dict[str, Any]]:
        """Evaluate every stage and the baseline on everything held out; finished evaluations are read."""
        sets = [EvaluationSet(f"world {w.seed}", w.questions, w.docs) for w in held_out]
        found: dict[str, dict[str, Any]] = {}
        for part in (*sets, *self.recipe.evaluations):
            for one in (Candidate("baseline", None), *models, *(decodings if part in sets else ())):
                out = self.out / "eval" / part.name.replace(" ", "-") / one.name.replace(" ", "-")
                if not (out / "scores.json").is_file():
                    scores = asyncio.run(self._score(part, one.open(), out))
                    self.on_note(f"{part.name}, {one.name}: EM {100 * (scores.overall.em or 0):.1f}")
                found.setdefault(part.name, {})[one.name] = read_json(out / "scores.json")
        return found

    async def _score(self, part: EvaluationSet, opened: Model, out: Path) -> Scores:
        model, mode = with_mode(opened)
        index = open_corpus(list(part.docs))
        try:
            return await evaluate(
                read_questions(part.questions),
                index=index,
                tools=lambda: corpus_toolset(index, page_chars=page_chars(model), profile=model.profile),
                model=model,
                mode=mode,
                out=out,
                concurrency=BATCH,
                limit=self.recipe.evaluate,
                resume=out.exists(),
                corpus=part.name,
            )
        finally:
            await model.aclose()
            index.close()

    def _about(self) -> dict[str, Any]:
        """Return `training.json` of every stage, by its name."""
        return {
            stage["name"]: read_json(self.out / stage["name"] / "model" / "training.json")
            for stage in self.recipe.stages
            if stage["stage"] != "heads"
        }


def overrides(fields: Mapping[str, Any]) -> list[str]:
    """Write fields as `key=value` overrides in TOML syntax."""
    return [f"{name}={_toml(value)}" for name, value in fields.items()]


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items() if inner is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False)
    return json.dumps(value)
