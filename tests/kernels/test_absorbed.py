"""Absorbed attention equals softmax attention over the latents in fp64, whatever lies beyond a row's length."""

import pytest
import torch

from tamsa.kernels import absorbed
from tamsa.kernels.latent_attention import latent_attention

R, P = 48, 16


def inputs(B, T, H, L, dtype):
    torch.manual_seed(L)
    q = torch.randn(B, T, H, R + P).to(dtype)
    memory = torch.full((B, L + 40, R + P), float("nan"), dtype=dtype)
    memory[:, :L] = torch.randn(B, L, R + P).to(dtype)
    return q, memory


def exact(q, latents, lengths):
    q, latents = q.double(), latents.double()
    B, T, H, _ = q.shape
    out = torch.empty(B, T, H, R, dtype=torch.float64)
    for b in range(B):
        for t in range(T):
            seen = latents[b, : lengths[b] - (T - 1 - t)]
            out[b, t] = (q[b, t] @ seen.T).softmax(-1) @ seen[:, :R]
    return out


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "shape", [(1, 1, 6, 1), (1, 1, 6, 16), (3, 1, 6, 33), (2, 4, 5, 50), (1, 16, 8, 300), (1, 1, 2, 2049)]
)
def test_rows_of_one_length(shape, dtype):
    q, memory = inputs(*shape, dtype)
    B, _, _, L = shape
    latents = memory[:, :L]
    assert absorbed.takes(q, latents, R)
    out = latent_attention(q, latents, None, R, shape[1])
    assert out.dtype == dtype
    wanted = exact(q, latents, [L] * B)
    assert (out.double() - wanted).norm() <= (1e-6 if dtype == torch.float32 else 4e-3) * wanted.norm()


@pytest.mark.parametrize("T", [1, 3])
def test_rows_of_different_length(T):
    q, memory = inputs(4, T, 3, 70, torch.float32)
    lengths = torch.tensor([T, 17, 48, 70])
    for b, length in enumerate(lengths.tolist()):
        memory[b, length:] = float("nan")
    out = latent_attention(q, memory[:, :70], lengths, R, T)
    wanted = exact(q, memory, lengths.tolist())
    assert (out.double() - wanted).norm() <= 1e-6 * wanted.norm()


def test_threads_change_nothing():
    q, memory = inputs(2, 2, 40, 900, torch.float32)
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(latent_attention(q, memory[:, :900], None, R, 2))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])


def test_scores_far_apart_leave_no_nan():
    q, memory = inputs(1, 1, 2, 100, torch.float32)
    out = latent_attention(q * 1e4, memory[:, :100], None, R)
    wanted = exact(q * 1e4, memory, [100])
    assert torch.isfinite(out).all() and (out.double() - wanted).norm() <= 1e-4 * wanted.norm()


@pytest.mark.parametrize("change", ["width", "dtype", "gradient"])
def test_what_it_does_not_take_goes_the_other_way(change):
    q, memory = inputs(1, 1, 2, 20, torch.float32)
    latents, rank = memory[:, :20], R
    if change == "width":
        q, latents = q[..., 1:], latents[..., 1:].contiguous()
    elif change == "dtype":
        q, latents = q.double(), latents.double()
    else:
        q.requires_grad_()
    assert not absorbed.takes(q, latents, rank)
    assert latent_attention(q, latents, None, rank).shape == (1, 1, 2, R)
