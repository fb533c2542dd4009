"""The objective against closed forms."""

import pytest
import torch

from tamsa.errors import ConfigError
from tamsa.llm.local.sampler import logprobs_of
from tamsa.train.rl.objective import leave_one_out, surrogate, token_logprobs

LOW, HIGH = 0.2, 0.28


def test_the_advantage_is_the_reward_less_the_mean_of_the_others():
    assert leave_one_out([1.0, 0.0, 0.0, 1.0]) == pytest.approx([2 / 3, -2 / 3, -2 / 3, 2 / 3])
    assert leave_one_out([1.0, 1.0, 1.0]) == [0.0, 0.0, 0.0]
    assert sum(leave_one_out([0.3, 0.9, 0.1, 0.5])) == pytest.approx(0.0)


def test_the_gradient_on_policy_is_that_of_the_policy_gradient_theorem():
    torch.manual_seed(0)
    theta = torch.randn(7, dtype=torch.float64, requires_grad=True)
    actions = torch.tensor([0, 3, 3, 6, 1])
    advantages = torch.tensor([0.5, -0.25, 1.0, -0.75, 0.1], dtype=torch.float64)
    logprobs = theta.log_softmax(-1)[actions]
    values, clipped = surrogate(logprobs, logprobs.detach(), advantages, LOW, HIGH)
    (-values.sum() / len(actions)).backward()
    pi = theta.detach().softmax(-1)
    onehot = torch.nn.functional.one_hot(actions, 7).double()
    expected = -(advantages[:, None] * (onehot - pi)).sum(0) / len(actions)
    torch.testing.assert_close(theta.grad, expected, rtol=1e-12, atol=1e-12)
    assert not clipped.any()


@pytest.mark.parametrize(
    ("ratio", "advantage", "moves"),
    [(1.3, 1.0, False), (1.25, 1.0, True), (0.7, 1.0, True), (0.7, -1.0, False), (0.85, -1.0, True), (1.5, -1.0, True)],
)
def test_the_clip_takes_the_gradient_only_from_what_went_too_far_already(ratio, advantage, moves):
    logprob = torch.tensor([ratio], dtype=torch.float64).log().requires_grad_()
    value, clipped = surrogate(logprob, torch.zeros(1), torch.tensor([advantage]), LOW, HIGH)
    value.sum().backward()
    assert logprob.grad.item() == pytest.approx(ratio * advantage if moves else 0.0)
    assert bool(clipped) is not moves


def test_logprobs_are_those_of_the_sampler_at_any_temperature_and_cut():
    torch.manual_seed(1)
    logits = 3 * torch.randn(200, 50)
    T, P = torch.rand(200) * 1.5 + 0.2, torch.rand(200) * 0.9 + 0.05
    P[:50] = 1.0
    tokens = logits.argmax(-1)
    expected = logprobs_of(logits, tokens, T, P)[1]
    torch.testing.assert_close(token_logprobs(logits, tokens, T, P), expected, rtol=1e-5, atol=1e-5)


def test_a_token_at_the_edge_of_the_cut_keeps_a_finite_gradient():
    logits = torch.tensor([[5.0, 0.0, -1.0]], requires_grad=True)
    one = torch.ones(1)
    value = token_logprobs(logits, torch.tensor([2]), one, 0.5 * one)
    value.sum().backward()
    assert torch.isfinite(value).all()
    assert torch.isfinite(logits.grad).all()


def test_a_recipe_that_cannot_work_is_refused_by_field(tmp_path):
    from dataclasses import replace

    from tamsa.train.rl.recipe import Environment, PoolSettings, RlRecipe, RolloutSettings

    good = RlRecipe(tmp_path, tmp_path, (Environment((tmp_path,), tmp_path),))
    good.check()
    for field, bad in (
        ("environments", replace(good, environments=())),
        ("group", replace(good, rollouts=RolloutSettings(group=1))),
        ("temperature", replace(good, rollouts=RolloutSettings(temperature=0.0))),
        ("active", replace(good, pool=PoolSettings(active=2))),
    ):
        with pytest.raises(ConfigError, match=field):
            bad.check()
