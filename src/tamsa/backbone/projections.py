"""Several linear layers of one input as one matrix product."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tamsa.kernels import few_rows


def is_plain(layer: nn.Module) -> bool:
    """True for an unaltered `nn.Linear` without bias: no adapter, hook, quantised or sharded weight."""
    plain: Any = layer
    return (
        type(layer) is nn.Linear
        and plain.bias is None
        and not plain._forward_hooks
        and not plain._forward_pre_hooks
        and type(plain.weight) is nn.Parameter
    )


ALIGNMENT = 32
"""Outputs are padded to a multiple: matrix products with odd row lengths run a third slower."""


def product(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return `x weight^T` for `[..., inputs]` and `[outputs, inputs]`."""
    return few_rows.product(x, weight) if few_rows.fits(x, weight) else F.linear(x, weight)


def linear(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Apply a linear layer, the fast way for a few rows where it is an ordinary one."""
    weight: Any = layer.weight
    return few_rows.product(x, weight) if few_rows.fits(x, weight) and is_plain(layer) else layer(x)


def matrix_of(layer: nn.Module, like: torch.Tensor) -> torch.Tensor:
    """Return what a linear layer without bias multiplies by, `[outputs, inputs]`, adapters and hooks included.

    Args:
        layer: its own weight, where it is an ordinary one; else what it makes of the identity.
        like: has the device and type of its input.
    """
    weight: Any = layer.weight
    if is_plain(layer):
        return weight
    identity = torch.eye(weight.shape[1], dtype=like.dtype, device=like.device)
    found: torch.Tensor = layer(identity)
    return found.t().contiguous()


class OutputLayer(nn.Linear):
    """A linear layer without bias that takes the fast way for a few rows, hooks or not."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map `[..., inputs]` to `[..., outputs]`."""
        return product(x, self.weight)


class Projections:
    """Apply linear layers to the same input together.

    The layers stay ordinary modules under their own names, so that checkpoints, adapters and optimisers see
    nothing unusual. In training their weights are concatenated on the fly. In inference the weights are moved
    once into one block of memory of which each layer's weight is a view; anything that replaces a weight is noticed.
    """

    def __init__(self, *layers: nn.Linear) -> None:
        self.layers = layers
        self.sizes = [layer.out_features for layer in layers]
        self.padding = -sum(self.sizes) % ALIGNMENT
        self._block: torch.Tensor | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> Projections:
        return Projections(*(memo[id(layer)] for layer in self.layers))  # type: ignore[arg-type]

    def block(self) -> torch.Tensor | None:
        """Return the weights `[padded outputs, inputs]` as one block that the layers' weights are views of."""
        weights = [layer.weight for layer in self.layers]
        block = self._block
        if block is not None:
            pointer, step = block.data_ptr(), block.stride(0) * block.element_size()
            for weight, size in zip(weights, self.sizes, strict=True):
                if weight.data_ptr() != pointer:
                    break
                pointer += size * step
            else:
                return block
        first = weights[0]
        if any(w.device != first.device or w.dtype != first.dtype for w in weights) or first.device.type == "meta":
            return None
        with torch.inference_mode(False), torch.no_grad():
            self._block = self._joined()
            for weight, part in zip(weights, self._block[: sum(self.sizes)].split(self.sizes), strict=True):
                weight.data = part
        return self._block

    def _joined(self) -> torch.Tensor:
        weights = [layer.weight for layer in self.layers]
        if self.padding:
            return torch.cat([*weights, weights[0].new_zeros(self.padding, weights[0].shape[1])])
        return torch.cat(weights)

    def __call__(self, x: torch.Tensor, joined: int = 1) -> tuple[torch.Tensor, ...]:
        """Return each layer's output for `x` `[..., inputs]`; those of the first `joined` layers as one tensor."""
        plain = all(is_plain(layer) for layer in self.layers)
        weight: torch.Tensor | None = None
        if plain:
            weight = self._joined() if torch.is_grad_enabled() else self.block()
        if weight is None:
            outputs = [layer(x) for layer in self.layers]
            first = outputs[0] if joined == 1 else torch.cat(outputs[:joined], -1)
            return first, *outputs[joined:]
        y = product(x, weight)
        if joined == len(self.sizes) and not self.padding:
            return (y,)
        sizes = [sum(self.sizes[:joined]), *self.sizes[joined:], self.padding]
        return y.split(sizes, -1)[:-1]
