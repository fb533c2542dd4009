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
from tamsa.kernels.sampling.definition import Array, LastLayers

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


_NO_HEADS = LastLayers(
    _NOTHING["vector"], _NOTHING["vector"], _NOTHING["matrix"], _NOTHING["vector"], _NOTHING["vector"]
)


class Prepared:
    """What the kernel reads and writes beside the logits, made once for as many runs over N rows as are wanted."""

    def __init__(
        self,
        temperature: Array,
        top_p: Array | None = None,
        *,
        first_layers: Array | None = None,
        heads: LastLayers | None = None,
        use_statistics: bool = False,
        temperature_scale: float = 1.0,
        top_p_scale: float = 1.0,
        tokens: Array | None = None,
        thresholds: Array | None = None,
        lasts: Array | None = None,
        statistics: Array | None = None,
        cut_shift: float = 0.0,
    ) -> None:
        """Lay out the arguments.

        Args:
            temperature: `[N]` fp32; with heads, written, the scale included.
            top_p: `[N]` fp32; with heads, written. None: statistics alone.
            first_layers: `[N, 2H]` fp32, with heads: what the first layers of both give, before T and statistics.
            heads: predict T and P.
            use_statistics: whether the top-p head reads the last four columns of `top_p_extra`.
            temperature_scale: factor of the predicted temperature.
            top_p_scale: factor of the predicted top-p.
            tokens: `[N]` int64, to be drawn where a run is given uniform numbers.
            thresholds: `[N]` fp32; with `lasts` `[N]` int64 the cut. Scratch where None.
            lasts: see `thresholds`.
            statistics: `[N, 4]` fp32 to be written.
            cut_shift: how far cut logits are lowered where a run is told to write them.
        """
        N = temperature.shape[0]
        self.status = np.empty(N, np.int64)
        """`[N]` of the last run: 0, or a fault of `arguments.check_status`."""
        if statistics is None:
            statistics = np.empty((N, 4), np.float32) if use_statistics else _NOTHING["table"]
        self._arguments = (
            temperature, _NOTHING["vector"] if top_p is None else top_p, heads is not None,
            _NOTHING["matrix"] if first_layers is None else first_layers, *(heads or _NO_HEADS), use_statistics,
            np.float32(temperature_scale), np.float32(top_p_scale), statistics.shape[0] > 0, top_p is not None,
            _NOTHING["ids"] if tokens is None else tokens,
            np.empty(N, np.float32) if thresholds is None else thresholds,
            np.empty(N, np.int64) if lasts is None else lasts, statistics, np.float32(cut_shift), self.status,
        )  # fmt: skip

    def run(
        self,
        logits: Array,
        num_threads: int,
        uniforms: Array = _NOTHING["wide"],
        shaped: Array = _NOTHING["matrix"],
    ) -> bool:
        """Run the kernel over all rows and tell whether every one of them was good.

        Args:
            logits: `[N, V]` fp32, contiguous.
            num_threads: rows are dealt to at most this many threads.
            uniforms: `[N]` fp64 in [0, 1): also draw.
            shaped: `[N, V]` fp32: also write the logits, divided and cut.
        """
        N = logits.shape[0]
        arguments = (logits, uniforms, shaped, *self._arguments)
        parts = min(num_threads, N)
        if parts == 1:
            return bool(sample_rows(0, N, *arguments) == 0)
        bounds = [N * i // parts for i in range(parts + 1)]
        run: Callable[..., int] = sample_rows
        waiting = [_threads().submit(run, bounds[i], bounds[i + 1], *arguments) for i in range(1, parts)]
        bad = sample_rows(bounds[0], bounds[1], *arguments)
        return bool(bad + sum(future.result() for future in waiting) == 0)
