"""Whole-model decoding: a model with heads against the same model greedy, and with a static temperature and top-p.

All three are transformers' `generate` on the same weights, prompts and numbers of tokens, taken in turn. Small
backbones are the hard case: they leave the decoding strategy the largest share. `processed` puts a logits processor of
the caller's between logits and draw, of AutoDeco and of the static setting alike.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, LogitsProcessorList

from tamsa.decoding import AutoDecoConfig, AutoDecoForCausalLM
from tamsa.errors import TamsaError
from tamsa.reproduce.autodeco.costs.clock import Timing, time_in_turn
from tamsa.reproduce.autodeco.markup import Table

TEMPERATURE, TOP_P = 0.7, 0.95


@dataclass(frozen=True, slots=True)
class Decoder:
    """A Llama with random weights, and what it generates."""

    layers: int
    hidden_size: int
    vocab_size: int
    batch: int = 1
    tokens: int = 24
    heads: int = 0
    """Attention heads; 64 channels each where 0."""
    key_value_heads: int = 0
    """As many as heads where 0."""
    intermediate_size: int = 0
    """`hidden_size` times 8/3 where 0."""
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Generation:
    """What to measure of whole models."""

    decoders: tuple[Decoder, ...] = (
        Decoder(layers=2, hidden_size=128, vocab_size=1_000),
        Decoder(layers=2, hidden_size=128, vocab_size=1_000, batch=16),
        Decoder(layers=2, hidden_size=128, vocab_size=4_096),
        Decoder(layers=2, hidden_size=128, vocab_size=4_096, batch=16),
        Decoder(layers=2, hidden_size=128, vocab_size=32_000),
        Decoder(layers=2, hidden_size=128, vocab_size=32_000, batch=16, tokens=16),
        Decoder(layers=2, hidden_size=128, vocab_size=151_936, tokens=16),
        Decoder(layers=2, hidden_size=128, vocab_size=151_936, batch=16, tokens=6),
        Decoder(layers=12, hidden_size=768, vocab_size=50_257, tokens=16),
    )
    timing: Timing = field(default_factory=lambda: Timing(rounds=7))


@dataclass(frozen=True, slots=True)
class Large:
    """A large model's step, from the time of a few of its layers (it need not fit into memory).

    The default is Qwen3-8B's size.
    """

    layers: int = 36
    hidden_size: int = 4096
    intermediate_size: int = 12_288
    heads: int = 32
    key_value_heads: int = 8
    vocab_size: int = 151_936
    measured_layers: tuple[int, int] = (1, 3)
    tokens: int = 8
    timing: Timing = field(default_factory=lambda: Timing(rounds=5))


def make_models(decoder: Decoder) -> tuple[Any, Any]:
    """Make a model with heads that predict T and P near the static values, and the same model without."""
    torch.manual_seed(0)
    heads = decoder.heads or max(1, decoder.hidden_size // 64)
    config = LlamaConfig(
        vocab_size=decoder.vocab_size,
        hidden_size=decoder.hidden_size,
        intermediate_size=decoder.intermediate_size or int(decoder.hidden_size * 8 / 3),
        num_hidden_layers=decoder.layers,
        num_attention_heads=heads,
        num_key_value_heads=decoder.key_value_heads or heads,
        initializer_range=decoder.hidden_size**-0.5,  # logits as wide as a trained model's
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    base = LlamaForCausalLM._from_config(config, dtype=getattr(torch, decoder.dtype)).eval()
    settings = AutoDecoConfig(initial_temperature=TEMPERATURE, initial_top_p=TOP_P)
    # Modules of their own, around the same weights: the heads' watch on the output layer is no part of the peer.
    own = copy.deepcopy(base, {id(parameter): parameter for parameter in base.parameters()})
    return AutoDecoForCausalLM.from_base(own, settings).eval(), base


class _Untouched:
    """A logits processor that changes nothing; it stands for those of a caller."""

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        return scores


def _ways(model: Any, base: Any, decoder: Decoder) -> dict[str, Callable[[], Tensor]]:
    """Return the ways to generate, each a call that returns ids `[B, prompt + tokens]`."""
    prompt = torch.randint(1, decoder.vocab_size, (decoder.batch, 8), generator=torch.Generator().manual_seed(3))

    def run(decoding: Any, **settings: Any) -> Tensor:
        ids: Tensor = decoding.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=decoder.tokens, **settings
        )
        return ids

    def extra() -> LogitsProcessorList:
        return LogitsProcessorList([_Untouched()])

    static: dict[str, Any] = {"do_sample": True, "temperature": TEMPERATURE, "top_p": TOP_P, "top_k": 0}
    return {
        "autodeco": lambda: run(model, do_sample=True),
        "greedy": lambda: run(base, do_sample=False),
        "static": lambda: run(base, **static),
        "autodeco_processed": lambda: run(model, do_sample=True, logits_processor=extra()),
        "static_processed": lambda: run(base, logits_processor=extra(), **static),
        "autodeco_greedy": lambda: run(model, do_sample=False),
    }


def check(ways: dict[str, Callable[[], Tensor]], decoder: Decoder) -> None:
    """Check that all ways draw as many tokens, and that greedy decoding with heads is the base's.

    Raises:
        TamsaError: they do not; nothing has been timed.
    """
    made = {name: way() for name, way in ways.items()}
    lengths = {name: ids.shape[1] - 8 for name, ids in made.items()}
    if set(lengths.values()) != {decoder.tokens}:
        raise TamsaError(f"generation: new tokens {lengths}, expected {decoder.tokens} of each; nothing timed")
    if decoder.dtype == "float32" and not torch.equal(made["greedy"], made["autodeco_greedy"]):
        raise TamsaError("generation: greedy tokens with heads are not the base's; nothing timed")


def _measure(decoder: Decoder, timing: Timing) -> dict[str, Any]:
    ways = _ways(*make_models(decoder), decoder)
    check(ways, decoder)
    del ways["autodeco_greedy"]
    laps = time_in_turn(ways, timing, warmup=1)
    record: dict[str, Any] = {name: getattr(decoder, name) for name in ("layers", "hidden_size", "vocab_size", "batch")}
    record |= {f"{name}_ms": round(1e3 * laps.median_s(name) / decoder.tokens, 3) for name in ways}
    return record | {
        "over_static": round(laps.ratio("autodeco", "static"), 4),
        "over_greedy": round(laps.ratio("autodeco", "greedy"), 4),
        "processed_over_static": round(laps.ratio("autodeco_processed", "static_processed"), 4),
    }


def measure_generation(generation: Generation) -> list[dict[str, Any]]:
    """Time every decoder; one record each, milliseconds a step.

    Raises:
        TamsaError: a result is wrong.
    """
    with torch.no_grad():
        return [_measure(decoder, generation.timing) for decoder in generation.decoders]


def measure_large(large: Large) -> list[dict[str, Any]]:
    """Time a step with few layers of a large model, in bf16, and with all of them by a straight line through those.

    Returns:
        A record for each number of layers, the whole model's last (`extrapolated`).
    """
    names = ("hidden_size", "intermediate_size", "heads", "key_value_heads", "vocab_size", "tokens")
    shape = {name: getattr(large, name) for name in names}
    with torch.no_grad():
        found = [
            _measure(Decoder(layers=layers, dtype="bfloat16", **shape), large.timing) | {"extrapolated": False}
            for layers in large.measured_layers
        ]
    (few, many), (first, second) = large.measured_layers, found
    whole: dict[str, Any] = {**second, "layers": large.layers, "extrapolated": True}
    # what a layer costs is the base's alone: the greedy line gives it, and the strategy's own share stays as it was
    layer_ms = (second["greedy_ms"] - first["greedy_ms"]) / (many - few)
    for name in ("autodeco", "greedy", "static", "autodeco_processed", "static_processed"):
        whole[f"{name}_ms"] = round(second[f"{name}_ms"] + layer_ms * (large.layers - many), 3)
    whole["over_static"] = round(whole["autodeco_ms"] / whole["static_ms"], 4)
    whole["over_greedy"] = round(whole["autodeco_ms"] / whole["greedy_ms"], 4)
    whole["processed_over_static"] = round(whole["autodeco_processed_ms"] / whole["static_processed_ms"], 4)
    return [*found, whole]


def _table(records: Sequence[dict[str, Any]], note: str) -> Table:
    head = ["model", "greedy", "static", "AutoDeco", "to static", "to greedy", "to static, with a processor"]
    rows = [
        [
            f"{r['layers']} layer{'s' if r['layers'] > 1 else ''} of {r['hidden_size']:,}, "
            f"V = {r['vocab_size']:,}, batch {r['batch']}" + (" (by arithmetic)" if r.get("extrapolated") else ""),
            *(f"{r[f'{name}_ms']:,.2f} ms" for name in ("greedy", "static", "autodeco")),
            *(f"{r[name]:.3f}" for name in ("over_static", "over_greedy", "processed_over_static")),
        ]
        for r in records
    ]
    return Table(head, rows, note)


def generation_table(generation: Generation, records: Sequence[dict[str, Any]], conditions: str) -> Table:
    """Return the table of whole models, milliseconds a step."""
    return _table(records, f"A step of generate, fp32; {generation.timing.words}. {conditions}")


def large_table(large: Large, records: Sequence[dict[str, Any]], conditions: str) -> Table:
    """Return the table of a large model's step, milliseconds."""
    return _table(records, f"A step of generate, bf16; {large.timing.words}. {conditions}")
