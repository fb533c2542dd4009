"""The stages of training by name. Each is a module with `run`, imported when it is called for: most need torch."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tamsa.errors import ConfigError

STAGES = {
    "tokenizer": "tamsa.train.learn_tokenizer",
    "pretrain": "tamsa.train.pretrain",
    "mid": "tamsa.train.mid",
    "sft": "tamsa.train.sft",
    "rl": "tamsa.train.rl.stage",
    "grow": "tamsa.train.growing",
    "merge": "tamsa.train.merging",
    "heads": "tamsa.train.heads.stage",
}
"""Name of a stage -> its module, which has `run(call)`."""


@dataclass(frozen=True, slots=True)
class Call:
    """How a stage is started."""

    recipe: Path | None
    """TOML file; None for the overrides alone."""
    overrides: tuple[str, ...] = ()
    """`dotted.key=value` in TOML syntax."""
    resume: bool = False
    """Go on from the latest checkpoint of the recipe's `out` folder."""
    on_note: Callable[[str], None] = print
    """Receives a line of progress."""


def run_stage(
    name: str,
    recipe: Path | None,
    overrides: Sequence[str] = (),
    *,
    resume: bool = False,
    on_note: Callable[[str], None] = print,
) -> None:
    """Run a stage of training.

    Raises:
        ConfigError: the stage is unknown, the extra `train` is not installed, or the recipe is wrong.
        InputError: the data cannot be used.
        StorageError: something could not be written; the run can be resumed.
    """
    if name not in STAGES:
        raise ConfigError(f"train {name}: no such stage; known: {', '.join(STAGES)}")
    _wait_quietly()
    try:
        module = importlib.import_module(STAGES[name])
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tamsa"):
            raise
        raise ConfigError(f"train {name}: the package {error.name} is missing; pip install 'tamsa[train]'") from error
    module.run(Call(recipe, tuple(overrides), resume, on_note))


def _wait_quietly() -> None:
    """Let OpenMP's idle threads sleep instead of spin, before torch starts them.

    On two cores that other programs use as well, a spinning barrier made a training step thirty-six times slower than
    a sleeping one (docs/training.md).
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        os.environ.setdefault("GOMP_SPINCOUNT", "0")
