"""A tiny base with heads on disk, for a real vLLM to serve."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from tamsa.decoding import AutoDecoConfig, AutoDecoForCausalLM
from tamsa.decoding.vllm import ReportIds

VOCAB = 97
IDS = ReportIds(95, 96)
"""They carry T and P; the oracle forbids them as vLLM does."""


def write_tokenizer(folder: Any) -> None:
    """Write a tokenizer of words `w3` ... `w94` with a chat template; the last two ids stay free."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"<pad>": 0, "<bos>": 1, "<eos>": 2} | {f"w{i}": i for i in range(3, VOCAB - 2)}
    plain = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>"
    )
    tokenizer.chat_template = "{% for m in messages %}<bos> {{ m['content'] }} {% endfor %}"
    tokenizer.save_pretrained(folder)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny Llama with heads whose T and P differ from token to token, saved as two folders under `.folder`."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=VOCAB,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=128,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    base = transformers.LlamaForCausalLM(config).eval()
    with torch.no_grad():
        base.lm_head.weight.mul_(8.0)
    folder = tmp_path_factory.mktemp("served")
    base.generation_config.temperature, base.generation_config.top_k = 0.3, 5  # must not leak in
    base.generation_config.do_sample = True
    base.save_pretrained(folder / "base")
    write_tokenizer(folder / "base")
    base.config._name_or_path = str(folder / "base")
    made = AutoDecoForCausalLM.from_base(base, AutoDecoConfig(head_size=16, initial_top_p=0.85))
    with torch.no_grad():
        for head in (made.decoding_heads.temp_head, made.decoding_heads.top_p_head):
            head.mlp[2].weight.mul_(10.0)
    made.save_pretrained(folder / "heads", dtype=torch.float32)
    made.folder = folder

    def forbid(module: Any, inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        return logits.index_fill(-1, torch.tensor(list(IDS)), float("-inf"))

    base.lm_head.register_forward_hook(forbid)
    return made.eval()
