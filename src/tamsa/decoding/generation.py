"""Generation with the heads in the loop: what one `generate` call carries, and the fused sampling loop.

Legend of shapes: B sequences.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from tamsa.decoding.heads import DecodingHeads
from tamsa.kernels import sampling


@dataclass(slots=True)
class Call:
    """What holds during one call of `generate`, in this thread alone."""

    temperature_scale: float
    top_p_scale: float
    decode: bool
    """Whether logits leave `forward` divided and cut."""
    fused: bool
    """Whether the fused sampler may draw."""
    record: bool
    """Whether T and P are kept."""
    strategies: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    """T and P `[B]` of each step."""
    raw: bool = False
    """Set by the fused loop: `forward` leaves the logits alone and `hidden` gets the states."""
    hidden: Tensor | None = None
    """`[B, D]` states of the last position, for the fused sampler."""
    step: sampling.Step | None = None
    """The heads prepared for this call's rows; made at the first token."""

    def prepared(self, heads: DecodingHeads, num_rows: int) -> sampling.Step:
        """Return the step for so many rows; the heads are taken as they are at its first use."""
        if self.step is None or self.step.num_rows != num_rows:
            self.step = sampling.Step(
                heads.packed(),
                num_rows,
                temperature_scale=self.temperature_scale,
                top_p_scale=self.top_p_scale,
                cut_shift=heads.config.cut_shift,
            )
        return self.step

    def note(self, temperature: Tensor, top_p: Tensor) -> None:
        """Keep T and P `[B]` of a token, where that is asked for."""
        if self.record:
            self.strategies.append((temperature.detach().clone(), top_p.detach().clone()))


_current: ContextVar[Call | None] = ContextVar("tamsa_autodeco_call", default=None)


def current_call() -> Call | None:
    """Return what the surrounding `generate` call carries, if there is one."""
    return _current.get()


@contextmanager
def calling(call: Call) -> Iterator[Call]:
    """Make a call the current one."""
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


def neutral_generation_config(config: Any) -> Any:
    """Switch off every static way of reshaping the distribution that a checkpoint brings as its default.

    The heads take their place; what a caller passes to `generate` still applies on top. (A `top_k` of 0 would draw a
    warning from greedy decoding; `AutoDecoForCausalLM._prepare_generation_config` meets transformers' default of 50.)
    """
    config.temperature = 1.0
    config.top_p = 1.0
    for name in ("top_k", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_h"):
        if hasattr(config, name):
            setattr(config, name, None)
    return config


def can_fuse(call: Call | None, generation_config: Any, synced_gpus: bool) -> bool:
    """Tell whether our loop gives what this call asks for: sampling, and of what it saw nothing but T and P."""
    return (
        call is not None
        and call.fused
        and call.decode
        and bool(generation_config.do_sample)
        and not synced_gpus
        and generation_config.prefill_chunk_size is None
        and not (generation_config.output_scores or generation_config.output_logits)
        and not (generation_config.output_attentions or generation_config.output_hidden_states)
    )


def sample_fused(
    model: Any,
    call: Call,
    input_ids: Tensor,
    logits_processor: Any,
    stopping_criteria: Any,
    generation_config: Any,
    streamer: Any,
    model_kwargs: dict[str, Any],
) -> Any:
    """Sample like transformers' loop, with one fused step from hidden state and raw logits to the token.

    A caller's processors get the logits divided and cut, and the draw is from what they make of them.
    """
    from transformers.generation.utils import GenerateDecoderOnlyOutput

    pad = generation_config._pad_token_tensor
    stops_at_eos = any(hasattr(criterion, "eos_token_id") for criterion in stopping_criteria)
    unfinished = torch.ones(input_ids.shape[0], dtype=torch.long, device=input_ids.device)
    step = call.prepared(model.decoding_heads, input_ids.shape[0])
    call.raw = True
    try:
        outputs = model._prefill(input_ids, generation_config, model_kwargs)
        while True:
            assert call.hidden is not None
            hidden, logits = call.hidden.to(step.device), outputs.logits[:, -1].to(step.device)
            if logits_processor:
                shaped, T, P = step.apply(hidden, logits)
                tokens = sampling.sample(logits_processor(input_ids, shaped.to(input_ids.device)))
            else:
                tokens, T, P = step.decode(hidden, logits)
                tokens = tokens.to(input_ids.device)
            call.note(T, P)
            model_kwargs = model._update_model_kwargs_for_generation(outputs, model_kwargs, is_encoder_decoder=False)
            if stops_at_eos:
                tokens = tokens * unfinished + pad.to(tokens.device) * (1 - unfinished)
            input_ids = torch.cat([input_ids, tokens[:, None]], dim=-1)
            if streamer is not None:
                streamer.put(tokens.cpu())
            unfinished = unfinished & ~stopping_criteria(input_ids, None)
            del outputs
            if not bool(unfinished.any()):
                break
            length = 1 if model_kwargs["use_cache"] else None
            inputs = model.prepare_inputs_for_generation(input_ids, next_sequence_length=length, **model_kwargs)
            outputs = model(**inputs, return_dict=True)
    finally:
        call.raw, call.hidden = False, None
    if streamer is not None:
        streamer.end()
    if not generation_config.return_dict_in_generate:
        return input_ids
    ids: Any = input_ids  # transformers annotates LongTensor
    return GenerateDecoderOnlyOutput(sequences=ids, past_key_values=model_kwargs.get("past_key_values"))


def aligned_strategies(call: Call, sequences: Tensor, prompt_length: int, eos: Any) -> tuple[Tensor, Tensor]:
    """Return T and P `[B, new tokens]` of the drawn tokens; NaN after a row's end-of-sequence token."""
    new = sequences[:, prompt_length:]
    steps = call.strategies[: new.shape[1]]  # a deferred stop can run steps beyond the end
    if not steps:
        empty = torch.empty(new.shape, dtype=torch.float32, device=new.device)
        return empty, empty.clone()
    T = torch.stack([t for t, _ in steps], dim=1).float()
    P = torch.stack([p for _, p in steps], dim=1).float()
    if eos is not None:
        ends = torch.isin(new, torch.as_tensor(eos, device=new.device).reshape(-1))
        after = (ends.int().cumsum(-1) - ends.int()) > 0
        T, P = T.masked_fill(after, float("nan")), P.masked_fill(after, float("nan"))
    return T, P
