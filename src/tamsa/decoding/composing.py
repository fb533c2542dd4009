"""Make a model with heads out of a base model: a class derived from the base's, around the same modules."""

from __future__ import annotations

import copy
import inspect
from functools import cache
from typing import Any

from tamsa.decoding.generation import neutral_generation_config
from tamsa.decoding.heads import DecodingHeads
from tamsa.decoding.losses import LossConfig

_OWN_ARGUMENTS = ("decode", "output_decoding", "temperature_scale", "top_p_scale")


@cache
def compose(mixin: Any, base_class: Any) -> Any:
    """Make the class of a base class with heads, `mixin` before it.

    It keeps the base's `__name__`, by which pipelines and others look up what a model can do.
    """

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        return mixin.forward(self, *args, **kwargs)

    signature = inspect.signature(base_class.forward)
    own = inspect.signature(mixin.forward).parameters
    parameters = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    rest = [p for p in signature.parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD]
    extra = [own[name] for name in _OWN_ARGUMENTS]
    forward.__signature__ = signature.replace(parameters=[*parameters, *extra, *rest])  # type: ignore[attr-defined]
    forward.__doc__ = mixin.forward.__doc__
    return type(
        base_class.__name__,
        (mixin, base_class),
        {
            "__module__": mixin.__module__,
            "__qualname__": f"AutoDeco[{base_class.__name__}]",
            "__doc__": mixin.__doc__,
            "_base_class": base_class,
            "forward": forward,
        },
    )


def blank(mixin: Any, base_class: Any) -> Any:
    """Make an object without state, for pickle and deepcopy."""
    composed: Any = compose(mixin, base_class)
    return composed.__new__(composed)


def attach(mixin: Any, model: Any, heads: DecodingHeads) -> Any:
    """Make the model with heads: a new object around the same modules."""
    composed = blank(mixin, type(model))
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
