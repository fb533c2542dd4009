"""AutoDeco: a causal language model that chooses its own temperature and top-p for every token.

`AutoDecoForCausalLM.from_base(model)` makes an object of a class derived from the base's own: it shares the base's
modules, configuration and cache handling, and differs in what leaves `forward`. So `generate`, pipelines and trainers
see an ordinary Llama, Qwen or Kimi Linear. The base object itself stays as it was and can be used beside it.

Legend of shapes: B sequences, T tokens, V vocabulary, D width of the model.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import warnings
from collections.abc import Callable
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tamsa.decoding import base as base_model
from tamsa.decoding import checkpoint
from tamsa.decoding.config import AutoDecoConfig, check_scale
from tamsa.decoding.generation import (
    Call,
    aligned_strategies,
    calling,
    can_fuse,
    current_call,
    neutral_generation_config,
    sample_fused,
)
from tamsa.decoding.heads import DecodingHeads
from tamsa.decoding.losses import IGNORED, HeadsLoss, LossConfig, heads_loss
from tamsa.decoding.strategy import apply_strategy
from tamsa.errors import ConfigError, InputError

_OWN_ARGUMENTS = ("decode", "output_decoding", "temperature_scale", "top_p_scale")


class AutoDecoForCausalLM:
    """A causal language model with decoding heads (arXiv 2510.26697).

    Made by `from_base` or `from_pretrained`, never by calling the class. In inference the logits that leave `forward`
    are divided by the predicted T and cut at the predicted P: sample them at temperature 1 and top-p 1. Greedy
    decoding is that of the base. `forward(decode=False)`, or training mode, gives the raw logits.
    """

    decoding_heads: DecodingHeads
    loss_config: LossConfig
    _base_class: ClassVar[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ConfigError("AutoDecoForCausalLM: is not called; use from_base(model) or from_pretrained(folder)")

    # ---- making and storing -------------------------------------------------------------------------------------

    @classmethod
    def from_base(cls, model: Any, config: AutoDecoConfig | None = None) -> Any:
        """Give a model untrained heads.

        Args:
            model: any causal language model of transformers (`AutoModelForCausalLM`); its weights are shared.
            config: what the heads are like; width, vocabulary and the base's identity are filled in.

        Returns:
            A model whose class derives from `AutoDecoForCausalLM` and the base's class.

        Raises:
            InputError: the model has no output layer, or its width or vocabulary is not the configuration's.
        """
        config = config or AutoDecoConfig()
        if isinstance(model, AutoDecoForCausalLM):
            raise InputError("model: has decoding heads already; pass its `base`")
        base_model.output_layer(model)
        width, vocabulary = base_model.hidden_size(model), base_model.vocab_size(model)
        for name, ours, theirs in (
            ("hidden_size", config.hidden_size, width),
            ("vocab_size", config.vocab_size, vocabulary),
        ):
            if ours is not None and ours != theirs:
                raise InputError(f"{name}: {ours} in the configuration, but {theirs} in {type(model).__name__}")
        config = dataclasses.replace(config, hidden_size=width, vocab_size=vocabulary, base=base_model.identify(model))
        return _attach(model, DecodingHeads(config))

    @classmethod
    def from_pretrained(cls, path: str | PathLike[str], base: Any = None, **kwargs: Any) -> Any:
        """Load heads from a folder written by `save_pretrained`, or an officially released one (either form).

        Args:
            path: the folder, or the id of a Hub repository.
            base: the base model, or its path or id; where None, the base merged into the folder, else the one that
                the folder names.
            **kwargs: passed to `AutoModelForCausalLM.from_pretrained` when the base is loaded here.

        Raises:
            InputError: the folder is no heads folder or of a newer version, or the base does not match it.
            CorruptError: a file is damaged.
        """
        folder = _local_folder(path)
        found = checkpoint.load_heads(folder)
        model = base if isinstance(base, nn.Module) else _load_base(folder, found, base, kwargs)
        if isinstance(model, AutoDecoForCausalLM):
            raise InputError("base: has decoding heads already; pass its `base`")
        base_model.output_layer(model)
        width, vocabulary = base_model.hidden_size(model), base_model.vocab_size(model)
        warning = checkpoint.check_base(found, folder, base_model.identify(model), width, vocabulary)
        if warning is not None:
            warnings.warn(warning, stacklevel=2)
        found = dataclasses.replace(found, config=dataclasses.replace(found.config, vocab_size=vocabulary))
        return _attach(model, checkpoint.build_heads(found))

    def save_pretrained(
        self: Any,
        save_directory: str | PathLike[str],
        *,
        dtype: torch.dtype | None = None,
        is_main_process: bool = True,
        push_to_hub: bool = False,
        **_: Any,
    ) -> None:
        """Write the heads alone: a configuration and one safetensors file (4.2 MB in bf16 for a width of 4096).

        Args:
            save_directory: the folder.
            dtype: of the stored weights; that of the base where None (heads compute in fp32 in any case).
            is_main_process: False writes nothing (distributed training).
            push_to_hub: not supported.
            **_: what trainers pass for full models has no meaning here.

        Raises:
            StorageError: the folder cannot be written.
        """
        if push_to_hub:
            raise ConfigError("push_to_hub: not supported; upload the folder with huggingface_hub.upload_folder")
        if is_main_process:
            checkpoint.save_heads(Path(save_directory), self.decoding_heads, dtype or self._base_dtype())

    def _base_dtype(self: Any) -> torch.dtype:
        dtype = self.get_output_embeddings().weight.dtype
        return dtype if dtype in (torch.bfloat16, torch.float16) else torch.float32

    @property
    def base(self: Any) -> Any:
        """The base model, untouched, sharing its weights with this one."""
        return self.__dict__["_autodeco_base"]

    def freeze_base(self: Any) -> Any:
        """Stop gradients to the base's parameters, as head training expects; returns the model."""
        for parameter in self.base.parameters():
            parameter.requires_grad_(False)
        return self

    # ---- forward --------------------------------------------------------------------------------------------------

    def forward(
        self: Any,
        *args: Any,
        labels: Tensor | None = None,
        decode: bool | None = None,
        output_decoding: bool = False,
        temperature_scale: float | None = None,
        top_p_scale: float | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the base and apply the learned strategy to its logits.

        Args:
            *args: as the base's `forward`.
            labels: `[B, T]` token ids, -100 ignored: compute the heads' loss (`loss_config`) instead of the base's.
            decode: divide and cut the logits; None: yes in inference, no in training mode or with labels.
            output_decoding: also return `temperature` and `top_p`, `[B, T]` fp32.
            temperature_scale: the user's factor on T; the configuration's where None.
            top_p_scale: the user's factor on P; the configuration's where None.
            return_dict: False returns a tuple.
            **kwargs: as the base's `forward`.

        Returns:
            The base's output; `logits` are fp32 where decoded. With labels also `temperature_loss` and `top_p_loss`.
        """
        call = current_call()
        if decode is None:
            decode = call.decode if call is not None else not self.training and labels is None
        base_model.output_layer(self)  # may have been replaced since (resized embeddings)
        with base_model.capturing() as states, torch.set_grad_enabled(torch.is_grad_enabled() and labels is None):
            outputs = self._run_base(*args, return_dict=True, **kwargs)
        hidden = states[-1]
        if labels is not None:
            self._add_loss(outputs, hidden, labels)
        if call is not None and call.raw:
            call.hidden = hidden[:, -1]
        elif decode or output_decoding:
            config = self.decoding_heads.config
            factors = {
                "temperature_scale": _first(
                    temperature_scale, call and call.temperature_scale, config.temperature_scale
                ),
                "top_p_scale": _first(top_p_scale, call and call.top_p_scale, config.top_p_scale),
            }
            logits, T, P = self._strategy(hidden, outputs.logits, kwargs.get("attention_mask"), factors)
            if decode:
                outputs["logits"] = logits
            if output_decoding:
                outputs["temperature"], outputs["top_p"] = T, P
            if call is not None and call.record:
                call.strategies.append((T[:, -1].detach(), P[:, -1].detach()))
        wants_tuple = return_dict is False or (
            return_dict is None and getattr(self.config, "return_dict", True) is False
        )
        return outputs.to_tuple() if wants_tuple else outputs

    def _run_base(self: Any, *args: Any, **kwargs: Any) -> Any:
        replaced = self.__dict__.get("_autodeco_forward")  # accelerate puts a forward on the object
        if replaced is not None:
            return replaced(*args, **kwargs)
        return self._base_class.forward(self, *args, **kwargs)

    def _strategy(
        self: Any, hidden: Tensor, logits: Tensor, mask: Tensor | None, factors: dict[str, float]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Apply the heads to every position that is not padding; padding keeps raw logits, T = 1 and P = 1."""
        B, T, V = logits.shape
        device = next(self.decoding_heads.parameters()).device
        flat_h, flat_l = hidden.reshape(B * T, -1).to(device), logits.reshape(B * T, V).to(device)
        real = None
        if mask is not None and mask.dim() == 2 and T > 1 and mask.shape[1] >= T:
            real = (mask[:, -T:] != 0).reshape(-1).to(device)
            real = None if bool(real.all()) else real
        if real is None:
            done = apply_strategy(self.decoding_heads, flat_h, flat_l, **factors)
            return done.logits.view(B, T, V), done.temperature.view(B, T), done.top_p.view(B, T)
        done = apply_strategy(self.decoding_heads, flat_h[real], flat_l[real], **factors)
        ones = torch.ones(B * T, device=device)
        return (
            flat_l.float().index_put((real,), done.logits).view(B, T, V),
            ones.index_put((real,), done.temperature).view(B, T),
            ones.index_put((real,), done.top_p).view(B, T),
        )

    # ---- training -------------------------------------------------------------------------------------------------

    def _add_loss(self: Any, outputs: Any, hidden: Tensor, labels: Tensor) -> None:
        B, T, V = outputs.logits.shape
        if labels.shape != (B, T):
            raise InputError(f"labels: shape {list(labels.shape)}, expected [B, T] = [{B}, {T}] as the logits")
        if T < 2:
            raise InputError("labels: sequences of one token, expected at least two (each position predicts the next)")
        result = heads_loss(
            self.decoding_heads,
            hidden[:, :-1].reshape(B * (T - 1), -1),
            labels[:, 1:].reshape(-1),
            outputs.logits[:, :-1].reshape(B * (T - 1), V),
            self.loss_config,
        )
        outputs["loss"] = result.loss
        outputs["temperature_loss"], outputs["top_p_loss"] = result.temperature_loss, result.top_p_loss

    @torch.no_grad()
    def hidden_states(self: Any, input_ids: Tensor, attention_mask: Tensor | None = None, **kwargs: Any) -> Tensor:
        """Run the frozen base up to its output layer and return `[B, T, D]`: what heads are trained from.

        Store it once and train any number of epochs by `heads_loss` without the backbone.
        """
        base_model.output_layer(self)
        was_training = self.training
        self.eval()  # a frozen base has no dropout
        try:
            with base_model.capturing(stop=True) as states:
                self._run_base(input_ids=input_ids, attention_mask=attention_mask, use_cache=False, **kwargs)
        finally:
            self.train(was_training)
        return states[-1]

    @torch.no_grad()
    def project(self: Any, hidden: Tensor) -> Tensor:
        """Turn hidden states `[..., D]` into the base's raw logits `[..., V]`.

        Raises:
            InputError: the first time, where the architecture does something to its logits that is not known here.
        """
        if not self.__dict__.get("_autodeco_projection_checked"):
            ids = torch.zeros(1, 1, dtype=torch.long, device=self.device)
            with base_model.capturing() as states:
                outputs = self._run_base(input_ids=ids, use_cache=False, return_dict=True)
            base_model.check_projection(states[-1], outputs.logits, self)
            self.__dict__["_autodeco_projection_checked"] = True
        return base_model.project(self, hidden)

    def heads_loss(
        self: Any,
        hidden: Tensor,
        labels: Tensor,
        *,
        project: Callable[[Tensor], Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> HeadsLoss:
        """Compute the heads' loss from (cached) hidden states, without the backbone.

        Args:
            hidden: `[N, D]`, of `hidden_states`.
            labels: `[N]` the tokens that follow; -100 is ignored.
            project: hidden states to raw logits; the model's own where None.
            generator: source of the easy-token mask.
        """
        return heads_loss(
            self.decoding_heads, hidden, labels, project or self.project, self.loss_config, generator=generator
        )

    # ---- generation -------------------------------------------------------------------------------------------------

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
            fused: draw with the fused sampler wherever nothing stands between logits and draw (other logits
                processors, `output_scores`, …); the distribution is the same, the stream of random numbers is not.
            **kwargs: as in transformers.

        Raises:
            ConfigError: a factor is out of range, or `output_decoding` with beam search or an assistant model.
        """
        config = self.decoding_heads.config
        call = Call(
            temperature_scale=check_scale("temperature_scale", _first(temperature_scale, config.temperature_scale)),
            top_p_scale=check_scale("top_p_scale", _first(top_p_scale, config.top_p_scale)),
            decode=decode,
            fused=fused,
            record=output_decoding,
        )
        if output_decoding:
            self._check_recordable(generation_config, decode, kwargs)
            kwargs["return_dict_in_generate"] = True
        with calling(call):
            result = self._base_class.generate(self, inputs, generation_config, *args, **kwargs)
        if output_decoding:
            length = result.sequences.shape[1] - len(call.strategies)
            prompt = inputs if inputs is not None else kwargs.get("input_ids")
            if prompt is not None:
                length = prompt.shape[1]
            eos = _first(kwargs.get("eos_token_id"), getattr(generation_config, "eos_token_id", None))
            eos = _first(eos, self.generation_config.eos_token_id)
            result["temperature"], result["top_p"] = aligned_strategies(call, result.sequences, length, eos)
        return result

    def _check_recordable(self: Any, generation_config: Any, decode: bool, kwargs: dict[str, Any]) -> None:
        if not decode:
            raise ConfigError("output_decoding: True with decode=False; the heads are not asked for anything")
        for name, plain in (("num_beams", 1), ("assistant_model", None), ("prompt_lookup_num_tokens", None)):
            value = _first(kwargs.get(name), getattr(generation_config, name, None))
            value = _first(value, getattr(self.generation_config, name, None))
            if value not in (plain, None):
                raise ConfigError(f"output_decoding: True with {name}; T and P belong to one token a step and row")

    def _prepare_generation_config(self: Any, generation_config: Any, **kwargs: Any) -> Any:
        asked = _first(kwargs.get("top_k"), getattr(generation_config, "top_k", None), self.generation_config.top_k)
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
        if call is not None and can_fuse(call, logits_processor, generation_config, synced_gpus):
            return sample_fused(self, call, input_ids, stopping_criteria, generation_config, streamer, model_kwargs)
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

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        return _blank, (self._base_class,), self.__dict__

    def _get_name(self) -> str:
        return type(self).__qualname__


def _first(*values: Any) -> Any:
    """Return the first value that is not None."""
    return next((value for value in values if value is not None), None)


@cache
def _compose(base_class: Any) -> Any:
    """Make the class of a base class with heads.

    It keeps the base's `__name__`, by which pipelines and others look up what a model can do.
    """

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        return AutoDecoForCausalLM.forward(self, *args, **kwargs)

    signature = inspect.signature(base_class.forward)
    own = inspect.signature(AutoDecoForCausalLM.forward).parameters
    parameters = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    rest = [p for p in signature.parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD]
    extra = [own[name] for name in _OWN_ARGUMENTS]
    forward.__signature__ = signature.replace(parameters=[*parameters, *extra, *rest])  # type: ignore[attr-defined]
    forward.__doc__ = AutoDecoForCausalLM.forward.__doc__
    return type(
        base_class.__name__,
        (AutoDecoForCausalLM, base_class),
        {
            "__module__": __name__,
            "__qualname__": f"AutoDeco[{base_class.__name__}]",
            "__doc__": AutoDecoForCausalLM.__doc__,
            "_base_class": base_class,
            "forward": forward,
        },
    )


def _blank(base_class: type) -> Any:
    """Make an object without state, for pickle and deepcopy."""
    composed: Any = _compose(base_class)
    return composed.__new__(composed)


def _attach(model: Any, heads: DecodingHeads) -> Any:
    """Make the model with heads: a new object around the same modules."""
    composed = _blank(type(model))
    state = {key: copy.copy(value) if isinstance(value, dict) else value for key, value in model.__dict__.items()}
    state["_autodeco_forward"] = state.pop("forward", None)
    state["_autodeco_base"] = model
    composed.__dict__.update(state)
    heads.to(model.get_output_embeddings().weight.device)
    composed.decoding_heads = heads
    composed.loss_config = LossConfig()
    composed.generation_config = neutral_generation_config(copy.deepcopy(model.generation_config))
    heads.train(model.training)
    return composed


def _local_folder(path: str | PathLike[str]) -> Path:
    """Return a folder on this machine, fetched from the Hub where the path is a repository's id."""
    folder = Path(path)
    text = str(path)
    if folder.exists() or text.count("/") != 1 or text.startswith((".", "/", "~")):
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(text, allow_patterns=["*.json", "*.safetensors"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{text}: neither a folder nor a Hub repository that can be read ({reason})") from error


def _load_base(folder: Path, found: checkpoint.HeadsFolder, base: str | None, kwargs: dict[str, Any]) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    if base is None and found.merged:
        kind = found.config.base.model_type
        if not kind:
            raise InputError(f"{folder / 'config.json'}: base_model_type is missing; pass base=")
        config = AutoConfig.for_model(kind, **checkpoint.base_config_values(found.raw))
        pattern = "^" + checkpoint.MERGED_PREFIX.replace(".", r"\.")
        model = AutoModelForCausalLM.from_pretrained(folder, config=config, key_mapping={pattern: ""}, **kwargs)
        model.config._name_or_path = found.config.base.name_or_path
        return model
    name = base or found.config.base.name_or_path
    if not name:
        raise InputError(f"{folder}: names no base model; pass base=, a model or its path")
    try:
        return AutoModelForCausalLM.from_pretrained(name, **kwargs)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{folder}: its base {name!r} cannot be loaded ({reason}); pass base=") from error


__all__ = ["IGNORED", "AutoDecoForCausalLM"]
