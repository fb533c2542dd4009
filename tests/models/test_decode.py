"""The compiled decode step equals the modules; absorbed attention equals the expanded one."""

import copy
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tamsa.backbone.latents import Latents
from tamsa.backbone.layout import Layout
from tamsa.backbone.moe import MoE
from tamsa.kernels.program import Program
from tamsa.models import MasterWeights, RowBatch

WHOLE = {"kv_lora_rank": 32, "qk_rope_head_dim": 16}
"""A model of which every layer is compiled; the usual tiny one's MLA is too narrow and stays a module."""


@pytest.fixture
def runs(monkeypatch):
    """Ranges of operations that compiled steps worked through."""
    taken = []
    run = Program.run
    monkeypatch.setattr(Program, "run", lambda self, *a: taken.append(a) or run(self, *a))
    return taken


def apart(a, b):
    """Relative distance."""
    return (a - b).norm() / b.norm()


def both(model, cache, ids):
    """Return what follows a token by the compiled step and, from the same state, by the modules."""
    modules = cache.fork(1)[0]
    modules.record(4)
    a = model(ids, past_key_values=cache).logits
    return a, model(ids, past_key_values=modules).logits, modules


@pytest.mark.parametrize("kind", ["dense", "moe", "grouped"])
@pytest.mark.parametrize("batch", [1, 2, 5, 7])
@pytest.mark.parametrize("changes", [{}, WHOLE, {"gate_lower_bound": -4.0}])
def test_the_step_equals_the_modules(kind, batch, changes, model_of, tokens, runs):
    model, ids = model_of(kind, **changes), tokens(batch, 40)
    with torch.no_grad():
        cache = model(ids[:, :9], use_cache=True).past_key_values
        for t in range(9, 40):
            a, b, modules = both(model, cache, ids[:, t : t + 1])
            assert apart(a, b) <= 2e-6
            for mine, theirs in zip(cache.states, modules.states, strict=True):
                if isinstance(mine, Latents):
                    assert mine.lengths == theirs.lengths
                    assert apart(mine.view(), theirs.view()) <= 1e-6
                else:
                    assert apart(mine.state, theirs.state) <= 1e-6
                    assert apart(mine.window, theirs.window) <= 1e-6
        whole = model(ids).logits[:, -1:]
    assert apart(a, whole) <= 3e-6
    # one run of the table, and one more behind each half layer that stays a module
    modules = sum(isinstance(layer.mlp, MoE) for layer in model.model.layers)
    modules += kind == "grouped" or changes is not WHOLE
    assert len(runs) == 31 * (1 + modules)


def test_a_row_does_not_depend_on_its_neighbours_nor_on_threads(model_of, tokens):
    model, ids = model_of(**WHOLE, hidden_size=256, intermediate_size=512), tokens(7, 20)

    def step(*args, **kwargs):
        return model.model(*args, **kwargs).last_hidden_state

    with torch.no_grad():
        caches = [model(ids[i : i + 1, : 5 + i], use_cache=True).past_key_values for i in range(7)]
        rows = RowBatch(model.config, torch.float32)
        for cache in caches:
            rows.join(cache)
        alone = torch.cat([step(ids[i : i + 1, -1:], past_key_values=caches[i]) for i in range(7)])
        twin = rows.cache.fork(1)[0]
        together = step(ids[:, -1:], past_key_values=rows.cache)
        torch.set_num_threads(2)
        try:
            for _ in range(20):
                again = step(ids[:, -1:], past_key_values=twin.fork(1)[0])
                assert torch.equal(again, together)
        finally:
            torch.set_num_threads(1)
    assert torch.equal(alone, together)


def test_the_step_follows_changed_weights(model_of, tokens):
    model = model_of(**WHOLE)
    ids = tokens(1, 6)

    def changes():
        layer = model.model.layers[1]
        for other in model.model.layers[:3]:
            other.self_attn.forget_gate.A_log.add_(1.0)
            other.self_attn.conv1d.weight.mul_(-1.0)
        yield
        layer.mlp.down_proj.weight.mul_(2.0)
        yield
        layer.mlp.up_proj = torch.nn.Linear(64, 96, bias=False)
        yield
        layer.self_attn.o_proj.weight = torch.nn.Parameter(torch.randn(64, 32) * 0.1)
        yield
        layer.input_layernorm.weight.data = torch.rand(64)
        yield
        model.model.layers[2] = copy.deepcopy(model.model.layers[0])
        yield
        layer.self_attn.b_proj = torch.nn.Sequential(layer.self_attn.b_proj, torch.nn.Linear(2, 2))
        yield
        model.model.norm.weight.mul_(0.5)
        yield

    with torch.no_grad():
        cache = model(ids, use_cache=True).past_key_values
        before = model(ids[:, :1], past_key_values=cache).logits
        for _ in changes():
            a, b, _ = both(model, cache, ids[:, :1])
            assert apart(a, b) <= 3e-6
            assert (a - before).abs().max() >= 1e-4
            before = a


