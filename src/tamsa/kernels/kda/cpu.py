"""KDA on the CPU: from checked tensors to compiled kernels on threads and back.

The kernels are in `cpu_forward` and `cpu_backward`; `operators` makes torch operators of the functions here.

Legend of shapes: B batch, T tokens, H heads, K key width, V value width, N sequences (B, or those of `cu_seqlens`).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tamsa.kernels.kda.arguments import bad_gate, boundaries, not_finite, state_dtype
from tamsa.kernels.kda.compiling import compiled, fingerprint
from tamsa.kernels.kda.cpu_backward import GROUPS, backward_scratch_size, backward_units, group_columns
from tamsa.kernels.kda.cpu_forward import forward_units, scratch_size
from tamsa.kernels.kda.staging import BF16, FLAGS, NATIVE
from tamsa.kernels.kda.threads import run_units, scratch

CHUNK = 64
"""Tokens between two saved states."""

CACHE_BYTES = 1 << 18
"""Share of a core's second-level cache that the backward pass fills with recomputed states."""

SMALL = 1 << 19
"""State elements times tokens below which a second thread costs more than it brings."""

WIDE_BYTES = 128
"""A block of columns in the forward kernel; threads split columns at its multiples."""

_REAL = {torch.float32: np.float32, torch.float64: np.float64}


def _entries(key: str) -> tuple[Any, Any]:
    def forward(first, last, plan, memory, scale):  # type: ignore[no-untyped-def]
        key  # noqa: B018 - part of the disk cache's key
        return forward_units(first, last, plan, memory, scale)

    def backward(first, last, plan, memory, scale):  # type: ignore[no-untyped-def]
        key  # noqa: B018
        return backward_units(first, last, plan, memory, scale)

    return compiled(forward), compiled(backward)


_forward_entry, _backward_entry = _entries(fingerprint())


def _rows(x: Tensor) -> Tensor:
    """Return x with its last dimension contiguous; the others may have any stride."""
    return x if x.stride(3) == 1 or x.shape[3] == 1 else x.contiguous()


def _address(x: Tensor | None) -> int:
    return 0 if x is None else x.data_ptr()


def _code(x: Tensor) -> int:
    return BF16 if x.dtype == torch.bfloat16 else NATIVE


def _bounds(cu_seqlens: Tensor, T: int) -> tuple[Tensor, int]:
    """Return the boundaries in int64 and the longest sequence."""
    bounds = boundaries(cu_seqlens, T)
    longest = max(end - start for start, end in pairwise(bounds))
    return cu_seqlens.to(torch.int64).contiguous(), longest


def _clear_unused(saved: Tensor, bounds: Tensor) -> None:
    """Clear the slots that no packed sequence fills: a sequence from b on fills those from b // CHUNK on."""
    starts, lengths = bounds[:-1], bounds.diff()
    first, count = starts // CHUNK, (lengths - 1) // CHUNK
    steps = torch.zeros(saved.shape[0] + 1, dtype=torch.int64)
    steps.index_add_(0, first, torch.ones_like(first)).index_add_(0, first + count, -torch.ones_like(first))
    saved[steps.cumsum(0)[:-1] == 0] = 0.0


def _refuse(flags: int, initial_state: Tensor | None) -> None:
    """Raise for the first argument that a kernel found to hold bad values."""
    for bit, name in enumerate(FLAGS):
        if not flags >> bit & 1:
            continue
        if name == "g":
            raise bad_gate()
        # the kernel sees a bad state by what it makes of the residuals; an overflow of its own is no bad argument
        if name != "initial_state" or (initial_state is not None and not bool(torch.isfinite(initial_state).all())):
            raise not_finite(name)


