"""The model as a whole: causality, counting, loading, losses, bad input."""

import copy

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

from tamsa.backbone.checkpoints import from_official, to_official
from tamsa.errors import ConfigError, InputError
from tamsa.models import KimiLinearConfig, KimiLinearForCausalLM


@pytest.mark.parametrize("kind", ["dense", "moe"])
@pytest.mark.parametrize("t", [1, 16, 63])
def test_the_past_does_not_depend_on_the_future(t, kind, model_of, tokens):
    model = model_of(kind)
    ids, other = tokens(2, 80), tokens(2, 80, seed=2)
    changed = torch.cat([ids[:, :t], other[:, t:]], 1)
    with torch.no_grad():
        assert torch.equal(model(ids).logits[:, :t], model(changed).logits[:, :t])


def test_the_published_layout_and_size():
    config = KimiLinearConfig()
    full = [i + 1 for i, kind in enumerate(config.layer_types) if kind == "full_attention"]
    assert full == [4, 8, 12, 16, 20, 24, 27]
    assert round(config.num_params() / 1e9, 2) == 49.12
    assert round(config.num_params(active=True) / 1e9, 2) in (3.48, 3.49)


def test_the_official_config_is_understood():
    linear = {
        "full_attn_layers": [2],
        "kda_layers": [1, 3],
        "head_dim": 32,
        "num_heads": 4,
        "short_conv_kernel_size": 3,
    }
    config = KimiLinearConfig(num_hidden_layers=3, linear_attn_config=linear)
    assert config.layer_types == ["linear_attention", "full_attention", "linear_attention"]
    assert (config.linear_head_dim, config.linear_num_heads, config.linear_conv_kernel_dim) == (32, 4, 3)


@pytest.mark.parametrize("kind", ["dense", "moe", "grouped"])
@pytest.mark.parametrize("tied", [False, True])
def test_counted_parameters_equal_the_built(kind, tied, model_of):
    model = model_of(kind, tie_word_embeddings=tied)
    assert model.num_params() == model.config.num_params()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gate_lower_bound": -6.0}, "gate_lower_bound = -6.0"),
        ({"layer_types": ["linear_attention"]}, "layer_types has 1 entries"),
        ({"layer_types": ["banana"] * 4}, "banana"),
        ({"num_local_experts": 4, "num_experts_per_tok": 5}, "num_experts_per_tok = 5"),
        ({"hidden_size": 0}, "hidden_size = 0"),
        ({"hidden_act": "gelu"}, "hidden_act"),
    ],
)
def test_impossible_configs_are_refused(changes, message, config_of):
    with pytest.raises(ConfigError, match=message):
        config_of(**changes)


@pytest.mark.parametrize("naming", ["official", "transformers"])
@pytest.mark.parametrize("shard", ["5GB", "60KB"])
def test_save_and_load_in_either_naming(naming, shard, model_of, tokens, tmp_path):
    model = model_of("moe")
    ids = tokens(1, 9)
    with torch.no_grad():
        wanted = model(ids).logits  # also joins the projections' memory
    model.save_pretrained(tmp_path, naming=naming, max_shard_size=shard)
    files = sorted(tmp_path.glob("*.safetensors"))
    assert (len(files) > 1) == (shard == "60KB")
    names = {name for file in files for name in load_file(file)}
    assert ("model.layers.1.block_sparse_moe.experts.3.w2.weight" in names) == (naming == "official")
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert type(loaded) is KimiLinearForCausalLM
    assert type(AutoConfig.from_pretrained(tmp_path)) is KimiLinearConfig
    assert all(torch.equal(tensor, loaded.state_dict()[name]) for name, tensor in model.state_dict().items())
    with torch.no_grad():
        assert (loaded(ids).logits - wanted).abs().max() < 1e-6  # memory alignment may change the last bit


def test_names_translate_back_and_forth(model_of):
    state = model_of("moe").state_dict()
    official = to_official(state)
    assert official["model.layers.0.self_attn.A_log"].shape == (1, 1, 2, 1)
    back = from_official(official)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)
    del official["model.layers.2.block_sparse_moe.experts.3.w2.weight"]
    with pytest.raises(InputError, match=r"experts\.3\.w2"):
        from_official(official)


def test_a_checkpoint_that_does_not_fit_is_refused_by_name(model_of, tmp_path):
    model = model_of()
    model.save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["model.layers.0.self_attn.q_proj.weight"]
    tensors["model.norm.weight"] = torch.zeros(5)
    tensors["bogus"] = torch.zeros(1)
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError) as caught:
        KimiLinearForCausalLM.from_pretrained(tmp_path)
    for part in ("missing model.layers.0.self_attn.q_proj.weight", "unknown bogus", "model.norm.weight is [5]", "[64]"):
        assert part in str(caught.value)


