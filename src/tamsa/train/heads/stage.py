"""`tamsa train heads`: the stage as the command line starts it."""

from __future__ import annotations

from tamsa.config import load_config
from tamsa.train.heads.recipe import HeadsRecipe
from tamsa.train.heads.run import train_heads
from tamsa.train.stages import Call


def run(call: Call) -> None:
    """Train heads as the recipe says; a run that was killed goes on, asked to or not.

    Raises:
        ConfigError: the recipe is wrong.
        InputError: model, data or heads cannot be used.
    """
    recipe = load_config(HeadsRecipe, call.recipe, call.overrides)

    def on_step(done: int, total: int, measured: dict[str, float]) -> None:
        shown = " ".join(f"{name} {value:.4g}" for name, value in measured.items())
        call.on_note(f"{done}/{total} {shown}")

    finished = train_heads(recipe, on_step)
    for name, value in finished.summary.items():
        call.on_note(f"{name}: {value}")
    call.on_note(f"heads: {finished.heads}")
