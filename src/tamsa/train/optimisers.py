"""Which optimiser moves which weight, and the fp32 masters of weights that compute in bf16."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.distributed.tensor import DTensor, distribute_tensor

from tamsa.errors import ConfigError
from tamsa.models import KimiLinearForCausalLM
from tamsa.models.precision import CAST, resolve_dtype
from tamsa.train.muon import Muon

MIN_MUON_SIDE = 16
"""Matrices with a shorter side go to AdamW: there is little to orthogonalise."""


@dataclass(frozen=True, slots=True)
class OptimiserSettings:
    """How weights are moved."""

    name: Literal["muon", "adamw"] = "muon"
    """muon: matrices inside the layers by Muon, all else by AdamW."""
    lr: float = 4e-3
    """Peak learning rate of both; Muon's update has AdamW's size."""
    embedding_lr: float = 1.0
    """Learning rate of embeddings and the head, relative to `lr`."""
    weight_decay: float = 0.1
    """Of matrices; never of norms, biases, embeddings, A_log and dt_bias."""
    betas: tuple[float, float] = (0.9, 0.95)
    momentum: float = 0.95
    clip: float = 1.0
    """Largest norm of the whole gradient; 0 for no bound."""
    muon_dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the products of the orthogonalisation; auto: bfloat16 where the device has its arithmetic, else float32."""


