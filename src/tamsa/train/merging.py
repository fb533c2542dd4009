"""The stage `merge`: a convex average of variants of one base (arXiv 2510.24701, section on model merging)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tamsa.config import load_config
from tamsa.errors import ConfigError, InputError
from tamsa.store import new_id
from tamsa.train.building import load_model
from tamsa.train.manifest import parent_of
from tamsa.train.saving import save_model
from tamsa.train.stages import Call
from tamsa.train.tokenizer import load_tokenizer
from tamsa.types import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Variant:
    """One model of an average."""

    path: Path
    weight: float = 1.0
    """At least 0; the weights are divided by their sum."""


@dataclass(frozen=True, slots=True)
class MergeRecipe:
    """Which models are averaged, and where to."""

    out: Path
    variants: tuple[Variant, ...]
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Of the weights on disk; the average is taken in fp64."""


def run(call: Call) -> None:
    """Average models and write the folder of the result."""
    recipe = load_config(MergeRecipe, call.recipe, call.overrides)
    merge(recipe)
    call.on_note(f"{recipe.out}: average of {len(recipe.variants)} models")


def merge(recipe: MergeRecipe) -> None:
    """Write the convex average of models of one architecture and one tokenizer.

    Raises:
        ConfigError: there are fewer than two variants, or their weights are not convex.
        InputError: a folder is no model, the models differ in shape or tokenizer, or `out` exists.
        StorageError: the result cannot be written.
    """
    weights = [variant.weight for variant in recipe.variants]
    if len(weights) < 2:
        raise ConfigError(f"variants: {len(weights)} given; name two or more models")
    if min(weights) < 0 or not 0 < sum(weights) < math.inf:
        raise ConfigError(f"variants: weights = {weights}; give values of at least 0, not all 0")
    if recipe.out.exists():
        raise InputError(f"{recipe.out}: exists already; choose another out")
    shares = [weight / sum(weights) for weight in weights]
    first = recipe.variants[0].path
    tokenizer = load_tokenizer(first)
    for variant in recipe.variants[1:]:
        if load_tokenizer(variant.path).get_vocab() != tokenizer.get_vocab():
            raise InputError(f"{variant.path}: another tokenizer than {first}; only variants of one base merge")
    model = average([variant.path for variant in recipe.variants], shares, tokenizer)
    parents = [
        {"path": str(v.path), "share": share, "run_id": parent_of(v.path)}
        for v, share in zip(recipe.variants, shares, strict=True)
    ]
    about = {"schema_version": SCHEMA_VERSION, "run_id": new_id(), "stage": "merge", "parents": parents}
    save_model(model, {}, tokenizer, recipe.out, recipe.dtype, about, first)


def average(folders: Sequence[Path], shares: Sequence[float], tokenizer: Any) -> Any:
    """Return the first model with the average of all weights; `shares` sum to one.

    Raises:
        InputError: a model has other weights than the first.
    """
    model = load_model(folders[0], tokenizer)
    state = model.state_dict()
    sums = {name: value.double() * shares[0] for name, value in state.items()}
    for folder, share in zip(folders[1:], shares[1:], strict=True):
        other = load_model(folder, tokenizer).state_dict()
        shapes = {name: value.shape for name, value in other.items()}
        if shapes != {name: value.shape for name, value in state.items()}:
            different = sorted(set(shapes.items()) ^ {(name, value.shape) for name, value in state.items()})[0][0]
            raise InputError(f"{folder}: {different} differs from {folders[0]}; only variants of one base merge")
        for name, value in other.items():
            sums[name] += value.double() * share
    model.load_state_dict({name: value.to(state[name].dtype) for name, value in sums.items()})
    return model
