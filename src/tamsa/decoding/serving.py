"""The part of an AutoDeco model that generates: transformers' `generate` with the heads in the loop.

Legend of shapes: B sequences, T tokens.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tamsa.decoding.base import output_layer
from tamsa.decoding.config import check_scale, first_given
from tamsa.decoding.generation import Call, aligned_strategies, calling, can_fuse, current_call, sample_fused
from tamsa.errors import ConfigError


class LearnedGeneration:
    """Generate with learned T and P; a mixin before the base's class."""

    def generate(
        self: Any,
        inputs: Tensor | None = None,
        generation_config: Any = None,
        *args: Any,
        output_decoding: bool = False,
        temperature_scale: float | None = None,
        top_p_scale: float | None = None,
        decode: bool = True,
        fused: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Generate with the learned strategy; everything else as in transformers.

        Args:
            inputs: as in transformers.
            generation_config: as in transformers; its temperature and top-p apply on top of the heads.
            *args: as in transformers.
            output_decoding: return a dict whose `temperature` and `top_p`, `[B, new tokens]`, belong to the drawn
                tokens; NaN after a row has ended.
            temperature_scale: the user's factor on T; the configuration's where None.
            top_p_scale: the user's factor on P; the configuration's where None.
            decode: False generates from the raw logits.
            fused: draw with our own sampler, wherever a call samples and does not ask for what only transformers'
                loop gives (`output_scores`, …); the distribution is the same, the stream of random numbers is not.
            **kwargs: as in transformers.

        Raises:
            ConfigError: a factor is out of range, or `output_decoding` with beam search or an assistant model.
        """
        config = self.decoding_heads.config
        call = Call(
            temperature_scale=check_scale(
                "temperature_scale", first_given(temperature_scale, config.temperature_scale)
            ),
            top_p_scale=check_scale("top_p_scale", first_given(top_p_scale, config.top_p_scale)),
            decode=decode,
            fused=fused,
            record=output_decoding,
        )
        if output_decoding:
            self._check_recordable(generation_config, decode, kwargs)
            kwargs["return_dict_in_generate"] = True
        output_layer(self)
        with calling(call):
            result = self._base_class.generate(self, inputs, generation_config, *args, **kwargs)
        if output_decoding:
            length = result.sequences.shape[1] - len(call.strategies)
            prompt = inputs if inputs is not None else kwargs.get("input_ids")
            if prompt is not None:
                length = prompt.shape[1]
            eos = first_given(kwargs.get("eos_token_id"), getattr(generation_config, "eos_token_id", None))
            eos = first_given(eos, self.generation_config.eos_token_id)
            result["temperature"], result["top_p"] = aligned_strategies(call, result.sequences, length, eos)
        return result

    def _check_recordable(self: Any, generation_config: Any, decode: bool, kwargs: dict[str, Any]) -> None:
        if not decode:
            raise ConfigError("output_decoding: True with decode=False; the heads are not asked for anything")
        for name, plain in (("num_beams", 1), ("assistant_model", None), ("prompt_lookup_num_tokens", None)):
            value = first_given(kwargs.get(name), getattr(generation_config, name, None))
            value = first_given(value, getattr(self.generation_config, name, None))
            if value not in (plain, None):
                raise ConfigError(f"output_decoding: True with {name}; T and P belong to one token a step and row")

    def _prepare_generation_config(self: Any, generation_config: Any, **kwargs: Any) -> Any:
        asked = first_given(
            kwargs.get("top_k"), getattr(generation_config, "top_k", None), self.generation_config.top_k
        )
        prepared, model_kwargs = self._base_class._prepare_generation_config(self, generation_config, **kwargs)
        if asked is None:  # transformers would cut at its default of 50 behind the heads
            prepared.top_k = 0
        return prepared, model_kwargs

    def _prefill(self: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = self._base_class._prefill(self, *args, **kwargs)
        call = current_call()
        if call is not None:
            del call.strategies[:-1]  # the prompt may have come in several chunks
        return outputs

    def _sample(
        self: Any,
        input_ids: Tensor,
        logits_processor: Any,
        stopping_criteria: Any,
        generation_config: Any,
        synced_gpus: bool = False,
        streamer: Any = None,
        **model_kwargs: Any,
    ) -> Any:
        call = current_call()
        if call is not None and can_fuse(call, generation_config, synced_gpus):
            return sample_fused(
                self, call, input_ids, logits_processor, stopping_criteria, generation_config, streamer, model_kwargs
            )
        return self._base_class._sample(
            self,
            input_ids,
            logits_processor,
            stopping_criteria,
            generation_config,
            synced_gpus,
            streamer,
            **model_kwargs,
        )
