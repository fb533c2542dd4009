"""AutoDeco: a causal language model that chooses its own temperature and top-p for every token.

`AutoDecoForCausalLM.from_base(model)` makes an object of a class derived from the base's own: it shares the base's
modules, configuration and cache handling, and differs in what leaves `forward`. So `generate`, pipelines and trainers
see an ordinary Llama, Qwen or Kimi Linear. The base object itself stays as it was and can be used beside it.

Legend of shapes: B sequences, T tokens, V vocabulary, D width of the model.
"""

from __future__ import annotations

import dataclasses
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tamsa.decoding import base as base_model
from tamsa.decoding import checkpoint
from tamsa.decoding.composing import attach, blank
from tamsa.decoding.config import AutoDecoConfig, first_given
from tamsa.decoding.generation import current_call
from tamsa.decoding.heads import DecodingHeads
from tamsa.decoding.loading import heads_for, load_base, local_folder
from tamsa.decoding.losses import LossConfig
from tamsa.decoding.serving import LearnedGeneration
from tamsa.decoding.strategy import apply_strategy
from tamsa.decoding.training import HeadTraining
from tamsa.errors import ConfigError, InputError


class AutoDecoForCausalLM(HeadTraining, LearnedGeneration):
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
        return attach(AutoDecoForCausalLM, model, DecodingHeads(config))

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
        folder = local_folder(path)
        found = checkpoint.load_heads(folder)
        model = base if isinstance(base, nn.Module) else load_base(folder, found, base, kwargs)
        if isinstance(model, AutoDecoForCausalLM):
            raise InputError("base: has decoding heads already; pass its `base`")
        return attach(AutoDecoForCausalLM, model, heads_for(folder, found, model))

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
        if call is None:  # `generate` has looked
            base_model.output_layer(self)  # may have been replaced since (resized embeddings)
        with base_model.capturing() as states, torch.set_grad_enabled(torch.is_grad_enabled() and labels is None):
            outputs = self._run_base(*args, return_dict=True, **kwargs)
        hidden = states[-1]
        if labels is not None:
            self._add_loss(outputs, hidden, labels)
        if call is not None and call.raw:
            call.hidden = hidden[:, -1]
        elif call is not None and call.decode and hidden.shape[1] == 1 and not torch.is_grad_enabled():
            # One token of a loop: no padding, and the heads are prepared.
            step = call.prepared(self.decoding_heads, hidden.shape[0])
            done = step.apply(hidden[:, 0].to(step.device), outputs.logits[:, 0].to(step.device))
            outputs["logits"] = done.logits[:, None]
            call.note(done.temperature, done.top_p)
        elif decode or output_decoding:
            config = self.decoding_heads.config
            user: Any = call or config
            factors = {
                "temperature_scale": first_given(temperature_scale, user.temperature_scale),
                "top_p_scale": first_given(top_p_scale, user.top_p_scale),
            }
            logits, T, P = self._strategy(hidden, outputs.logits, kwargs.get("attention_mask"), factors)
            if decode:
                outputs["logits"] = logits
            if output_decoding:
                outputs["temperature"], outputs["top_p"] = T, P
            if call is not None:
                call.note(T[:, -1], P[:, -1])
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
        device = self.decoding_heads.device
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

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        return blank, (AutoDecoForCausalLM, self._base_class), self.__dict__

    def _get_name(self) -> str:
        return type(self).__qualname__
