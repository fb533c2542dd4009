"""The language model: the decoder and its head, in torch alone.

Shapes: B batch, T tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tamsa.backbone.cache import KimiLinearCache
from tamsa.backbone.config import Architecture
from tamsa.backbone.decoder import Decoded, Decoder
from tamsa.backbone.projections import OutputLayer
from tamsa.errors import InputError

PREFILL_CHUNK = 4096
"""Tokens of a prompt processed at a time: bounds the memory of a long prefill."""


class CausalDecoder(nn.Module):
    """A decoder `model` with a head `lm_head`; as with `Decoder`, a derived class has constructor and `forward`."""

    model: Decoder
    lm_head: nn.Linear
    config: Any
    """An `Architecture`; transformers' classes narrow it to theirs."""

    @torch.no_grad()
    def prefill(
        self,
        input_ids: torch.Tensor,
        cache: KimiLinearCache | None = None,
        *,
        attention_mask: torch.Tensor | None = None,
        chunk_size: int = PREFILL_CHUNK,
        on_chunk: Callable[[KimiLinearCache], None] | None = None,
    ) -> tuple[torch.Tensor, KimiLinearCache]:
        """Read a prompt in chunks, in memory that depends on the chunk (and the latents), not on the prompt.

        Args:
            input_ids: `[B, T]`.
            cache: what was read before; None for nothing.
            attention_mask: `[B, T]`, zero where a token is padding.
            chunk_size: tokens a row per chunk.
            on_chunk: called after each chunk, for example to keep snapshots.

        Returns:
            The logits `[B, V]` of what follows the last column, and the cache.

        Raises:
            InputError: the chunk size or a shape is wrong.
        """
        if chunk_size < 1 or input_ids.ndim != 2 or input_ids.shape[1] < 1:
            raise InputError(
                f"prefill: chunk_size = {chunk_size}, input_ids {list(input_ids.shape)}; both must be positive"
            )
        cache = self.new_cache() if cache is None else cache
        for start in range(0, input_ids.shape[1], chunk_size):
            part = None if attention_mask is None else attention_mask[:, start : start + chunk_size]
            chunk = input_ids[:, start : start + chunk_size]
            outputs = self.model(chunk, part, past_key_values=cache, use_cache=True)
            if on_chunk is not None:
                on_chunk(cache)
        return self.lm_head(outputs.last_hidden_state[:, -1]), cache

    def num_params(self) -> int:
        """Count the parameters, tied ones once."""
        return sum(p.numel() for p in self.parameters())

    def new_cache(self) -> KimiLinearCache:
        """Make an empty cache for this model."""
        return KimiLinearCache(self.config)


class PlainDecoder(Decoder):
    """The decoder on its own."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.config = config
        self.build(config)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **options: Any) -> Decoded:
        """See `Decoder.decode`."""
        return self.decode(input_ids, attention_mask, **options)


class KimiLinear(CausalDecoder):
    """The language model without transformers: what `tamsa.backbone.loading` fills with weights.

    It predicts as `tamsa.models.KimiLinearForCausalLM` does, bit for bit; that class has training and generation.
    """

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        self.config = config
        self.model = PlainDecoder(config)
        self.lm_head = OutputLayer(config.hidden_size, config.vocab_size)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **options: Any) -> Any:
        """Return the logits `[B, T, V]` of what follows each position; see `Decoder.decode` for the arguments."""
        return self.lm_head(self.model(input_ids, attention_mask, **options).last_hidden_state)

    def get_output_embeddings(self) -> nn.Linear:
        """Return the head, as models of transformers do."""
        return self.lm_head
