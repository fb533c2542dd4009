"""The entry point: for every text-generation architecture of vLLM, one with heads under the name `AutoDeco<name>`.

vLLM loads plugins in each of its processes, so registering twice does nothing, and nothing heavy is imported before a
model with heads is asked for.
"""

from __future__ import annotations

PREFIX = "AutoDeco"
"""What stands before a base architecture's name."""
HEADS_FIELD = "autodeco_heads"
"""In `hf_overrides`: the heads' folder; in the model: the heads."""


def register() -> None:
    """Register the architectures with heads, and their bases' entries in vLLM's tables keyed by architecture."""
    from vllm.model_executor.models.config import MODELS_CONFIG_MAP
    from vllm.model_executor.models.registry import _TEXT_GENERATION_MODELS, ModelRegistry

    known = set(ModelRegistry.get_supported_archs())
    for architecture in _TEXT_GENERATION_MODELS:
        name = PREFIX + architecture
        if architecture not in known or name in known:
            continue
        ModelRegistry.register_model(name, f"tamsa.decoding.vllm.models:{name}")
        if architecture in MODELS_CONFIG_MAP:
            MODELS_CONFIG_MAP[name] = MODELS_CONFIG_MAP[architecture]
