"""The training loop of `pretrain`, `mid` and `sft`: packed batches, held-out loss, checkpoints, exact resumption."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from tamsa.errors import ConfigError, InputError, TamsaError
from tamsa.kernels import heap
from tamsa.models.precision import resolve_dtype
from tamsa.store import make_folder, read_json, write_json
from tamsa.train.ahead import Ahead
from tamsa.train.building import build_tokenizer, load_model, new_model, with_adapters
from tamsa.train.cache import open_cache
from tamsa.train.checkpoints import Checkpoint, checkpoints, read_checkpoint, write_checkpoint
from tamsa.train.distribution import Group, repeated_layers, shard
from tamsa.train.manifest import make_manifest, parent_of
from tamsa.train.metrics import Metrics
from tamsa.train.objective import Objective, Parts
from tamsa.train.optimisers import Optimisers
from tamsa.train.packing import Feed, PackedBatch, Packer, held_out_batches, split_items
from tamsa.train.recipe import TrainRecipe
from tamsa.train.renaming import Renaming
from tamsa.train.samples import write_samples
from tamsa.train.saving import save_model
from tamsa.train.schedule import Schedule
from tamsa.types import SCHEMA_VERSION

OnNote = Callable[[str], None]
FREE = ("schedule", "track", "cache", "threads", "save_dtype")
"""Fields of a recipe that may change between the sessions of a run."""


LOW, MIDDLE = 0.25, 0.5
"""Weights by which the tokens of a conversation are told apart: context and copies."""


@dataclass
class Mixture:
    """The data of a run."""

    feeds: list[Feed]
    held_out: dict[str, tuple[Feed, np.ndarray[Any, Any]]] = field(default_factory=dict)
    """By the source's name: the feed and the items kept for the held-out loss."""
    num_tokens: int = 0
    """Tokens of all training items, without conversations that no context of the run has room for."""

    @classmethod
    def open(cls, recipe: TrainRecipe, tokenizer: Any, on_note: OnNote) -> Mixture:
        """Tokenise the sources, or find their caches.

        Raises:
            InputError: a source holds nothing that can be used.
        """
        mixture = cls([])
        longest = max(stage.context for stage in recipe.stages)
        caches = [open_cache(source, tokenizer, recipe.cache, on_note) for source in recipe.sources]
        renaming = None
        if recipe.renamed:
            counts = sum(np.bincount(cache.tokens, minlength=len(tokenizer)) for cache in caches)
            names = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
            renaming = Renaming(names, np.asarray(counts), recipe.renamed, recipe.seed)
        for source, cache in zip(recipe.sources, caches, strict=True):
            training, kept = split_items(cache, source.held_out)
            weight = recipe.context_loss_weight if source.context_loss_weight is None else source.context_loss_weight
            feed = Feed(cache, source.weight, source.join, weight, recipe.copied_loss_weight, training, renaming)
            mixture.feeds.append(feed)
            lengths = cache.lengths[training]
            fit = lengths <= longest if cache.is_chat else lengths > 0
            mixture.num_tokens += int(lengths[fit].sum())
            if not fit.all():
                on_note(f"{source.path.name}: {(~fit).sum():,} conversations longer than {longest:,} tokens left out")
            if len(kept):
                name = source.path.stem
                while name in mixture.held_out:
                    name += "'"
                mixture.held_out[name] = (feed, kept)
        return mixture


