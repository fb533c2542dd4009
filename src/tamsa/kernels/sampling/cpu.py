"""The sampler on a CPU: rows dealt to threads.

A row is one task. Rows run on a small pool of our own with the GIL released: numba's own parallel regions are not
safe under concurrent callers, and one row takes well under a millisecond. What a row gives does not depend on the
thread or the batch that it is in.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from tamsa.kernels.sampling.cpu_rows import sample_rows

Array = np.ndarray[Any, Any]

_NOTHING: dict[str, Any] = {
    "vector": np.zeros(0, np.float32),
    "wide": np.zeros(0, np.float64),
    "matrix": np.zeros((0, 0), np.float32),
    "table": np.zeros((0, 4), np.float32),
    "ids": np.zeros(0, np.int64),
}

_pool: ThreadPoolExecutor | None = None
_pool_lock = threading.Lock()


def _forget_pool() -> None:
    """Drop the pool in a forked child, where its threads do not exist."""
    global _pool, _pool_lock
    _pool = None
    _pool_lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_pool)


def _threads() -> ThreadPoolExecutor:
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="tamsa-sampling")
        return _pool


class HeadArrays(NamedTuple):
    """The heads as the kernel reads them, with their first layer's outputs; H is their width."""

    first: Array
    """`[N, 2H]` fp32: the first layers of both heads, before T and statistics."""
    temperature_out: Array
    """`[H]`"""
    temperature_bias: Array
    """`[1]`"""
    top_p_extra: Array
    """`[H, 5]`"""
    top_p_out: Array
    """`[H]`"""
    top_p_bias: Array
    """`[1]`"""


_NO_HEADS = HeadArrays(
    _NOTHING["matrix"],
    _NOTHING["vector"],
    _NOTHING["vector"],
    _NOTHING["matrix"],
    _NOTHING["vector"],
    _NOTHING["vector"],
)


def run(
    logits: Array,
    bits: Array,
    M: float,
    temperature: Array,
    top_p: Array | None = None,
    *,
    uniforms: Array | None = None,
    statistics: Array | None = None,
    heads: HeadArrays | None = None,
    use_statistics: bool = False,
    temperature_scale: float = 1.0,
    top_p_scale: float = 1.0,
    tokens: Array | None = None,
    thresholds: Array | None = None,
    lasts: Array | None = None,
    cut_shift: float = 0.0,
    shaped: Array | None = None,
    num_threads: int,
) -> Array:
    """Run the kernel over all rows and return a status for each; results are written into the arrays given.

    Args:
        logits: `[N, V]` fp32, contiguous; `bits` the same memory as int32.
        M: rounding constant of the definition.
        temperature: `[N]` fp32; with heads, written, the scale included.
        top_p: `[N]` fp32; with heads, written. None: statistics alone.
        uniforms: `[N]` fp64 in [0, 1): also draw, into `tokens`.
        statistics: `[N, 4]` fp32 to be written.
        heads: predict T and P.
        use_statistics: whether the top-p head reads the last four columns of `top_p_extra`.
        temperature_scale: factor of the predicted temperature.
        top_p_scale: factor of the predicted top-p.
        tokens: `[N]` int64.
        thresholds: `[N]` fp32; with `lasts` `[N]` int64 the cut. Scratch where None.
        lasts: see `thresholds`.
        cut_shift: how far cut logits are lowered in `shaped`.
        shaped: `[N, V]` fp32: also write the logits, divided and cut.
        num_threads: rows are dealt to at most this many threads.
    """
    N = logits.shape[0]
    status = np.empty(N, np.int64)
    if statistics is None:
        statistics = np.empty((N, 4), np.float32) if use_statistics else _NOTHING["table"]
    arguments = (
        logits, bits, M, temperature, _NOTHING["vector"] if top_p is None else top_p,
        _NOTHING["wide"] if uniforms is None else uniforms,
        heads is not None, *(heads or _NO_HEADS), use_statistics, np.float32(temperature_scale),
        np.float32(top_p_scale), statistics.shape[0] > 0, top_p is not None,
        _NOTHING["ids"] if tokens is None else tokens,
        np.empty(N, np.float32) if thresholds is None else thresholds,
        np.empty(N, np.int64) if lasts is None else lasts, statistics, np.float32(cut_shift),
        _NOTHING["matrix"] if shaped is None else shaped, status,
    )  # fmt: skip
    parts = max(1, min(num_threads, N))
    if parts == 1:
        sample_rows(0, N, *arguments)
        return status
    bounds = [N * i // parts for i in range(parts + 1)]
    run: Callable[..., object] = sample_rows
    waiting = [_threads().submit(run, bounds[i], bounds[i + 1], *arguments) for i in range(1, parts)]
    sample_rows(bounds[0], bounds[1], *arguments)
    for future in waiting:
        future.result()
    return status
