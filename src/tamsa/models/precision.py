"""Training in bf16 with fp32 masters: matrix products at bf16 speed, updates without its rounding."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from tamsa.backbone.moe import Experts
from tamsa.errors import InputError

CAST = (nn.Linear, nn.Embedding, Experts)
"""Modules whose weights feed matrix products; all other parameters (norms, gates, convolutions, routers) stay fp32."""


def computes_bf16(device: torch.device) -> bool:
    """Tell whether a device has bf16 arithmetic; a processor without it multiplies bf16 matrices many times slower
    than fp32 ones (24 times on one with AVX2 alone).
    """
    if device.type != "cpu":
        return True
    if platform.machine() in ("x86_64", "AMD64"):
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def resolve_dtype(name: str, device: torch.device) -> torch.dtype:
    """Return the type that a name means; `auto` is bf16 where the device has its arithmetic, else fp32."""
    if name == "auto":
        name = "bfloat16" if computes_bf16(device) else "float32"
    dtype: torch.dtype = getattr(torch, name)
    return dtype


class MasterWeights:
    """Hold fp32 masters beside a model whose matrices are bf16.

    A bf16 weight has 8 bits of precision: updates below 1/256 of a weight would be lost. The optimiser therefore owns
    fp32 masters, and the model computes with their rounded copies. Parameters that are no matrices of products
    (`A_log`, `dt_bias`, norms, convolutions, routers) stay fp32 in the model and are their own masters.

        masters = MasterWeights(model)
        optimiser = torch.optim.AdamW(masters.groups(weight_decay=0.1), lr=1e-3)
        for batch in batches:
            model(**batch, skip_logits=True).loss.backward()
            masters.collect()                       # after every backward, also of micro-batches
            optimiser.step(); optimiser.zero_grad()
            masters.publish()

    On several processes use FSDP2's own `MixedPrecisionPolicy(param_dtype=torch.bfloat16)` instead.

    Args:
        model: in fp32; its matrices are converted in place.
        dtype: of the matrices.

    Raises:
        InputError: the model is not fp32.
    """

    def __init__(self, model: nn.Module, dtype: torch.dtype = torch.bfloat16) -> None:
        cast = {id(p) for module in model.modules() if isinstance(module, CAST) for p in module.parameters(False)}
        self._pairs: dict[str, tuple[nn.Parameter, nn.Parameter]] = {}
        for name, parameter in model.named_parameters():
            if parameter.dtype != torch.float32:
                raise InputError(f"MasterWeights: {name} is {parameter.dtype}; give the model in float32")
        for name, parameter in model.named_parameters():
            master = parameter
            if id(parameter) in cast and dtype != torch.float32:
                master = nn.Parameter(parameter.detach().clone(), requires_grad=parameter.requires_grad)
                parameter.data = parameter.data.to(dtype)
                parameter.grad = None
            self._pairs[name] = master, parameter

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield the model's names with the fp32 parameters that an optimiser should own; tied ones once."""
        for name, (master, _) in self._pairs.items():
            yield name, master

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield the fp32 parameters, for example to clip their gradients."""
        for master, _ in self._pairs.values():
            yield master

    def groups(self, *, weight_decay: float) -> list[dict[str, Any]]:
        """Return parameter groups for an optimiser: matrices decay; vectors, convolutions and gates do not."""
        decay = [m for m, p in self._pairs.values() if m is not p]
        rest = [m for m, p in self._pairs.values() if m is p]
        return [{"params": decay, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]

    @torch.no_grad()
    def collect(self) -> None:
        """Add the model's gradients to the masters' in fp32 and clear the model's."""
        for master, parameter in self._pairs.values():
            if master is parameter or parameter.grad is None:
                continue
            if master.grad is None:
                master.grad = parameter.grad.to(master.dtype)
            else:
                master.grad.add_(parameter.grad)
            parameter.grad = None

    @torch.no_grad()
    def publish(self) -> None:
        """Copy the masters to the model, rounded to nearest."""
        for master, parameter in self._pairs.values():
            if master is not parameter:
                parameter.copy_(master)

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return the fp32 weights under the model's names: what a checkpoint of training should hold."""
        return {name: master.detach() for name, (master, _) in self._pairs.items()}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Take fp32 weights and publish them.

        Raises:
            InputError: names or shapes differ.
        """
        missing, unknown = self._pairs.keys() - state.keys(), state.keys() - self._pairs.keys()
        if missing or unknown:
            raise InputError(f"MasterWeights: missing {sorted(missing)[:5]}, unknown {sorted(unknown)[:5]}")
        for name, (master, _) in self._pairs.items():
            if state[name].shape != master.shape:
                raise InputError(f"MasterWeights: {name} is {list(state[name].shape)}, expected {list(master.shape)}")
            master.copy_(state[name])
        self.publish()
