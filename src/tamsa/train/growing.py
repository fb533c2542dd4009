"""The stage `grow`: a larger model that computes what a trained one does, to be trained further.

Width and depth are added so that nothing changes at first (function-preserving transformations: Chen et al., Net2Net,
arXiv 1511.05641): what is new reads the residual stream at random and writes zeros to it. The old stream is the first
part of the new one, whose other part is zero, and norms are scaled for the longer vector; added layers, heads and
units have zeros in the matrix by which they write. All of them get gradients from the first step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tamsa.backbone.checkpoints import from_official, to_official
from tamsa.config import load_config
from tamsa.errors import ConfigError, InputError
from tamsa.models import KimiLinearForCausalLM
from tamsa.store import new_id
from tamsa.train.building import load_model, new_model
from tamsa.train.manifest import parent_of
from tamsa.train.recipe import begin_from
from tamsa.train.saving import save_model
from tamsa.train.stages import Call
from tamsa.train.tokenizer import load_tokenizer
from tamsa.types import SCHEMA_VERSION

SAME = (
    "vocab_size",
    "linear_head_dim",
    "linear_conv_kernel_dim",
    "kv_lora_rank",
    "q_lora_rank",
    "qk_nope_head_dim",
    "qk_rope_head_dim",
    "v_head_dim",
    "num_experts",
    "tie_word_embeddings",
    "gate_lower_bound",
    "rms_norm_eps",
    "attention_bias",
)
"""Fields of the configuration that cannot grow."""
_WRITES = ("self_attn.o_proj.weight", "down_proj.weight", ".w2.weight")
"""Matrices that write to the residual stream."""
_NORMS = ("input_layernorm.weight", "post_attention_layernorm.weight", "model.norm.weight")
"""Norms of the residual stream."""


@dataclass(frozen=True, slots=True)
class GrowRecipe:
    """Which model is grown, to what size, and where to."""

    init: Path
    """Folder of a Kimi Linear, or `nano`."""
    out: Path
    model: dict[str, Any] = field(default_factory=dict)
    """Fields of the configuration that become larger, such as hidden_size, intermediate_size, num_attention_heads,
    linear_num_heads, or num_hidden_layers with layer_types."""
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "init", begin_from(self.init))


def run(call: Call) -> None:
    """Grow a model and write the folder of the result."""
    recipe = load_config(GrowRecipe, call.recipe, call.overrides)
    model = grow(recipe)
    call.on_note(f"{recipe.out}: {model.num_params():,} parameters, computing what {recipe.init} does")


def grow(recipe: GrowRecipe) -> KimiLinearForCausalLM:
    """Write a larger model with the function of a smaller one.

    Raises:
        ConfigError: a field is unknown, cannot grow, or would shrink.
        InputError: there is no Kimi Linear in `init`, or `out` exists.
        StorageError: the result cannot be written.
    """
    if recipe.out.exists():
        raise InputError(f"{recipe.out}: exists already; choose another out")
    tokenizer = load_tokenizer(recipe.init)
    small = load_model(recipe.init, tokenizer)
    if not isinstance(small, KimiLinearForCausalLM):
        raise InputError(f"init = {recipe.init}: {type(small).__name__}; only a Kimi Linear grows")
    torch.manual_seed(recipe.seed)
    model = new_model(_fields(small.config, recipe.model), tokenizer)
    places = _places(small.config, model.config)
    state = from_official(grown(to_official(small.state_dict()), to_official(model.state_dict()), places))
    model.load_state_dict(state)
    about = {
        "schema_version": SCHEMA_VERSION,
        "run_id": new_id(),
        "stage": "grow",
        "parent": parent_of(recipe.init),
        "model": dict(recipe.model),
        "seed": recipe.seed,
    }
    save_model(model, {}, tokenizer, recipe.out, "float32", about, recipe.init)
    return model


def _fields(config: Any, larger: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of the larger model, without what follows from the number of layers."""
    fields = {name: value for name, value in config.to_dict().items() if name in type(config).__dataclass_fields__}
    fields["num_local_experts"] = config.num_experts
    if "num_attention_heads" in larger:
        fields.pop("num_key_value_heads", None)
    if "num_hidden_layers" in larger:
        for name in ("layer_types", "mlp_layer_types"):
            fields.pop(name, None)
    return {**fields, **larger}


def _places(small: Any, large: Any) -> dict[int, int]:
    """Return by layer of the larger model the layer that it comes from: in order, each at the first of its kind."""
    for name in SAME:
        if getattr(small, name) != getattr(large, name):
            raise ConfigError(f"model.{name}: {getattr(small, name)} became {getattr(large, name)}; it cannot grow")
    places: dict[int, int] = {}
    old = list(zip(small.kinds, small.mlp_kinds, strict=True))
    for layer, kind in enumerate(zip(large.kinds, large.mlp_kinds, strict=True)):
        if len(places) < len(old) and kind == old[len(places)]:
            places[layer] = len(places)
    if len(places) < len(old):
        raise ConfigError(
            f"model.layer_types: {', '.join(large.kinds)} does not hold those of the trained model in their order "
            f"({', '.join(small.kinds)})"
        )
    return places


def grown(
    small: Mapping[str, torch.Tensor], fresh: Mapping[str, torch.Tensor], places: Mapping[int, int]
) -> dict[str, torch.Tensor]:
    """Return the weights of the larger model, by official names.

    Args:
        small: the trained weights; every axis is a prefix of the larger one.
        fresh: newly drawn weights of the larger model.
        places: by layer of the larger model the layer that it comes from; others are new.

    Raises:
        ConfigError: an axis would shrink.
    """
    ratio = (small["model.norm.weight"].numel() / fresh["model.norm.weight"].numel()) ** 0.5
    state: dict[str, torch.Tensor] = {}
    for name, value in fresh.items():
        new = value.clone()
        if name.endswith(_WRITES) or "embed_tokens" in name or "lm_head" in name:
            new.zero_()
        origin = _origin(name, places)
        if origin is not None:
            old = small[origin]
            if any(a > b for a, b in zip(old.shape, new.shape, strict=True)):
                raise ConfigError(f"model: {name} would shrink from {list(old.shape)} to {list(new.shape)}")
            new[tuple(slice(0, size) for size in old.shape)] = old * ratio if name.endswith(_NORMS) else old
        state[name] = new
    return state


def _origin(name: str, places: Mapping[int, int]) -> str | None:
    """Return the name of the weight that one comes from; None where its layer is new."""
    prefix, found, rest = name.partition("layers.")
    if not found:
        return name
    layer, _, tail = rest.partition(".")
    place = places.get(int(layer))
    return None if place is None else f"{prefix}layers.{place}.{tail}"
