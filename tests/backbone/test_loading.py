"""The network alone is the model of transformers, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers")

from tamsa.backbone.config import NetworkConfig
from tamsa.backbone.loading import INDEX, load_network, weight_files
from tamsa.backbone.network import KimiLinear
from tamsa.errors import InputError
from tamsa.models import KimiLinearForCausalLM
from tests.models.conftest import KINDS, make_config

MOE = KINDS["grouped"]


def saved(folder: Path, changes: dict[str, Any] | None = None, **options: Any) -> Path:
    torch.manual_seed(5)
    model = KimiLinearForCausalLM(make_config(**(changes or {})))
    for name, buffer in model.named_buffers():
        if name.endswith("e_score_correction_bias"):
            buffer.normal_()
    model.save_pretrained(folder, **options)
    return folder


def alone(folder: Path, dtype: torch.dtype) -> KimiLinear:
    config = NetworkConfig.read(json.loads((folder / "config.json").read_text()), "config.json")
    return load_network(folder, config, dtype, "here")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, {}),
        ({"tie_word_embeddings": True}, {}),
        (MOE, {"max_shard_size": "40KB"}),
        (MOE | {"gate_lower_bound": -4.0}, {"naming": "transformers"}),
    ],
)
def test_logits_and_state_are_those_of_the_model_of_transformers(
    tmp_path: Path, changes: dict[str, Any], options: dict[str, Any], dtype: torch.dtype
) -> None:
    folder = saved(tmp_path / "model", changes, **options)
    assert (len(weight_files(folder)) > 1) == ("max_shard_size" in options) == (folder / INDEX).is_file()
    theirs = KimiLinearForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    ours = alone(folder, dtype)
    assert {k: (v.dtype, v.shape) for k, v in ours.state_dict().items()} == {
        k: (v.dtype, v.shape) for k, v in theirs.state_dict().items()
    }
    ids = torch.randint(0, 97, (2, 70), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, mine = theirs.new_cache(), ours.new_cache()
        for part in (ids[:, :66], ids[:, 66:67], ids[:, 67:68], ids[:, 68:]):
            logits = theirs(part, past_key_values=expected).logits
            assert torch.equal(ours(part, past_key_values=mine), logits) and logits.dtype == dtype
        assert torch.equal(ours.prefill(ids)[0], theirs.prefill(ids)[0])
    for one, other in zip(mine.states, expected.states, strict=True):
        for name in ("state", "window", "data"):
            assert not hasattr(one, name) or torch.equal(getattr(one, name), getattr(other, name))


def test_tied_weights_are_one_tensor(tmp_path: Path) -> None:
    network = alone(saved(tmp_path / "model", {"tie_word_embeddings": True}), torch.float32)
    assert network.lm_head.weight is network.model.embed_tokens.weight
    assert not any(p.requires_grad for p in network.parameters()) and not network.training
    assert not any(b.is_meta for b in network.buffers()) and not any(p.is_meta for p in network.parameters())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kv_lora_rank": 16}, "shapes differ: .*kv_a"),
        ({"num_hidden_layers": 3, "layer_types": ["linear_attention"] * 3}, "unknown model.layers.3"),
        ({"num_hidden_layers": 5, "layer_types": None}, "missing model.layers.4"),
    ],
)
def test_weights_that_do_not_belong_to_the_configuration_are_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    folder = saved(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["mlp_layer_types"] = None
    (folder / "config.json").write_text(json.dumps({k: v for k, v in (config | changes).items() if v is not None}))
    with pytest.raises(InputError, match=message):
        alone(folder, torch.float32)
