"""The decoder: embeddings, layers and the last norm, in torch alone.

Shapes: B batch, T tokens, D hidden size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tamsa.backbone.cache import KimiLinearCache
from tamsa.backbone.config import Architecture
from tamsa.backbone.decoder_layer import DecoderLayer
from tamsa.backbone.inputs import check_cache, check_ids, new_mask
from tamsa.backbone.layout import Layout, plan
from tamsa.backbone.moe import Router
from tamsa.backbone.norm import RMSNorm
from tamsa.backbone.token_step import TokenStep
from tamsa.errors import InputError


@dataclass(slots=True)
class Decoded:
    """What one forward pass gives."""

    last_hidden_state: torch.Tensor
    """`[B, T, D]` after the last norm."""
    past_key_values: KimiLinearCache | None
    hidden_states: tuple[torch.Tensor, ...] | None
    """`[B, T, D]` that entered each layer, and the last; None where not asked for."""
    router_logits: tuple[torch.Tensor, ...] | None
    """`[N, E]` of each sparse layer; None where not asked for."""


class Decoder(nn.Module):
    """Hold the modules and run them. A class derived from it has the constructor and the `forward`.

    Two are: `PlainDecoder`, and the model of transformers (`tamsa.models.KimiLinearModel`).
    """

    layer_class: type[DecoderLayer] = DecoderLayer
    config: Any
    """An `Architecture`; transformers' classes narrow it to theirs."""

    def build(self, config: Architecture) -> None:
        """Make the modules; their weights are not initialised."""
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, config.pad_token_id)
        self.layers = nn.ModuleList(self.layer_class(config, i) for i in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def decode(
        self,
        input_ids: torch.Tensor | None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: KimiLinearCache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        cu_seqlens: torch.Tensor | None = None,
        parents: Sequence[int] | None = None,
        *,
        use_cache: bool = False,
        may_cache: bool = False,
        output_hidden_states: bool = False,
        output_router_logits: bool = False,
    ) -> Decoded:
        """Run the decoder.

        Args:
            input_ids: `[B, T]` tokens, or give `inputs_embeds` `[B, T, D]`.
            attention_mask: `[B, T]` or, with a cache, `[B, past + T]`; zero where a token is padding.
            position_ids: `[B, T]`; only restarts matter (packed sequences), the model has no positions.
            past_key_values: the cache to continue.
            inputs_embeds: see `input_ids`.
            cu_seqlens: `[N + 1]` boundaries of packed sequences, batch 1.
            parents: N: the packed sequence that each one goes on from, -1 for none; see `tamsa.models.Forest`.
            use_cache: make a cache where none is given.
            may_cache: make one unless the sequences are packed.
            output_hidden_states: keep the states between the layers.
            output_router_logits: keep the routers' logits.

        Raises:
            InputError: a shape does not fit, or packing is combined with a cache.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise InputError("give either input_ids or inputs_embeds")
        hidden = self._embed(input_ids) if inputs_embeds is None else inputs_embeds
        if hidden.ndim != 3 or hidden.shape[-1] != self.config.hidden_size:
            raise InputError(f"inputs_embeds must be [B, T, {self.config.hidden_size}], got {list(hidden.shape)}")
        cache: KimiLinearCache | None = check_cache(past_key_values)
        shape = (hidden.shape[0], hidden.shape[1])
        mask = new_mask(attention_mask, shape, 0 if cache is None else cache.columns)
        continuing = cache is not None and cache.columns > 0
        layout = plan(
            shape,
            hidden.device,
            mask=mask,
            position_ids=position_ids,
            cu_seqlens=cu_seqlens,
            parents=parents,
            cached=continuing,
        )
        packed = layout.bounds is not None and layout.rows is None
        if packed and (use_cache or cache is not None) and not (mask is not None and cache is not None):
            raise InputError(
                "packed sequences cannot be cached; pass use_cache=False, or one row a sequence with padding"
            )
        if packed and mask is not None and cache is not None:
            layout = plan(shape, hidden.device, mask=mask, cached=True)
        elif cache is None and not packed and (use_cache or may_cache):
            cache = KimiLinearCache(self.config)
        return self._run(hidden, layout, cache, output_hidden_states, output_router_logits)

    def _embed(self, input_ids: torch.Tensor | None) -> torch.Tensor:
        try:
            return self.embed_tokens(check_ids(input_ids))
        except IndexError as error:
            assert input_ids is not None
            span = f"[{int(input_ids.min())}, {int(input_ids.max())}]"
            raise InputError(f"input_ids span {span}, outside vocab_size = {self.config.vocab_size}") from error

    def _run(
        self,
        hidden: torch.Tensor,
        layout: Layout,
        cache: KimiLinearCache | None,
        output_hidden_states: bool,
        output_router_logits: bool,
    ) -> Decoded:
        states: list[torch.Tensor] = []
        router_logits: list[torch.Tensor] = []
        position, undo = 0, 0
        if cache is not None:
            cache.begin(layout.shape[0])
            position, undo = cache.columns, cache.undo_window
        stepped = None
        if cache is not None and not (undo or output_hidden_states or output_router_logits):
            stepped = self._step(hidden, layout, cache)
        if stepped is None:
            hidden = layout.pack(hidden)
            with ExitStack() as stack:
                if output_router_logits:
                    for router in (m for m in self.modules() if isinstance(m, Router)):
                        stack.enter_context(_recorded(router, router_logits))
                for i, layer in enumerate(self.layers):
                    if output_hidden_states:
                        states.append(layout.unpack(hidden))
                    if hidden.shape[1]:  # the columns of a call may all be padding
                        hidden = layer(hidden, layout, None if cache is None else cache.states[i], position, undo)
        if cache is not None:
            cache.finish(layout)
        hidden = layout.unpack(self.norm(hidden)) if stepped is None else stepped
        if output_hidden_states:
            states.append(hidden)
        return Decoded(
            hidden,
            cache,
            tuple(states) if output_hidden_states else None,
            tuple(router_logits) if output_router_logits else None,
        )

    def _step(self, hidden: torch.Tensor, layout: Layout, cache: KimiLinearCache) -> torch.Tensor | None:
        """Return the last hidden states of one token a row by the compiled step; None where it does not apply."""
        if layout.bounds is not None or layout.shape[1] != 1 or torch.is_grad_enabled():
            return None
        step: TokenStep | None = self.__dict__.get("_token_step")
        if step is None or not step.is_of(self.layers, self.norm):
            step = self.__dict__["_token_step"] = TokenStep(self.layers, self.norm)
        return step(hidden, cache)


@contextmanager
def _recorded(router: Router, logits: list[torch.Tensor]) -> Iterator[None]:
    """Collect a router's logits while a forward pass runs."""
    handle = router.register_forward_hook(lambda module, inputs, output: logits.append(output[0]))
    try:
        yield
    finally:
        handle.remove()
