"""The studies by name, each a module with `run`, imported when it is called for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from tamsa.errors import ConfigError

STUDIES = {
    "autodeco": "tamsa.reproduce.autodeco.command",
    "decodings": "tamsa.reproduce.decodings.command",
    "nano": "tamsa.reproduce.nano.command",
}
"""Name of a study -> its module, which has `run(recipe, overrides, on_note)`."""


def run_study(
    name: str, recipe: Path | None, overrides: Sequence[str] = (), on_note: Callable[[str], None] = print
) -> None:
    """Run a study.

    Raises:
        ConfigError: there is none of that name, a package is missing, or the recipe is wrong.
        InputError: its folder cannot be used.
    """
    if name not in STUDIES:
        raise ConfigError(f"reproduce {name}: no such study; known: {', '.join(STUDIES)}")
    try:
        module = importlib.import_module(STUDIES[name])
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tamsa"):
            raise
        raise ConfigError(
            f"reproduce {name}: the package {error.name} is missing; pip install 'tamsa[models]'"
        ) from error
    module.run(recipe, list(overrides), on_note)
