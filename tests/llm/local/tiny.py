"""Tiny random models with tokenizers trained on the spot."""

from __future__ import annotations

from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Lfm2Config,
    Lfm2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from tamsa.decoding import AutoDecoConfig, AutoDecoForCausalLM
from tamsa.models import KimiLinearConfig, KimiLinearForCausalLM

torch.set_num_threads(1)

SPECIAL = ["<|pad|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>"]
CHATML = (
    "{% if tools %}<|im_start|>tools\n{{ tools | tojson }}<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PLAIN = CHATML.replace("<tool_call>", "[call]").replace("</tool_call>", "[/call]")
"""The same template, of a family whose calls are unknown here."""
TEXTS = [
    "The river Tamsa rises in the northern hills and reaches the sea at Port Alder.",
    "Which town was founded by the explorer Mira Halloran, and in what year was it renamed?",
    '{"name": "search", "arguments": {"queries": ["Port Alder harbour", "founding of Tamsa"]}}',
    "<answer>NOT FOUND</answer> 0 1 2 3 4 5 6 7 8 9 é ü 탐사 探査",
]


def make_tokenizer(template: str | None = PLAIN, vocab: int = 400) -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS * 4, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|pad|>")
    tokenizer.chat_template = template
    return tokenizer


def make_network(kind: str, vocab: int, seed: int = 0, heads: int = 4) -> Any:
    torch.manual_seed(seed)
    small = {"vocab_size": vocab, "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": heads}
    ids = {"bos_token_id": None, "eos_token_id": 2, "pad_token_id": 0}
    if kind == "kimi":
        config = KimiLinearConfig(
            **small,
            **ids,
            num_hidden_layers=4,
            num_local_experts=0,
            linear_num_heads=2,
            linear_head_dim=16,
            kv_lora_rank=24,
            qk_nope_head_dim=16,
            qk_rope_head_dim=8,
            v_head_dim=16,
            initializer_range=0.1,
            max_position_embeddings=2048,
        )
        return KimiLinearForCausalLM(config).eval()
    families: dict[str, Any] = {
        "llama": (LlamaConfig, LlamaForCausalLM, {}),
        "qwen3": (Qwen3Config, Qwen3ForCausalLM, {"head_dim": 16}),
        "lfm2": (Lfm2Config, Lfm2ForCausalLM, {"layer_types": ["conv", "full_attention"]}),
    }
    family = families[kind]
    config = family[0](
        **small, **ids, **family[2], num_hidden_layers=2, num_key_value_heads=2, max_position_embeddings=2048,
        initializer_range=0.1,
    )  # fmt: skip
    return family[1](config).eval()


def with_heads(network: Any) -> Any:
    torch.manual_seed(7)
    model = AutoDecoForCausalLM.from_base(network, AutoDecoConfig(head_size=16))
    with torch.no_grad():  # heads that differ from token to token
        for name, parameter in model.decoding_heads.named_parameters():
            if name.endswith("2.weight"):
                parameter.normal_(0.0, 1.0)
    return model.eval()
