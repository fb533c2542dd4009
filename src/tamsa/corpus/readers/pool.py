"""The reading side's other half: worker processes, watched and replaced."""

from __future__ import annotations

import json
import os
import queue
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tamsa.corpus.readers.draft import Draft, Skip
from tamsa.errors import TamsaError
from tamsa.types import Link, Section

TIME_LIMIT_S = 120.0
"""Seconds that a reader may take until its next result; then the file is skipped."""
_START_LIMIT_S = 60.0  # a busy machine takes long to load the libraries
_MAX_FRAME = 1 << 30
_QUEUED = 4  # frames waiting for the indexer, per worker


_KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH")


def reader_environment() -> dict[str, str]:
    """Return the environment of a process that parses foreign files.

    No key of ours is in it, and the process imports nothing from the folder it stands in, which may hold those files.
    """
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    fixed = {"PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return kept | fixed


class CannotStartError(Exception):
    """No process could be started: a fact about this machine and not about a file."""


class Failed:
    """The end of a file that could not be read (to its end)."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class _Worker:
    """One process and the thread that listens to it."""

    def __init__(self, paths: Sequence[Path], time_limit_s: float, stopped: threading.Event) -> None:
        self._paths = paths
        self._time_limit_s = time_limit_s
        self._stopped = stopped
        self._process: subprocess.Popen[bytes] | None = None
        self.results: queue.Queue[list[Any] | Failed | CannotStartError | None] = queue.Queue(_QUEUED)
        self.thread = threading.Thread(target=self._run, name="tamsa-reader", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            for path in self._paths:
                if self._stopped.is_set():
                    return
                end: Failed | CannotStartError | None
                try:
                    end = self._read(path)
                except CannotStartError as error:
                    end = error
                except Exception as error:  # the indexer waits for an end of every file
                    self._kill()
                    end = Failed(f"the reader process failed ({error})")
                self._put(end)
        finally:
            self._kill()

    def _put(self, item: list[Any] | Failed | CannotStartError | None) -> None:
        while not self._stopped.is_set():
            try:
                self.results.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def _read(self, path: Path) -> Failed | None:
        """Read one file; return None at its end."""
        for attempt in (1, 2):  # an idle worker may have been killed from outside
            process = self._start()
            assert process.stdin is not None
            try:
                process.stdin.write(json.dumps({"path": os.fspath(path)}).encode() + b"\n")
                process.stdin.flush()
                break
            except OSError:
                self._kill()
                if attempt == 2:
                    raise CannotStartError("it ends at once") from None
        while True:
            try:
                message = self._receive(process, self._time_limit_s)
            except TimeoutError:
                self._kill()
                return Failed(f"takes longer than {self._time_limit_s:.0f} s to read")
            except (EOFError, OSError, ValueError):
                code = self._kill()
                return Failed(f"makes its reader crash (exit code {code})")
            if message is None:
                return Failed("reading was stopped")
            if "end" in message:
                return Failed(message["end"]) if message["end"] else None
            self._put(message["found"])

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._kill()
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tamsa.corpus.readers.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=reader_environment(),
                )
            except OSError as error:
                raise CannotStartError(error.strerror or type(error).__name__) from error
            try:
                self._receive(self._process, max(self._time_limit_s, _START_LIMIT_S))  # it is ready
            except TimeoutError:
                self._kill()
                raise CannotStartError("it takes too long") from None
            except (EOFError, OSError, ValueError):
                raise CannotStartError(f"exit code {self._kill()}") from None
        return self._process

    def _receive(self, process: subprocess.Popen[bytes], limit_s: float) -> dict[str, Any] | None:
        assert process.stdout is not None
        handle = process.stdout.fileno()
        head = self._take(handle, 4, limit_s)
        if head is None:
            return None
        (length,) = struct.unpack(">I", head)
        if length > _MAX_FRAME:
            raise ValueError("frame too long")
        body = self._take(handle, length, limit_s)
        return None if body is None else json.loads(body)

    def _take(self, handle: int, count: int, limit_s: float) -> bytes | None:
        """Read exactly `count` bytes; only time spent waiting counts against the limit."""
        pieces = bytearray()
        waited = 0.0
        while len(pieces) < count:
            if self._stopped.is_set():
                return None
            ready, _, _ = select.select([handle], [], [], 0.25)
            if not ready:
                waited += 0.25
                if waited > limit_s:
                    raise TimeoutError
                continue
            piece = os.read(handle, min(count - len(pieces), 1 << 20))
            if not piece:
                raise EOFError
            pieces += piece
        return bytes(pieces)

    def _kill(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        code = process.poll()
        process.kill()
        waited = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        return waited if code is None else code


def read_files(
    paths: Sequence[Path], *, workers: int = 2, time_limit_s: float = TIME_LIMIT_S
) -> Iterator[tuple[int, Draft | Skip | Failed | None]]:
    """Read files in worker processes and yield what is found in them, in the order of the files.

    Yields:
        `(number of the file, finding)`; after the findings of a file None, or `Failed` with a reason.

    Raises:
        TamsaError: a process cannot be started.
    """
    stopped = threading.Event()
    count = max(1, min(workers, len(paths)))
    team = [_Worker(paths[first::count], time_limit_s, stopped) for first in range(count)]
    try:
        for number in range(len(paths)):
            results = team[number % count].results
            while True:
                item = results.get()
                if isinstance(item, CannotStartError):
                    raise TamsaError(
                        f"the processes that read files cannot be started ({item}); mend that and try again"
                    )
                if item is None or isinstance(item, Failed):
                    yield number, item
                    break
                for entry in item:
                    yield number, _decode(entry)
    finally:
        stopped.set()
        for worker in team:
            worker.thread.join()


def _decode(entry: list[Any]) -> Draft | Skip:
    if len(entry) == 2:
        return Skip(*entry)
    title, text, sections, links, date, doc_id, part = entry
    return Draft(
        title,
        text,
        tuple(Section(*section) for section in sections),
        tuple(Link(*link) for link in links),
        date,
        doc_id,
        part,
    )
