"""Kimi Linear as a transformers model (arXiv 2510.26692): KDA and MLA layers 3:1, dense or sparse MLPs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from transformers import GenerationMixin
from transformers.modeling_outputs import MoeCausalLMOutputWithPast, MoeModelOutputWithPast

from tamsa.errors import InputError
from tamsa.models.cache import KimiLinearCache
from tamsa.models.config import KimiLinearConfig
from tamsa.models.decoder_layer import KimiLinearDecoderLayer
from tamsa.models.inputs import check_cache, check_ids, new_mask
from tamsa.models.layout import Layout, plan
from tamsa.models.loss import IGNORE, linear_cross_entropy, next_token_labels
from tamsa.models.moe import Router
from tamsa.models.norm import RMSNorm
from tamsa.models.pretrained import KimiLinearPreTrainedModel
from tamsa.models.projections import linear

PREFILL_CHUNK = 4096
"""Tokens of a prompt processed at a time: bounds the memory of a long prefill."""


class KimiLinearModel(KimiLinearPreTrainedModel):
    """The decoder without a head."""

    def __init__(self, config: KimiLinearConfig) -> None:
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, config.pad_token_id)
        self.layers = nn.ModuleList(KimiLinearDecoderLayer(config, i) for i in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.gradient_checkpointing = False
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: KimiLinearCache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        use_cache: bool | None = None,
        cu_seqlens: torch.Tensor | None = None,
        parents: Sequence[int] | None = None,
        output_hidden_states: bool | None = None,
        output_router_logits: bool | None = None,
        **kwargs: Any,
    ) -> MoeModelOutputWithPast:
        """Run the decoder.

        Args:
            input_ids: `[B, T]` tokens, or give `inputs_embeds` `[B, T, D]`.
            attention_mask: `[B, T]` or, with a cache, `[B, past + T]`; zero where a token is padding.
            position_ids: `[B, T]`; only restarts matter (packed sequences), the model has no positions.
            past_key_values: the cache to continue.
            use_cache: keep one; defaults to the configuration's value outside training.
            cu_seqlens: `[N + 1]` boundaries of packed sequences, batch 1.
            parents: N: the packed sequence that each one goes on from, -1 for none; see `Forest`.

        Raises:
            InputError: a shape does not fit, or packing is combined with a cache.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise InputError("give either input_ids or inputs_embeds")
        hidden = self._embed(input_ids) if inputs_embeds is None else inputs_embeds
        if hidden.ndim != 3 or hidden.shape[-1] != self.config.hidden_size:
            raise InputError(f"inputs_embeds must be [B, T, {self.config.hidden_size}], got {list(hidden.shape)}")
        cu_seqlens = kwargs.get("cu_seq_lens_q") if cu_seqlens is None else cu_seqlens
        cache = check_cache(past_key_values)
        shape = (hidden.shape[0], hidden.shape[1])
        mask = new_mask(attention_mask, shape, 0 if cache is None else cache.columns)
        wanted = use_cache if use_cache is not None else self.config.use_cache and not self.training
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
        elif wanted and cache is None and not packed and not self._checkpointing:
            cache = KimiLinearCache(self.config)
        return self._run(hidden, layout, cache, output_hidden_states, output_router_logits)

    def _embed(self, input_ids: torch.Tensor | None) -> torch.Tensor:
        try:
            return self.embed_tokens(check_ids(input_ids))
        except IndexError as error:
            assert input_ids is not None
            span = f"[{int(input_ids.min())}, {int(input_ids.max())}]"
            raise InputError(f"input_ids span {span}, outside vocab_size = {self.config.vocab_size}") from error

    @property
    def _checkpointing(self) -> bool:
        return self.training and any(layer.gradient_checkpointing for layer in self.layers)

    def _run(
        self,
        hidden: torch.Tensor,
        layout: Layout,
        cache: KimiLinearCache | None,
        output_hidden_states: bool | None,
        output_router_logits: bool | None,
    ) -> MoeModelOutputWithPast:
        states: list[torch.Tensor] = []
        router_logits: list[torch.Tensor] = []
        if output_hidden_states is None:
            output_hidden_states = self.config.output_hidden_states
        if output_router_logits is None:
            output_router_logits = self.config.output_router_logits
        position, undo = 0, 0
        if cache is not None:
            cache.begin(layout.shape[0])
            position, undo = cache.columns, cache.undo_window
        hidden = layout.pack(hidden)
        with ExitStack() as stack:
            if output_router_logits:
                for router in (m for m in self.modules() if isinstance(m, Router)):
                    stack.enter_context(_recorded(router, router_logits))
            for i, layer in enumerate(self.layers):
                if output_hidden_states:
                    states.append(layout.unpack(hidden))
                hidden = layer(hidden, layout, None if cache is None else cache.states[i], position, undo)
        if cache is not None:
            cache.finish(layout)
        hidden = layout.unpack(self.norm(hidden))
        if output_hidden_states:
            states.append(hidden)
        return MoeModelOutputWithPast(
            last_hidden_state=hidden,
            past_key_values=cache,
            hidden_states=tuple(states) if output_hidden_states else None,
            router_logits=tuple(router_logits) if output_router_logits else None,  # type: ignore[arg-type]
        )


