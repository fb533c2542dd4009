"""One epoch over the heads from cached states against one with the frozen backbone in the loop, on the same texts.

Both take the same optimizer steps on the same positions. With the backbone in the loop an epoch costs B + C, from
cached states C: the output layer, the loss and the heads. So the ratio grows with the depth of the backbone and falls
with the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from tamsa.decoding import AutoDecoForCausalLM, LossConfig
from tamsa.errors import TamsaError
from tamsa.reproduce.autodeco.costs.clock import Timing, time_in_turn
from tamsa.reproduce.autodeco.markup import Table


@dataclass(frozen=True, slots=True)
class Backbone:
    """A Llama, and how many texts an epoch has."""

    layers: int = 24
    hidden_size: int = 1024
    vocab_size: int = 4096
    texts: int = 2


@dataclass(frozen=True, slots=True)
class Epoch:
    """What to measure of head training."""

    backbones: tuple[Backbone, ...] = (Backbone(hidden_size=512, vocab_size=2048, texts=4), Backbone())
    length: int = 129
    """Tokens of a text."""
    timing: Timing = field(default_factory=lambda: Timing(rounds=3))


def measure_epoch(epoch: Epoch) -> list[dict[str, Any]]:
    """Time an epoch both ways for every backbone; one record each.

    Raises:
        TamsaError: the two losses differ.
    """
    return [_measure(epoch, backbone) for backbone in epoch.backbones]


def _measure(epoch: Epoch, backbone: Backbone) -> dict[str, Any]:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=backbone.vocab_size,
        hidden_size=backbone.hidden_size,
        intermediate_size=int(backbone.hidden_size * 8 / 3),
        num_hidden_layers=backbone.layers,
        num_attention_heads=backbone.hidden_size // 64,
        tie_word_embeddings=False,
    )
    model = AutoDecoForCausalLM.from_base(LlamaForCausalLM(config).eval()).eval().freeze_base()
    model.loss_config = LossConfig(easy_mask=0.0)  # no random mask, so that the losses can be compared
    optimizer = torch.optim.AdamW(model.decoding_heads.parameters(), lr=0.0)
    ids = torch.randint(0, backbone.vocab_size, (backbone.texts, epoch.length))
    hidden = torch.cat([model.hidden_states(text[None])[0, :-1] for text in ids])
    labels = ids[:, 1:].reshape(-1)
    model.project(hidden[:1])  # its check of the output layer is made once

    def step(loss: torch.Tensor) -> float:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def looped() -> float:
        return sum(step(model(input_ids=text[None], labels=text[None]).loss) for text in ids) / len(ids)

    def cached() -> float:
        size = epoch.length - 1
        parts = zip(hidden.split(size), labels.split(size), strict=True)
        return sum(step(model.heads_loss(h, y).loss) for h, y in parts) / len(ids)

    first, second = looped(), cached()
    if abs(first - second) > 1e-4 * abs(first):
        raise TamsaError(f"epoch: the losses differ, {first} with the backbone and {second} from cached states")
    laps = time_in_turn({"looped": looped, "cached": cached}, epoch.timing, warmup=0)
    return {
        "layers": backbone.layers,
        "hidden_size": backbone.hidden_size,
        "vocab_size": backbone.vocab_size,
        "positions": labels.numel(),
        "looped_s": round(laps.median_s("looped"), 4),
        "cached_s": round(laps.median_s("cached"), 4),
        "ratio": round(laps.ratio("looped", "cached"), 2),
    }


def epoch_table(epoch: Epoch, records: list[dict[str, Any]], conditions: str) -> Table:
    """Return the table of both ways."""
    head = ["model", "backbone in the loop", "cached states", "ratio"]
    rows = [
        [
            f"{r['layers']} layers of {r['hidden_size']:,}, V = {r['vocab_size']:,}, {r['positions']:,} positions",
            f"{r['looped_s']:.2f} s",
            f"{r['cached_s']:.3f} s",
            f"{r['ratio']:.1f}",
        ]
        for r in records
    ]
    return Table(head, rows, f"{epoch.timing.words.capitalize()}. {conditions}")
