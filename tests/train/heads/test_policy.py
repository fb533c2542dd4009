"""Policy gradient on T and P: unbiased advantages, exact gradients, and the better estimator for P."""

from __future__ import annotations

from itertools import combinations, product

import pytest
import torch

from tamsa.decoding import AutoDecoConfig, DecodingHeads, soft_top_p
from tamsa.errors import ConfigError
from tamsa.train.heads.policy import Drawn, PerturbStep, SoftStep, advantages, log_likelihood, policy_loss
from tamsa.train.heads.recipe import Reward


def worth(others, own, k):
    """What a sample adds to k - 1 others, averaged over which ones: the definition of pass@k's gradient."""
    groups = list(combinations(others, k - 1))
    return sum(max([own, *group]) - max([0, *group]) for group in groups) / len(groups)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_advantages_are_the_definition_less_a_baseline_of_the_others(k):
    n = 5
    for rewards in product([0, 1], repeat=n):
        found = advantages(torch.tensor([rewards], dtype=torch.float64), k)[0]
        for i in range(n):
            others = [rewards[j] for j in range(n) if j != i]
            baseline = 0.0
            for j in range(n - 1):
                rest = others[:j] + others[j + 1 :]
                baseline += worth(rest, others[j], k) / (n - 1)
            assert float(found[i]) == pytest.approx(worth(others, rewards[i], k) - baseline, abs=1e-6)


def test_advantages_of_one_are_leave_one_out_for_any_reward():
    rewards = torch.tensor([[0.5, 2.0, -1.0]])
    torch.testing.assert_close(advantages(rewards), torch.tensor([[0.0, 2.25, -2.25]]))


@pytest.mark.parametrize(("rewards", "k", "what"), [([[0.0, 1.0]], 2, "k: 2"), ([[0.5, 1.0, 0.0]], 2, "neither")])
def test_impossible_k_is_refused(rewards, k, what):
    with pytest.raises(ConfigError, match=what):
        advantages(torch.tensor(rewards), k)


def make_heads(seed=0, statistics=True, top_p=0.7, spread=10.0):
    torch.manual_seed(seed)
    made = DecodingHeads(
        AutoDecoConfig(hidden_size=6, vocab_size=12, head_size=8, statistics=statistics, initial_top_p=top_p)
    )
    with torch.no_grad():
        for head in (made.temp_head, made.top_p_head):
            head.mlp[2].weight.mul_(spread)
    return made


def gradient(heads, loss):
    heads.zero_grad()
    loss.backward()
    return torch.cat([p.grad.flatten() for p in heads.parameters()])


def test_soft_gradient_is_that_of_the_expected_reward():
    """Summed over every token with its probability, the estimator is the derivative of sum_y q_y r_y, exactly."""
    heads, config = make_heads(), Reward(alpha=20.0)
    V = 12
    h = torch.randn(1, 6, generator=torch.Generator().manual_seed(1))
    logits = torch.randn(1, V, generator=torch.Generator().manual_seed(2)) * 2
    reward = torch.randn(V, generator=torch.Generator().manual_seed(3))
    T = heads.temperature(h)
    from tamsa.kernels.sampling import statistics

    P = heads.top_p(h, T, statistics(logits, T.detach()))
    q = soft_top_p(logits / T[:, None], P, 20.0).exp()[0]
    expected = gradient(heads, -(q * reward).sum())

    drawn = Drawn(torch.arange(V), T.detach().expand(V), P.detach().expand(V), q.detach().log())
    weights = q.detach() * reward
    result = policy_loss(heads, h.expand(V, -1), lambda x: logits.expand(len(x), -1), drawn, weights, config)
    torch.testing.assert_close(gradient(heads, result.loss), expected, atol=1e-5, rtol=1e-4)
    assert result.clipped == 0 and abs(result.divergence) < 1e-5


def test_clipping_stops_positions_that_moved_too_far_in_the_wanted_direction():
    heads, config = make_heads(), Reward(clip=0.2)
    h = torch.randn(4, 6)
    logits = torch.randn(4, 12)
    tokens = logits.argmax(-1)
    now = log_likelihood(heads, h, logits, Drawn(tokens, tokens, tokens, tokens), config)[0].detach()
    old = now - torch.tensor([0.5, 0.5, -0.5, -0.5])  # ratios 1.6, 1.6, 0.6, 0.6
    A = torch.tensor([1.0, -1.0, 1.0, -1.0])
    result = policy_loss(heads, h, lambda x: logits[: len(x)], Drawn(tokens, tokens, tokens, old), A, config)
    assert result.clipped == 0.5  # up and already up; down and already down
    alone = Drawn(*(x[[1, 2]] for x in (tokens, tokens, tokens, old)))
    other = policy_loss(heads, h[[1, 2]], lambda x: logits[[1, 2]], alone, A[[1, 2]], config)
    torch.testing.assert_close(gradient(heads, result.loss), gradient(heads, other.loss))


SAMPLES = 256


def rounds(exploration, heads, count, seed=0, optimizer=None):
    """Play a bandit of two kinds of position, told apart by their state: in one the likeliest token alone is right, in
    the other any but the likeliest. Yields the share of reward and the gradient of each round."""
    config = Reward(exploration=exploration, noise=0.5, alpha=30.0)
    h = torch.zeros(SAMPLES, 6)
    h[: SAMPLES // 2, 0], h[SAMPLES // 2 :, 1] = 1.0, 1.0
    logits = torch.full((SAMPLES, 12), -3.0)
    logits[:, 0], logits[:, 1:6] = 1.0, 0.0
    draw = torch.Generator().manual_seed(seed)
    step = SoftStep(heads, config) if exploration == "soft" else PerturbStep(heads, config, draw)
    for _ in range(count):
        shaped = step(h, logits)
        y = torch.multinomial(torch.softmax(shaped.logits, -1), 1, generator=draw).squeeze(1)
        right = torch.where(torch.arange(SAMPLES) < SAMPLES // 2, y == 0, y != 0).double()
        A = torch.cat([advantages(part[None])[0] for part in right.split(SAMPLES // 2)]) / SAMPLES
        drawn = Drawn(y, shaped.temperature, shaped.top_p, y)
        old = log_likelihood(heads, h, logits, drawn, config)[0].detach()
        loss = policy_loss(heads, h, lambda x: logits[: len(x)], drawn._replace(log_probs=old), A, config).loss
        yield float(right.mean()), gradient(heads, loss)
        if optimizer is not None:
            optimizer.step()


@pytest.mark.parametrize("exploration", ["soft", "perturb"])
def test_both_treatments_learn_to_be_exact_where_it_pays_and_free_where_it_does_not(exploration):
    heads = make_heads(0, statistics=False, top_p=0.9, spread=1.0)
    optimizer = torch.optim.Adam(heads.parameters(), lr=0.03)
    scores = [score for score, _ in rounds(exploration, heads, 150, optimizer=optimizer)]
    T = heads.temperature(torch.eye(6)[:2])
    assert sum(scores[-10:]) / 10 > sum(scores[:5]) / 5 + 0.1
    assert T[0] < 0.6 and T[1] > 1.4


def test_soft_gradients_vary_less_than_perturbed_ones():
    """The reason for the default: per unit of signal, perturbation is the noisier estimator."""

    def noise_to_signal(exploration):
        heads = make_heads(0, statistics=False, top_p=0.9, spread=1.0)
        found = torch.stack([g for _, g in rounds(exploration, heads, 60)])
        return float(found.var(0).sum() / found.mean(0).square().sum())

    assert noise_to_signal("perturb") > 3 * noise_to_signal("soft")
