"""bf16 attention in blocks equals attention in fp64 up to bf16 rounding, and hides the future exactly."""

import pytest
import torch
from torch.nn import functional as F

from tamsa.kernels import block_attention
from tamsa.kernels.latent_attention import attend_block, causal_attention

d, e = 24, 16


def inputs(B, H, T, L=None):
    torch.manual_seed(0)
    sizes = ((T, d), (L or T, d), (L or T, e))
    return [torch.randn(B, n, H, width).bfloat16().transpose(1, 2) * 2 for n, width in sizes]


@pytest.mark.parametrize(
    "shape",
    [(2, 3, 32), (1, 2, 63), (1, 2, 64), (2, 1, 65), (1, 3, 300), (2, 2, 33, 34), (1, 2, 64, 128), (1, 2, 200, 333)],
)
def test_causal_attention_and_its_gradients(shape):
    q, k, v = inputs(*shape)
    assert block_attention.takes(q, k, v)
    slope = torch.randn(shape[0], shape[1], shape[2], e, dtype=torch.float64)
    results = []
    for dtype in (torch.bfloat16, torch.float64):
        leaves = [x.detach().clone().to(dtype).requires_grad_() for x in (q, k, v)]
        if dtype == torch.bfloat16:
            out = causal_attention(*leaves, 0.2)
        else:
            visible = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).tril(k.shape[2] - q.shape[2])
            out = F.scaled_dot_product_attention(*leaves, visible, scale=0.2)
        (out.double() * slope).sum().backward()
        results.append([out.detach().double(), *(x.grad.double() for x in leaves)])
    for ours, exact in zip(*results, strict=True):
        assert (ours - exact).norm() <= 0.02 * exact.norm()


@pytest.mark.parametrize("lengths", [(40, 40, True), (40, 200, False), (130, 17, False)])
def test_blocks_return_log_sum_exps(lengths):
    T, L, causal = lengths
    q, k, v = inputs(2, 2, T, L)
    out, lse = attend_block(q, k, v, 0.2, causal)
    scores = q.double() @ k.double().transpose(-1, -2) * 0.2
    if causal:
        scores = scores.masked_fill(torch.ones(T, L, dtype=torch.bool).triu(1), float("-inf"))
    assert (lse - scores.logsumexp(-1)).abs().max() < 0.06  # half a step of bf16 at the largest scores is 0.03
    exact = scores.softmax(-1) @ v.double()
    assert (out - exact).norm() <= 0.01 * exact.norm()


@pytest.mark.parametrize("t", [1, 31, 128, 190])
def test_the_future_changes_nothing_before_it(t):
    q, k, v = inputs(2, 2, 200)
    before = causal_attention(q, k, v, 0.2)
    for x in (q, k, v):
        x[:, :, t:] = torch.randn_like(x[:, :, t:]) * 30
    assert torch.equal(causal_attention(q, k, v, 0.2)[:, :, :t], before[:, :, :t])


def test_huge_scores_leave_no_nan():
    q, k, v = (x * 1e4 for x in inputs(1, 1, 70))
    leaves = [x.clone().requires_grad_() for x in (q, k, v)]
    out = causal_attention(*leaves, 1.0)
    out.float().sum().backward()
    assert torch.isfinite(out).all()
    assert all(torch.isfinite(x.grad).all() for x in leaves)


def test_groups_of_heads_change_no_number(monkeypatch):
    q, k, v = inputs(2, 3, 150)
    whole = causal_attention(q, k, v, 0.2)
    monkeypatch.setattr(block_attention, "SCORES", 1)
    assert torch.equal(causal_attention(q, k, v, 0.2), whole)


def test_lengths_leave_few_sizes_of_products():
    sizes = set()
    for T in range(32, 4097):
        q = block_attention._flat(torch.empty(1, 6, T, 1))
        for past in (0, T // 2):
            k = block_attention._flat(torch.empty(1, 6, past + T, 1))
            for heads, queries, end in block_attention._blocks(q, k.shape[1], past):
                sizes.add((heads.stop - heads.start, queries.stop - queries.start, end))
    assert len(sizes) < 250
