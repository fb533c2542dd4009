"""Tiny random models and the peer with the same weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

pytest.importorskip("transformers")

from transformers.models.kimi_linear.modeling_kimi_linear import KimiLinearForCausalLM as Peer

from tamsa.models import KimiLinearConfig, KimiLinearForCausalLM

torch.set_num_threads(1)  # tiny tensors: threads only wait for one another

KINDS: dict[str, dict[str, Any]] = {
    "dense": {"num_local_experts": 0},
    "moe": {"num_local_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32},
    "grouped": {
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 32,
        "n_group": 4,
        "topk_group": 2,
        "q_lora_rank": 24,
        "attention_bias": True,
    },
}
VOCAB = 97


def make_config(kind: str = "dense", **changes: Any) -> KimiLinearConfig:
    fields: dict[str, Any] = {
        "vocab_size": VOCAB,
        "hidden_size": 64,
        "num_hidden_layers": 4,
        "intermediate_size": 96,
        "num_attention_heads": 4,
        "linear_num_heads": 2,
        "linear_head_dim": 16,
        "kv_lora_rank": 24,
        "qk_nope_head_dim": 16,
        "qk_rope_head_dim": 8,
        "v_head_dim": 16,
        "initializer_range": 0.06,
    }
    return KimiLinearConfig(**(fields | KINDS[kind] | changes))


@pytest.fixture
def config_of() -> Callable[..., KimiLinearConfig]:
    return make_config


@pytest.fixture
def model_of() -> Callable[..., KimiLinearForCausalLM]:
    def build(kind: str = "dense", **changes: Any) -> KimiLinearForCausalLM:
        torch.manual_seed(0)
        return KimiLinearForCausalLM(make_config(kind, **changes)).eval()

    return build


@pytest.fixture
def peer_of() -> Callable[[KimiLinearForCausalLM], Peer]:
    def build(model: KimiLinearForCausalLM) -> Peer:
        peer = Peer(model.config).eval()
        peer.load_state_dict(model.state_dict())
        return peer

    return build


@pytest.fixture
def tokens() -> Callable[..., torch.Tensor]:
    def draw(*shape: int, seed: int = 1) -> torch.Tensor:
        return torch.randint(0, VOCAB, shape, generator=torch.Generator().manual_seed(seed))

    return draw
