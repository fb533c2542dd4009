"""Absorbed attention equals softmax attention over the latents in fp64, whatever lies beyond a row's length."""

import pytest
import torch

from tamsa.kernels import absorbed
from tamsa.kernels.latent_attention import latent_attention

R, P, d, e = 48, 16, 24, 20
SCALE = 0.2


def inputs(B, T, H, L, dtype):
    torch.manual_seed(L)
    q = torch.randn(B, T, H, d + P).to(dtype)
    up = (torch.randn(H, d + e, R) / 4).to(dtype)
    memory = torch.full((B, L + 40, R + P), float("nan"), dtype=dtype)
    memory[:, :L] = torch.randn(B, L, R + P).to(dtype)
    return q, memory, up


def exact(q, latents, lengths, up):
    """Expand every latent to keys and values and attend to these."""
    q, latents, up = q.double(), latents.double(), up.double()
    B, T, H, _ = q.shape
    out = torch.empty(B, T, H, e, dtype=torch.float64)
    for b in range(B):
        for t in range(T):
            seen = latents[b, : lengths[b] - (T - 1 - t)]
            for h in range(H):
                keys = torch.cat([seen[:, :R] @ up[h, :d].T, seen[:, R:]], -1)
                out[b, t, h] = (keys @ q[b, t, h] * SCALE).softmax(-1) @ (seen[:, :R] @ up[h, d:].T)
    return out


@pytest.mark.parametrize("near", [1 << 20, 0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "shape", [(1, 1, 6, 1), (1, 1, 6, 16), (3, 1, 6, 33), (2, 4, 5, 50), (1, 16, 8, 300), (1, 1, 2, 2049)]
)
def test_rows_of_one_length(shape, dtype, near, monkeypatch):
    monkeypatch.setattr(absorbed, "NEAR", near)
    q, memory, up = inputs(*shape, dtype)
    B, _, _, L = shape
    latents = memory[:, :L]
    assert absorbed.takes(q, latents, up)
    out = latent_attention(q, latents, None, up, SCALE)
    assert out.dtype == dtype
    wanted = exact(q, latents, [L] * B, up)
    assert (out.double() - wanted).norm() <= (1e-6 if dtype == torch.float32 else 2e-2) * wanted.norm()


@pytest.mark.parametrize("T", [1, 3])
def test_rows_of_different_length(T):
    q, memory, up = inputs(4, T, 3, 70, torch.float32)
    lengths = torch.tensor([T, 17, 48, 70])
    for b, length in enumerate(lengths.tolist()):
        memory[b, length:] = float("nan")
    out = latent_attention(q, memory[:, :70], lengths, up, SCALE)
    wanted = exact(q, memory, lengths.tolist(), up)
    assert (out.double() - wanted).norm() <= 1e-6 * wanted.norm()


def test_threads_change_nothing():
    q, memory, up = inputs(2, 2, 40, 900, torch.float32)
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(latent_attention(q, memory[:, :900], None, up, SCALE))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])


def test_scores_far_apart_leave_no_nan():
    q, memory, up = inputs(1, 1, 2, 100, torch.float32)
    out = latent_attention(q * 1e4, memory[:, :100], None, up, SCALE)
    wanted = exact(q * 1e4, memory, [100], up)
    assert torch.isfinite(out).all() and (out.double() - wanted).norm() <= 1e-4 * wanted.norm()


@pytest.mark.parametrize("change", ["width", "dtype", "gradient"])
def test_what_it_does_not_take_goes_the_other_way_and_comes_to_the_same(change):
    q, memory, up = inputs(1, 2, 2, 20, torch.float32)
    latents = memory[:, :20]
    wanted = exact(q, latents, [20], up)
    if change == "width":
        q, latents = torch.cat([q, q[..., :1] * 0], -1), torch.cat([latents, latents[..., :1]], -1)
    elif change == "dtype":
        q, latents, up = q.double(), latents.double(), up.double()
    else:
        q.requires_grad_()
    assert not absorbed.takes(q, latents, up)
    out = latent_attention(q, latents, None, up, SCALE)
    assert (out.double() - wanted).norm() <= 1e-6 * wanted.norm()
