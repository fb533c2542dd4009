"""The stage `sft`: loss on what the model writes in conversations."""

from __future__ import annotations

from dataclasses import dataclass

from tamsa.config import load_config
from tamsa.train.loop import train
from tamsa.train.recipe import TrainRecipe
from tamsa.train.stages import Call


@dataclass(frozen=True, slots=True)
class SftRecipe(TrainRecipe):
    """A `TrainRecipe` whose other tokens do not count unless said; a tiny model still learns from reading them."""

    context_loss_weight: float = 0.0


def run(call: Call) -> None:
    """Fine-tune a model on conversations; texts in the mixture count whole."""
    train("sft", load_config(SftRecipe, call.recipe, call.overrides), resume=call.resume, on_note=call.on_note)
