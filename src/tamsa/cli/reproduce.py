"""`tamsa reproduce`: the studies behind what the documentation claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tamsa.reproduce.studies import STUDIES, run_study

EPILOGS = {"reproduce": "Example: tamsa reproduce autodeco recipes/autodeco.toml"}


def reproduce_command(
    name: Annotated[str, typer.Argument(help=f"Which: {', '.join(STUDIES)}.")],
    recipe: Annotated[Path | None, typer.Argument(help="TOML file; see recipes/.")] = None,
    overrides: Annotated[list[str] | None, typer.Argument(help="key=value in TOML syntax.")] = None,
) -> None:
    """Run a study, or what is left of it, and write its tables and plots."""
    given = list(overrides or ())
    if recipe is not None and "=" in recipe.name and not recipe.exists():
        recipe, given = None, [str(recipe), *given]
    run_study(name, recipe, given, on_note=typer.echo)
