"""One run of code in a sandbox: started, watched, bounded and surely ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tamsa.tools.processes import signal_group, start_group
from tamsa.tools.sandbox.command import sandbox_command
from tamsa.tools.sandbox.limits import Limits
from tamsa.tools.sandbox.seccomp import program

_WATCH_EVERY_S = 0.02
_MAX_BLIND = 150
"""Looks in a row that may fail: three seconds, for a machine that is slow to start a process."""
_BLOCK = 65_536
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of code came to."""

    output: str
    """Standard output and errors in the order written, cut in the middle where long."""
    exit_code: int
    """0 to 255; 128 + n after signal n."""
    seconds: float
    num_chars: int
    """Characters written before cutting."""
    ended: str = ""
    """The limit that ended the run, in words; empty if it ended by itself."""
    watched: bool = True
    """Whether its files and threads could be counted at least once."""


@dataclass
class _Output:
    """Keeps the head and the tail of a stream of bytes."""

    size: int
    total: int = 0
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)

    def add(self, block: bytes) -> None:
        self.total += len(block)
        room = max(0, self.size - len(self.head))
        self.head += block[:room]
        self.tail += block[room:]
        if len(self.tail) > 2 * self.size:
            del self.tail[: -self.size]

    def text(self, num_chars: int) -> str:
        """Return at most `num_chars` characters and a line that says what is missing."""
        if self.total <= 2 * self.size:
            whole = (self.head + self.tail).decode("utf-8", "replace")
            if len(whole) <= num_chars:
                return whole
            head, tail, total = whole, whole, len(whole)
        else:
            head, tail = self.head.decode("utf-8", "replace"), self.tail.decode("utf-8", "replace")
            total = self.total
        first, last = num_chars * 3 // 4, num_chars // 4
        return f"{head[:first]}\n[… {total - first - last} characters of output left out …]\n{tail[-last:]}"


async def run_code(bwrap: str, code: str, limits: Limits, folders: Mapping[str, Path]) -> Outcome:
    """Run code in a new sandbox; when this returns or is cancelled, no process of it is left.

    Raises:
        OSError: bubblewrap could not be started.
    """
    started = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        filter_fd = _readable(stack, program())
        info_read, info_write = os.pipe()
        stack.callback(os.close, info_read)
        closing = stack.enter_context(contextlib.ExitStack())
        closing.callback(os.close, info_write)
        command = sandbox_command(bwrap, limits, seccomp_fd=filter_fd, info_fd=info_write, folders=folders)
        process = await start_group(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={},
            pass_fds=(filter_fd, info_write),
        )
        closing.close()
        output = _Output(limits.output_chars * 4)
        ended: list[str] = []

        def end(reason: str) -> None:
            if not ended and process.returncode is None:
                ended.append(reason)
            _kill(process)

        watched = asyncio.Event()
        watcher = asyncio.create_task(_watch(info_read, limits, end, watched))
        streams = asyncio.gather(_feed(process, code), _drain(process, output, limits, end))
        try:
            async with asyncio.timeout(limits.wall_s):
                await asyncio.shield(streams)
                await process.wait()
        except TimeoutError:
            end(f"it ran longer than {limits.wall_s:g} s")
        finally:
            watcher.cancel()
            _kill(process)
            await asyncio.gather(watcher, streams, process.wait(), return_exceptions=True)
    code_ = process.returncode or 0
    exit_code = code_ if code_ >= 0 else 128 - code_
    if not ended and exit_code == 128 + signal.SIGXCPU:
        ended.append(f"it used more than {limits.cpu_s} s of processor time")
    return Outcome(
        output.text(limits.output_chars),
        exit_code,
        time.monotonic() - started,
        output.total,
        "".join(ended),
        watched.is_set(),
    )


def _readable(stack: contextlib.AsyncExitStack, data: bytes) -> int:
    """Return a descriptor from which `data` can be read."""
    read, write = os.pipe()
    stack.callback(os.close, read)
    try:
        os.write(write, data)  # far below the capacity of a pipe
    finally:
        os.close(write)
    return read


def _kill(process: asyncio.subprocess.Process) -> None:
    # With bubblewrap dies (--die-with-parent) the first process of the namespace and so every one in it. The
    # whole group, because a child that has only just been born has not asked to die with its parent yet.
    if process.returncode is None:
        signal_group(process)


async def _feed(process: asyncio.subprocess.Process, code: str) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(code.encode("utf-8", "replace"))
        await process.stdin.drain()
    process.stdin.close()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await process.stdin.wait_closed()


async def _drain(
    process: asyncio.subprocess.Process, output: _Output, limits: Limits, end: Callable[[str], None]
) -> None:
    assert process.stdout is not None
    while block := await process.stdout.read(_BLOCK):  # to the end even after a flood, or the pipe stays open
        output.add(block)
        if output.total > limits.flood_mib * _MIB:
            end(f"it wrote more than {limits.flood_mib} MiB of output")


async def _watch(info_fd: int, limits: Limits, end: Callable[[str], None], watched: asyncio.Event) -> None:
    """End the run when it holds more files or threads than allowed, which no limit of the kernel counts for us."""
    os.set_blocking(info_fd, False)
    first = None
    info = b""
    failures = 0
    while True:
        await asyncio.sleep(_WATCH_EVERY_S)
        try:
            if first is None:
                info += os.read(info_fd, 4096)
                first = int(json.loads(info)["child-pid"])
            if (process := _worker_of(first)) is None:
                continue  # not yet started
            disk = os.statvfs(f"/proc/{process}/root/tmp")
            if disk.f_files - disk.f_ffree > limits.num_files:
                end(f"it made more than {limits.num_files} files")
            if _num_threads(process) > limits.num_threads:
                end(f"it started more than {limits.num_threads} threads")
            failures = 0
            watched.set()
        except (OSError, ValueError, KeyError):  # gone by now, or this system does not let us look
            failures += 1
            if failures > _MAX_BLIND:
                end("it could not be watched")


def _worker_of(first: int) -> int | None:
    """Return the process id of the interpreter below the namespace's first process."""
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return int(children[0]) if children else None


def _num_threads(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("Threads:"):
            return int(line.split()[1])
    return 0