class Trainer:
    """One run of a stage.

    Args:
        stage: its name, for the records.
        recipe: what to do.
        resume: go on from the latest checkpoint.
        on_note: receives lines of progress.

    Raises:
        ConfigError, InputError: the recipe or the data cannot be used; nothing was written then.
    """

    def __init__(self, stage: str, recipe: TrainRecipe, *, resume: bool, on_note: OnNote) -> None:
        recipe.check()
        self.stage, self.recipe = stage, recipe
        self.group = Group.join()
        self.on_note: OnNote = on_note if self.group.is_first else lambda note: None
        self.out = recipe.out
        if recipe.threads is not None:
            torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        manifest = make_manifest(stage, recipe.out, recipe.to_json(), recipe.init, resume=resume, free=FREE)
        self.tokenizer = build_tokenizer(recipe.tokenizer, recipe.init)
        with self.group.first_goes_first():
            self.mixture = Mixture.open(recipe, self.tokenizer, self.on_note)
        self.model = self._build_model()
        self.objective = Objective(self.model)
        self.is_sharded = self.group.size > 1
        name = "float32" if recipe.precision == "autocast" else recipe.precision
        dtype = self.dtype = resolve_dtype(name, self.group.device)
        if self.is_sharded:
            shard(self.objective, repeated_layers(self.model), self.group, dtype)
            dtype = torch.float32
        self.optimisers = Optimisers(self.model, recipe.optimiser, dtype)
        self.packer = Packer(self.mixture.feeds, recipe.seed, recipe.stages[0].context, recipe.batch.micro_tokens)
        self.schedule = Schedule(recipe.schedule, self._num_steps())
        self.num_micro = recipe.batch.tokens // recipe.batch.micro_tokens
        if self.num_micro % self.group.size:
            raise ConfigError(
                f"batch: {self.num_micro} batches of micro_tokens a step over {self.group.size} processes; "
                "give a multiple"
            )
        self.ahead = Ahead(self.packer, self.num_micro)
        self.step = self.tokens = self.stage_index = 0
        self._evaluated_at = -1
        self.seconds = 0.0
        """Of all sessions."""
        if resume:
            self._restore()
        self._saved_at = self.seconds
        self.metrics: Metrics | None = None
        if self.group.is_first:
            make_folder(self.out)
            if not resume:
                write_json(self.out / "run.json", manifest)
            self.metrics = Metrics(self.out, self.step, recipe.track.trackio, manifest)
        if not self.is_sharded:
            self._settle()

    @torch.no_grad()
    def _settle(self) -> None:
        """Read one token without gradients: the model then moves its weights to where later evaluations keep them.

        Matrix products depend on alignment in their last bits, so a resumed run must have the same places.
        """
        self.model(torch.zeros((1, 1), dtype=torch.int64, device=self.group.device), use_cache=False)

    def _build_model(self) -> Any:
        recipe = self.recipe
        if recipe.init is None:
            model: Any = new_model(recipe.model, self.tokenizer)
        else:
            model = load_model(recipe.init, self.tokenizer)
        if recipe.lora is not None and self.group.size > 1:
            raise ConfigError("lora: adapters are trained in one process; start without torchrun, or remove [lora]")
        if recipe.lora is not None:
            model = with_adapters(model, recipe.lora)
        if recipe.gradient_checkpointing:
            model.gradient_checkpointing_enable()
        return model.to(self.group.device).train()

    @property
    def _data(self) -> list[str]:
        """The caches of the sources, whose names say what was read and how."""
        return [feed.cache.folder.name for feed in self.mixture.feeds]

    @property
    def _precision(self) -> str:
        return "autocast" if self.recipe.precision == "autocast" else str(self.dtype).removeprefix("torch.")

    def _num_steps(self) -> int | None:
        s, tokens = self.recipe.schedule, self.recipe.batch.tokens
        budgets = [s.steps] if s.steps is not None else []
        if s.tokens is not None:
            budgets.append(s.tokens // tokens)
        if s.epochs is not None:
            budgets.append(round(s.epochs * self.mixture.num_tokens / tokens))
        if budgets and min(budgets) < 1:
            raise InputError(f"schedule: the budget is less than one step of {tokens:,} tokens; lower batch.tokens")
        return min(budgets) if budgets else None

    # ------------------------------------------------------------------ state

    def save(self) -> None:
        """Write a checkpoint; every process must call it."""
        state = {
            "schema_version": SCHEMA_VERSION,
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "stage_index": self.stage_index,
            "packer": self.ahead.state(),
            "data": self._data,
            "schedule": self.schedule.state(),
            "rng": torch.get_rng_state().numpy().tobytes().hex(),
        }
        checkpoint = Checkpoint(self.optimisers.weights(), self.optimisers.state(), state)
        self._saved_at = self.seconds
        if self.group.is_first:
            write_checkpoint(self.out / "checkpoints", self.step, checkpoint, self.recipe.track.keep)

    def _restore(self) -> None:
        found = checkpoints(self.out / "checkpoints")
        if not found:
            self.on_note("no checkpoint yet: the run begins anew")
            return
        checkpoint = read_checkpoint(found[-1])
        state = checkpoint.state
        for source, now, then in zip(self.recipe.sources, self._data, state.get("data", self._data), strict=True):
            if now != then:
                raise InputError(f"{source.path}: has changed since the run began; begin anew with another out")
        self.optimisers.restore(checkpoint.weights, checkpoint.optimiser)
        self.packer.restore(state["packer"])
        self.schedule.restore(state["schedule"])
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        self.stage_index = state["stage_index"]
        self.packer.set_context(self.recipe.stages[self.stage_index].context)
        torch.set_rng_state(torch.frombuffer(bytearray.fromhex(state["rng"]), dtype=torch.uint8))
        self.on_note(f"resumed at step {self.step:,}")

    # ------------------------------------------------------------------ work

    def run(self) -> None:
        """Train to the end of the budget and write the model."""
        try:
            self._run()
        finally:
            if self.metrics is not None:
                self.metrics.close()
            self.group.leave()

    def _run(self) -> None:
        track = self.recipe.track
        p = sum(p.numel() for p in self.model.parameters())
        self.on_note(f"{p:,} parameters, {self.mixture.num_tokens:,} tokens of data, {self._precision}")
        recent: list[tuple[float, float, int]] = []
        while True:
            self.seconds = self.group.agree(self.seconds)
            self.schedule.observe(self.step, self.seconds)
            if self.schedule.done(self.step):
                break
            self._enter_stage()
            began = time.monotonic()
            loss, norm, tokens = self._step()
            self.step += 1
            self.tokens += tokens
            took = time.monotonic() - began
            self.seconds += took
            recent.append((loss, took, tokens))
            if self.step % track.log_every == 0 or self.step == 1:
                self._log(recent, norm)
                recent = []
                heap.trim()
            began = time.monotonic()
            if track.evaluate_every and self.step % track.evaluate_every == 0:
                self._evaluate()
            self.seconds = self.group.agree(self.seconds)
            late = self.seconds - self._saved_at > 60 * track.save_minutes
            if late or (track.save_every and self.step % track.save_every == 0):
                self.save()
            self.seconds += time.monotonic() - began
        if self._evaluated_at != self.step:
            self._evaluate()
        self.save()
        self._finish()

    def _enter_stage(self) -> None:
        stages = self.recipe.stages
        progress = self.schedule.progress(self.step, self.seconds)
        index = self.stage_index
        while index + 1 < len(stages) and progress >= stages[index].until:
            index += 1
        if index != self.stage_index:
            self.stage_index = index
            self.ahead.set_context(stages[index].context)
            self.on_note(f"step {self.step:,}: context {stages[index].context:,}")

    def _step(self) -> tuple[float, float, int]:
        """Take one step; return its mean loss, the gradient's norm and the tokens read."""
        batches = self.ahead.take()
        weight = sum(float(batch.weights.sum()) for batch in batches)
        values = []
        for batch in batches[self.group.rank :: self.group.size]:
            value = self._forward(batch)[0]
            # FSDP takes the mean over the processes, the loss is a sum over them
            torch.autograd.backward(value * (self.group.size / max(weight, 1e-9)))
            self.optimisers.collect()
            values.append(value.detach())
        if self.group.device.type == "cuda":
            self.ahead.prepare()  # before the first number is read back, which waits for the GPU
        loss = self.group.total(sum(float(value) for value in values)) / max(weight, 1e-9)
        if loss != loss:
            raise TamsaError(
                f"step {self.step:,}: the loss is not a number; resume from the checkpoint with a lower optimiser.lr"
            )
        norm = self.optimisers.step(self.schedule.scale(self.step))
        return loss, norm, sum(batch.num_tokens for batch in batches)

    def _forward(self, batch: PackedBatch) -> tuple[torch.Tensor, Parts]:
        device = self.group.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.recipe.precision == "autocast"):
            return self.objective(batch.to(device))  # type: ignore[no-any-return]

    def _log(self, recent: list[tuple[float, float, int]], norm: float) -> None:
        if self.metrics is None:
            return
        tokens = sum(t for _, _, t in recent)
        record = {
            "step": self.step,
            "tokens": self.tokens,
            "loss": sum(loss for loss, _, _ in recent) / len(recent),
            "lr": self.recipe.optimiser.lr * self.schedule.scale(self.step - 1),
            "grad_norm": norm,
            "seconds": round(self.seconds, 3),
            "tokens_per_s": round(tokens / sum(s for _, s, _ in recent), 1),
            "epochs": [round(epoch, 3) for epoch in self.packer.epochs],
        }
        self.metrics.add(record)
        share = 100 * self.schedule.progress(self.step, self.seconds)
        self.on_note(
            f"step {self.step:,} ({share:.0f}%)  loss {record['loss']:.4f}  {record['tokens_per_s']:,.0f} tokens/s"
        )

    def held_out_loss(self) -> dict[str, float]:
        """Return the mean loss in nats a token by source, a conversation's own tokens as `source/generated`,
        of those that were a choice as `source/chosen`.
        """
        losses: dict[str, float] = {}
        context = self.recipe.stages[self.stage_index].context
        self.model.eval()
        for name, (feed, items) in self.mixture.held_out.items():
            sums: dict[float, tuple[float, int]] = {}
            whole = Feed(feed.cache, feed.weight, feed.join, *(LOW, MIDDLE) if feed.cache.is_chat else ())
            limit = self.recipe.track.held_out_tokens
            for batch in held_out_batches(whole, items, context, self.recipe.batch.micro_tokens, limit):
                # without gradients Kimi Linear keeps its weights in blocks, which would go stale when they are sharded
                with torch.set_grad_enabled(self.is_sharded):
                    found = self._forward(batch)[1]
                for weight, (loss, count) in found.items():
                    before = sums.get(weight, (0.0, 0))
                    sums[weight] = (before[0] + float(loss), before[1] + count)
            if not sums:
                continue
            losses[name] = sum(loss for loss, _ in sums.values()) / sum(count for _, count in sums.values())
            if feed.cache.is_chat:
                written = [sums[weight] for weight in (1.0, MIDDLE) if weight in sums]
                losses[f"{name}/generated"] = sum(loss for loss, _ in written) / max(1, sum(n for _, n in written))
                if len(written) == 2:
                    losses[f"{name}/chosen"] = written[0][0] / written[0][1]
        self.model.train()
        return losses

    def _evaluate(self) -> None:
        losses = self.held_out_loss()
        self._evaluated_at = self.step
        if self.metrics is None:
            return
        self.metrics.add({"step": self.step, "tokens": self.tokens, "held_out": losses, "held_out_step": self.step})
        if losses:
            shown = "  ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
            self.on_note(f"step {self.step:,}  held out: {shown}")
        self.metrics.plot(self.out / "loss.png", f"{self.stage}: {self.out.name}")
        if not self.is_sharded:
            write_samples(self.model, self.tokenizer, self.mixture.held_out, self.recipe.track, self.out, self.step)

    def _finish(self) -> None:
        weights = self.optimisers.weights()
        if self.metrics is None:
            return
        about = {
            "schema_version": SCHEMA_VERSION,
            "run_id": read_json(self.out / "run.json")["run_id"],
            "stage": self.stage,
            "parent": parent_of(self.recipe.init),
            "steps": self.step,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "held_out": next((r["held_out"] for r in reversed(self.metrics.records) if "held_out" in r), {}),
            "optimiser": asdict(self.recipe.optimiser),
        }
        folder = self.out / "model"
        save_model(self.model, weights, self.tokenizer, folder, self.recipe.save_dtype, about, self.recipe.init)
        self.on_note(f"{folder}: {self.step:,} steps, {self.tokens:,} tokens, {self.seconds / 60:.1f} minutes")


def train(stage: str, recipe: TrainRecipe, *, resume: bool = False, on_note: OnNote = print) -> None:
    """Run a stage from its recipe; the finished model lies in `recipe.out / "model"`.

    Raises:
        ConfigError, InputError: the recipe or the data cannot be used.
        StorageError: something could not be written; the run can be resumed.
    """
    Trainer(stage, recipe, resume=resume, on_note=on_note).run()
