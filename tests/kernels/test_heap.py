"""Freed memory goes back to the system."""

import ctypes
import os
import sys
from pathlib import Path

import pytest

from tamsa.kernels import heap


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_holes_between_blocks_that_stay_are_given_back() -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("a C library without malloc_trim")
    blocks = [ctypes.create_string_buffer(b"x" * 60_000) for _ in range(3_000)]  # below the size that is mapped alone
    kept = blocks[::30]
    del blocks
    before = resident_mib()
    heap.trim()
    assert resident_mib() < before - 100
    assert all(block.raw.startswith(b"xxx") for block in kept)
