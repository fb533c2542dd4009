"""What the objective learns, on toy logits whose best temperature is known.

Tokens are drawn from softmax(l / T_s) and the heads are trained on them. Plain cross-entropy is a proper scoring rule:
T = T_s. The weight softmax(l)_y turns the target into p^(1/T_s + 1): 1/T = 1/T_s + 1. The weight softmax(l / T)_y asks
for a distribution sharper than the current one, whatever that is: T falls without end.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tamsa.decoding import AutoDecoConfig, DecodingHeads, LossConfig, heads_loss

N, V, D = 16_000, 24, 4


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tensors this small only wait for each other on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def learn(config: LossConfig, *, sampled_at: float = 1.0, steps: int = 60, groups: bool = False) -> torch.Tensor:
    """Train heads on drawn tokens and return the mean predicted T, of each group if there are two."""
    g = torch.Generator().manual_seed(0)
    truth = torch.randn(N, V, generator=g) * 1.5
    labels = torch.multinomial(torch.softmax(truth / sampled_at, -1), 1, generator=g).squeeze(1)
    hidden = torch.ones(N, D)
    logits = truth
    if groups:  # the model exaggerates by 1.6 in one half and understates by 0.6 in the other, and its states show it
        factor = torch.where(torch.arange(N) % 2 == 0, 1.6, 0.6)
        hidden[1::2] = -1.0
        logits = truth * factor[:, None]
    torch.manual_seed(0)
    heads = DecodingHeads(AutoDecoConfig(hidden_size=D, vocab_size=V, head_size=8, statistics=False))
    optimizer = torch.optim.Adam(heads.temp_head.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        result = heads_loss(heads, hidden, labels, logits, config, generator=g)
        result.loss.backward()
        optimizer.step()
    T = heads.temperature(hidden).detach()
    return torch.stack([T[0::2].mean(), T[1::2].mean()]) if groups else T.mean()


def objective(weight: str, mask: float = 0.0) -> LossConfig:
    return LossConfig(temperature_weight=weight, easy_mask=mask, top_p_factor=0.0)


@pytest.mark.parametrize(
    ("weight", "mask", "low", "high"),
    [
        ("none", 0.0, 0.98, 1.02),
        ("base", 0.0, 0.48, 0.52),
        ("none", 0.6, 1.03, 1.30),  # 1.03-1.12 on a language model's logits; the flatter the logits, the more
        ("base", 0.6, 0.52, 0.70),  # 0.54-0.61 there
    ],
)
def test_learned_temperature_of_on_policy_tokens(weight, mask, low, high):
    assert low <= float(learn(objective(weight, mask))) <= high


@pytest.mark.parametrize("sampled_at", [0.7, 1.4])
def test_rollout_temperature_sets_the_learned_one(sampled_at):
    assert float(learn(objective("none"), sampled_at=sampled_at)) == pytest.approx(sampled_at, abs=0.02)
    expected = 1 / (1 / sampled_at + 1)
    assert float(learn(objective("base"), sampled_at=sampled_at)) == pytest.approx(expected, abs=0.02)


def test_weight_by_the_current_distribution_has_no_fixed_point():
    early, late = (float(learn(objective("scaled"), steps=steps)) for steps in (40, 100))
    assert late < early < 0.45
    assert late < 0.25


def test_cross_entropy_learns_a_temperature_per_token_where_the_states_tell():
    torch.testing.assert_close(
        learn(objective("none"), groups=True, steps=90), torch.tensor([1.6, 0.6]), atol=0.03, rtol=0
    )
