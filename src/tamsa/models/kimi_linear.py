"""Kimi Linear as a transformers model (arXiv 2510.26692): the backbone with training, generation and checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F
from transformers import GenerationMixin
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import MoeCausalLMOutputWithPast, MoeModelOutputWithPast

from tamsa.backbone.cache import KimiLinearCache
from tamsa.backbone.decoder import Decoder
from tamsa.backbone.decoder_layer import DecoderLayer
from tamsa.backbone.inputs import check_cache, new_mask
from tamsa.backbone.moe import Router
from tamsa.backbone.network import PREFILL_CHUNK, CausalDecoder
from tamsa.backbone.projections import OutputLayer
from tamsa.errors import InputError
from tamsa.models.config import KimiLinearConfig
from tamsa.models.loss import IGNORE, linear_cross_entropy, next_token_labels
from tamsa.models.pretrained import KimiLinearPreTrainedModel


class KimiLinearDecoderLayer(GradientCheckpointingLayer, DecoderLayer):
    """A layer whose activations transformers can drop and compute anew in the backward pass."""


class KimiLinearModel(KimiLinearPreTrainedModel, Decoder):
    """The decoder without a head."""

    layer_class = KimiLinearDecoderLayer
    _keys_to_ignore_on_load_unexpected = [r"^lm_head\."]  # noqa: RUF012 - a checkpoint of the model with a head

    def __init__(self, config: KimiLinearConfig) -> None:
        super().__init__(config)
        self.build(config)
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
        """Run the decoder; see `Decoder.decode`.

        Args:
            use_cache: keep one; defaults to the configuration's value outside training.
        """
        config = self.config
        caching = not self._checkpointing
        decoded = self.decode(
            input_ids,
            attention_mask,
            position_ids,
            past_key_values,
            inputs_embeds,
            kwargs.get("cu_seq_lens_q") if cu_seqlens is None else cu_seqlens,
            parents,
            use_cache=caching and bool(use_cache),
            may_cache=caching and use_cache is None and config.use_cache and not self.training,
            output_hidden_states=bool(
                config.output_hidden_states if output_hidden_states is None else output_hidden_states
            ),
            output_router_logits=getattr(config, "output_router_logits", False)
            if output_router_logits is None
            else output_router_logits,
        )
        return MoeModelOutputWithPast(
            last_hidden_state=decoded.last_hidden_state,
            past_key_values=decoded.past_key_values,  # type: ignore[arg-type]
            hidden_states=decoded.hidden_states,
            router_logits=decoded.router_logits,  # type: ignore[arg-type]
        )

    @property
    def _checkpointing(self) -> bool:
        return self.training and any(layer.gradient_checkpointing for layer in self.layers)


class KimiLinearForCausalLM(KimiLinearPreTrainedModel, CausalDecoder, GenerationMixin):
    """The decoder with a language-model head."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}  # noqa: RUF012

    def __init__(self, config: KimiLinearConfig) -> None:
        super().__init__(config)
        self.model = KimiLinearModel(config)
        self.vocab_size = config.vocab_size
        self.lm_head = OutputLayer(config.hidden_size, config.vocab_size)
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

        See `Decoder.decode` for the other arguments and the errors.
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
            logits = self.lm_head(hidden[:, keep])
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