def test_tied_embeddings_survive_a_save(model_of, tokens, tmp_path):
    model = model_of(tie_word_embeddings=True)
    model.save_pretrained(tmp_path)
    loaded = KimiLinearForCausalLM.from_pretrained(tmp_path)
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight
    with torch.no_grad():
        assert torch.equal(loaded(tokens(1, 5)).logits, model(tokens(1, 5)).logits)


@pytest.mark.parametrize("naming", ["official", "transformers"])
def test_the_decoder_alone_is_loaded_from_a_model_with_a_head(naming, model_of, tokens, tmp_path):
    model = model_of()
    model.save_pretrained(tmp_path, naming=naming)
    decoder = AutoModel.from_pretrained(tmp_path)
    with torch.no_grad():
        wanted = model.model(tokens(1, 5)).last_hidden_state
        assert torch.equal(decoder(tokens(1, 5)).last_hidden_state, wanted)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("changes", [{"v_head_dim": None}, {"n_shared_experts": 0}])
def test_what_may_be_left_out_may_be_left_out(changes, model_of, tokens):
    model = model_of("moe", **changes)
    assert sum(p.numel() for p in model.parameters()) == model.config.num_params()
    assert model.generate(tokens(1, 5), max_new_tokens=2, do_sample=False).shape == (1, 7)


def test_a_model_in_fp64_is_that_in_fp32(model_of, tokens):
    model, ids = model_of(), tokens(1, 20)
    with torch.no_grad():
        single = model(ids).logits
        cached = model.double()(ids[:, :12], use_cache=True)
        double = torch.cat([cached.logits, model(ids[:, 12:], past_key_values=cached.past_key_values).logits], 1)
    assert double.dtype == torch.float64
    assert (double - single).abs().max() <= 1e-5


def test_chunked_loss_equals_the_table_of_logits(model_of, tokens):
    model = model_of().train()
    ids = tokens(2, 33)
    labels = ids.clone()
    labels[:, :7] = -100
    whole = model(ids, labels=labels)
    whole.loss.backward()
    wanted = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    output = model(ids, labels=labels, skip_logits=True)
    assert output.logits is None
    output.loss.backward()
    assert abs(output.loss - whole.loss) < 1e-6
    for name, p in model.named_parameters():
        assert (p.grad - wanted[name]).norm() <= 1e-5 * wanted[name].norm() + 1e-8, name


@pytest.mark.parametrize("vocab_size", [97, 96])  # the plain expression and the compiled rows, which write at a label
def test_the_chunked_loss_takes_every_kind_of_integer_and_refuses_labels_out_of_range(vocab_size, model_of, tokens):
    model = model_of(vocab_size=vocab_size)
    ids = tokens(1, 33) % vocab_size
    loss = model(ids, labels=ids, skip_logits=True).loss
    assert torch.equal(model(ids, labels=ids.int(), skip_logits=True).loss, loss)
    for wrong in (vocab_size, 10**6, -1):
        labels = ids.clone()
        labels[0, 7] = wrong
        with pytest.raises(InputError, match=f"labels: token {wrong}, the vocabulary has {vocab_size}"):
            model(ids, labels=labels, skip_logits=True)


def test_gradient_checkpointing_changes_no_gradient(model_of, tokens):
    model = model_of("moe").train()
    ids = tokens(2, 20)
    model(ids, labels=ids).loss.backward()
    wanted = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable()
    model(ids, labels=ids).loss.backward()
    for name, p in model.named_parameters():
        assert torch.allclose(p.grad, wanted[name], atol=1e-6), name


def test_joined_projections_follow_every_change_of_a_weight(model_of, tokens):
    model = model_of()
    ids = tokens(1, 6)
    layer = model.model.layers[0].self_attn

    def fresh():
        other = KimiLinearForCausalLM(model.config).eval()
        other.load_state_dict(model.state_dict())
        return other(ids).logits

    with torch.no_grad():
        model(ids)
        layer.k_proj.weight.mul_(2)
        assert torch.equal(model(ids).logits, fresh())
        layer.k_proj.weight = torch.nn.Parameter(layer.k_proj.weight * 0.5)
        assert torch.equal(model(ids).logits, fresh())
        twin = copy.deepcopy(model)
        layer.q_proj.weight.neg_()
        assert not torch.equal(twin(ids).logits, model(ids).logits)
        handle = layer.v_proj.register_forward_hook(lambda module, inputs, output: output * 0)
        assert not torch.equal(model(ids).logits, fresh())
        handle.remove()
    model.train()
    model(ids, labels=ids).loss.backward()
    assert layer.q_proj.weight.grad is not None


