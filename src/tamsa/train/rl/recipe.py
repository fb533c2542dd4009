"""The recipe of the stage `rl`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tamsa.agent.modes import MODES
from tamsa.errors import ConfigError
from tamsa.train.optimisers import OptimiserSettings
from tamsa.train.recipe import LoraSettings, at_least, begin_from, plain


@dataclass(frozen=True, slots=True)
class Environment:
    """Documents and the prompts that are asked over them."""

    docs: tuple[Path, ...]
    """As for `--docs`: files, folders, a corpus or an index."""
    prompts: Path
    """JSONL or parquet with `question` and `answers`, such as `rl.parquet` of `tamsa synthesize` or a world's
    questions."""
    limit: int | None = None
    """Only the first so many prompts."""


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """How the model explores."""

    group: int = 8
    """Runs of one prompt, at least 2: each is compared with the others."""
    prompts: int = 8
    """Prompts a step."""
    temperature: float = 1.0
    top_p: float = 1.0
    heads: bool = False
    """Draw with the model's AutoDeco heads, as it is used later; they stay as they are where weights are learned."""
    concurrency: int = 32
    """Runs open at a time, which are decoded together."""
    mode: str = "react"
    max_calls: int = 12
    """This and the next two are limits of a run that the model leads; where rules search (`guided`), they are those of
    use."""
    max_completion_tokens: int = 320
    max_tokens: int = 60_000
    """Prompt and completion tokens of one run together."""
    need_citation: bool = False
    """A right answer earns nothing without a verified quote."""


@dataclass(frozen=True, slots=True)
class ObjectiveSettings:
    """The clipped objective."""

    clip_low: float = 0.2
    clip_high: float = 0.28
    """Larger than `clip_low`: rare tokens may grow (clip-higher). Where heads are learned, both sides are clipped at
    it."""
    leave_out_unanswered: bool = True
    """Runs that were cut off without an answer count in their group's mean, not in the loss."""
    heads: Literal["reward", "cross_entropy"] = "reward"
    """Where heads are learned: by the advantage of each run, or from the right ones alone."""


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Which prompts are asked: those that are solved sometimes."""

    active: int = 256
    """Prompts in use at a time; the others wait."""
    min_tries: int = 8
    """Runs after which a prompt is judged."""
    retire_low: float = 0.0
    """Pass rate at or below which a prompt is put back to wait."""
    retire_high: float = 1.0
    """Pass rate at or above which a prompt is retired."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Who runs the prompts, and what decodes."""

    engine: Literal["local", "vllm"] = "local"
    """`vllm`: vLLM in the same process, for models on a GPU that it serves; it reads the weights anew every step."""
    vllm: dict[str, Any] = field(default_factory=dict)
    """Further arguments of `vllm.EngineArgs`, such as `gpu_memory_utilization = 0.4`, `max_model_len = 32768`."""
    ray: str = ""
    """Address of a Ray cluster (`auto`, `HOST:PORT`, `ray://HOST:PORT`; `local` starts one on this machine) whose
    workers run the prompts, each with a copy of the model; empty: this process does. They must see the same folders."""
    count: int = 1
    """Workers of the cluster."""
    cpus: int = 1
    """Processors of each."""
    gpus: float = 0.0
    """GPUs of each, or a share of one."""


@dataclass(frozen=True, slots=True)
class RlTrack:
    """What is measured and kept on the way."""

    evaluate_every: int = 25
    """Steps between greedy runs of the held-out prompts; 0 for none."""
    save_every: int = 25
    keep: int = 2
    trackio: str = ""


