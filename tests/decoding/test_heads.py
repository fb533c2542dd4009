"""The heads against their formulas, written out as the released checkpoints read them."""

from __future__ import annotations

import pytest
import torch

from tamsa.decoding import AutoDecoConfig, DecodingHeads
from tamsa.errors import ConfigError
from tamsa.kernels import sampling

D, V = 24, 61


@pytest.mark.parametrize("statistics", [True, False])
def test_heads_are_the_released_formulas(statistics):
    torch.manual_seed(0)
    heads = DecodingHeads(AutoDecoConfig(hidden_size=D, vocab_size=V, head_size=16, statistics=statistics))
    with torch.no_grad():
        for parameter in heads.parameters():
            parameter.normal_(0, 0.4)
    hidden, logits = torch.randn(7, D), torch.randn(7, V) * 3
    T = 2 * torch.sigmoid(heads.temp_head.mlp(hidden))
    p = torch.softmax(logits / T, -1)
    features = [hidden, T]
    if statistics:
        entropy = -(p * p.log()).sum(-1, keepdim=True)
        features += [p.amax(-1, keepdim=True), entropy, p.var(-1, keepdim=True), p.topk(5).values.sum(-1, keepdim=True)]
    P = torch.sigmoid(heads.top_p_head.mlp(torch.cat(features, -1)))
    ours_T = heads.temperature(hidden)
    torch.testing.assert_close(ours_T[:, None], T)
    torch.testing.assert_close(heads.top_p(hidden, ours_T, sampling.statistics(logits, ours_T.detach()))[:, None], P)
    fused = sampling.decode(hidden, logits, heads.packed())
    torch.testing.assert_close(fused.temperature[:, None], T)
    torch.testing.assert_close(fused.top_p[:, None], P, rtol=1e-4, atol=1e-5)


def test_names_and_shapes_are_those_of_released_checkpoints():
    heads = DecodingHeads(AutoDecoConfig(hidden_size=4096, vocab_size=V))
    shapes = {name: tuple(value.shape) for name, value in heads.state_dict().items()}
    assert shapes == {
        "temp_head.mlp.0.weight": (256, 4096),
        "temp_head.mlp.0.bias": (256,),
        "temp_head.mlp.2.weight": (1, 256),
        "temp_head.mlp.2.bias": (1,),
        "top_p_head.mlp.0.weight": (256, 4101),
        "top_p_head.mlp.0.bias": (256,),
        "top_p_head.mlp.2.weight": (1, 256),
        "top_p_head.mlp.2.bias": (1,),
    }
    assert sum(p.numel() for p in heads.parameters()) == pytest.approx(2.10e6, rel=0.005)


def test_no_gradient_flows_from_top_p_into_the_temperature():
    heads = DecodingHeads(AutoDecoConfig(hidden_size=D, vocab_size=V, statistics=False))
    hidden = torch.randn(3, D)
    heads.top_p(hidden, heads.temperature(hidden), None).sum().backward()
    assert all(p.grad is None for p in heads.temp_head.parameters())


def test_saturated_heads_stay_usable():
    """A sigmoid that underflows must not give T = 0 and a division by it."""
    heads = DecodingHeads(AutoDecoConfig(hidden_size=D, vocab_size=V))
    hidden, logits = torch.randn(4, D), torch.randn(4, V)
    for value in (-1e4, 1e4):
        with torch.no_grad():
            heads.temp_head.mlp[2].bias.fill_(value)
            heads.top_p_head.mlp[2].bias.fill_(value)
        drawn = sampling.decode(hidden, logits, heads.packed())
        assert (drawn.temperature > 0).all() and (drawn.temperature <= 2).all()
        if value < 0:
            assert torch.equal(drawn.tokens, logits.argmax(-1))


def test_statistics_are_asked_for():
    heads = DecodingHeads(AutoDecoConfig(hidden_size=D, vocab_size=V))
    with pytest.raises(ConfigError, match="statistics: None"):
        heads.top_p(torch.zeros(1, D), torch.ones(1), None)
    with pytest.raises(ConfigError, match="hidden_size: None"):
        DecodingHeads(AutoDecoConfig())
