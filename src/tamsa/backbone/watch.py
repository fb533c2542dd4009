"""Whether a part of a model is what it was when something was prepared from it."""

from __future__ import annotations

from collections.abc import Iterable
from operator import is_
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as torch_module


class Watch:
    """Remember modules, their kinds, hooks and parameters, so that any replacement is noticed within microseconds.

    Changes of a parameter's numbers in place go unnoticed.

    Args:
        modules: to watch, children included.
    """

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self._modules = list(modules)
        self._kinds = list(map(type, self._modules))
        self._fields: list[dict[str, Any]] = [m.__dict__ for m in self._modules]
        owners = [fields[name] for fields in self._fields for name in ("_modules", "_parameters")]
        found = [(owner, key, value) for owner in owners for key, value in owner.items()]
        self._owners, self._keys, self._values = map(list, zip(*found, strict=True))
        self._parameters: list[torch.Tensor] = [value for value in self._values if isinstance(value, torch.Tensor)]
        self._places = list(map(torch.Tensor.data_ptr, self._parameters))
        self._hooks: list[dict[int, Any]] = [
            fields[name] for fields in self._fields for name in ("_forward_hooks", "_forward_pre_hooks")
        ]
        self._hooks += [torch_module._global_forward_hooks, torch_module._global_forward_pre_hooks]
        self._state = self._alterations()

    def _alterations(self) -> tuple[list[int], list[bool]]:
        """Return the number of hooks, and which modules have a `forward` of their own."""
        return list(map(len, self._hooks)), ["forward" in fields for fields in self._fields]

    @property
    def is_altered(self) -> bool:
        """True where a module had a hook or a `forward` of its own."""
        hooks, forwards = self._state
        return any(hooks) or any(forwards)

    def is_unchanged(self) -> bool:
        """True while nothing was replaced, moved, added or hooked."""
        return (
            all(map(is_, map(dict.get, self._owners, self._keys), self._values))
            and list(map(type, self._modules)) == self._kinds
            and list(map(torch.Tensor.data_ptr, self._parameters)) == self._places
            and self._alterations() == self._state
        )
