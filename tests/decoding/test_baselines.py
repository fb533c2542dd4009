"""Decoding strategies: each keeps and divides as its paper says, and composes with the others."""

from __future__ import annotations

import math

import pytest
import torch

from tamsa.decoding import AutoDecoConfig, DecodingHeads, apply_strategy
from tamsa.decoding.baselines import (
    EDT,
    GREEDY,
    Chain,
    Learned,
    MinP,
    Permuted,
    Static,
    TopNSigma,
    logits_processor,
    mean_shift,
)
from tamsa.errors import ConfigError, InputError
from tests.decoding.conftest import VOCAB

NONE = torch.zeros(4, 0)


def rows(seed=0, scale=3.0):
    return torch.randn(4, 50, generator=torch.Generator().manual_seed(seed)) * scale


def probabilities(step, logits):
    return torch.softmax(step(torch.zeros(len(logits), 1), logits).logits, -1)


def test_static_is_transformers_temperature_and_top_p():
    from transformers import TemperatureLogitsWarper, TopPLogitsWarper

    logits = rows()
    expected = TopPLogitsWarper(0.7)(None, TemperatureLogitsWarper(1.3)(None, logits))
    torch.testing.assert_close(probabilities(Static(1.3, 0.7), logits), torch.softmax(expected, -1))


@pytest.mark.parametrize(
    "step", [GREEDY, Static(1e-40), Static(1e-40, 0.9), Static(1.0, 0.0), MinP(1.0), TopNSigma(0.0)]
)
def test_the_strictest_settings_are_greedy(step):
    logits = rows()
    expected = torch.nn.functional.one_hot(logits.argmax(-1), 50).float()
    assert torch.equal(probabilities(step, logits), expected)


@pytest.mark.parametrize("step", [Static(), MinP(0.0), TopNSigma(1e9), EDT(1.0, 0.0)])
def test_the_loosest_settings_change_nothing(step):
    logits = rows()
    torch.testing.assert_close(probabilities(step, logits), torch.softmax(logits, -1))


def test_min_p_keeps_by_the_ratio_to_the_likeliest():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]]))
    expected = torch.tensor([[0.5, 0.3, 0.15, 0.0]]) / 0.95
    torch.testing.assert_close(probabilities(MinP(0.2), logits), expected)


def test_top_n_sigma_ignores_forbidden_tokens_and_the_temperature():
    logits = torch.tensor([[4.0, 3.0, 1.0, 0.0, -math.inf]])
    sigma = logits[0, :4].std()
    kept = probabilities(TopNSigma(0.7), logits)[0] > 0
    assert torch.equal(kept, logits[0] >= 4.0 - 0.7 * sigma)
    # the set is the same at any temperature: what the method is for
    hot = probabilities(Chain(TopNSigma(0.7), Static(5.0)), logits)[0] > 0
    assert torch.equal(hot, kept)


def test_edt_divides_by_its_formula():
    logits = rows()
    p = torch.softmax(logits.double(), -1)
    entropy = -(p * p.log()).sum(-1)
    T = 1.5 * 0.8 ** (2.0 / entropy)
    done = EDT(1.5, 2.0)(NONE, logits)
    torch.testing.assert_close(done.temperature.double(), T, rtol=1e-5, atol=0)
    torch.testing.assert_close(probabilities(EDT(1.5, 2.0), logits).double(), torch.softmax(logits / T[:, None], -1))


def test_a_sure_token_makes_edt_greedy_without_overflow():
    logits = torch.full((4, 50), -200.0)
    logits[:, 7] = 0.0
    assert (probabilities(EDT(1.0, 1.0), logits)[:, 7] == 1).all()


def test_chain_applies_in_order():
    logits = rows()
    first = probabilities(Chain(MinP(0.1), Static(2.0)), logits)
    second = probabilities(Chain(Static(2.0), MinP(0.1)), logits)
    assert ((first > 0) <= (second > 0)).all() and (first > 0).sum() < (second > 0).sum()


def heads():
    torch.manual_seed(3)
    made = DecodingHeads(AutoDecoConfig(hidden_size=8, vocab_size=50, head_size=16, initial_top_p=0.6))
    with torch.no_grad():
        for head in (made.temp_head, made.top_p_head):
            head.mlp[2].weight.mul_(20.0)
    return made


@torch.no_grad()
def test_learned_is_apply_strategy():
    h, logits = torch.randn(4, 8), rows()
    done, expected = Learned(heads())(h, logits), apply_strategy(heads(), h, logits)
    assert all(torch.equal(a, b) for a, b in zip(done, expected, strict=True))


def test_mean_shift_and_permuted_keep_what_the_heads_predict_on_average():
    h = torch.randn(4000, 8, generator=torch.Generator().manual_seed(1))
    logits = torch.randn(4000, 50, generator=torch.Generator().manual_seed(2)) * 3
    learned = Learned(heads())(h, logits)
    fixed = mean_shift(learned.temperature, learned.top_p)
    assert fixed.temperature == pytest.approx(float(learned.temperature.mean()), abs=1e-6)
    assert fixed.top_p == pytest.approx(float(learned.top_p.mean()), abs=1e-6)
    dealt = Permuted(learned.temperature, learned.top_p, torch.Generator().manual_seed(0))(h, logits)
    pairs = set(zip(learned.temperature.tolist(), learned.top_p.tolist(), strict=True))
    assert set(zip(dealt.temperature.tolist(), dealt.top_p.tolist(), strict=True)) <= pairs
    assert float(dealt.temperature.mean()) == pytest.approx(fixed.temperature, abs=0.02)
    assert not torch.equal(dealt.temperature, learned.temperature)


def test_a_step_is_a_logits_processor_of_transformers(llama):
    x = torch.randint(3, VOCAB, (2, 5), generator=torch.Generator().manual_seed(0))
    greedy = llama.generate(x, max_new_tokens=6, do_sample=False)
    step = [logits_processor(Chain(MinP(1.0), Static(2.0)))]
    assert torch.equal(llama.generate(x, max_new_tokens=6, do_sample=True, logits_processor=step), greedy)


def test_bad_settings_are_named():
    for make, name in (
        (lambda: Static(-1.0), "temperature"),
        (lambda: Static(1.0, 1.5), "top_p"),
        (lambda: MinP(2.0), "min_p"),
        (lambda: TopNSigma(-1.0), "n:"),
        (lambda: EDT(0.0), "initial"),
        (Chain, "steps"),
        (lambda: logits_processor(Learned(heads())), "AutoDecoForCausalLM"),
    ):
        with pytest.raises(ConfigError, match=name):
            make()
    with pytest.raises(InputError, match="no predictions"):
        mean_shift(torch.full((3,), float("nan")), torch.ones(3))
