"""Pointwise parts on a GPU: the plain torch expressions, fused by torch's compiler into one pass over memory each way.

Written out, an expression such as the forget gate reads and writes its numbers eight times, and the layers of a small
model spend more time on that than on their products. Which function it is stays with its definition (`gates`,
`short_conv`); here is only when it is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

WORTH = 1 << 18
"""Numbers from which on fusing pays; below, a decode step's launches cost less than the compiler's guards."""


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return torch.compile(function, dynamic=True)


def takes(x: Tensor) -> bool:
    """Tell whether a tensor's expressions are fused: a large one on a GPU, and nobody is tracing."""
    return x.is_cuda and x.numel() >= WORTH and not torch.compiler.is_compiling()


def fused(function: Callable[..., Any], x: Tensor, *arguments: Any) -> Any:
    """Evaluate `function(x, *arguments)`, plain torch without side effects on anything but its arguments."""
    return (_compiled(function) if takes(x) else function)(x, *arguments)
