"""The C heap of the process.

Tensors whose sizes differ from step to step, as those of packed text do, leave holes between those that stay. glibc
keeps the holes: a training run that held 2.5 GB of tensors had grown to 5.7 GB after 26 minutes.
"""

from __future__ import annotations

import ctypes
import sys


def _find_trim() -> ctypes._NamedFuncPointer | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


_TRIM = _find_trim()


def trim() -> None:
    """Give freed memory back to the system, holes in the middle too; where the C library cannot, do nothing."""
    if _TRIM is not None:
        _TRIM(0)
