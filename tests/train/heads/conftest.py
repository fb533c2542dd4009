"""A tiny model with a word tokenizer, in a folder, and a task with one right token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

WORDS = [f"w{i}" for i in range(30)]


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    ids = {word: i for i, word in enumerate(["<pad>", "<end>", "<unk>", *WORDS])}
    plain = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="<pad>", eos_token="<end>", unk_token="<unk>")


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(WORDS) + 3,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=64,
            pad_token_id=0,
            bos_token_id=None,
            eos_token_id=1,
        )
    )
    with torch.no_grad():
        model.lm_head.weight.mul_(30.0)
        # let rollouts end now and then: a logit of about 4 for the end everywhere
        h = model.model(torch.randint(3, 33, (20, 5))).last_hidden_state[:, -1]
        model.lm_head.weight[1] = 4 * torch.linalg.lstsq(h, torch.ones(20, 1)).solution[:, 0]
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def short(completion: str, record: dict[str, Any]) -> float:
    """A verifier that likes completions of two words at most."""
    return float(len(completion.split()) <= 2)


def first(completion: str, record: dict[str, Any]) -> float:
    """A verifier that reads the first word alone."""
    return float(completion.split()[:1] == record["answers"])
