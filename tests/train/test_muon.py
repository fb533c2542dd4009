"""Muon: orthogonal updates of AdamW's size, one at a time or stacked."""

from __future__ import annotations

import pytest
import torch

from tamsa.train.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(24, 24), (16, 64), (64, 16), (1, 40)])
def test_singular_values_end_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    u, values, v = torch.linalg.svd(torch.randn(3, *shape), full_matrices=False)
    matrices = u @ torch.diag_embed(values.clamp_min(0.02 * values.max())) @ v  # smaller ones need more iterations
    values = torch.linalg.svdvals(orthogonalise(matrices))
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_directions_are_those_of_the_polar_factor() -> None:
    torch.manual_seed(1)
    matrix = torch.randn(1, 20, 30, dtype=torch.float64)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    found = orthogonalise(matrix, dtype=torch.float64)
    inner = u.mT @ found @ v.mT
    off = inner - torch.diag_embed(torch.diagonal(inner, dim1=-2, dim2=-1))
    assert off.abs().max() < 1e-10  # singular vectors are kept exactly, only values move


def test_zero_gradient_moves_nothing_but_decay() -> None:
    p = torch.nn.Parameter(torch.ones(16, 16))
    p.grad = torch.zeros_like(p)
    Muon([p], lr=0.1, weight_decay=0.5).step()
    assert torch.allclose(p, torch.full_like(p, 0.95))


def test_stacked_equals_one_by_one() -> None:
    torch.manual_seed(2)
    start, grads = torch.randn(4, 16, 32), torch.randn(3, 4, 16, 32)
    together = torch.nn.Parameter(start.clone())
    single = [torch.nn.Parameter(matrix.clone()) for matrix in start]
    first, second = Muon([together]), Muon(single)
    for grad in grads:
        together.grad = grad.clone()
        for p, part in zip(single, grad, strict=True):
            p.grad = part.clone()
        first.step()
        second.step()
    assert torch.allclose(together, torch.stack(list(single)), atol=1e-6)


def test_update_has_the_size_of_adamw() -> None:
    torch.manual_seed(3)
    p = torch.nn.Parameter(torch.zeros(128, 512))
    p.grad = torch.randn_like(p)
    Muon([p], lr=1.0, weight_decay=0.0).step()
    assert float(p.detach().square().mean().sqrt()) == pytest.approx(0.2, rel=0.2)


def test_finds_a_linear_map() -> None:
    torch.manual_seed(4)
    target, x = torch.randn(16, 24), torch.randn(256, 24)
    weight = torch.nn.Parameter(torch.zeros(16, 24))
    optimiser = Muon([weight], lr=0.3, weight_decay=0.0)
    for step in range(300):
        optimiser.param_groups[0]["lr"] = 0.3 * (1 - step / 300)
        optimiser.zero_grad()
        loss = (x @ (weight - target).T).square().mean()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 1e-2
