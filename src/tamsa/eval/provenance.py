"""Which code made a score: the version, and the commit where it runs from a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


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
