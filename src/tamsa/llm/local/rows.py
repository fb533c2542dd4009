"""Which memory a model gets.

Three kinds: Kimi Linear (states and latents in slots), attention with ordinary key-value caches (left-padded), and
anything else (row by row, nothing kept).
"""

from __future__ import annotations

from typing import Any

from tamsa.backbone.network import CausalDecoder
from tamsa.decoding import base as base_model
from tamsa.llm.local.attention_rows import AttentionRows, SingleRows
from tamsa.llm.local.kimi_rows import KimiRows
from tamsa.llm.local.memory import Rows


def rows_for(model: Any, max_bytes: int, batch_size: int) -> Rows:
    """Choose the memory for a model.

    Args:
        model: any causal language model of transformers.
        max_bytes: memory that kept rows may hold.
        batch_size: rows decoded together.
    """
    base_model.output_layer(model)  # watched from now on, for the heads
    if isinstance(model, CausalDecoder):
        return KimiRows(model, max_bytes, batch_size)
    kinds = set(getattr(model.config.get_text_config(decoder=True), "layer_types", None) or ["full_attention"])
    plain = kinds <= {"full_attention", "sliding_attention", "chunked_attention"}
    if plain and not getattr(model, "_is_stateful", False):
        return AttentionRows(model, max_bytes)
    return SingleRows(model)
