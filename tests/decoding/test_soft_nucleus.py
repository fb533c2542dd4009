"""Soft top-p: gradients, invariances, limits, ties, forbidden tokens, and the fault it must not have."""

from __future__ import annotations

import math

import pytest
import torch

from tamsa.decoding import soft_top_p
from tamsa.errors import InputError
from tamsa.kernels import sampling

INF = float("inf")


def logits(seed: int = 0, N: int = 3, V: int = 17) -> torch.Tensor:
    return torch.randn(N, V, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2


def by_definition(x: torch.Tensor, P: torch.Tensor, alpha: float, exclusive: bool) -> torch.Tensor:
    """Token by token, O(V^2), without a sort."""
    p = torch.softmax(x, -1)
    ids = torch.arange(x.shape[-1])
    ahead = (x[:, None, :] > x[:, :, None]) | ((x[:, None, :] == x[:, :, None]) & (ids[None, :] < ids[:, None]))
    mass = (p[:, None, :] * ahead).sum(-1)
    if not exclusive:
        mass = mass + p
    q = p * torch.exp(-alpha * torch.relu(mass - P[:, None]))
    return q / q.sum(-1, keepdim=True)


@pytest.mark.parametrize("exclusive", [True, False])
def test_equals_the_definition(exclusive):
    x = logits()
    x[0] = (x[0] * 2).round() / 2  # ties
    P = torch.tensor([0.3, 0.7, 0.95], dtype=torch.float64)
    torch.testing.assert_close(
        soft_top_p(x, P, exclusive=exclusive).exp(), by_definition(x, P, 30.0, exclusive), rtol=1e-10, atol=1e-14
    )


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("alpha", [1.0, 30.0])
def test_gradients_in_fp64(exclusive, alpha):
    x = logits(1).requires_grad_()
    P = torch.tensor([0.31, 0.63, 0.9], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: soft_top_p(a, b, alpha, exclusive), (x, P))


def test_is_a_distribution():
    x = logits(2, 8, 300).float()
    for P in (1e-6, 0.2, 0.9, 1 - 1e-6):
        torch.testing.assert_close(soft_top_p(x, P).logsumexp(-1), torch.zeros(8), atol=1e-5, rtol=0)


def test_ignores_a_shift_and_follows_a_permutation():
    x, P = logits(3), torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    q = soft_top_p(x, P)
    torch.testing.assert_close(soft_top_p(x + 123.0, P), q)
    order = torch.randperm(17, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(soft_top_p(x[:, order], P), q[:, order])


def test_limits_of_top_p():
    x = logits(4)
    torch.testing.assert_close(soft_top_p(x, 1.0), torch.log_softmax(x, -1))
    first = soft_top_p(x, 0.0, alpha=1e6).exp()
    torch.testing.assert_close(first, torch.nn.functional.one_hot(x.argmax(-1), 17).double())


def test_a_steep_cut_is_the_hard_cut():
    """The exclusive sum leaves every token that inference keeps undamped; the inclusive one damps the last of them."""
    x = logits(5, 6, 60)
    P = torch.linspace(0.1, 0.9, 6, dtype=torch.float64)
    kept = sampling.kept(x.float(), sampling.nucleus(x.float(), 1.0, P.float()))
    hard = torch.softmax(x.masked_fill(~kept, -INF), -1)
    torch.testing.assert_close(soft_top_p(x, P, alpha=1e7).exp(), hard, rtol=1e-6, atol=1e-9)
    assert (soft_top_p(x, P, alpha=1e7, exclusive=False).exp() - hard).abs().max() > 0.01


def test_a_sure_token_costs_nothing_at_small_top_p():
    """An epsilon of 1e-9 in the normaliser and the log makes this loss 7.49."""
    rest = math.log(0.01 / 99 / 0.99)
    x = torch.full((1, 100), rest, dtype=torch.float64)
    x[0, 0] = 0.0
    assert -float(soft_top_p(x, 0.05, exclusive=False)[0, 0]) == pytest.approx(0.009, abs=0.001)
    assert -float(soft_top_p(x, 0.05)[0, 0]) < 1e-6


def test_forbidden_tokens_stay_forbidden_and_give_no_nan():
    x = logits(6).masked_fill(torch.arange(17) % 3 == 0, -INF).requires_grad_()
    P = torch.full((3,), 0.6, dtype=torch.float64, requires_grad=True)
    q = soft_top_p(x, P)
    assert torch.equal(torch.isneginf(q), torch.isneginf(x))
    q[:, 1].sum().backward()
    assert torch.isfinite(x.grad).all() and torch.isfinite(P.grad).all()
    open_ids = torch.isfinite(x[0])
    torch.testing.assert_close(soft_top_p(x[:, open_ids], P), q[:, open_ids])


def test_half_precision_is_computed_in_fp32():
    x = logits(7).to(torch.bfloat16)
    assert soft_top_p(x, 0.5).dtype == torch.float32
    torch.testing.assert_close(soft_top_p(x, 0.5), soft_top_p(x.float(), 0.5))


@pytest.mark.parametrize(
    ("x", "P", "alpha", "words"),
    [
        (torch.zeros(2, 3), 1.5, 30.0, "outside"),
        (torch.zeros(2, 3), torch.tensor([0.5, float("nan")]), 30.0, "NaN"),
        (torch.zeros(2, 3), torch.ones(3), 30.0, r"expected \[2\]"),
        (torch.zeros(2, 3), 0.5, 0.0, "alpha"),
        (torch.full((2, 3), -INF), 0.5, 30.0, "no finite entry"),
        (torch.full((2, 3), float("nan")), 0.5, 30.0, "NaN"),
        (torch.zeros(2, 0), 0.5, 30.0, "V >= 1"),
    ],
)
def test_bad_input_is_named(x, P, alpha, words):
    with pytest.raises(InputError, match=words):
        soft_top_p(x, P, alpha)
