"""What sandboxed code may use."""

from __future__ import annotations

import os
from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one run of code.

    Raises:
        ValueError: a bound is not positive.
    """

    wall_s: float = 30.0
    """Seconds from start to end."""
    cpu_s: int = 25
    """Seconds of processor time."""
    memory_mib: int = 1024
    """Address space of the one process."""
    disk_mib: int = 64
    """Size of the private `/tmp`, which lives in memory, and of a single file."""
    num_files: int = 4096
    """Files and folders in `/tmp`."""
    num_open: int = 64
    """Open descriptors."""
    num_threads: int = 64
    """Threads of the one process."""
    output_chars: int = 16_000
    """Characters of output that are kept, of its head and its tail."""
    flood_mib: int = 16
    """Output at which the run is ended."""
    code_chars: int = 100_000
    """Characters of code that are taken."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)!r}: choose a number above 0")

    def resources(self) -> dict[str, int]:
        """Return the resource limits of the process, by the names of `resource.RLIMIT_*`."""
        limits = {
            "AS": self.memory_mib * _MIB,
            "CPU": self.cpu_s,
            "FSIZE": self.disk_mib * _MIB,
            "NOFILE": self.num_open,
            "CORE": 0,
            "MSGQUEUE": 0,
            "SIGPENDING": 256,
        }
        if _kernel() >= (5, 14):  # counted within the sandbox; before, over everything the user runs
            limits["NPROC"] = self.num_threads + 4  # bubblewrap's own two, and some slack
        return limits


def _kernel() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(char for char in minor if char.isdigit()) or 0)
