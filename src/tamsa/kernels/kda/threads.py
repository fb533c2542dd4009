"""Units of work over threads of our own.

The compiled kernels hold no lock, so ordinary Python threads run them side by side; numba's own threading layers are
not used (its default one is not safe for concurrent calls, and OpenMP does not survive a fork). The calling thread
always works too and takes back what no helper has begun: calls from several threads, or from inside a helper, cannot
wait for one another.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_lock = threading.Lock()
_executor: ThreadPoolExecutor | None = None
_local = threading.local()


def _helpers() -> ThreadPoolExecutor:
    global _executor
    with _lock:
        if _executor is None:
            _executor = ThreadPoolExecutor(
                max_workers=max(1, (os.cpu_count() or 2) - 1), thread_name_prefix="tamsa-kda"
            )
        return _executor


def _forget() -> None:
    """Drop the threads that a forked child does not have."""
    global _executor, _lock
    _executor = None
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def scratch(num_bytes: int) -> int:
    """Return the address of scratch memory of this thread, aligned to 64 bytes, valid until the next call."""
    memory: np.ndarray | None = getattr(_local, "memory", None)
    if memory is None or memory.nbytes < num_bytes + 64:
        memory = np.empty(num_bytes + 64, dtype=np.uint8)
        _local.memory = memory
        address = int(memory.ctypes.data)
        _local.address = address + -address % 64
    return int(_local.address)


def run_units(num_units: int, step: int, num_threads: int, body: Callable[[int, int], int]) -> int:
    """Call `body(first, last)` for all units, `step` at a time, and return the answers or-ed together.

    Args:
        num_units: units in all.
        step: units that one call of `body` takes.
        num_threads: threads that may work, this one included.
        body: releases the interpreter lock while it works.
    """
    tickets = itertools.count()

    def work() -> int:
        answer = 0
        while (first := next(tickets) * step) < num_units:
            answer |= body(first, min(first + step, num_units))
        return answer

    num_helpers = min(num_threads, -(-num_units // step)) - 1
    futures = []
    for _ in range(num_helpers):
        try:
            futures.append(_helpers().submit(work))
        except RuntimeError:  # the interpreter is shutting down
            break
    answer = work()
    for future in futures:
        if not future.cancel():
            answer |= future.result()
    return answer
