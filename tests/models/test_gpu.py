"""Kimi Linear on a GPU, in bf16, against itself on a CPU in fp32."""

from __future__ import annotations

import itertools

import pytest
import torch

from tamsa.kernels import fused
from tamsa.kernels.latent_attention import causal_attention, packed_attention
from tamsa.kernels.short_conv import reference_short_conv, shifted_short_conv
from tamsa.models import KimiLinearConfig, KimiLinearForCausalLM
from tamsa.models.loss import linear_cross_entropy
from tamsa.train.optimisers import Optimisers, OptimiserSettings

BOUNDS = (0, 1, 64, 128, 193, 700, 1900)
CONFIG = {
    "hidden_size": 256,
    "num_hidden_layers": 4,
    "intermediate_size": 704,
    "num_local_experts": 0,
    "num_attention_heads": 4,
    "linear_num_heads": 4,
    "linear_head_dim": 64,
    "kv_lora_rank": 96,
    "qk_nope_head_dim": 48,
    "qk_rope_head_dim": 16,
    "v_head_dim": 64,
    "tie_word_embeddings": True,
    "vocab_size": 1024,
}
gpu = pytest.mark.gpu
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def relative(x: torch.Tensor, y: torch.Tensor) -> float:
    return float((x.double() - y.double()).norm() / y.double().norm())


def test_shifted_convolution_is_the_convolution_of_each_sequence() -> None:
    g = torch.Generator().manual_seed(0)
    bounds = (0, 1, 3, 6, 70)
    x, w, dy = (torch.randn(shape, generator=g) for shape in ((1, 70, 130), (96, 4), (1, 70, 96)))
    positions = torch.cat([torch.arange(b - a) for a, b in itertools.pairwise(bounds)])
    results = []
    for shifted in (False, True):
        inputs, taps = x[..., :96].requires_grad_(), w.clone().requires_grad_()
        if shifted:
            y = shifted_short_conv(inputs, taps, positions, 64, 32)
        else:
            y, _ = reference_short_conv(inputs, taps, num_normalised=64, head_dim=32, bounds=bounds)
        results.append((y.detach(), *torch.autograd.grad((y * dy).sum(), (inputs, taps))))
    for ours, expected in zip(*reversed(results), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=2e-5)


def _model() -> KimiLinearForCausalLM:
    torch.manual_seed(0)
    return KimiLinearForCausalLM(KimiLinearConfig(**CONFIG))


def _loss(model: KimiLinearForCausalLM, ids: torch.Tensor, bounds: tuple[int, ...]) -> torch.Tensor:
    hidden = model.model(input_ids=ids, cu_seqlens=torch.tensor(bounds), use_cache=False).last_hidden_state[0]
    return linear_cross_entropy(hidden[:-1], model.lm_head.weight, ids[0, 1:]) / (ids.shape[1] - 1)


@gpu
@on_gpu
def test_packed_attention_is_attention_within_each_sequence() -> None:
    g = torch.Generator().manual_seed(1)
    q, k, v = (torch.randn(1, BOUNDS[-1], 4, d, generator=g).bfloat16() for d in (64, 64, 48))
    cu = torch.tensor(BOUNDS, dtype=torch.int32, device="cuda")
    ours = [x.cuda().requires_grad_() for x in (q, k, v)]
    out = packed_attention(*ours, cu, 1200, 0.125)
    wide = [x.float().requires_grad_() for x in (q, k, v)]
    parts = [
        causal_attention(*(x[:, a:b].transpose(1, 2) for x in wide), 0.125).transpose(1, 2)
        for a, b in itertools.pairwise(BOUNDS)
    ]
    expected = torch.cat(parts, 1)
    assert relative(out.cpu(), expected) < 1e-2
    out.float().square().sum().backward()
    expected.square().sum().backward()
    for x, y in zip(ours, wide, strict=True):
        assert relative(x.grad.cpu(), y.grad) < 2e-2  # type: ignore[union-attr, arg-type]


@gpu
@on_gpu
def test_training_on_a_gpu_computes_what_a_cpu_does() -> None:
    pytest.importorskip("fla", reason="flash-linear-attention is not installed")
    ids = torch.randint(0, CONFIG["vocab_size"], (1, BOUNDS[-1]), generator=torch.Generator().manual_seed(2))
    assert fused.takes(torch.empty(BOUNDS[-1], CONFIG["hidden_size"], device="cuda"))
    plain, model = _model(), _model().cuda()
    optimisers = Optimisers(model, OptimiserSettings(), torch.bfloat16)
    expected, loss = _loss(plain, ids, BOUNDS), _loss(model, ids.cuda(), BOUNDS)
    assert abs(float(loss) - float(expected)) < 5e-3
    expected.backward()
    loss.backward()
    optimisers.collect()
    total = wrong = 0.0
    for name, value in plain.named_parameters():
        assert value.grad is not None
        ours = optimisers.masters[name].grad
        assert ours is not None, name
        total += float(value.grad.square().sum())
        wrong += float((ours.cpu() - value.grad).square().sum())
    assert wrong < 4e-3 * total  # in bf16: within 6.3% of their length


@gpu
@on_gpu
def test_training_on_a_gpu_learns() -> None:
    pytest.importorskip("fla", reason="flash-linear-attention is not installed")
    ids = torch.randint(0, CONFIG["vocab_size"], (1, BOUNDS[-1]), generator=torch.Generator().manual_seed(3)).cuda()
    model = _model().cuda()
    optimisers = Optimisers(model, OptimiserSettings(), torch.bfloat16)
    losses = []
    for _ in range(20):
        loss = _loss(model, ids, BOUNDS)
        loss.backward()
        optimisers.collect()
        optimisers.step(1.0)
        losses.append(float(loss))
    assert losses[-1] < losses[0] - 1.0