def test_hooks_are_called_and_copies_are_independent(model_of, tokens):
    model, ids = model_of(**WHOLE), tokens(2, 6)
    seen = []
    with torch.no_grad():
        cache = model(ids, use_cache=True).past_key_values
        model(ids[:, :1], past_key_values=cache)
        handle = model.model.layers[2].mlp.gate_proj.register_forward_hook(lambda *_: seen.append(1))
        model(ids[:, :1], past_key_values=cache)
        handle.remove()
        assert seen == [1]
        twin, stored = copy.deepcopy(model), io.BytesIO()
        torch.save(model, stored)
        stored.seek(0)
        loaded = torch.load(stored, weights_only=False)
        for layer in model.model.layers:
            layer.mlp.down_proj.weight.zero_()
        first, second = cache.fork(2)
        changed = model(ids[:, :1], past_key_values=cache).logits
        kept = twin(ids[:, :1], past_key_values=first).logits
        assert torch.equal(kept, loaded(ids[:, :1], past_key_values=second).logits)
    assert (kept - changed).abs().max() > 1e-3


def test_several_threads_may_step_with_one_model(model_of, tokens):
    model, ids = model_of(**WHOLE), tokens(6, 30)

    def decode(row):
        with torch.no_grad():
            cache = model(ids[row : row + 1, :5], use_cache=True).past_key_values
            return torch.cat([model(ids[row : row + 1, t : t + 1], past_key_values=cache).logits for t in range(5, 30)])

    expected = [decode(row) for row in range(6)]
    with ThreadPoolExecutor(3) as pool:
        for a, b in zip(expected, pool.map(decode, range(6)), strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("new", [1, 2, 16, 17, 40])
def test_absorbed_and_blockwise_attention_equal_the_expanded(new, model_of, monkeypatch):
    monkeypatch.setattr("tamsa.backbone.mla.KEY_BLOCK", 7)
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


def test_the_step_serves_inference_mode_and_ordinary_tensors_alike(model_of, tokens):
    model, ids = model_of(**WHOLE), tokens(1, 6)
    with torch.inference_mode():
        cache = model(ids, use_cache=True).past_key_values
        twin = cache.fork(1)[0]
        a = model(ids[:, :1], past_key_values=cache).logits
    with torch.no_grad():
        assert torch.equal(a, model(ids[:, :1], past_key_values=twin).logits)


def test_a_bf16_model_with_fp32_norms_takes_the_compiled_step(model_of, tokens, runs):
    model = model_of(**WHOLE).train()
    MasterWeights(model)
    model.eval()
    ids = tokens(2, 9)
    with torch.no_grad():
        whole = model(ids).logits.float()
        cache = model(ids[:, :8], use_cache=True).past_key_values
        step = model(ids[:, 8:], past_key_values=cache).logits.float()
    assert len(runs) == 1
    assert (step[:, 0] - whole[:, -1]).norm() <= 0.05 * whole[:, -1].norm()


@pytest.mark.parametrize("changes", [{}, WHOLE])
def test_a_model_with_adapters_decodes_what_it_reads(changes, model_of, tokens):
    """Absorbed attention multiplies by the up-projection's matrix, which an adapter changes."""
    peft = pytest.importorskip("peft")
    model, ids = model_of("dense", **changes), tokens(2, 30)
    plain = model(ids).logits.detach()
    names = [name for name, m in model.named_modules() if type(m) is torch.nn.Linear and name != "lm_head"]
    config = peft.LoraConfig(r=4, target_modules=names, init_lora_weights=False)
    peft.inject_adapter_in_model(config, model)
    model.eval()
    with torch.no_grad():
        whole = model(ids).logits
        cache = model(ids[:, :9], use_cache=True).past_key_values
        steps = [model(ids[:, t : t + 1], past_key_values=cache).logits for t in range(9, 30)]
    assert apart(whole, plain) > 0.1
    assert apart(torch.cat(steps, 1), whole[:, 9:]) <= 3e-6
