"""Where and when something was measured: commit, date, machine, load."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tamsa.eval.provenance import commit


def conditions() -> dict[str, Any]:
    """Return the conditions of this moment; `load` is the mean number of running processes in the last minute."""
    return {
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": _machine(),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "versions": {name: version(name) for name in ("torch", "transformers", "numba")},
    }


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def in_words(found: Mapping[str, Any]) -> str:
    """Say them in one sentence."""
    made = found["commit"]
    where = f"Commit {made[:7]}{'+dirty' if made.endswith('+dirty') else ''}" if made else "An installed version"
    return (
        f"{where}, {found['date']}, {found['machine']}, {found['cpus']} CPUs at a load of {found['load']}, "
        f"torch {found['versions']['torch']}."
    )
