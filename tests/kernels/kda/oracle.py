"""Inputs in four gate regimes, and an oracle written apart from the package: the recurrence of Eq. 1 in fp64."""

from __future__ import annotations

import torch
from torch import Tensor

REGIMES = ("mild", "lower_bound", "A16", "resets")


def make_gates(regime: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    z = torch.randn(shape, dtype=torch.float64, generator=generator)
    if regime == "mild":
        return -0.1 * torch.nn.functional.softplus(z)
    if regime == "lower_bound":
        return -5.0 * torch.sigmoid(3.0 * z)
    if regime == "A16":
        return -16.0 * torch.nn.functional.softplus(z)
    if regime == "resets":
        reset = torch.rand(shape, dtype=torch.float64, generator=generator) < 0.1
        return torch.where(reset, -1000.0, -0.1 * torch.nn.functional.softplus(z))
    raise ValueError(regime)


def make_inputs(
    B: int, T: int, H: int, K: int, V: int, regime: str = "mild", dtype: torch.dtype = torch.float32, seed: int = 0
) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=torch.float64, generator=generator)

    q, k = (torch.nn.functional.normalize(normal(B, T, H, K), dim=-1) for _ in range(2))
    inputs = {
        "q": q,
        "k": k,
        "v": normal(B, T, H, V),
        "g": make_gates(regime, (B, T, H, K), generator),
        "beta": torch.sigmoid(normal(B, T, H)),
    }
    return {name: x.to(dtype) for name, x in inputs.items()}


def make_state(N: int, H: int, K: int, V: int, dtype: torch.dtype = torch.float32, seed: int = 1) -> Tensor:
    return torch.randn(N, H, K, V, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(dtype)


def recurrence(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, beta: Tensor, state: Tensor | None = None, scale: float | None = None
) -> tuple[Tensor, Tensor]:
    """Eq. 1 as matrices, one sequence and one head at a time: S <- (I - beta k k^T) Diag(e^g) S + beta k v^T."""
    q, k, v, g, beta = (x.double() for x in (q, k, v, g, beta))
    B, T, H, K = q.shape
    V = v.shape[-1]
    scale = K**-0.5 if scale is None else scale
    heads, states = [], []
    for b in range(B):
        for h in range(H):
            S = torch.zeros(K, V, dtype=torch.float64) if state is None else state[b, h].double()
            rows = []
            for t in range(T):
                key, value = k[b, t, h][:, None], v[b, t, h][None, :]
                turn = torch.eye(K, dtype=torch.float64) - beta[b, t, h] * (key @ key.T)
                S = turn @ (torch.diag(g[b, t, h].exp()) @ S) + beta[b, t, h] * (key @ value)
                rows.append(S.T @ (scale * q[b, t, h]))
            heads.append(torch.stack(rows))
            states.append(S)
    return torch.stack(heads).view(B, H, T, V).transpose(1, 2), torch.stack(states).view(B, H, K, V)


def relative(x: Tensor, reference: Tensor) -> float:
    """Relative RMS error."""
    return float((x.double() - reference.double()).norm() / reference.double().norm())


def named(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Inputs as leaves that want gradients."""
    return {name: x.detach().clone().requires_grad_() for name, x in inputs.items()}
