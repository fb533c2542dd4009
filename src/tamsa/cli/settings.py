"""What a command line may set, from a TOML file and options: the model's endpoint and the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from tamsa.agent import Budget
from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.modes import MODES
from tamsa.config import load_config
from tamsa.errors import ConfigError
from tamsa.llm import ModelPool, ModelSettings
from tamsa.types import Model

Docs = Annotated[
    list[Path] | None,
    typer.Option(
        "--docs", "-d", help="Files, folders, a corpus (jsonl, parquet), given several times for several; or one index."
    ),
]
Dense = Annotated[bool, typer.Option("--dense", help="Search by meaning too (extra `dense`); slow to build.")]
ModelSpecOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="nano (bundled), baseline (rules, no model), hf:PATH_OR_ID, openai:MODEL, ollama:MODEL or scripted:FILE.",
        show_default="nano; baseline where the extra `models` is not installed",
    ),
]
ReaderOption = Annotated[
    str | None,
    typer.Option("--reader", help="A second, cheaper model that reads long documents for the goal and brings quotes."),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="A TOML file with the tables model and budget, and reader and judge."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        help="A setting, as in --set model.base_url=http://localhost:8000/v1 or --set budget.max_calls=20.",
    ),
]


@dataclass(frozen=True)
class Settings:
    """The settings of one command."""

    model: ModelSettings = field(default_factory=ModelSettings)
    budget: Budget = field(default_factory=Budget)
    reader: ModelSettings | None = None
    """The endpoint of the reader; that of the model where not given."""
    judge: ModelSettings | None = None
    """The endpoint of the judge; that of the model where not given."""

    def public(self) -> dict[str, Any]:
        """Return the settings as JSON values, without secrets."""
        roles = {"reader": self.reader, "judge": self.judge}
        return {
            "model": self.model.public(),
            "budget": vars(self.budget),
            **{role: settings.public() for role, settings in roles.items() if settings is not None},
        }


def load_settings(
    config: Path | None, overrides: Sequence[str] | None, earlier: Mapping[str, Any] | None = None
) -> Settings:
    """Read the settings from a file, else from those of an `earlier` command, and `key=value` overrides.

    Raises:
        ConfigError: a key is unknown or a value wrong.
    """
    return load_config(Settings, config, tuple(overrides or ()), earlier)


def make_pool() -> ModelPool:
    """Make the pool of a command's models, the baseline policy among them."""
    return ModelPool({"baseline": lambda _spec, _settings: BaselinePolicy()})


def default_model() -> str:
    """Return the model that is used where none is named: the bundled one where it can run, else the rules."""
    needed = ("torch", "transformers", "numba")  # all together come with `models` and `train` alone
    return "nano" if all(map(find_spec, needed)) else "baseline"


def check_mode(mode: str | None, spec: str, *, heavy: bool = False) -> str | None:
    """Return a mode as given on the command line; None leaves it to the model.

    Args:
        mode: as given.
        spec: of the model.
        heavy: whether several agents side by side are a choice.

    Raises:
        ConfigError: there is no such mode, or it needs a language model.
    """
    known = (*MODES, "heavy") if heavy else MODES
    if mode is not None and mode not in known:
        raise ConfigError(f"mode {mode!r}: unknown; choose one of {', '.join(known)}")
    if spec == "baseline" and mode not in (None, "react", "heavy"):
        raise ConfigError(f"mode {mode!r}: needs a language model; the baseline runs in react and heavy")
    return mode


def runs_side_by_side(model: Model, asked: int | None) -> int:
    """Return how many runs to lead at once: as asked, else as many as a local model decodes together, else 4."""
    return asked or int(getattr(model, "batch_size", 4))


def with_limits(settings: Settings, max_calls: int | None, max_seconds: float | None) -> Settings:
    """Put the commonest limits, which have options of their own, into the budget."""
    given = {"max_calls": max_calls, "max_seconds": max_seconds}
    chosen = {key: value for key, value in given.items() if value is not None}
    return replace(settings, budget=replace(settings.budget, **chosen))  # type: ignore[arg-type]
