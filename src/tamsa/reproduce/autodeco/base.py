"""The study's base model: a small Llama trained on the careless writers' corpus, with its word tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tamsa.reproduce.autodeco.tasks import END, SPECIAL, VOCABULARY, Document, Tasks

_IDS = {word: index for index, word in enumerate(VOCABULARY)}


@dataclass(frozen=True, slots=True)
class Base:
    """The base's size and training."""

    hidden_size: int = 64
    num_layers: int = 3
    num_heads: int = 4
    steps: int = 450
    batch_documents: int = 64
    learning_rate: float = 3e-3
    warmup_steps: int = 50


def encode(words: list[str]) -> list[int]:
    """Return the token ids of words."""
    return [_IDS[word] for word in words]


def make_tokenizer() -> Any:
    """Make the tokenizer: words between blanks."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    plain = Tokenizer(models.WordLevel(_IDS, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    plain.decoder = decoders.WordPiece(prefix="##", cleanup=False)  # joins words with blanks
    pad, end, unk = SPECIAL
    return PreTrainedTokenizerFast(tokenizer_object=plain, pad_token=pad, eos_token=end, unk_token=unk)


def _batch(documents: list[Document]) -> tuple[Tensor, Tensor]:
    """Return ids `[B, T]`, padded behind with 0, and labels."""
    T = max(len(document.words) for document in documents)
    ids = torch.zeros(len(documents), T, dtype=torch.long)
    labels = torch.full_like(ids, -100)
    for row, document in enumerate(documents):
        tokens = torch.tensor(encode(document.words))
        ids[row, : len(tokens)] = tokens
        labels[row, : len(tokens)] = torch.where(torch.tensor(document.learned), tokens, -100)
    return ids, labels


def train_base(folder: Path, tasks: Tasks, config: Base, seed: int) -> float:
    """Train the base on the tasks' corpus and write it with its tokenizer; returns the last loss, smoothed."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(VOCABULARY),
            hidden_size=config.hidden_size,
            intermediate_size=2 * config.hidden_size,
            num_hidden_layers=config.num_layers,
            num_attention_heads=config.num_heads,
            max_position_embeddings=128,
            initializer_range=config.hidden_size**-0.5,  # the default, 0.02, is for wide models
            tie_word_embeddings=False,
            pad_token_id=0,
            bos_token_id=None,
            eos_token_id=_IDS[END],
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    documents = tasks.documents()
    smoothed = 0.0
    for step in range(config.steps):
        batch = sorted(islice(documents, config.batch_documents), key=lambda document: len(document.words))
        halves = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]  # less padding
        made = [_batch(half) for half in halves if half]
        count = sum(int((labels[:, 1:] >= 0).sum()) for _, labels in made)
        optimizer.zero_grad()
        loss = 0.0
        for ids, labels in made:
            logits = model(input_ids=ids).logits[:, :-1]
            part = (
                torch.nn.functional.cross_entropy(
                    logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100, reduction="sum"
                )
                / count
            )
            part.backward()
            loss += float(part.detach())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rate = min(1.0, (step + 1) / config.warmup_steps) * max(0.02, 1 - step / config.steps)
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * rate
        optimizer.step()
        smoothed = loss if step == 0 else 0.95 * smoothed + 0.05 * loss
    model.eval().save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return smoothed
