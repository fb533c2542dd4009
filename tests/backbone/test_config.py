"""A `config.json` means the same with and without transformers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")

from tamsa.backbone.config import NetworkConfig
from tamsa.errors import ConfigError
from tamsa.models import KimiLinearConfig

OFFICIAL: dict[str, Any] = {
    "model_type": "kimi_linear",
    "vocab_size": 200,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 5,
    "num_attention_heads": 4,
    "kv_lora_rank": 24,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 16,
    "num_experts": 8,
    "num_experts_per_token": 2,
    "num_expert_group": 4,
    "topk_group": 2,
    "num_shared_experts": 2,
    "moe_renormalize": False,
    "moe_intermediate_size": 32,
    "first_k_dense_replace": 2,
    "model_max_length": 4096,
    "eos_token_id": [3, 4],
    "linear_attn_config": {
        "full_attn_layers": [2, 5],
        "kda_layers": [1, 3, 4],
        "head_dim": 16,
        "num_heads": 2,
        "short_conv_kernel_size": 3,
        "gate_lower_bound": -4.5,
    },
}


def named(config: Any) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(NetworkConfig)}


def test_the_fields_have_the_defaults_of_transformers() -> None:
    theirs = {field.name: field.default for field in dataclasses.fields(KimiLinearConfig)}
    ours = {field.name: field.default for field in dataclasses.fields(NetworkConfig)}
    assert ours == {name: theirs[name] for name in ours}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"linear_attn_config": None},
        {"linear_attn_config": {"head_dim": 32}},
        {"num_experts": 0},
        {"layer_types": ["full_attention"] * 5},
        {"vocab_size": 170_000, "eos_token_id": 163586},
        {"q_lora_rank": 12, "attention_bias": True, "tie_word_embeddings": True},
    ],
)
def test_an_official_file_is_read_as_transformers_reads_it(changes: dict[str, Any]) -> None:
    values = {key: value for key, value in (OFFICIAL | changes).items() if value is not None}
    theirs = KimiLinearConfig.from_dict(dict(values))
    ours = NetworkConfig.read(values, "config.json")
    assert named(ours) == named(theirs)
    assert ours.num_params() == theirs.num_params() and ours.fingerprint() == theirs.fingerprint()


def test_a_saved_configuration_is_read_back(tmp_path: Path) -> None:
    config = KimiLinearConfig.from_dict(dict(OFFICIAL))
    config.save_pretrained(tmp_path)
    assert named(NetworkConfig.read(json.loads((tmp_path / "config.json").read_text()), "x")) == named(config)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": "wide"}, "hidden_size"),
        ({"kv_lora_rank": 0}, "kv_lora_rank = 0"),
        ({"layer_types": ["linear_attention"]}, "layer_types has 1 entries"),
        ({"linear_attn_config": [1]}, "linear_attn_config"),
        ({"hidden_act": "gelu"}, "hidden_act"),
    ],
)
def test_impossible_values_are_refused_with_the_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        NetworkConfig.read(OFFICIAL | changes, "there.json")
    assert "there.json" in str(caught.value)
