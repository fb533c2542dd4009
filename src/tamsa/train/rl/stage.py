"""The stage `rl`, as the command line starts it."""

from __future__ import annotations

from tamsa.config import load_config
from tamsa.train.rl.recipe import RlRecipe
from tamsa.train.rl.trainer import RlTrainer
from tamsa.train.stages import Call


def run(call: Call) -> None:
    """Train a model by reinforcement learning in environments of documents and prompts."""
    recipe = load_config(RlRecipe, call.recipe, call.overrides)
    RlTrainer(recipe, resume=call.resume, on_note=call.on_note).run()
