"""What made a score: the commit of a checkout, and the settings that answers depend on."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
_SHAPING = "temperature top_p max_tokens seed greedy heads dtype context_length native_tools extra_body".split()
"""Settings of a model that change what it answers; the others say where and how fast."""


def commit() -> str | None:
    """Return the commit of the checkout that this package runs from, `+dirty` where files differ; else None."""
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return None  # installed, or untracked: a commit of some surrounding repository would mislead
    head = _git("rev-parse", "HEAD")
    if head is None:
        return None
    return head + ("+dirty" if _git("status", "--porcelain", "--", ".") else "")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(_PACKAGE), *arguments], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def shaping(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the settings that answers depend on."""
    found = {"reader": settings.get("reader_model"), "dense": bool(settings.get("dense"))}
    for role in ("model", "reader"):
        given = settings.get(role) or {}
        found |= {f"{role}.{name}": given.get(name) for name in _SHAPING}
    return found
