"""The configuration: transformers' own, with the checkpoint's layer layout as default and a parameter count."""

from __future__ import annotations

from typing import Any

from huggingface_hub.dataclasses import strict
from transformers.models.kimi_linear.configuration_kimi_linear import KimiLinearConfig as _KimiLinearConfig

from tamsa.backbone.config import OTHER_NAMES, Architecture


@strict
class KimiLinearConfig(Architecture, _KimiLinearConfig):
    """Describe a Kimi Linear model (arXiv 2510.26692).

    All fields of transformers' `KimiLinearConfig` keep their meaning, and the official `linear_attn_config`
    is understood. Differences: `layer_types` defaults to the checkpoint's layout, `num_local_experts=0` makes
    every layer dense, `gate_lower_bound` selects the bounded forget gate, and impossible values are refused.

    Raises:
        ConfigError: a field contradicts another or is out of range.
    """

    num_key_value_heads: int | None = None
    gate_lower_bound: float | None = None
    """None: g = -exp(A_log) softplus(z + dt_bias); in [-5, 0): g = bound * sigmoid(exp(A_log) (z + dt_bias))."""

    def __post_init__(self, **kwargs: Any) -> None:
        for official, ours in OTHER_NAMES.items():  # transformers takes them over last
            if official in kwargs:
                setattr(self, ours, kwargs[official])
        self.complete(kwargs)
        super().__post_init__(**kwargs)
        self.refuse_impossible()
