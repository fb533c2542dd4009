"""The chunked objective against autograd over the whole vocabulary, and its options."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F

from tamsa.decoding import AutoDecoConfig, DecodingHeads, LossConfig, heads_loss, position_losses, soft_top_p
from tamsa.decoding.losses import rank_rows, statistics_of
from tamsa.errors import ConfigError, InputError
from tamsa.kernels import sampling

N, V, D = 9, 23, 12
PLAIN = LossConfig(temperature_weight="none", top_p_weight="none", easy_mask=0.0)


@pytest.fixture
def toy():
    g = torch.Generator().manual_seed(0)
    logits = torch.randn(N, V, dtype=torch.float64, generator=g) * 2
    logits[2] = (logits[2]).round()
    logits[3, 5:9] = -float("inf")
    labels = torch.randint(0, 5, (N,), generator=g)
    T = torch.rand(N, dtype=torch.float64, generator=g) * 1.5 + 0.3
    P = torch.rand(N, dtype=torch.float64, generator=g) * 0.9 + 0.05
    return logits, labels, T, P


def naive(logits, labels, T, P, config):
    """Through autograd, with full-vocabulary tensors."""
    logits = logits.clamp_min(-1e4)  # autograd makes 0 * inf of a forbidden token
    x = logits / T[:, None]
    nll = -torch.log_softmax(x, -1).gather(1, labels[:, None])[:, 0]
    attached = x if config.top_p_trains_temperature else logits / T.detach()[:, None]
    q = soft_top_p(attached, P, config.alpha, config.exclusive)
    soft = -q.gather(1, labels[:, None])[:, 0]
    base = torch.softmax(logits, -1).gather(1, labels[:, None])[:, 0]
    weights = {"none": torch.ones_like(base), "base": base, "scaled": torch.exp(-nll.detach())}
    return nll * weights[config.temperature_weight], soft * weights[config.top_p_weight]


@pytest.mark.parametrize(
    ("weight", "exclusive", "through"), [*itertools.product(["none", "base", "scaled"], [True, False], [True, False])]
)
def test_values_and_gradients_equal_autograd(toy, weight, exclusive, through):
    logits, labels, T, P = toy
    config = LossConfig(weight, weight, exclusive=exclusive, top_p_trains_temperature=through, alpha=7.0)
    T, P = T.requires_grad_(), P.requires_grad_()
    ours, theirs = position_losses(logits, T, P, labels, config), naive(logits, labels, T, P, config)
    coefficients = torch.linspace(-1, 2, N, dtype=torch.float64)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)
        for x, y in zip(
            torch.autograd.grad(a @ coefficients, (T, P), retain_graph=True),
            torch.autograd.grad(b @ coefficients, (T, P), retain_graph=True, allow_unused=True),
            strict=True,
        ):
            torch.testing.assert_close(x, torch.zeros_like(x) if y is None else y)


@pytest.mark.parametrize("exclusive", [True, False])
def test_gradcheck_in_fp64(toy, exclusive):
    logits, labels, T, P = toy
    config = LossConfig("base", "base", exclusive=exclusive, top_p_trains_temperature=True)
    assert torch.autograd.gradcheck(
        lambda t, p: position_losses(logits, t, p, labels, config), (T.requires_grad_(), P.requires_grad_())
    )


def test_losses_ignore_a_shift_and_follow_a_permutation(toy):
    logits, labels, T, P = toy
    logits = logits + torch.arange(V) * 1e-3  # no ties: their rank is by id
    order = torch.randperm(V, generator=torch.Generator().manual_seed(1))
    inverse = order.argsort()
    expected = torch.stack(position_losses(logits, T, P, labels))
    torch.testing.assert_close(torch.stack(position_losses(logits + 50, T, P, labels)), expected)
    torch.testing.assert_close(torch.stack(position_losses(logits[:, order], T, P, inverse[labels])), expected)


def test_the_released_loss_is_an_option():
    """Where its epsilon does not matter: moderate probabilities, inclusive sum, base weight."""
    g = torch.Generator().manual_seed(3)
    logits, labels = torch.randn(40, 30, generator=g), torch.randint(0, 30, (40,), generator=g)
    T, P = torch.rand(40, generator=g) + 0.5, torch.rand(40, generator=g) * 0.3 + 0.6
    p = torch.softmax(logits / T[:, None], -1)
    ranked, ids = p.sort(descending=True, stable=True)
    decay = torch.exp(-30.0 * torch.relu(ranked.cumsum(-1) - P[:, None]))
    masked = p * torch.zeros_like(p).scatter(1, ids, decay)
    log_q = torch.log(masked / (masked.sum(-1, keepdim=True) + 1e-9) + 1e-9)
    weight = torch.softmax(logits, -1).gather(1, labels[:, None])[:, 0]
    theirs = F.nll_loss(log_q, labels, reduction="none") * weight
    _, ours = position_losses(logits, T, P, labels, LossConfig(exclusive=False))
    mild = theirs / weight < 10  # beyond, the epsilon shows
    assert mild.sum() > 25
    torch.testing.assert_close(ours[mild], theirs[mild], rtol=1e-4, atol=1e-6)


@pytest.fixture
def heads():
    torch.manual_seed(0)
    return DecodingHeads(AutoDecoConfig(hidden_size=D, vocab_size=V, head_size=16, initial_top_p=0.7))


@pytest.fixture
def layer():
    torch.manual_seed(1)
    return torch.randn(V, D)


def gradients(heads, loss):
    heads.zero_grad()
    loss.backward()
    return [p.grad.clone() for p in heads.parameters()]


@pytest.mark.parametrize("chunk", [1, 4, 1000, None])
def test_chunks_do_not_change_the_loss(heads, layer, chunk):
    hidden = torch.randn(31, D, generator=torch.Generator().manual_seed(2))
    labels = (hidden @ layer.T).argmax(-1)
    labels[::3] = 1
    labels[5] = -100

    def run(size):
        g = torch.Generator().manual_seed(7)
        return heads_loss(heads, hidden, labels, lambda h: h @ layer.T, generator=g, chunk_positions=size)

    whole, parts = run(31), run(chunk)
    assert whole.num_positions == 30 and 0 < whole.num_easy_dropped == parts.num_easy_dropped
    torch.testing.assert_close(parts.loss, whole.loss)
    for a, b in zip(gradients(heads, parts.loss), gradients(heads, whole.loss), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-7)
    assert torch.isnan(whole.temperature).nonzero().flatten().tolist() == [5]
    direct = heads_loss(heads, hidden, labels, hidden @ layer.T, generator=torch.Generator().manual_seed(7))
    torch.testing.assert_close(direct.loss, whole.loss)


def test_gradients_equal_autograd_through_the_heads(heads, layer):
    hidden = torch.randn(20, D, generator=torch.Generator().manual_seed(4))
    labels = torch.randint(0, V, (20,), generator=torch.Generator().manual_seed(5))
    logits = hidden @ layer.T
    config = LossConfig(easy_mask=0.0, top_p_trains_temperature=True, top_p_factor=0.5)
    ours = heads_loss(heads, hidden, labels, logits, config)
    T = heads.temperature(hidden)
    stats = sampling.statistics(logits, T.detach())
    losses = naive(logits, labels, T, heads.top_p(hidden, T, stats), config)
    expected = losses[0].mean() + 0.5 * losses[1].mean()
    torch.testing.assert_close(ours.loss, expected)
    for a, b in zip(gradients(heads, ours.loss), gradients(heads, expected), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)


def test_training_and_inference_read_the_same_statistics():
    logits = torch.randn(5, 700, generator=torch.Generator().manual_seed(0)) * 3
    logits[2, ::2] = -float("inf")
    T = torch.tensor([0.3, 0.8, 1.0, 1.4, 1.9])
    trained = statistics_of(torch.log_softmax(logits / T[:, None], -1))
    torch.testing.assert_close(trained, sampling.statistics(logits, T), rtol=1e-5, atol=1e-6)


def test_easy_mask_drops_its_share_of_easy_tokens_alone(heads, layer):
    hidden = torch.randn(4000, D, generator=torch.Generator().manual_seed(6))
    labels = (hidden @ layer.T).argmax(-1)
    labels[2000:] = (labels[2000:] + 1) % V
    result = heads_loss(
        heads,
        hidden,
        labels,
        lambda h: h @ layer.T,
        LossConfig(easy_mask=0.6),
        generator=torch.Generator().manual_seed(0),
    )
    assert result.num_easy_dropped == pytest.approx(1200, abs=70)
    whole = heads_loss(heads, hidden[:50], labels[:50], lambda h: h @ layer.T, LossConfig(easy_mask=1.0))
    assert float(whole.temperature_loss) == 0.0  # every one dropped: a loss of zero, no NaN
    assert float(whole.top_p_loss) > 0.0


def test_hidden_states_of_any_precision_and_frozen_inputs(heads, layer):
    hidden = torch.randn(6, D, requires_grad=True)
    labels = torch.arange(6)
    result = heads_loss(heads, hidden.detach().bfloat16(), labels, lambda h: h.float() @ layer.T, PLAIN)
    result.loss.backward()
    assert all(torch.isfinite(p.grad).all() for p in heads.parameters())


@pytest.mark.parametrize(
    ("hidden", "labels", "words"),
    [
        (torch.zeros(3, D), torch.full((3,), -100), "every one of 3 positions is ignored"),
        (torch.zeros(3, D + 1), torch.zeros(3, dtype=torch.long), f"width {D + 1}, the heads were made for {D}"),
        (torch.zeros(3, D), torch.zeros(4, dtype=torch.long), "expected"),
        (torch.zeros(3, D), torch.full((3,), V), f"token {V}, the model's vocabulary has {V}"),
        (torch.full((3, D), float("nan")), torch.zeros(3, dtype=torch.long), "NaN"),
    ],
)
def test_bad_input_is_named(heads, layer, hidden, labels, words):
    with pytest.raises(InputError, match=words):
        heads_loss(heads, hidden, labels, lambda h: torch.nn.functional.linear(h[:, :D], layer))


@pytest.mark.parametrize(
    "values",
    [{"temperature_weight": "dft"}, {"easy_mask": 1.1}, {"alpha": 0}, {"top_p_factor": -1}, {"top_p_weight": ""}],
)
def test_bad_configuration_is_named(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        LossConfig(**values)


def test_rows_are_ranked_as_torch_ranks_them():
    """Ties, both zeros, infinities, denormals and both signs; every V around the vectors' widths."""
    g = torch.Generator().manual_seed(0)
    for V in (1, 2, 7, 8, 64, 65, 1000):
        values = torch.randn(5, V, generator=g).mul(3).round().div(2)  # many ties
        values[:, ::3] = torch.tensor(-0.0)
        values[0, ::4] = float("-inf")
        values[1, ::5] = torch.tensor(1e-42)
        expected = torch.sort(values, dim=-1, descending=True, stable=True)
        ranked, ids = rank_rows(values)
        assert torch.equal(ids, expected.indices)
        assert torch.equal(ranked, expected.values)
