"""The compiled decode step equals the layer's general form; absorbed attention equals the expanded one."""

import copy

import pytest
import torch

from tamsa.backbone.layout import Layout
from tamsa.backbone.recurrent import Recurrent
from tamsa.kernels.gates_step import kda_step
from tamsa.models import MasterWeights


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("bound", [None, -4.0])
def test_the_step_equals_the_general_form(batch, bound, model_of):
    layer = model_of(gate_lower_bound=bound).model.layers[0].self_attn
    x = torch.randn(batch, 40, 64, generator=torch.Generator().manual_seed(0))
    dense = Layout(shape=(batch, 1))
    step, general = Recurrent(3), Recurrent(3)
    with torch.no_grad():
        for t in range(40):
            token = x[:, t : t + 1]
            a = layer(token, dense, step, t)
            b = layer(token, dense, general, t, 8)  # recording takes the general form
            assert (a - b).abs().max() <= 1e-6
        assert (step.state - general.state).abs().max() <= 1e-6
        assert torch.equal(step.window, general.window)
        whole = layer(x, Layout(shape=(batch, 40)))
    assert (a[:, 0] - whole[:, -1]).abs().max() <= 1e-6


def test_the_step_follows_changed_weights(model_of, tokens):
    model = model_of()
    ids = tokens(1, 6)
    with torch.no_grad():
        cache = model(ids, use_cache=True).past_key_values
        model(ids[:, :1], past_key_values=cache)
        for layer in model.model.layers[:3]:
            layer.self_attn.forget_gate.A_log.add_(1.0)
            layer.self_attn.conv1d.weight.mul_(-1.0)
        snapshot = cache.snapshot()
        a = model(ids[:, :1], past_key_values=cache).logits
        twin = copy.deepcopy(model)
        cache.restore(snapshot)
        assert torch.equal(a, twin(ids[:, :1], past_key_values=cache).logits)
        cache.restore(snapshot)
        cache.record(4)
        assert (a - model(ids[:, :1], past_key_values=cache).logits).abs().max() <= 2e-6


@pytest.mark.parametrize("new", [1, 2, 16, 17, 40])
def test_absorbed_and_blockwise_attention_equal_the_expanded(new, model_of, monkeypatch):
    monkeypatch.setattr("tamsa.backbone.mla.KEY_BLOCK", 7)
    from tamsa.backbone.latents import Latents

    layer = model_of().model.layers[3].self_attn
    x = torch.randn(2, 60, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = layer(x, Layout(shape=(2, 60)))
        memory = Latents()
        layer(x[:, : 60 - new], Layout(shape=(2, 60 - new)), memory)
        rest = layer(x[:, 60 - new :], Layout(shape=(2, new)), memory)
    assert (rest - whole[:, 60 - new :]).abs().max() <= 1e-6


def test_gradients_flow_through_a_continued_call(model_of, tokens):
    model = model_of().train()
    ids = tokens(1, 30)
    with torch.no_grad():
        cache = model(ids[:, :20], use_cache=True).past_key_values
    logits = model(ids[:, 20:], past_key_values=cache).logits
    with torch.no_grad():
        assert (logits - model(ids).logits[:, 20:]).abs().max() <= 1e-5
    logits.sum().backward()
    assert model.model.layers[3].self_attn.kv_a_proj_with_mqa.weight.grad.abs().sum() > 0


def test_a_model_made_in_inference_mode_decodes(model_of, tokens):
    ids = tokens(1, 6)
    with torch.inference_mode():
        model = model_of()
        cache = model(ids, use_cache=True).past_key_values
        step = model(ids[:, :1], past_key_values=cache).logits
        whole = model(torch.cat([ids, ids[:, :1]], 1)).logits[:, -1:]
    assert (step - whole).abs().max() < 1e-5


def test_a_bf16_model_with_fp32_norms_takes_the_compiled_step(model_of, tokens, monkeypatch):
    model = model_of().train()
    MasterWeights(model)
    model.eval()
    ids = tokens(2, 9)
    taken = []
    monkeypatch.setattr("tamsa.backbone.kda.kda_step", lambda *a: taken.append(1) or kda_step(*a))
    with torch.no_grad():
        whole = model(ids).logits.float()
        cache = model(ids[:, :8], use_cache=True).past_key_values
        step = model(ids[:, 8:], past_key_values=cache).logits.float()
    assert len(taken) == 3
    assert (step[:, 0] - whole[:, -1]).norm() <= 0.05 * whole[:, -1].norm()