class Optimisers:
    """The optimisers of a model, seen as one.

    Args:
        model: in fp32; its trainable parameters are moved.
        settings: how.
        dtype: of the computation. Below fp32 the model's weights are converted in place and fp32 masters kept beside
            those that are trained. Of Kimi Linear only matrices are converted; other models are converted whole.

    Raises:
        ConfigError: a value is out of range, or nothing can be trained.
    """

    def __init__(self, model: nn.Module, settings: OptimiserSettings, dtype: torch.dtype = torch.float32) -> None:
        s = settings
        if not (0 < s.lr < math.inf and all(0 <= x < math.inf for x in (s.embedding_lr, s.weight_decay, s.clip))):
            raise ConfigError(
                f"optimiser: lr = {s.lr}, embedding_lr = {s.embedding_lr}, weight_decay = {s.weight_decay}, "
                f"clip = {s.clip}; give lr > 0 and the others >= 0"
            )
        if not all(0 <= x < 1 for x in (*s.betas, s.momentum)):
            raise ConfigError(f"optimiser: betas = {s.betas}, momentum = {s.momentum}; give values in [0, 1)")
        self.settings = settings
        self.params = {name: p for name, p in model.named_parameters() if p.requires_grad}
        if not self.params:
            raise ConfigError("no parameter of the model can be trained")
        lowered = _lowered(model, dtype)
        self.masters = {
            name: nn.Parameter(p.detach().clone()) if id(p) in lowered else p for name, p in self.params.items()
        }
        lower(model, dtype)
        embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
        head = getattr(model, "lm_head", None)
        if isinstance(head, nn.Linear):
            embeddings.add(id(head.weight))
        self.kinds = {name: self._kind(p, id(p) in embeddings) for name, p in self.params.items()}
        self.members = self._build()

    def _kind(self, param: nn.Parameter, embedding: bool) -> str:
        if embedding:
            return "embedding"
        if getattr(param, "_no_weight_decay", False) or param.ndim < 2:
            return "plain"
        if self.settings.name == "muon" and param.ndim in (2, 3) and min(param.shape[-2:]) >= MIN_MUON_SIDE:
            return "muon"
        return "matrix"

    def _build(self) -> list[torch.optim.Optimizer]:
        s = self.settings
        of = {kind: [m for name, m in self.masters.items() if self.kinds[name] == kind] for kind in ROLES}
        groups = [
            {"params": of["matrix"], "weight_decay": s.weight_decay, "peak": s.lr},
            {"params": of["plain"], "weight_decay": 0.0, "peak": s.lr},
            {"params": of["embedding"], "weight_decay": 0.0, "peak": s.lr * s.embedding_lr},
        ]
        members: list[torch.optim.Optimizer] = []
        if groups := [group for group in groups if group["params"]]:
            members.append(torch.optim.AdamW(groups, lr=s.lr, betas=s.betas, foreach=True))
        if of["muon"]:
            members.append(
                Muon(
                    [{"params": of["muon"], "peak": s.lr}],
                    lr=s.lr,
                    momentum=s.momentum,
                    weight_decay=s.weight_decay,
                    dtype=resolve_dtype(s.muon_dtype, of["muon"][0].device),
                )
            )
        return members

    def collect(self) -> None:
        """Add the gradients of the last backward pass to the masters'."""
        for name, param in self.params.items():
            master = self.masters[name]
            if master is param or param.grad is None:
                continue
            if master.grad is None:
                master.grad = param.grad.float()
            else:
                master.grad += param.grad
            param.grad = None

    @torch.no_grad()
    def step(self, scale: float) -> float:
        """Clip, move the weights and forget the gradients.

        Args:
            scale: of the peak learning rates.

        Returns:
            The norm of the gradient before clipping.
        """
        held = [m for m in self.masters.values() if m.grad is not None]
        norm = nn.utils.get_total_norm([m.grad for m in held if m.grad is not None])
        if isinstance(norm, DTensor):
            norm = norm.full_tensor()
        size = float(norm)
        if self.settings.clip and size > self.settings.clip:
            torch._foreach_mul_([m.grad for m in held if m.grad is not None], self.settings.clip / (size + 1e-6))
        for member in self.members:
            for group in member.param_groups:
                group["lr"] = group["peak"] * scale
            member.step()
            member.zero_grad(set_to_none=True)
        lowered = [name for name, param in self.params.items() if self.masters[name] is not param]
        if lowered:
            torch._foreach_copy_([self.params[name] for name in lowered], [self.masters[name] for name in lowered])
        return size

    def drop_gradients(self) -> None:
        """Forget the gradients."""
        for master in self.masters.values():
            master.grad = None

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the fp32 weights by name, whole where they are sharded."""
        return {name: whole(master.detach()) for name, master in self.masters.items()}

    def _named_state(self) -> Iterator[tuple[str, str, torch.Tensor]]:
        names = {id(master): name for name, master in self.masters.items()}
        for member in self.members:
            for param, state in member.state.items():
                for key, value in state.items():
                    yield names[id(param)], key, value

    def state(self) -> dict[str, torch.Tensor]:
        """Return the optimisers' tensors by `parameter/key`, whole where they are sharded."""
        return {f"{name}/{key}": whole(value) for name, key, value in self._named_state()}

    @torch.no_grad()
    def restore(self, weights: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> None:
        """Continue from saved weights and state, sharded as this run's are."""
        for name, master in self.masters.items():
            master.copy_(_sharded(weights[name], master))
            if self.params[name] is not master:
                self.params[name].copy_(master)
        owners = {id(p): member for member in self.members for group in member.param_groups for p in group["params"]}
        for key, value in state.items():
            name, _, field = key.rpartition("/")
            master = self.masters[name]
            kept = value.clone() if value.ndim == 0 else _sharded(value, master)
            owners[id(master)].state[master][field] = kept


def lower(model: nn.Module, dtype: torch.dtype) -> None:
    """Have a model compute in a type; what must stay in fp32 stays."""
    lowered = _lowered(model, dtype)
    for param in model.parameters():
        if id(param) in lowered:
            param.data = param.data.to(dtype)


def _lowered(model: nn.Module, dtype: torch.dtype) -> set[int]:
    """Name the parameters that compute below fp32: norms and gates of Kimi Linear stay as they are."""
    if dtype == torch.float32:
        return set()
    kimi = any(isinstance(module, KimiLinearForCausalLM) for module in model.modules())
    modules = [module for module in model.modules() if not kimi or isinstance(module, CAST)]
    return {id(p) for module in modules for p in module.parameters(recurse=False)}


ROLES = ("muon", "matrix", "plain", "embedding")


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """Gather a sharded tensor; every process must call it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def _sharded(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    if isinstance(like, DTensor):
        return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements, src_data_rank=None)
    return tensor.to(like.device).clone()