def test_the_bounded_gate_is_bounded(model_of, tokens):
    model = model_of(gate_lower_bound=-5.0)
    seen = []
    from tamsa.kernels.gates import log_decay

    gate = model.model.layers[0].self_attn.forget_gate
    g = log_decay(torch.linspace(-50, 50, 32)[None], gate.A_log, gate.dt_bias, -5.0)
    assert g.min() >= -5.0
    assert g.max() <= 0.0
    with torch.no_grad():
        seen.append(model(tokens(1, 5)).logits)
    assert not torch.equal(seen[0], model_of()(tokens(1, 5)).logits)


def test_initial_decays_are_in_the_published_range(model_of):
    gate = model_of().model.layers[0].self_attn.forget_gate
    dt = torch.nn.functional.softplus(gate.dt_bias)
    assert dt.min() >= 1e-3 * 0.999 and dt.max() <= 1e-1 * 1.001
    assert gate.A_log.min() >= 0 and gate.A_log.max() <= torch.tensor(16.0).log()


def test_router_bias_moves_towards_balance(model_of, tokens):
    model = model_of("moe").train()
    model(tokens(2, 50))
    statistics = model.router_statistics()
    assert len(statistics) == 3
    assert all(s["tokens"] == 100 and s["max_over_mean"] >= 1 for s in statistics.values())
    router = model.model.layers[1].mlp.gate
    load = router.load.clone()
    model.update_router_bias(0.01)
    bias = router.e_score_correction_bias
    assert (bias[load < load.mean()] > 0).all()
    assert (bias[load > load.mean()] < 0).all()
    assert router.load.sum() == 0
    before = load.max() / load.mean()
    for _ in range(100):
        model(tokens(2, 50))
        model.update_router_bias(0.01)
    model(tokens(2, 50))
    assert router.load.max() / router.load.mean() < before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_ids": torch.zeros(5, dtype=torch.long)}, r"input_ids must be integers of shape \[B, T\]"),
        ({"input_ids": torch.zeros(1, 5)}, "float32"),
        ({"input_ids": torch.zeros(1, 0, dtype=torch.long)}, "no token"),
        ({"input_ids": torch.full((1, 5), 97)}, "vocab_size"),
        (
            {"input_ids": torch.ones(1, 5, dtype=torch.long), "attention_mask": torch.ones(1, 4)},
            r"\[1, 5\], got \[1, 4\]",
        ),
        ({"inputs_embeds": torch.zeros(1, 5, 3)}, r"\[B, T, 64\]"),
        ({}, "either input_ids or inputs_embeds"),
        ({"input_ids": torch.ones(1, 5, dtype=torch.long), "past_key_values": object()}, "KimiLinearCache"),
        ({"input_ids": torch.ones(1, 5, dtype=torch.long), "labels": torch.ones(1, 4, dtype=torch.long)}, "labels"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, message, model_of):
    with pytest.raises(InputError, match=message):
        model_of()(**arguments)


def test_a_cache_of_another_batch_is_refused(model_of, tokens):
    model = model_of()
    cache = model(tokens(2, 5), use_cache=True).past_key_values
    with pytest.raises(InputError, match="holds 2 sequences, input_ids has 3"):
        model(tokens(3, 1), past_key_values=cache)


@pytest.mark.parametrize("kind", ["dense", "moe"])
@pytest.mark.parametrize("how", ["autocast", "weights"])
def test_bf16_training_follows_fp32(kind, how, model_of, tokens):
    model = model_of(kind).train()
    ids = tokens(2, 40)
    exact = model(ids, labels=ids, skip_logits=True).loss
    exact.backward()
    wanted = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    if how == "weights":
        model.bfloat16()
        loss = model(ids, labels=ids, skip_logits=True).loss
    else:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(ids, labels=ids, skip_logits=True).loss
    loss.backward()
    assert abs(loss - exact) < 0.03
    for name in (
        "lm_head.weight",
        "model.layers.3.self_attn.kv_b_proj.weight",
        "model.layers.2.self_attn.v_proj.weight",
    ):
        grad = dict(model.named_parameters())[name].grad.float()
        # rounding makes some tokens of a random router change their expert
        assert (grad - wanted[name]).norm() <= (0.1 if kind == "dense" else 0.3) * wanted[name].norm(), name


def test_bf16_generation_runs_in_step_and_prefill(model_of, tokens):
    model = model_of().bfloat16()
    ids = tokens(2, 12)
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False)
    with torch.no_grad():
        cache = model.new_cache()
        stepwise = torch.cat(
            [model(out[:, t : t + 1], past_key_values=cache, use_cache=True).logits for t in range(20)], 1
        )
        whole = model(out).logits
    assert (stepwise.float() - whole.float()).norm() <= 0.05 * whole.float().norm()
