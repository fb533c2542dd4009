"""Heads applied to logits: the fused way and the one that gradients run back through are one strategy."""

from __future__ import annotations

import pytest
import torch

from tamsa.decoding import AutoDecoConfig, DecodingHeads, apply_strategy, predict
from tamsa.errors import InputError


def made(**changes):
    torch.manual_seed(3)
    heads = DecodingHeads(AutoDecoConfig(hidden_size=24, vocab_size=700, head_size=16, **changes))
    with torch.no_grad():
        for head in (heads.temp_head, heads.top_p_head):
            head.mlp[2].weight.normal_(0, 0.4)
    return heads, torch.randn(9, 24), 4 * torch.randn(9, 700)


CASES = [
    {},
    {"statistics": False},
    {"use_temperature": False},
    {"use_top_p": False},
    {"cut_shift": float("inf")},
]


@pytest.mark.parametrize("changes", CASES, ids=str)
@pytest.mark.parametrize("scales", [(1.0, 1.0), (0.6, 1.1), (0.0, 1.0), (1e-30, 1.0), (1.0, 0.0)])
def test_without_gradients_the_strategy_is_the_same(changes, scales):
    heads, hidden, logits = made(**changes)
    factors = {"temperature_scale": scales[0], "top_p_scale": scales[1]}
    traced = apply_strategy(heads, hidden, logits, **factors)
    with torch.no_grad():
        fused = apply_strategy(heads, hidden, logits, **factors)
        T, P = predict(heads, hidden, logits, **factors)
    assert traced.logits.requires_grad == heads.config.use_temperature
    for ours, theirs in ((fused.temperature, traced.temperature), (fused.top_p, traced.top_p), (T, fused.temperature)):
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(P, fused.top_p, rtol=1e-5, atol=1e-6)
    ours, theirs = (torch.softmax(x.logits.detach(), -1) for x in (fused, traced))
    assert torch.equal(ours > 0, theirs > 0)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-7)
    assert torch.equal(fused.logits.argmax(-1), logits.argmax(-1))


def test_frozen_heads_and_plain_inputs_take_the_fused_way():
    heads, hidden, logits = made()
    heads.requires_grad_(False)
    assert not apply_strategy(heads, hidden, logits).logits.requires_grad
    through = apply_strategy(heads, hidden, logits.requires_grad_()).logits
    through.logsumexp(-1).sum().backward()
    assert logits.grad is not None and float(logits.grad.abs().sum()) > 0


def test_a_bad_state_is_named_either_way():
    heads, hidden, logits = made()
    hidden[4, 0] = float("nan")
    with torch.no_grad(), pytest.raises(InputError, match="hidden: row 4 holds NaN"):
        apply_strategy(heads, hidden, logits)
    with pytest.raises(InputError, match="temperature: nan in row 4"):
        apply_strategy(heads, hidden, logits)