def _splits(units: int, num_threads: int, most: int) -> int:
    """Return into how many ranges of columns a unit is cut so that all threads have work."""
    if num_threads == 1 or units >= 4 * num_threads or units % num_threads == 0:
        return 1
    return min(most, -(-4 * num_threads // units))


def forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
    scale: float,
    save: bool,
    final_state: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """Run the forward kernel.

    Args:
        q, k, v, g, beta, initial_state, cu_seqlens, scale: as in `kda`, checked.
        save: keep what the backward pass needs.
        final_state: memory for the final state, contiguous; may be `initial_state` itself.

    Returns:
        Output, final state, residuals `[B, T, H, V]` and saved states `[B · ((T - 1) // CHUNK), H, K, V]`; the last two
        None unless `save`.

    Raises:
        InputError: `cu_seqlens` is malformed, a value is not finite or a log-decay is above 0.
    """
    B, T, H, K = q.shape
    V = v.shape[3]
    dtype = torch.float64 if q.dtype == torch.float64 else torch.float32
    N, bounds, longest = B, None, T
    if cu_seqlens is not None:
        bounds, longest = _bounds(cu_seqlens, T)
        N = bounds.shape[0] - 1
    q, k, v, g = _rows(q), _rows(k), _rows(v), _rows(g)
    start = None if initial_state is None else initial_state.contiguous()
    o = torch.empty((B, T, H, V), dtype=v.dtype)
    if final_state is None:
        final_state = torch.empty((N, H, K, V), dtype=dtype)
    residual = saved = None
    if save:
        residual = torch.empty((B, T, H, V), dtype=dtype)
        saved = torch.empty((B * ((T - 1) // CHUNK), H, K, V), dtype=dtype)
        if bounds is not None:
            _clear_unused(saved, bounds)
    num_threads = 1 if B * T * H * K * V < SMALL else torch.get_num_threads()
    C = min(CHUNK, longest)
    splits, part, size = _layout(N * H, num_threads, C, K, V, dtype.itemsize)
    tensors = (q, k, v, g, beta, start, o, final_state, residual, saved, bounds)
    addresses = tuple([0 if x is None else x.data_ptr() for x in tensors])
    codes = (_code(q), _code(g), _code(beta))
    strides = (*q.stride()[:3], *k.stride()[:3], *v.stride()[:3], *g.stride()[:3], *beta.stride())
    plan = (addresses, codes, strides, (T, H, K, V, splits, part, C))
    factor = _REAL[dtype](scale)
    num_units = N * H * splits
    if num_threads == 1:
        flags = _forward_entry(0, num_units, plan, scratch(size), factor)
    else:

        def body(first: int, last: int, keep: Any = tensors) -> int:
            return _forward_entry(first, last, plan, scratch(size), factor)

        flags = run_units(num_units, max(1, num_units // (8 * num_threads)), num_threads, body)
    if flags:
        _refuse(flags, initial_state)
    return o, final_state, residual, saved


@lru_cache(maxsize=256)
def _layout(units: int, num_threads: int, C: int, K: int, V: int, itemsize: int) -> tuple[int, int, int]:
    """Return ranges of columns per unit, columns of a range and bytes of scratch memory of the forward kernel."""
    wide = WIDE_BYTES // itemsize
    splits = _splits(units, num_threads, -(-V // wide))
    part = -(-V // (splits * wide)) * wide
    return -(-V // part), part, scratch_size(C, K, V) * itemsize


def forward_in_place(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    state: Tensor,
    cu_seqlens: Tensor | None,
    scale: float,
) -> Tensor:
    """Run the forward kernel from `state`, contiguous, which becomes the final state."""
    return forward(q, k, v, g, beta, state, cu_seqlens, scale, False, final_state=state)[0]


def backward(
    q: Tensor,
    k: Tensor,
    g: Tensor,
    beta: Tensor,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
    residual: Tensor,
    saved: Tensor,
    grad_o: Tensor,
    grad_state: Tensor | None,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Run the backward kernel on what `forward(..., save=True)` kept.

    Returns:
        Gradients of q, k, v, g, beta and the initial state (empty without one).

    Raises:
        InputError: a gradient that comes in is not finite.
    """
    B, T, H, K = q.shape
    V = residual.shape[3]
    dtype = state_dtype(q)
    N, bounds, longest = B, None, T
    if cu_seqlens is not None:
        bounds, longest = _bounds(cu_seqlens, T)
        N = bounds.shape[0] - 1
    q, k, g, grad_o = _rows(q), _rows(k), _rows(g), _rows(grad_o)
    if initial_state is not None:
        initial_state = initial_state.contiguous()
    if grad_state is not None:
        grad_state = grad_state.to(dtype).contiguous()
    num_threads = 1 if B * T * H * K * V < SMALL else torch.get_num_threads()
    part = group_columns.py_func(V)
    splits = -(-V // part) if _splits(N * H, num_threads, GROUPS) > 1 else 1
    if splits == 1:
        dq, dk, dg, db = q.new_empty(q.shape), k.new_empty(k.shape), g.new_empty(g.shape), beta.new_empty(beta.shape)
    else:
        dq, dk, dg = (q.new_empty((splits, B, T, H, K), dtype=dtype) for _ in range(3))
        db = q.new_empty((splits, B, T, H), dtype=dtype)
    dv = q.new_empty((B, T, H, V))
    ds0 = q.new_empty((0,) if initial_state is None else (N, H, K, V), dtype=dtype)
    C = min(CHUNK, longest)
    inputs = (q, k, g, beta, initial_state, residual, saved, bounds, grad_o, grad_state)
    outputs = (dq, dk, dv, dg, db, ds0 if initial_state is not None else None)
    strides = (*q.stride()[:3], *k.stride()[:3], *g.stride()[:3], *beta.stride(), *grad_o.stride()[:3])
    codes = (_code(q), _code(g), _code(beta), _code(grad_o))
    addresses = tuple(_address(x) for x in (*inputs, *outputs))
    plan = (addresses, codes, strides, (B, T, H, K, V, splits, C, CACHE_BYTES))
    factor = _REAL[dtype](scale)
    size = backward_scratch_size(C, K, V) * dtype.itemsize

    def body(first: int, last: int, keep: Any = (inputs, outputs)) -> int:
        return _backward_entry(first, last, plan, scratch(size), factor)

    num_units = N * H * splits
    flags = run_units(num_units, max(1, num_units // (8 * num_threads)), num_threads, body)
    if flags:
        _refuse(flags, None)
    if splits > 1:
        # in the order in which a single thread adds the groups
        dq, dk = _sum(dq).mul_(scale).to(q.dtype), _sum(dk).to(k.dtype)
        dg, db = _sum(dg).to(g.dtype), _sum(db).to(beta.dtype)
    return dq, dk, dv, dg, db, ds0


def _sum(parts: Tensor) -> Tensor:
    result = parts[0]
    for part in parts[1:]:
        result += part
    return result
