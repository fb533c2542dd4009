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
from tamsa.decoding.strategy import Strategy, apply_strategy
from tamsa.decoding.vllm.plugin import HEADS_FIELD, PREFIX
from tamsa.decoding.vllm.report import (
    BASE,
    HIGHEST,
    LOWEST,
    REPORT_FIELD,
    SLOPE,
    ReportIds,
    check_report_ids,
)
from tamsa.errors import InputError


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
    folder = getattr(vllm_config.model_config.hf_config, HEADS_FIELD, None)
    if not folder:
        raise InputError(f"hf_overrides: {HEADS_FIELD} is missing, expected the heads' folder; see engine_arguments")
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


def _report_ids(vllm_config: Any) -> ReportIds | None:
    """Return the ids that report T and P out of vLLM's configuration, where it names them.

    Raises:
        InputError: they are no two ids of the vocabulary, or log-probabilities are not those of the logits.
    """
    ids = getattr(vllm_config.model_config.hf_config, REPORT_FIELD, None)
    if ids is None:
        return None
    mode = vllm_config.model_config.logprobs_mode
    if mode != "raw_logprobs":
        raise InputError(f"logprobs_mode: {mode!r}, expected 'raw_logprobs', in which T and P are reported")
    return check_report_ids(ids, vllm_config.model_config.hf_text_config.vocab_size)


def with_report(strategy: Strategy, ids: ReportIds) -> Tensor:
    """Write T and P into the logits of two ids, for a log-softmax to tell.

    Args:
        strategy: of logits `[N, V]` in which the two ids were forbidden.
        ids: the two.

    Returns:
        The logits `[N, V]`; a softmax gives the same distribution.
    """
    T = strategy.temperature
    told = (T == 0) | ((T >= LOWEST) & (T <= HIGHEST))
    total = torch.logsumexp(strategy.logits, dim=-1).double()
    for i, value in zip(ids, (T, strategy.top_p), strict=True):
        code = torch.where(told, total - (BASE + SLOPE * value.double()), float("-inf"))
        strategy.logits[:, i] = code.to(strategy.logits.dtype)
    return strategy.logits


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
        self.autodeco_report_ids = _report_ids(vllm_config)

    def compute_logits(self: Any, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Tensor | None:
        """Return logits divided by T and cut at P, fp32; vLLM passes the positions that it samples or scores."""
        logits = base_class.compute_logits(self, hidden_states, *args, **kwargs)
        if logits is None or logits.shape[0] == 0 or self.autodeco_heads is None:
            return logits
        config, ids = self.autodeco_heads.config, self.autodeco_report_ids
        with torch.no_grad():
            for i in ids or ():
                logits[:, i] = float("-inf")  # by columns: a list of ids would be copied to the device
            strategy = apply_strategy(
                self.autodeco_heads,
                hidden_states,
                logits,
                temperature_scale=config.temperature_scale,
                top_p_scale=config.top_p_scale,
            )
            return strategy.logits if ids is None else with_report(strategy, ids)

    def load_weights(self: Any, weights: Iterable[tuple[str, Tensor]]) -> set[str] | None:
        """Load the base's weights; the heads came with their own file."""
        loaded = base_class.load_weights(self, weights)
        if loaded is None or self.autodeco_heads is None:
            return loaded
        return set(loaded) | {f"{HEADS_FIELD}.{key}" for key, _ in self.autodeco_heads.named_parameters()}

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
