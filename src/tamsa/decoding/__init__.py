"""Decoding: heads that predict temperature and top-p for every token, on top of any causal language model.

Names are imported when they are asked for: vLLM loads `tamsa.decoding.vllm` in every one of its processes, most of
which need nothing else of it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tamsa.decoding.autodeco import AutoDecoForCausalLM
    from tamsa.decoding.config import AutoDecoConfig, BaseIdentity
    from tamsa.decoding.heads import DecodingHeads
    from tamsa.decoding.losses import HeadsLoss, LossConfig, heads_loss, position_losses
    from tamsa.decoding.soft_nucleus import soft_top_p
    from tamsa.decoding.strategy import Strategy, apply_strategy, predict

_HOMES = {
    "AutoDecoConfig": "config",
    "AutoDecoForCausalLM": "autodeco",
    "BaseIdentity": "config",
    "DecodingHeads": "heads",
    "HeadsLoss": "losses",
    "LossConfig": "losses",
    "Strategy": "strategy",
    "apply_strategy": "strategy",
    "heads_loss": "losses",
    "position_losses": "losses",
    "predict": "strategy",
    "soft_top_p": "soft_nucleus",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


__all__ = [
    "AutoDecoConfig",
    "AutoDecoForCausalLM",
    "BaseIdentity",
    "DecodingHeads",
    "HeadsLoss",
    "LossConfig",
    "Strategy",
    "apply_strategy",
    "heads_loss",
    "position_losses",
    "predict",
    "soft_top_p",
]
