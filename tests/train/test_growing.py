"""Growing: more weights, the same function, and nothing in it that cannot learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tamsa.errors import ConfigError, InputError
from tamsa.train.building import new_model
from tamsa.train.growing import GrowRecipe, grow
from tamsa.train.stages import run_stage
from tests.train.making import TINY

KINDS = ["linear_attention", "linear_attention", "full_attention"]
LARGER = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_attention_heads": 3,
    "linear_num_heads": 3,
    "num_hidden_layers": 6,
    "layer_types": [KINDS[0], *KINDS, KINDS[0], KINDS[2]],
}


@pytest.fixture
def small(tokenizer: Any, tmp_path: Path) -> Path:
    torch.manual_seed(1)
    model = new_model({**TINY, "num_hidden_layers": 3, "layer_types": KINDS}, tokenizer)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "norm" in name:
                value.uniform_(0.5, 1.5)
            elif "A_log" not in name and "dt_bias" not in name:
                value.normal_(0.0, 0.3)
    model.save_pretrained(tmp_path / "small")
    tokenizer.save_pretrained(tmp_path / "small")
    return tmp_path / "small"


def test_a_grown_model_computes_what_the_small_one_does(small: Path, tokenizer: Any, tmp_path: Path) -> None:
    grow(GrowRecipe(small, tmp_path / "large", LARGER))
    before, after = (AutoModelForCausalLM.from_pretrained(p) for p in (small, tmp_path / "large"))
    assert after.num_params() > 2 * before.num_params()
    ids = torch.randint(0, len(tokenizer), (2, 70), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(after(ids).logits, before(ids).logits, rtol=1e-3, atol=1e-3)
    assert json.loads((tmp_path / "large" / "training.json").read_text())["stage"] == "grow"


def test_all_that_is_new_learns(small: Path, tokenizer: Any, tmp_path: Path) -> None:
    model = grow(GrowRecipe(small, tmp_path / "large", LARGER)).train()
    ids = torch.randint(0, len(tokenizer), (4, 40), generator=torch.Generator().manual_seed(0))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        model(ids, labels=ids).loss.backward()
        optimiser.step()
    for name, value in model.named_parameters():
        assert value.grad is not None
        if value.ndim > 1 and value.shape[0] > 1:
            assert bool((value.grad.flatten(1) != 0).any(1).float().mean() > 0.5), name


def test_what_cannot_grow_is_refused(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "large"
    with pytest.raises(ConfigError, match="kv_lora_rank: 16 became 24; it cannot grow"):
        grow(GrowRecipe(small, out, {"kv_lora_rank": 24}))
    with pytest.raises(ConfigError, match="would shrink"):
        grow(GrowRecipe(small, out, {"intermediate_size": 32}))
    with pytest.raises(ConfigError, match="does not hold those of the trained model"):
        grow(
            GrowRecipe(
                small,
                out,
                {"num_hidden_layers": 4, "layer_types": [KINDS[0]] * 3 + [KINDS[2]]}
                | {"num_hidden_layers": 2, "layer_types": KINDS[1:]},
            )
        )
    with pytest.raises(ConfigError, match="no field"):
        grow(GrowRecipe(small, out, {"hidden": 64}))
    assert not out.exists()
    with pytest.raises(InputError, match="exists already"):
        grow(GrowRecipe(small, small, LARGER))


def test_the_bundled_model_grows_by_its_name(tmp_path: Path) -> None:
    notes: list[str] = []
    overrides = ["init=nano", f"out={tmp_path}/wider", "model.intermediate_size=1100"]
    run_stage("grow", None, overrides, on_note=notes.append)
    assert "parameters, computing what" in notes[0]
    config = json.loads((tmp_path / "wider" / "config.json").read_text())
    assert (config["intermediate_size"], config["hidden_size"]) == (1100, 384)
