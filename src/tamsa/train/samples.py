"""What a model in training writes: a few continuations at each evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tamsa.train.metrics import open_record
from tamsa.train.packing import Feed
from tamsa.train.recipe import TrackSettings
from tamsa.train.tokenizer import text_ids

PROMPT_TOKENS = 24
NUM_PROMPTS = 2


@torch.no_grad()
def write_samples(
    model: Any,
    tokenizer: Any,
    held_out: Mapping[str, tuple[Feed, np.ndarray[Any, Any]]],
    settings: TrackSettings,
    out: Path,
    step: int,
) -> None:
    """Append greedy continuations to `samples.jsonl`, those of later steps dropped; random states are left alone."""
    if settings.sample_tokens < 1:
        return
    model.eval()
    with open_record(out / "samples.jsonl", step - 1) as journal:
        for prompt in _prompts(tokenizer, held_out, settings):
            ids = torch.tensor([prompt], device=model.device)
            written = model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=settings.sample_tokens,
                do_sample=False,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )[0, len(prompt) :]
            record = {
                "step": step,
                "prompt": tokenizer.decode(prompt),
                "text": tokenizer.decode(written, skip_special_tokens=False),
            }
            journal.append(record)
    model.train()


def _prompts(
    tokenizer: Any, held_out: Mapping[str, tuple[Feed, np.ndarray[Any, Any]]], settings: TrackSettings
) -> list[list[int]]:
    first = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    if settings.samples:
        return [[*first, *text_ids(tokenizer, text)] for text in settings.samples]
    prompts = []
    for feed, items in list(held_out.values())[:NUM_PROMPTS]:
        item = int(items[0])
        tokens, marks = feed.cache.span(item, 0, feed.cache.length(item))
        end = PROMPT_TOKENS if marks is None else int(np.argmax(marks > 0)) or PROMPT_TOKENS
        if len(tokens) > end:
            prompts.append([int(token) for token in tokens[:end]])
    return prompts
