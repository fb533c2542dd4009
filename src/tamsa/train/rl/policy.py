"""The policy: the model in training with its tokenizer and heads, in the learner's process and in every worker's."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.llm.local.folder import HEADS
from tamsa.train.building import build_tokenizer, load_model, with_adapters
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
        self.whole = self.model
        """The model as peft wraps it, where adapters learn; else the model."""
        if recipe.lora is not None:
            self.whole = with_adapters(self.model, recipe.lora)  # they stand in the model's own layers
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
        """What is moved: the model or its adapters, or its heads."""
        module: nn.Module = self.with_heads.decoding_heads if self._learns_heads else self.whole
        return module

    def _moved(self) -> Iterator[tuple[str, nn.Parameter]]:
        return ((name, param) for name, param in self.learning.named_parameters() if param.requires_grad)

    def weights(self) -> dict[str, Tensor]:
        """Return what is moved by parameter name, in the precision that it computes in, on the CPU."""
        return {name: param.detach().cpu() for name, param in self._moved()}

    @torch.no_grad()
    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Become what `weights` of another process says."""
        for name, param in self._moved():
            param.data = weights[name].to(param.device, copy=True)

    def save(self, folder: Path) -> None:
        """Write the model, as transformers reads it, with its tokenizer, and its heads in a folder of their own."""
        self.save_model(folder)
        self.tokenizer.save_pretrained(folder)
        if self.with_heads is not None:
            self.with_heads.save_pretrained(folder / HEADS, dtype=torch.float32)

    def save_model(self, folder: Path) -> None:
        """Write the model, its adapters merged."""
        model = self.model if self.whole is self.model else copy.deepcopy(self.whole).merge_and_unload()
        model.save_pretrained(folder)