@dataclass(frozen=True, slots=True)
class RlRecipe:
    """Reinforcement learning from verifiable rewards."""

    out: Path
    init: Path
    """Folder of the model to begin from, or `nano`."""
    environments: tuple[Environment, ...]
    held_out: tuple[Environment, ...] = ()
    """Evaluated greedily before, during and after; never trained on."""
    learn: Literal["weights", "heads"] = "weights"
    """What is moved: the weights, or AutoDeco heads on frozen weights."""
    lora: LoraSettings | None = None
    """Low-rank adapters (peft) in place of all weights."""
    rollouts: RolloutSettings = RolloutSettings()
    objective: ObjectiveSettings = ObjectiveSettings()
    pool: PoolSettings = PoolSettings()
    workers: WorkerSettings = WorkerSettings()
    optimiser: OptimiserSettings = field(default_factory=lambda: OptimiserSettings(name="adamw", lr=2e-5))
    track: RlTrack = RlTrack()
    steps: int = 200
    minutes: float | None = None
    """Wall clock of all sessions together; the first budget that is used up ends the run."""
    micro_tokens: int = 8_192
    """Tokens of one forward pass; a longer conversation is left out, and counted."""
    precision: Literal["float32", "bfloat16"] = "float32"
    save_dtype: Literal["float32", "bfloat16"] = "float32"
    device: str = "auto"
    """`auto`: the GPU, where there is one; else `cpu`, `cuda:1`."""
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "init", begin_from(self.init))

    def check(self) -> None:
        """Refuse what cannot work, before anything is read.

        Raises:
            ConfigError: names the field and the way out.
        """
        r, o, p, w = self.rollouts, self.objective, self.pool, self.workers
        if not self.environments:
            raise ConfigError("environments: none given; add an [[environments]] table with docs and prompts")
        if self.learn == "heads" and r.heads != (o.heads == "reward"):
            raise ConfigError(
                f"rollouts.heads = {str(r.heads).lower()} with objective.heads = {o.heads}; heads learn by reward from "
                "runs that they draw (rollouts.heads = true), and by cross-entropy from runs without them (false)"
            )
        if self.lora is not None and self.learn == "heads":
            raise ConfigError("lora with learn = heads: heads learn on frozen weights; take one of the two out")
        if self.lora is not None and self.lora.dropout:
            raise ConfigError(
                f"lora.dropout = {self.lora.dropout:g}: the model that learns would not be the one that drew; give 0"
            )
        if w.engine == "vllm" and self.learn == "heads" and not r.heads:
            raise ConfigError(
                "workers.engine = vllm with objective.heads = cross_entropy: it draws with the heads that it is given; "
                "take engine = local, or objective.heads = reward"
            )
        if w.count > 1 and not w.ray:
            raise ConfigError(f"workers.count = {w.count}: workers need a cluster; give workers.ray = local, or 1")
        at_least(
            ("rollouts.group", r.group, 2),
            ("rollouts.prompts", r.prompts, 1),
            ("rollouts.concurrency", r.concurrency, 1),
            ("pool.active", p.active, r.prompts),
            ("pool.min_tries", p.min_tries, 1),
            ("workers.count", w.count, 1),
            ("workers.cpus", w.cpus, 1),
            ("workers.gpus", w.gpus, 0),
            ("steps", self.steps, 1),
            ("micro_tokens", self.micro_tokens, 2),
            ("threads", self.threads, 1),
        )
        if r.mode not in MODES:
            raise ConfigError(f"rollouts.mode = {r.mode!r}; known: {', '.join(MODES)}")
        if self.minutes is not None and not self.minutes > 0:
            raise ConfigError(f"minutes = {self.minutes}; give more than 0")
        if not r.temperature > 0 or not 0 < r.top_p <= 1:
            raise ConfigError(
                f"rollouts: temperature = {r.temperature}, top_p = {r.top_p}; exploration needs a temperature above 0 "
                "and a top_p in (0, 1]"
            )
        if not 0 < o.clip_low < 1 or not o.clip_high > 0:
            raise ConfigError(
                f"objective: clip_low = {o.clip_low}, clip_high = {o.clip_high}; give 0 < low < 1, high > 0"
            )
        if not 0 <= p.retire_low < p.retire_high <= 1:
            raise ConfigError(
                f"pool: retire_low = {p.retire_low}, retire_high = {p.retire_high}; give 0 <= low < high <= 1"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return plain(asdict(self))  # type: ignore[no-any-return]
