"""How the CPU kernels are compiled and kept on disk.

numba caches a compiled function by the file it stands in; it does not see changes in the modules that it calls. The
entry points are therefore built around a fingerprint of all the kernels' sources, which becomes part of their key: a
new version of Tamsa never runs an older one's machine code. The cache also keys on the processor and its features.
Its folder is `NUMBA_CACHE_DIR`, else beside the package, else the user's cache folder, whichever can be written;
where none can, the kernels are compiled anew in each process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

_SOURCES = ("vectors.py", "staging.py", "cpu_forward.py", "cpu_backward.py", "compiling.py")


inner = numba.njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compiles a function that only compiled code calls: without the wrappers, in a fraction of the time."""


@cache
def fingerprint() -> str:
    """Return a hash of the kernels' sources and the compiler's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for name in _SOURCES:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


def compiled(function: Callable[..., int], **options: Any) -> Any:
    """Compile an entry point at its first call, from the disk cache where it holds it; `options` are numba's."""
    try:
        return numba.njit(function, nogil=True, cache=True, **options)
    except RuntimeError:  # no folder for the cache can be written
        return numba.njit(function, nogil=True, **options)
