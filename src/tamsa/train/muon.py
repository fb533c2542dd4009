"""Muon: momentum whose every matrix is replaced by its nearest orthogonal one (Jordan et al. 2024; arXiv 2502.16982).

Matrices of one shape are orthogonalised together. The update's size is matched to AdamW's (arXiv 2502.16982, Eq. 4),
so that one learning rate and one weight decay serve both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.distributed.tensor import DTensor, distribute_tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration: steep at zero, values end within about [0.7, 1.2]."""
RMS_OF_ADAMW = 0.2


def orthogonalise(matrices: torch.Tensor, *, steps: int = 5, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Bring the singular values of `[N, rows, columns]` close to one by a Newton–Schulz iteration.

    Args:
        matrices: any finite values; a matrix of zeros stays zero.
        steps: iterations.
        dtype: of the products; the result has it too.
    """
    a, b, c = COEFFICIENTS
    x = matrices.to(dtype)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (torch.linalg.matrix_norm(x.float(), keepdim=True).to(dtype) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Update matrices `[rows, columns]`, or stacks of them `[N, rows, columns]`.

    Args:
        params: matrices; sharded ones are gathered for the iteration.
        lr: learning rate, as for AdamW.
        momentum: in [0, 1), Nesterov.
        weight_decay: decoupled.
        steps: Newton–Schulz iterations.
        dtype: of the iteration's products.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 3e-3,
        momentum: float = 0.95,
        weight_decay: float = 0.1,
        steps: int = 5,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "steps": steps})
        self.dtype = dtype

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every matrix that has a gradient."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            params = [param for param in group["params"] if param.grad is not None]
            if not params:
                continue
            for param in params:
                if "momentum" not in self.state[param]:
                    self.state[param]["momentum"] = torch.zeros_like(param)
            grads = [param.grad for param in params]
            momenta = [self.state[param]["momentum"] for param in params]
            mu = group["momentum"]
            torch._foreach_mul_(momenta, mu)
            torch._foreach_add_(momenta, grads, alpha=1 - mu)
            updates = torch._foreach_mul(grads, 1 - mu)
            torch._foreach_add_(updates, momenta, alpha=mu)
            torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
            by_shape: dict[torch.Size, list[tuple[torch.Tensor, torch.Tensor]]] = {}
            for param, update in zip(params, updates, strict=True):
                by_shape.setdefault(param.shape, []).append((param, _whole(update)))
            for shape, members in by_shape.items():
                whole = torch.stack([update for _, update in members]).view(-1, *shape[-2:])
                whole = orthogonalise(whole, steps=group["steps"], dtype=self.dtype).to(members[0][0].dtype)
                scale = RMS_OF_ADAMW * max(shape[-2:]) ** 0.5
                alike = [param for param, _ in members]
                moves = [_like(part, alike[0]) for part in whole.view(len(members), *shape).unbind()]
                torch._foreach_add_(alike, moves, alpha=-group["lr"] * scale)
        return loss


def _whole(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def _like(tensor: torch.Tensor, param: torch.Tensor) -> torch.Tensor:
    """Shard a whole tensor as a parameter is."""
    if isinstance(param, DTensor):
        return distribute_tensor(tensor, param.device_mesh, param.placements, src_data_rank=None)
    return tensor
