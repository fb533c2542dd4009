"""Work spread over processes: the same results in the same order, whatever the number of workers.

A job is a picklable object whose `open()` prepares a worker once (an index, a model) and whose `run(state, shard)`
makes the result of one shard. Results come back in the order of the shards.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Protocol

from tamsa.errors import ConfigError

_AHEAD = 4
"""Shards in work for each worker: enough to keep it busy, few enough to hold memory down."""


class Job(Protocol):
    """A stage of synthesis that works shard by shard."""

    def open(self) -> Any:
        """Prepare a worker; called once in each."""
        ...

    def run(self, state: Any, shard: Any) -> Any:
        """Make the result of one shard; a pure function of the shard and the job."""
        ...


_state: tuple[Job, Any] | None = None


def _prepare(job: Job) -> None:
    global _state
    _state = (job, job.open())


def _work(shard: Any) -> Any:
    assert _state is not None
    job, state = _state
    return job.run(state, shard)


def map_shards(job: Job, shards: Sequence[Any], *, workers: int = 1) -> Iterator[Any]:
    """Yield the result of every shard, in order.

    Args:
        job: what to do.
        shards: the pieces of work; picklable.
        workers: processes; 1 works in this one.

    Raises:
        ConfigError: the number of workers is not positive.
    """
    if workers < 1:
        raise ConfigError(f"workers = {workers}; give at least 1")
    if workers == 1 or len(shards) <= 1:
        if shards:
            state = job.open()
            for shard in shards:
                yield job.run(state, shard)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, len(shards)), mp_context=context, initializer=_prepare, initargs=(job,)
    ) as pool:
        pending = [pool.submit(_work, shard) for shard in shards[: workers * _AHEAD]]
        following = len(pending)
        position = 0
        try:
            while position < len(pending):
                result = pending[position].result()
                pending[position] = None  # type: ignore[call-overload]  # results are large
                position += 1
                if following < len(shards):
                    pending.append(pool.submit(_work, shards[following]))
                    following += 1
                yield result
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
