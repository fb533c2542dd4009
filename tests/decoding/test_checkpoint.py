"""Heads-only folders: round trips, the two official forms, and every mismatch by name."""

from __future__ import annotations

import json
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file

from tamsa.decoding import AutoDecoConfig, AutoDecoForCausalLM
from tamsa.errors import CorruptError, InputError
from tests.decoding.conftest import VOCAB, build


@pytest.fixture
def model(llama):
    torch.manual_seed(1)
    return AutoDecoForCausalLM.from_base(
        llama, AutoDecoConfig(head_size=16, initial_top_p=0.5, temperature_scale=0.9, cut_shift=float("inf"))
    )


def x():
    return torch.randint(3, VOCAB, (2, 6), generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def logits(model):
    return model(x()).logits


def test_saved_heads_give_the_same_logits(model, llama, tmp_path):
    model.save_pretrained(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["autodeco_heads.safetensors", "config.json"]
    again = AutoDecoForCausalLM.from_pretrained(tmp_path, base=llama)
    assert torch.equal(logits(again), logits(model))
    assert again.decoding_heads.config == model.decoding_heads.config
    assert torch.isneginf(logits(again)).any()


def test_a_base_is_loaded_by_the_name_in_the_folder(tmp_path):
    build("qwen3").save_pretrained(tmp_path / "base")
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    model = AutoDecoForCausalLM.from_base(base)
    model.save_pretrained(tmp_path / "heads")
    assert torch.equal(logits(AutoDecoForCausalLM.from_pretrained(tmp_path / "heads")), logits(model))
    by_path = AutoDecoForCausalLM.from_pretrained(tmp_path / "heads", base=str(tmp_path / "base"))
    assert torch.equal(logits(by_path), logits(model))


def test_a_half_precision_base_stores_half_precision_heads(tmp_path):
    """2.1M parameters at a width of 4096: 4.2 MB in bf16."""
    base = build("llama").to(torch.bfloat16)
    model = AutoDecoForCausalLM.from_base(base)
    assert model.decoding_heads.temp_head.mlp[0].weight.dtype == torch.float32
    model.save_pretrained(tmp_path / "half")
    model.save_pretrained(tmp_path / "full", dtype=torch.float32)
    stored = [load_file(tmp_path / name / "autodeco_heads.safetensors") for name in ("half", "full")]
    assert {t.dtype for t in stored[0].values()} == {torch.bfloat16}
    assert {t.dtype for t in stored[1].values()} == {torch.float32}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the fingerprint does not depend on the precision of the base
        AutoDecoForCausalLM.from_pretrained(tmp_path / "half", base=build("llama").to(torch.bfloat16).float())


def official(model, folder, *, statistics=True, merged=False):
    """Write what the released code writes, field by field."""
    folder.mkdir()
    tensors = {name: value.clone() for name, value in model.decoding_heads.state_dict().items()}
    config = {
        **model.config.to_dict(),
        "model_type": "autodeco",
        "base_model_type": "llama",
        "base_model_name_or_path": "someone/some-llama",
        "enable_temperature_head": False,
        "enable_top_p_head": True,
        "use_enhanced_features": statistics,
        "top_p_hidden_size": 32,
        "temperature_hidden_size": 32,
        "architectures": ["AutoDecoModelForCausalLM"],
    }
    if merged:
        base = {f"llm.{name}": value.clone() for name, value in model.base.state_dict().items()}
        save_file(base | {}, folder / "model-00001-of-00002.safetensors", metadata={"format": "pt"})
        save_file(tensors, folder / "model-00002-of-00002.safetensors", metadata={"format": "pt"})
        weight_map = dict.fromkeys(base, "model-00001-of-00002.safetensors")
        weight_map |= dict.fromkeys(tensors, "model-00002-of-00002.safetensors")
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    else:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("statistics", [True, False])
def test_official_heads_load_beside_a_base(llama, tmp_path, statistics):
    model = AutoDecoForCausalLM.from_base(llama, AutoDecoConfig(statistics=statistics))
    folder = official(model, tmp_path / "official", statistics=statistics)
    again = AutoDecoForCausalLM.from_pretrained(folder, base=llama)
    assert torch.equal(logits(again), logits(model))
    assert again.decoding_heads.config.base.name_or_path == "someone/some-llama"


def test_official_merged_folder_brings_its_base(llama, tmp_path):
    model = AutoDecoForCausalLM.from_base(llama)
    folder = official(model, tmp_path / "merged", merged=True)
    again = AutoDecoForCausalLM.from_pretrained(folder)
    assert type(again.base) is type(llama)
    torch.testing.assert_close(logits(again), logits(model))
    beside = AutoDecoForCausalLM.from_pretrained(folder, base=llama)
    assert torch.equal(logits(beside), logits(model))


def test_another_fine_tune_of_the_base_is_warned_about(model, tmp_path):
    model.save_pretrained(tmp_path)
    with pytest.warns(UserWarning, match="fingerprint"):
        AutoDecoForCausalLM.from_pretrained(tmp_path, base=build("llama", seed=9))


def change(folder, **values):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_mismatches_name_both_sides(model, llama, tmp_path):
    model.save_pretrained(tmp_path)
    with pytest.raises(InputError, match="type 'llama', but this one is 'qwen3'"):
        AutoDecoForCausalLM.from_pretrained(tmp_path, base=build("qwen3"))
    wide = build("llama")
    wide.resize_token_embeddings(VOCAB + 8)
    with pytest.raises(InputError, match=f"vocabulary of {VOCAB} .*has {VOCAB + 8}"):
        AutoDecoForCausalLM.from_pretrained(tmp_path, base=wide)
    import transformers

    narrow = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(vocab_size=VOCAB, hidden_size=16, intermediate_size=8, num_hidden_layers=1,
                                 num_attention_heads=2)
    )  # fmt: skip
    with pytest.raises(InputError, match=r"width of 32 .*has 16"):
        AutoDecoForCausalLM.from_pretrained(tmp_path, base=narrow)
    change(tmp_path, format_version=2, tamsa_version="9.9")
    with pytest.raises(InputError, match=r"format_version 2, written by Tamsa 9\.9; this is Tamsa .* reads up to 1"):
        AutoDecoForCausalLM.from_pretrained(tmp_path, base=llama)


def test_broken_folders_are_named(model, llama, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        AutoDecoForCausalLM.from_pretrained(tmp_path / "nothing", base=llama)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"config\.json is missing"):
        AutoDecoForCausalLM.from_pretrained(tmp_path / "empty", base=llama)
    folder = tmp_path / "heads"
    model.save_pretrained(folder)
    change(folder, hidden_size=31)
    with pytest.raises(CorruptError, match="hidden_size = 31, but the head tensors say 32"):
        AutoDecoForCausalLM.from_pretrained(folder, base=llama)
    change(folder, hidden_size=32, model_type="llama")
    with pytest.raises(InputError, match="model_type 'llama', expected 'autodeco'"):
        AutoDecoForCausalLM.from_pretrained(folder, base=llama)
    change(folder, model_type="autodeco")
    weights = folder / "autodeco_heads.safetensors"
    tensors = load_file(weights)
    save_file({name: value for name, value in tensors.items() if "temp_head.mlp.2.bias" not in name}, weights)
    with pytest.raises(CorruptError, match=r"missing \['temp_head\.mlp\.2\.bias'\]"):
        AutoDecoForCausalLM.from_pretrained(folder, base=llama)
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(CorruptError, match="damaged"):
        AutoDecoForCausalLM.from_pretrained(folder, base=llama)
    weights.unlink()
    with pytest.raises(InputError, match=r"no \*\.safetensors"):
        AutoDecoForCausalLM.from_pretrained(folder, base=llama)


def test_heads_without_a_base_name_ask_for_one(model, tmp_path):
    model.save_pretrained(tmp_path)
    with pytest.raises(InputError, match="names no base model; pass base="):
        AutoDecoForCausalLM.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cut_shift": "far"}, r"config\.json: could not convert"),
        ({"cut_shift": None}, r"config\.json: float"),
        ({"temperature_scale": -1}, r"config\.json: temperature_scale: -1"),
        ({"enable_top_p_head": ...}, r"config\.json: enable_top_p_head is missing"),
    ],
)
def test_a_damaged_configuration_is_named(changes, message, model, llama, tmp_path):
    model.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    values = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in values.items() if value is not ...}))
    with pytest.raises(CorruptError, match=message):
        AutoDecoForCausalLM.from_pretrained(tmp_path, base=llama)


@pytest.mark.parametrize("name", ["temp_head.mlp.0.weight", "temp_head.mlp.0.bias", "top_p_head.mlp.2.weight"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_head_tensors_of_another_shape_are_refused(name, shape, model, llama, tmp_path):
    model.save_pretrained(tmp_path)
    path = tmp_path / "autodeco_heads.safetensors"
    save_file({**load_file(path), name: torch.zeros(shape)}, path)
    with pytest.raises(CorruptError, match="head"):
        AutoDecoForCausalLM.from_pretrained(tmp_path, base=llama)
