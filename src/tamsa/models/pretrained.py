"""What the models with and without a head share: initialisation, loading, saving, counting."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.conversion_mapping import get_checkpoint_conversion_mapping, register_checkpoint_conversion_mapping

from tamsa.backbone.checkpoints import explain_loading, to_official
from tamsa.backbone.kda import ForgetGate, ShortConvolution
from tamsa.backbone.moe import Experts, Router
from tamsa.errors import InputError
from tamsa.models.config import KimiLinearConfig


def register_conversion() -> None:
    """Let transformers' loader translate the official naming for our classes too.

    It knows the translation by the model type, but applies it to classes outside its own package only when asked.
    """
    mapping = get_checkpoint_conversion_mapping("kimi_linear")
    register_checkpoint_conversion_mapping("kimi_linear", mapping, overwrite=True)


class KimiLinearPreTrainedModel(PreTrainedModel):
    """What the model with and without a head share: initialisation, loading, counting."""

    config_class = KimiLinearConfig
    config: KimiLinearConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _no_split_modules = ["KimiLinearDecoderLayer"]  # noqa: RUF012
    _skip_keys_device_placement = ["past_key_values"]  # noqa: RUF012
    _supports_sdpa = True
    _is_stateful = False  # the state can be rolled back: assisted generation works

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        std = self.config.initializer_range
        super()._init_weights(module)
        if isinstance(module, ForgetGate):
            init.copy_(module.A_log, torch.empty_like(module.A_log).uniform_(1.0, 16.0).log())
            dt = torch.empty_like(module.dt_bias).uniform_(math.log(1e-3), math.log(1e-1)).exp()
            init.copy_(module.dt_bias, dt + torch.log(-torch.expm1(-dt)))  # softplus of it gives dt back
        elif isinstance(module, ShortConvolution):
            bound = module.weight.shape[-1] ** -0.5
            init.uniform_(module.weight, -bound, bound)
        elif isinstance(module, Experts):
            init.normal_(module.gate_up_proj, 0.0, std)
            init.normal_(module.down_proj, 0.0, std)
        elif isinstance(module, Router):
            init.normal_(module.weight, 0.0, std)
            init.zeros_(module.e_score_correction_bias)
            init.zeros_(module.load)

    @classmethod
    def from_pretrained(cls, name: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Load a checkpoint in the official or in transformers' naming, sharded or not; all else as in transformers.

        Raises:
            InputError: weights are missing, unknown or of another shape; the message names them.
        """
        wants_info = kwargs.pop("output_loading_info", False)
        partial = kwargs.get("ignore_mismatched_sizes", False)
        if not partial:
            kwargs["ignore_mismatched_sizes"] = True  # so that all mismatches are named at once, below
        loaded: Any = super().from_pretrained(name, *args, output_loading_info=True, **kwargs)
        model, info = loaded
        if not partial:
            explain_loading(str(name), info)
        return (model, info) if wants_info else model

    def save_pretrained(  # type: ignore[override]
        self, folder: Any, *args: Any, naming: str = "official", **kwargs: Any
    ) -> None:
        """Write config and weights (safetensors, sharded by `max_shard_size`); all else as in transformers.

        Args:
            folder: where to.
            naming: `official` (the published checkpoint's names) or `transformers`; both load back.

        Raises:
            InputError: the naming is unknown.
        """
        if naming not in ("official", "transformers"):
            raise InputError(f"save_pretrained: naming = {naming!r}; known: official, transformers")
        if naming == "official" and kwargs.get("is_main_process", True):
            state = kwargs.get("state_dict")
            kwargs["state_dict"] = to_official(self.state_dict() if state is None else state)
        kwargs["save_original_format"] = False
        super().save_pretrained(folder, *args, **kwargs)
