"""The making of the bundled model, with everything small."""

import json
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tamsa.config import load_config
from tamsa.errors import ConfigError
from tamsa.llm import open_model
from tamsa.reproduce.nano.command import overrides
from tamsa.reproduce.nano.recipe import NanoRecipe
from tamsa.reproduce.studies import run_study

RECIPE = Path(__file__).parents[2] / "recipes" / "nano.toml"


def test_overrides_are_toml():
    fields = {
        "path": Path("a b/ü.jsonl"),
        "rate": 4e-3,
        "flag": True,
        "sources": [{"path": Path("x"), "weight": 1.0, "limit": None}],
        "model": {"hidden_size": 64},
    }
    read = tomllib.loads("\n".join(overrides(fields)))
    assert read["path"] == "a b/ü.jsonl"
    assert (read["rate"], read["flag"]) == (4e-3, True)
    assert read["sources"] == [{"path": "x", "weight": 1.0}]
    assert read["model"] == {"hidden_size": 64}


def test_the_shipped_recipe_is_readable_and_evaluates_on_nothing_it_trains_on():
    recipe = load_config(NanoRecipe, RECIPE)
    assert not set(recipe.seeds) & set(recipe.held_out.seeds)
    with pytest.raises(ConfigError, match="2001"):
        load_config(NanoRecipe, RECIPE, ["held_out.seeds=[2001]"])
    with pytest.raises(ConfigError, match="the groups are"):
        load_config(NanoRecipe, RECIPE, ['stages=[{stage="sft", name="sft", mix={other=1.0}}]'])


@pytest.mark.soak
def test_a_small_nano_is_made_packaged_and_opened(tmp_path):
    small = [
        f'out="{tmp_path}/nano"',
        "worlds=[{seeds=[1, 2], pages=200, questions=24}, {name='b', seeds=[4], pages=200, questions=24, tasks=false}]",
        "held_out={seeds=[3], pages=200, questions=24}",
        "tokenizer={vocab_size=600}",
        "evaluate=3",
        "workers=1",
    ]
    network = "hidden_size=64, num_hidden_layers=4, num_attention_heads=2, intermediate_size=96, num_local_experts=0, "
    network += "linear_num_heads=2, linear_head_dim=32, kv_lora_rank=32, qk_nope_head_dim=16, qk_rope_head_dim=16, "
    network += "v_head_dim=32, tie_word_embeddings=true"
    sft = f'{{stage="sft", name="sft", mix={{b=0.5}}, precision="float32", model={{{network}}}, '
    sft += "stages=[{context=4096}], batch={tokens=4096, micro_tokens=4096}, schedule={steps=2, warmup=1}}"
    rl = '{stage="rl", name="rl", grow={intermediate_size=128}, steps=1, pool={active=4, min_tries=2}, '
    rl += "rollouts={group=2, prompts=2, max_calls=2, max_completion_tokens=8}}"
    heads = '{stage="heads", name="heads", optimizer={learning_rate=1e-3}}'
    run_study("nano", RECIPE, [*small, f"stages=[{sft}, {rl}, {heads}]"], on_note=lambda _: None)
    package = tmp_path / "nano" / "package"
    card = (package / "README.md").read_text()
    assert "| sft | sft | 2 |" in card
    assert "world 3 | baseline" in card
    names = {"baseline", "sft", "nano", "nano, T = 1", "nano, AutoDeco"}
    assert set(json.loads((package / "scores.json").read_text())["world 3"]) == names
    assert (package / "heads" / "config.json").is_file()
    assert json.loads((package / "config.json").read_text())["intermediate_size"] == 128
    assert (tmp_path / "nano" / "curve.png").stat().st_size > 1000
    assert open_model(f"hf:{package}").profile.brief
