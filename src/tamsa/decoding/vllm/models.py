"""The models with heads, each class made when vLLM asks this module for it by name.

Legend of shapes: N positions to sample or to score, V vocabulary, D width of the model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tamsa.decoding import checkpoint
from tamsa.decoding.heads import DecodingHeads
from tamsa.decoding.strategy import apply_strategy
from tamsa.decoding.vllm.plugin import PREFIX
from tamsa.errors import InputError

_FIELD = "autodeco_heads"


def load_serving_heads(folder: Path, hidden_size: int, vocab_size: int, base: str) -> DecodingHeads:
    """Load heads and check that they fit the base.

    Raises:
        InputError: width or vocabulary differ; the message names both sides.
    """
    found = checkpoint.load_heads(folder)
    config = found.config
    for name, ours, theirs in (
        ("hidden_size", config.hidden_size, hidden_size),
        ("vocab_size", config.vocab_size if "format_version" in found.raw else None, vocab_size),
    ):
        if ours is not None and ours != theirs:
            raise InputError(f"{folder}: heads with {name} = {ours}, but the base {base} has {theirs}")
    heads = checkpoint.build_heads(dataclasses.replace(found, config=dataclasses.replace(config, vocab_size=None)))
    return heads.eval().requires_grad_(False)


def _refuse(vllm_config: Any) -> str:
    """Return the heads' folder out of vLLM's configuration.

    Raises:
        InputError: it is missing, or a feature is on that the heads do not work with.
    """
    folder = getattr(vllm_config.model_config.hf_config, _FIELD, None)
    if not folder:
        raise InputError(
            f"hf_overrides: {_FIELD} is missing, expected the heads' folder; see tamsa.decoding.vllm.engine_arguments"
        )
    if vllm_config.speculative_config is not None:
        raise InputError(
            "speculative_config: drafts are verified against logits without their own states; switch it off"
        )
    if vllm_config.model_config.generation_config != "vllm":
        raise InputError(
            f"generation_config: {vllm_config.model_config.generation_config!r}, expected 'vllm'; the checkpoint's "
            "static defaults would apply on top of the heads"
        )
    return str(folder)


@cache
def with_heads(base_class: Any, name: str) -> Any:
    """Make the class of a vLLM model class with heads."""

    def __init__(self: Any, *, vllm_config: Any, prefix: str = "") -> None:  # noqa: N807 - of the class made below
        from vllm.distributed import get_pp_group

        folder = _refuse(vllm_config)
        base_class.__init__(self, vllm_config=vllm_config, prefix=prefix)
        config = vllm_config.model_config.hf_text_config
        heads = None
        if get_pp_group().is_last_rank:
            heads = load_serving_heads(Path(folder), config.hidden_size, config.vocab_size, base_class.__name__)
            heads = heads.to(vllm_config.device_config.device)
        self.autodeco_heads = heads

    def compute_logits(self: Any, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Tensor | None:
        """Return logits divided by T and cut at P, fp32; vLLM passes the positions that it samples or scores."""
        logits = base_class.compute_logits(self, hidden_states, *args, **kwargs)
        if logits is None or logits.shape[0] == 0 or self.autodeco_heads is None:
            return logits
        config = self.autodeco_heads.config
        with torch.no_grad():
            return apply_strategy(
                self.autodeco_heads,
                hidden_states,
                logits,
                temperature_scale=config.temperature_scale,
                top_p_scale=config.top_p_scale,
            ).logits

    def load_weights(self: Any, weights: Iterable[tuple[str, Tensor]]) -> set[str] | None:
        """Load the base's weights; the heads came with their own file."""
        loaded = base_class.load_weights(self, weights)
        if loaded is None or self.autodeco_heads is None:
            return loaded
        return set(loaded) | {f"{_FIELD}.{key}" for key, _ in self.autodeco_heads.named_parameters()}

    members: dict[str, Any] = {
        "__init__": __init__,
        "__module__": __name__,
        "__doc__": f"{base_class.__name__} with decoding heads (arXiv 2510.26697).",
        "compute_logits": compute_logits,
        "load_weights": load_weights,
    }
    if hasattr(base_class, "compute_logits_local"):
        members["compute_logits_local"] = property(_absent)  # a slice of the vocabulary knows no nucleus
    return type(name, (base_class,), members)


def _absent(self: Any) -> Any:
    raise AttributeError("compute_logits_local")


def __getattr__(name: str) -> Any:
    """Make `AutoDeco<architecture>` out of vLLM's class of that architecture."""
    if not name.startswith(PREFIX):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from vllm.model_executor.models.registry import _TEXT_GENERATION_MODELS, ModelRegistry

    architecture = name.removeprefix(PREFIX)
    if architecture not in _TEXT_GENERATION_MODELS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return with_heads(ModelRegistry._try_load_model_cls(architecture), name)
