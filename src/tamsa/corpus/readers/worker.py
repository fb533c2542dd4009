"""The process in which files are read, so that no file can harm the one that indexes.

Requests come on standard input, one JSON line each; answers go to standard output as frames (a 4-byte
length, then JSON): `{"ready": true}` first, then for each request `{"found": [...]}` any number of times
and `{"end": reason or null}`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys
import warnings
from pathlib import Path
from typing import Any

from tamsa.corpus.readers.draft import Draft, ReadError, Skip
from tamsa.corpus.readers.registry import read_file

MEMORY = 4 << 30
"""Address space of the process, in bytes."""
_BATCH_CHARS = 400_000


def main() -> None:
    """Serve requests until standard input ends."""
    _confine()
    answers = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    warnings.simplefilter("ignore")
    _send(answers, {"ready": True})
    for line in sys.stdin.buffer:
        _serve(answers, Path(json.loads(line)["path"]))


def _confine() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # readers write no files
    with contextlib.suppress(Exception):  # Linux: die with the process that started us
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    for name in ("SIGINT", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _serve(answers: int, path: Path) -> None:
    batch: list[Any] = []
    size = 0
    reason: str | None = None
    try:
        for found in read_file(path):
            batch.append(encode(found))
            size += len(found.text) if isinstance(found, Draft) else 100
            if size > _BATCH_CHARS:
                _send(answers, {"found": batch})
                batch, size = [], 0
    except ReadError as error:
        reason = str(error)
    except OSError as error:
        reason = f"cannot be read ({error.strerror or type(error).__name__})"
    except MemoryError:
        batch, reason = [], "needs too much memory to read"
    except RecursionError:
        reason = "nests too deep"
    except Exception as error:  # a fault of a parser is a fact about the file
        reason = f"cannot be read ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
    try:
        if batch:
            _send(answers, {"found": batch})
    except MemoryError:
        reason = "needs too much memory to read"
    _send(answers, {"end": reason})


def encode(found: Draft | Skip) -> list[Any]:
    """Make the JSON form of a finding."""
    if isinstance(found, Skip):
        return [found.where, found.reason]
    sections = [(part.title, part.start, part.end) for part in found.sections]
    links = [(link.target, link.start, link.end) for link in found.links]
    return [found.title, found.text, sections, links, found.date, found.id, found.part]


def _send(answers: int, message: dict[str, Any]) -> None:
    data = json.dumps(message, separators=(",", ":")).encode()
    view = memoryview(struct.pack(">I", len(data)) + data)
    while view:
        view = view[os.write(answers, view) :]


if __name__ == "__main__":
    main()
