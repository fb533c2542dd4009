"""The process in which pages are parsed, so that no page can harm, stall or fill the one that researches.

Once its libraries are loaded it writes a line of JSON, `{"ready": true}`. Requests come on standard input: a line of
JSON with `url`, `kind`, `content_type` and `size`, then `size` bytes. Answers go to standard output: a line of JSON,
`{"document": …}` or `{"error": reason}`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import warnings
from dataclasses import asdict
from typing import IO, Any

from tamsa.corpus.readers import ReadError
from tamsa.tools.web.page import load, read_page

MEMORY = 3 << 30
"""Address space of the process, in bytes."""


def main() -> None:
    """Serve requests until standard input ends."""
    _confine()
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    load()
    _answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _answer(answers, serve(request, sys.stdin.buffer.read(request["size"])))


def _answer(answers: IO[bytes], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def serve(request: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Answer one request."""
    try:
        return {"document": asdict(read_page(request["url"], request["kind"], request["content_type"], body))}
    except ReadError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "it needs too much memory to read"}
    except RecursionError:
        return {"error": "it nests too deep"}
    except Exception as error:  # a fault of a parser is a fact about the page
        return {"error": f"it cannot be read ({type(error).__name__}: {' '.join(str(error).split())[:100]})"}


def _confine() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28, 1 << 28))
    with contextlib.suppress(Exception):  # Linux: die with the process that started us
        import ctypes
        import signal

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    main()
