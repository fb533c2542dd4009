"""Processes of ours: each leads a group of its own, and none is left behind, however its start ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Any

END_S = 10.0
"""Seconds that the end of a killed process is waited for: another that left its group may hold its pipes."""
_BLOCK = 65_536


async def start_group(*command: str, **options: Any) -> asyncio.subprocess.Process:
    """Start a process as the leader of a group; a call that is cancelled meanwhile ends the whole group.

    Args:
        command: the program and its arguments.
        options: as for `asyncio.create_subprocess_exec`.

    Raises:
        OSError: it cannot be started.
    """
    starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*command, start_new_session=True, **options))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # cancelled itself, the start would end the leader alone and then wait for whoever holds its pipes
        starting.add_done_callback(_kill_started)
        await asyncio.wait([starting])
        if starting.exception() is None:
            await end_group(starting.result())
        raise


def signal_group(process: asyncio.subprocess.Process, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process and all in its group, also where the leader has ended already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


async def end_group(process: asyncio.subprocess.Process) -> None:
    """Kill a process with its group and wait for its end, which asyncio sees once its pipes are empty."""
    signal_group(process)
    if process.stdin is not None:
        process.stdin.close()
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_S):
            await asyncio.gather(*map(drain, pipes), return_exceptions=True)
            await process.wait()


async def drain(stream: asyncio.StreamReader) -> None:
    """Read a stream to its end."""
    while await stream.read(_BLOCK):
        pass


def _kill_started(starting: asyncio.Future[asyncio.subprocess.Process]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        signal_group(starting.result())
