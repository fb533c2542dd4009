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
from typing import Any

import numpy as np

from tamsa.kernels.sampling.cpu_rows import sample_rows

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


def run(
    logits: np.ndarray[Any, Any],
    bits: np.ndarray[Any, Any],
    M: float,
    temperature: np.ndarray[Any, Any],
    top_p: np.ndarray[Any, Any] | None = None,
    *,
    uniforms: np.ndarray[Any, Any] | None = None,
    statistics: np.ndarray[Any, Any] | None = None,
    heads: tuple[Any, ...] | None = None,
    tokens: np.ndarray[Any, Any] | None = None,
    thresholds: np.ndarray[Any, Any] | None = None,
    lasts: np.ndarray[Any, Any] | None = None,
    num_threads: int,
) -> np.ndarray[Any, Any]:
    """Run the kernel over all rows and return a status for each; results are written into the arrays given.

    Args:
        logits: `[N, V]` fp32, contiguous; `bits` the same memory as int32.
        M: rounding constant of the definition.
        temperature: `[N]` fp32; with heads and a scale, overwritten by the scaled temperature.
        top_p: `[N]` fp32; with heads, written. None: statistics alone.
        uniforms: `[N]` fp64 in [0, 1): also draw, into `tokens`.
        statistics: `[N, 4]` fp32 to be written.
        heads: first layer `[N, H]`, extra columns `[H, 5]`, output `[H]`, bias, use of statistics, both scales.
        tokens: `[N]` int64.
        thresholds: `[N]` fp32; with `lasts` `[N]` int64 the cut. Scratch where None.
        lasts: see `thresholds`.
        num_threads: rows are dealt to at most this many threads.
    """
    N = logits.shape[0]
    status = np.zeros(N, np.int64)
    first, extra, out, bias, use, t_scale, p_scale = heads or (
        _NOTHING["matrix"], _NOTHING["matrix"], _NOTHING["vector"], 0.0, False, 1.0, 1.0
    )  # fmt: skip
    if statistics is None:
        statistics = np.empty((N, 4), np.float32) if use else _NOTHING["table"]
    arguments = (
        logits, bits, M, temperature, _NOTHING["vector"] if top_p is None else top_p,
        _NOTHING["wide"] if uniforms is None else uniforms,
        heads is not None, first, extra, out, np.float32(bias), use, np.float32(t_scale), np.float32(p_scale),
        statistics.shape[0] > 0, top_p is not None, _NOTHING["ids"] if tokens is None else tokens,
        np.empty(N, np.float32) if thresholds is None else thresholds,
        np.empty(N, np.int64) if lasts is None else lasts, statistics, status,
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
