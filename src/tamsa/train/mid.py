"""The stage `mid`: next-token loss over a mixture."""

from __future__ import annotations

from tamsa.config import load_config
from tamsa.train.loop import train
from tamsa.train.recipe import TrainRecipe
from tamsa.train.stages import Call


def run(call: Call) -> None:
    """Train a model on every token of texts and conversations; see `TrainRecipe`."""
    train("mid", load_config(TrainRecipe, call.recipe, call.overrides), resume=call.resume, on_note=call.on_note)
