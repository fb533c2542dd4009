"""Tiny random models of every family, built in the test from their configurations: no download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers

VOCAB = 97
_SMALL: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def _llama() -> Any:
    return transformers.LlamaConfig(**_SMALL)


def _qwen3() -> Any:
    return transformers.Qwen3Config(**_SMALL, head_dim=8)


def _gpt_oss() -> Any:
    return transformers.GptOssConfig(
        **_SMALL,
        head_dim=8,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=8,
        rope_parameters={"rope_type": "default", "rope_theta": 1e4},
    )


def _gemma() -> Any:
    return transformers.Gemma2Config(**_SMALL, head_dim=8, sliding_window=8, final_logit_softcapping=5.0)


def _deepseek() -> Any:
    return transformers.DeepseekV3Config(
        **{**_SMALL, "num_key_value_heads": 4},
        moe_intermediate_size=16,
        n_routed_experts=4,
        n_shared_experts=1,
        num_experts_per_tok=2,
        n_group=2,
        topk_group=1,
        first_k_dense_replace=1,
        kv_lora_rank=8,
        q_lora_rank=8,
        qk_nope_head_dim=8,
        qk_rope_head_dim=8,
        v_head_dim=8,
    )


def _kimi_linear() -> Any:
    from transformers.models.kimi_linear.configuration_kimi_linear import KimiLinearConfig

    return KimiLinearConfig(
        **{**_SMALL, "num_key_value_heads": 4, "num_hidden_layers": 4},
        moe_intermediate_size=16,
        num_local_experts=4,
        num_experts_per_tok=2,
        kv_lora_rank=8,
        qk_nope_head_dim=8,
        qk_rope_head_dim=8,
        v_head_dim=8,
        linear_head_dim=8,
        linear_num_heads=4,
        layer_types=["linear_attention", "linear_attention", "linear_attention", "full_attention"],
    )


def _tamsa_kimi_linear() -> Any:
    from tamsa.models import KimiLinearConfig  # here: vLLM's environment reads this file too

    return KimiLinearConfig(
        **{**_SMALL, "num_key_value_heads": 4, "num_hidden_layers": 4},
        num_local_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=16,
        linear_num_heads=2,
        linear_head_dim=8,
        kv_lora_rank=8,
        qk_nope_head_dim=8,
        qk_rope_head_dim=8,
        v_head_dim=8,
    )


FAMILIES: dict[str, Callable[[], Any]] = {
    "llama": _llama,
    "qwen3": _qwen3,
    "gpt_oss": _gpt_oss,
    "gemma2": _gemma,
    "deepseek_v3": _deepseek,
    "kimi_linear": _kimi_linear,
    "tamsa_kimi_linear": _tamsa_kimi_linear,
}


def build(family: str, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    config = FAMILIES[family]()
    if family == "kimi_linear":  # whoever imports tamsa.models makes its class that of the Auto classes
        from transformers.models.kimi_linear.modeling_kimi_linear import KimiLinearForCausalLM

        model = KimiLinearForCausalLM(config).eval()
    else:
        model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():  # the default initialisation gives nearly uniform tokens; spread them
        model.get_output_embeddings().weight.mul_(20.0)
    return model


@pytest.fixture(params=sorted(FAMILIES))
def base(request: pytest.FixtureRequest) -> Any:
    return build(request.param)


@pytest.fixture
def llama() -> Any:
    return build("llama")
