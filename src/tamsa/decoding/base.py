"""What AutoDeco needs of a base model: its output layer, the states that enter it, and who it is."""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from tamsa.decoding.config import BaseIdentity
from tamsa.errors import InputError


@dataclass(slots=True)
class _Capture:
    """Where the output layer's input goes during one forward pass."""

    stop: bool
    states: list[Tensor] = field(default_factory=list)


class _StopForwardError(Exception):
    """Raised in place of running the output layer, when only its input is wanted."""


_capture: ContextVar[_Capture | None] = ContextVar("tamsa_autodeco_capture", default=None)


def _record(module: nn.Module, arguments: tuple[Any, ...]) -> None:
    """Keep the output layer's input; nothing outside a `capturing` block (a context, so threads do not mix)."""
    capture = _capture.get()
    if capture is None:
        return
    capture.states.append(arguments[0])
    if capture.stop:
        raise _StopForwardError


class capturing:  # noqa: N801 - used like a function; a generator would cost a decoding step microseconds
    """Collect what enters the output layer: the last hidden states after the final norm, `[B, T, D]`.

    `with capturing() as states:` gives a list that every forward pass in the block adds to.
    """

    __slots__ = ("_capture", "_token")

    def __init__(self, stop: bool = False) -> None:
        """Prepare.

        Args:
            stop: end the model's forward pass there, so that no logits are computed.
        """
        self._capture = _Capture(stop)

    def __enter__(self) -> list[Tensor]:
        self._token = _capture.set(self._capture)
        return self._capture.states

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        _capture.reset(self._token)
        return kind is _StopForwardError


def output_layer(model: Any) -> nn.Module:
    """Return the layer that turns hidden states into logits, watched by `capturing` from now on.

    Raises:
        InputError: the model has none.
    """
    layer: nn.Module | None = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if layer is None or not hasattr(layer, "weight"):
        raise InputError(
            f"model: {type(model).__name__} has no output embeddings; expected a causal language model, "
            "for example from AutoModelForCausalLM"
        )
    if _record not in layer._forward_pre_hooks.values():
        layer.register_forward_pre_hook(_record)
    return layer


def text_config(config: Any) -> Any:
    """Return the configuration of the language part of a model."""
    return config.get_text_config() if hasattr(config, "get_text_config") else config


def project(model: Any, hidden: Tensor) -> Tensor:
    """Turn last hidden states `[..., D]` into the model's raw logits `[..., V]`.

    Follows the output layer and what architectures do behind it: a scale (Cohere, Granite) and a soft cap (Gemma).
    `check_projection` compares it with the model's own logits.
    """
    layer = model.get_output_embeddings()
    logits = layer(hidden.to(device=layer.weight.device, dtype=layer.weight.dtype))
    config = text_config(model.config)
    scale = getattr(config, "logit_scale", None)
    if scale is not None:
        logits = logits * scale
    divisor = getattr(config, "logits_scaling", None)
    if divisor is not None:
        logits = logits / divisor
    cap = getattr(config, "final_logit_softcapping", None)
    if cap is not None:
        logits = torch.tanh(logits / cap) * cap
    return logits


@torch.no_grad()
def check_projection(hidden: Tensor, logits: Tensor, model: Any) -> None:
    """Check that `project` gives the logits that the model itself gave.

    Raises:
        InputError: it does not; the architecture changes its logits in a way that is not known here.
    """
    ours = project(model, hidden).float()
    theirs = logits.float()
    scale = max(1.0, float(theirs[torch.isfinite(theirs)].abs().max()))
    precision = torch.finfo(model.get_output_embeddings().weight.dtype).eps
    if ours.shape != theirs.shape or not torch.allclose(ours, theirs, rtol=0, atol=8 * precision * scale):
        raise InputError(
            f"model: {type(model).__name__} changes its logits after the output layer in a way unknown to Tamsa; "
            "pass `project=` to heads_loss, or train through forward(labels=...)"
        )


def vocab_size(model: Any) -> int:
    """Return the number of entries in the model's logits."""
    return int(model.get_output_embeddings().weight.shape[0])


def hidden_size(model: Any) -> int:
    """Return the width of the states that enter the output layer."""
    return int(model.get_output_embeddings().weight.shape[1])


@torch.no_grad()
def identify(model: Any) -> BaseIdentity:
    """Describe a base model: name, type, architecture and a digest of its output layer.

    The digest covers a sample of the weights rounded to bf16, so that it is the same whatever precision they are
    loaded in; it is empty where they are not plain floating point (quantised, or not loaded).
    """
    weight = model.get_output_embeddings().weight
    fingerprint = ""
    if weight.is_floating_point() and weight.device.type != "meta":
        flat = weight.detach().reshape(-1)
        sample = flat[:: max(1, flat.numel() // 4096)][:4096].to(torch.bfloat16).contiguous().cpu()
        fingerprint = hashlib.sha256(sample.view(torch.uint8).numpy().tobytes()).hexdigest()[:16]
    return BaseIdentity(
        name_or_path=str(getattr(model.config, "_name_or_path", "") or ""),
        model_type=str(getattr(model.config, "model_type", "") or ""),
        architecture=type(model).__name__,
        fingerprint=fingerprint,
    )
