"""Merging: the average of the weights, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tamsa.errors import ConfigError, InputError
from tamsa.train.building import new_model
from tamsa.train.merging import MergeRecipe, Variant, merge
from tests.train.making import TINY


@pytest.fixture
def variants(tokenizer: Any, tmp_path: Path) -> list[Path]:
    paths = []
    for seed in range(3):
        torch.manual_seed(seed)
        path = tmp_path / f"v{seed}"
        new_model(TINY, tokenizer).save_pretrained(path)
        tokenizer.save_pretrained(path)
        paths.append(path)
    return paths


def test_weights_are_the_convex_average(variants: list[Path], tmp_path: Path) -> None:
    given = [2.0, 1.0, 1.0]
    chosen = tuple(Variant(path, weight) for path, weight in zip(variants, given, strict=True))
    merge(MergeRecipe(tmp_path / "out", chosen))
    states = [AutoModelForCausalLM.from_pretrained(path).state_dict() for path in variants]
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out").state_dict()
    for name, value in merged.items():
        expected = sum(w / 4 * state[name].double() for w, state in zip(given, states, strict=True))
        assert torch.allclose(value.double(), expected, atol=1e-7), name
    parents = json.loads((tmp_path / "out" / "training.json").read_text())["parents"]
    assert [parent["share"] for parent in parents] == [0.5, 0.25, 0.25]


def test_average_of_a_model_with_itself_is_the_model(variants: list[Path], tmp_path: Path) -> None:
    merge(MergeRecipe(tmp_path / "out", (Variant(variants[0], 0.5), Variant(variants[0], 0.5))))
    before = AutoModelForCausalLM.from_pretrained(variants[0]).state_dict()
    after = AutoModelForCausalLM.from_pretrained(tmp_path / "out").state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_mistakes_are_refused(variants: list[Path], tokenizer: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two or more"):
        merge(MergeRecipe(tmp_path / "out", (Variant(variants[0]),)))
    with pytest.raises(ConfigError, match="at least 0"):
        merge(MergeRecipe(tmp_path / "out", (Variant(variants[0], 2.0), Variant(variants[1], -1.0))))
    with pytest.raises(InputError, match="exists already"):
        merge(MergeRecipe(variants[2], (Variant(variants[0]), Variant(variants[1]))))
    other = tmp_path / "other"
    new_model({**TINY, "intermediate_size": 96}, tokenizer).save_pretrained(other)
    tokenizer.save_pretrained(other)
    with pytest.raises(InputError, match=r"mlp\.\w+_proj\.weight differs"):
        merge(MergeRecipe(tmp_path / "out", (Variant(variants[0]), Variant(other))))
    assert not (tmp_path / "out").exists()