class KimiLinearForCausalLM(KimiLinearPreTrainedModel, GenerationMixin):
    """The decoder with a language-model head."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}  # noqa: RUF012

    def __init__(self, config: KimiLinearConfig) -> None:
        super().__init__(config)
        self.model = KimiLinearModel(config)
        self.vocab_size = config.vocab_size
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: KimiLinearCache | None = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        skip_logits: bool = False,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> MoeCausalLMOutputWithPast | tuple[Any, ...]:
        """Predict the next token at every position.

        Args:
            labels: `[B, T]`, -100 where a token does not count; shifted here (or pass `shift_labels`). With packed
                sequences, set the first label of each to -100 if its prediction from the one before must not count.
            logits_to_keep: compute the logits of the last so many positions only (or at the given indices).
            skip_logits: compute the loss in chunks and return no logits: less memory, faster.

        See `KimiLinearModel.forward` for the other arguments and the errors.
        """
        arguments = {
            "attention_mask": attention_mask,
            "past_key_values": past_key_values,
            "use_cache": use_cache,
            "position_ids": position_ids,
            **kwargs,
        }
        if labels is None and self._is_long_prompt(input_ids, logits_to_keep, arguments):
            assert input_ids is not None and isinstance(logits_to_keep, int)
            cache = KimiLinearCache(self.config) if past_key_values is None else past_key_values
            outputs = self._read(input_ids, cache, attention_mask, PREFILL_CHUNK, logits_to_keep)
        else:
            outputs = self.model(input_ids=input_ids, inputs_embeds=inputs_embeds, **arguments)
        hidden = outputs.last_hidden_state
        assert hidden is not None
        loss = self._loss(hidden, labels, kwargs) if labels is not None and skip_logits else None
        logits = None
        if loss is None:
            keep = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
            logits = linear(self.lm_head, hidden[:, keep])
            if labels is not None:
                loss = _cross_entropy(logits, labels, kwargs)
        result = MoeCausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
            router_logits=outputs.router_logits,
        )
        return result.to_tuple() if return_dict is False else result

    def _loss(self, hidden: torch.Tensor, labels: torch.Tensor, kwargs: dict[str, Any]) -> torch.Tensor:
        """Return the loss in chunks, without the table of logits."""
        labels, divisor = _targets(labels, hidden, kwargs)
        total = linear_cross_entropy(hidden.flatten(0, 1), self.lm_head.weight, labels.flatten())
        return total / divisor

    def _is_long_prompt(
        self, input_ids: torch.Tensor | None, keep: int | torch.Tensor, arguments: dict[str, Any]
    ) -> bool:
        """True when only the last logits of a prompt are wanted and it is worth reading in chunks."""
        if input_ids is None or input_ids.ndim != 2 or input_ids.shape[1] <= PREFILL_CHUNK or torch.is_grad_enabled():
            return False
        if not isinstance(keep, int) or not 0 < keep <= PREFILL_CHUNK:
            return False
        cached = arguments["past_key_values"] is not None or arguments["use_cache"]
        special = ("cu_seqlens", "cu_seq_lens_q", "output_hidden_states", "output_router_logits")
        if not cached or any(arguments.get(name) is not None for name in special):
            return False
        positions, mask = arguments["position_ids"], arguments["attention_mask"]
        return positions is None or mask is not None or bool((positions[:, 1:] > positions[:, :-1]).all())

    def _read(
        self, input_ids: torch.Tensor, cache: KimiLinearCache, mask: torch.Tensor | None, chunk_size: int, keep: int = 1
    ) -> MoeModelOutputWithPast:
        """Feed a prompt chunk by chunk; the output holds at least the last `keep` positions."""
        T = input_ids.shape[1]
        past = cache.columns
        if mask is not None and mask.shape[-1] not in (T, past + T):
            new_mask(mask, (input_ids.shape[0], T), past)  # raises
        offset = 0 if mask is None else mask.shape[-1] - T
        ends = [*range(chunk_size, T - keep + 1, chunk_size), T]
        start = 0
        for end in ends:
            part = None if mask is None else mask[:, offset + start : offset + end]
            outputs = self.model(input_ids[:, start:end], part, past_key_values=cache, use_cache=True)
            start = end
        return outputs

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
        cache = KimiLinearCache(self.config) if cache is None else cache
        for start in range(0, input_ids.shape[1], chunk_size):
            part = None if attention_mask is None else attention_mask[:, start : start + chunk_size]
            chunk = input_ids[:, start : start + chunk_size]
            outputs = self.model(chunk, part, past_key_values=cache, use_cache=True)
            if on_chunk is not None:
                on_chunk(cache)
        return linear(self.lm_head, outputs.last_hidden_state[:, -1]), cache

    def _prepare_cache_for_generation(  # type: ignore[override]
        self, generation_config: Any, model_kwargs: dict[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        """Give `generate` a cache of ours."""
        if generation_config.cache_implementation not in (None, "dynamic", "dynamic_full"):
            raise InputError(f"cache_implementation = {generation_config.cache_implementation!r}; leave it out")
        cache = model_kwargs.get("past_key_values")
        if cache is not None:
            check_cache(cache)._is_user_defined = True
        elif generation_config.use_cache is not False:
            cache = model_kwargs["past_key_values"] = self.new_cache()
            if generation_config.is_assistant:
                cache.activate_past_recording()

    def router_statistics(self) -> dict[str, dict[str, float]]:
        """Return the balance of every sparse layer since the last bias update.

        Returns:
            By layer name: `tokens` routed, `max_over_mean` load (1 is perfect) and `idle` experts.
        """
        report = {}
        for name, router in self._routers():
            load = router.load.float()
            mean = float(load.mean())
            report[name] = {
                "tokens": float(load.sum()) / router.top_k,
                "max_over_mean": float(load.max()) / mean if mean else 0.0,
                "idle": float((load == 0).sum()),
            }
        return report

    def update_router_bias(self, rate: float = 1e-3) -> None:
        """Balance the experts without an auxiliary loss: nudge each selection bias by `rate`; call once a step.

        With several processes, all-reduce `load` of each router first.
        """
        for _, router in self._routers():
            router.update_bias(rate)

    def _routers(self) -> list[tuple[str, Router]]:
        return [(name, module) for name, module in self.named_modules() if isinstance(module, Router)]


def _targets(
    labels: torch.Tensor, hidden: torch.Tensor, kwargs: dict[str, Any]
) -> tuple[torch.Tensor, torch.Tensor | float]:
    """Return shifted labels `[B, T]` and the number of tokens to divide the summed loss by."""
    shifted = kwargs.get("shift_labels")
    labels = next_token_labels(labels) if shifted is None else shifted
    if labels.shape != hidden.shape[:2]:
        raise InputError(f"labels must have shape {list(hidden.shape[:2])}, got {list(labels.shape)}")
    divisor = kwargs.get("num_items_in_batch")
    if divisor is None:
        divisor = (labels != IGNORE).sum().clamp_min(1)
    return labels.to(hidden.device), divisor


def _cross_entropy(logits: torch.Tensor, labels: torch.Tensor, kwargs: dict[str, Any]) -> torch.Tensor:
    labels, divisor = _targets(labels, logits, kwargs)
    total = F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORE, reduction="sum")
    return total / divisor


@contextmanager
def _recorded(router: Router, logits: list[torch.Tensor]) -> Iterator[None]:
    """Collect a router's logits while a forward pass runs."""
    handle = router.register_forward_hook(lambda module, inputs, output: logits.append(output[0]))
    try:
        yield
    finally:
        handle.remove()
