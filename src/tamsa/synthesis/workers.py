"""Work spread over processes or a Ray cluster: the same results in the same order, whatever the number of workers.

A job is a picklable object whose `open()` prepares a worker once (an index, a graph) and whose `run(state, shard)`
makes the result of one shard, as a pure function of the job and the shard. Results come back in the order of the
shards; a few shards a worker are in work at a time, which bounds the memory.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from tamsa.cluster import connected
from tamsa.errors import ConfigError

AHEAD = 3
"""Shards in work for each worker: enough to keep it busy, few enough to hold memory down."""


class Job(Protocol):
    """A stage of synthesis that works shard by shard."""

    def open(self) -> Any:
        """Prepare a worker; called once in each."""
        ...

    def run(self, state: Any, shard: Any) -> Any:
        """Make the result of one shard."""
        ...


_state: tuple[Job, Any] | None = None


def end_with_parent() -> None:
    """See that this process, if another started it, ends with that one: a run that is killed leaves no workers."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _prepare(job: Job) -> None:
    global _state
    end_with_parent()
    _state = (job, job.open())


def _work(shard: Any) -> Any:
    assert _state is not None
    job, state = _state
    return job.run(state, shard)


def map_shards(job: Job, shards: Iterable[Any], *, workers: int = 1, ray: str | None = None) -> Iterator[Any]:
    """Yield the result of every shard, in order. Stop reading, and what was not begun is not done.

    Args:
        job: what to do.
        shards: the pieces of work; picklable, may be endless.
        workers: processes, or actors of the cluster; 1 without a cluster works in this process.
        ray: address of a Ray cluster (`auto`, `ray://HOST:PORT`); `local` starts one on this machine.

    Raises:
        ConfigError: the number of workers is not positive, or the cluster cannot be reached or is smaller.
    """
    if workers < 1:
        raise ConfigError(f"workers = {workers}; give at least 1")
    if ray is not None:
        yield from _on_cluster(job, iter(shards), workers, ray)
    elif workers == 1:
        state = None
        for number, shard in enumerate(shards):
            if number == 0:
                state = job.open()
            yield job.run(state, shard)
    else:
        yield from _in_processes(job, iter(shards), workers)


def _in_processes(job: Job, shards: Iterator[Any], workers: int) -> Iterator[Any]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(job,))
    try:
        pending: deque[Future[Any]] = deque(pool.submit(_work, shard) for shard in islice(shards, workers * AHEAD))
        while pending:
            result = pending.popleft().result()
            pending.extend(pool.submit(_work, shard) for shard in islice(shards, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Actor:
    """A worker on a cluster."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._state = job.open()

    def run(self, shard: Any) -> Any:
        """Make the result of one shard."""
        return self._job.run(self._state, shard)


def _on_cluster(job: Job, shards: Iterator[Any], workers: int, address: str) -> Iterator[Any]:
    with connected(address, workers) as ray:
        actors = [ray.remote(_Actor).options(num_cpus=1).remote(job) for _ in range(workers)]
        pending: deque[Any] = deque()
        number = 0

        def send(count: int) -> None:
            nonlocal number
            for shard in islice(shards, count):
                pending.append(actors[number % workers].run.remote(shard))
                number += 1

        send(workers * AHEAD)
        while pending:
            result = ray.get(pending.popleft())
            send(1)
            yield result
