"""The policy: the model in training with its tokenizer and heads, in the learner's process and in every worker's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.llm.local.folder import HEADS
from tamsa.train.building import build_tokenizer, load_model
from tamsa.train.rl.recipe import RlRecipe


class Policy:
    """What draws and what learns.

    Args:
        recipe: names the model to begin from, and what is moved.
        device: where it computes.

    Raises:
        InputError: there is no such model, or its heads do not fit.
    """

    def __init__(self, recipe: RlRecipe, device: torch.device) -> None:
        self.tokenizer = build_tokenizer(None, recipe.init)
        self.model = load_model(recipe.init, self.tokenizer).to(device)
        self.with_heads: Any = None
        """The model with its AutoDeco heads, where they draw or learn."""
        self._learns_heads = recipe.learn == "heads"
        folder = recipe.init / HEADS
        if self._learns_heads and not folder.is_dir():
            self.with_heads = AutoDecoForCausalLM.from_base(self.model)
        elif self._learns_heads or recipe.rollouts.heads:
            self.with_heads = AutoDecoForCausalLM.from_pretrained(folder, base=self.model)
        if self._learns_heads:
            self.with_heads.freeze_base()
            self.model.to(getattr(torch, recipe.precision))

    @property
    def learning(self) -> nn.Module:
        """What is moved: the model, or its heads."""
        module: nn.Module = self.with_heads.decoding_heads if self._learns_heads else self.model
        return module

    def weights(self) -> dict[str, Tensor]:
        """Return what is moved by parameter name, in the precision that it computes in, on the CPU."""
        return {name: param.detach().cpu() for name, param in self.learning.named_parameters()}

    @torch.no_grad()
    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Become what `weights` of another process says."""
        for name, param in self.learning.named_parameters():
            param.data = weights[name].to(param.device, copy=True)

    def save(self, folder: Path) -> None:
        """Write the model, as transformers reads it, with its tokenizer, and its heads in a folder of their own."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        if self.with_heads is not None:
            self.with_heads.save_pretrained(folder / HEADS, dtype=torch.float32)


def device_of(name: str) -> torch.device:
    """Return the device that a recipe names: `auto` is the GPU, where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
