"""Rollouts: the same samples as one by one, states and likelihoods of the very draws, on every family of models."""

from __future__ import annotations

import pytest
import torch

from tamsa.decoding.baselines import GREEDY, Static
from tamsa.decoding.rollout import pad_prompts, sample_rollouts
from tamsa.errors import ConfigError, InputError

PROMPTS = [[5, 6, 7, 8, 9], [11, 12], [21, 22, 23]]


def roll(model, step, **changes):
    settings = {"num_samples": 3, "max_new_tokens": 8, "eos_token_id": 2, "generator": torch.Generator().manual_seed(0)}
    return sample_rollouts(model, PROMPTS, step, **{**settings, **changes})


def test_greedy_rollouts_are_generate_s(base):
    found = roll(base, GREEDY)
    for index, prompt in enumerate(PROMPTS):
        expected = base.generate(torch.tensor([prompt]), max_new_tokens=8, do_sample=False)[0, len(prompt) :]
        for row in range(3 * index, 3 * index + 3):
            n = int(found.lengths[row])
            assert found.tokens[row, :n].tolist() == expected[:n].tolist()
            assert n == 8 or (found.ended[row] and int(found.tokens[row, n - 1]) == 2)


@torch.no_grad()
def test_states_and_likelihoods_are_those_of_a_fresh_pass_over_the_text(base):
    """Also where rows left the batch on the way: half of the vocabulary ends a rollout here."""
    ends = list(range(2, 40))
    found = roll(base, Static(1.3, 0.8), num_samples=5, eos_token_id=ends, keep_hidden=True)
    assert found.ended.any() and found.lengths.min() < found.lengths.max()
    for row, length in enumerate(found.lengths.tolist()):
        prompt = PROMPTS[row // 5]
        text = torch.tensor([[*prompt, *found.tokens[row, :length].tolist()]])
        out = base(text, output_hidden_states=True)
        where = slice(len(prompt) - 1, len(prompt) - 1 + length)
        torch.testing.assert_close(found.hidden[row, :length], out.hidden_states[-1][0, where], atol=2e-4, rtol=1e-3)
        shaped = Static(1.3, 0.8)(out.logits[0, where], out.logits[0, where])
        log_q = torch.log_softmax(shaped.logits, -1).gather(1, found.tokens[row, :length, None])[:, 0]
        torch.testing.assert_close(found.log_probs[row, :length], log_q, atol=5e-3, rtol=1e-3)
        assert (found.temperature[row, :length] == 1.3).all() and found.temperature[row, length:].isnan().all()
        assert (found.hidden[row, length:] == 0).all() and (found.log_probs[row, length:] == 0).all()


def test_first_tokens_have_the_model_s_frequencies(llama):
    found = roll(llama, Static(0.9), num_samples=4000, max_new_tokens=1)
    for index, prompt in enumerate(PROMPTS):
        with torch.no_grad():
            p = torch.softmax(llama(torch.tensor([prompt])).logits[0, -1] / 0.9, -1)
        counts = torch.bincount(found.tokens[4000 * index : 4000 * (index + 1), 0], minlength=len(p)).double()
        common = p > 0.005
        chi = ((counts - 4000 * p) ** 2 / (4000 * p))[common].sum()
        freedom = int(common.sum())
        assert float(chi) < freedom + 4.5 * (2 * freedom) ** 0.5


def test_a_seed_gives_the_same_rollouts_and_completions_drop_the_end(llama):
    first, second = roll(llama, Static(), eos_token_id=range(2, 60)), roll(llama, Static(), eos_token_id=range(2, 60))
    assert torch.equal(first.tokens, second.tokens)
    for row, ids in enumerate(first.completions()):
        assert len(ids) == int(first.lengths[row]) - int(first.ended[row])
    assert int(first.mask.sum()) == int(first.lengths.sum())


def test_bad_requests_are_named(llama):
    with pytest.raises(InputError, match="prompts"):
        sample_rollouts(llama, [[]], GREEDY, num_samples=1, max_new_tokens=1, eos_token_id=2)
    with pytest.raises(ConfigError, match="num_samples"):
        roll(llama, GREEDY, num_samples=0)
    ids, mask = pad_prompts([[5, 6], [7]], 0)
    assert ids.tolist() == [[5, 6], [0, 7]] and mask.tolist() == [[1, 1], [0, 1]]
