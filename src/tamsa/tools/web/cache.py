"""Responses kept on disk, so that a page is asked once and a resumed run reads what it read before."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tamsa.errors import StorageError
from tamsa.store import make_folder, write_atomic


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response: its body is unpacked, its URL the one after all redirects."""

    url: str
    status: int
    content_type: str
    body: bytes
    fetched_at: float
    """Seconds since 1970."""


class Cache:
    """A folder of responses, one file each: a line of JSON, then the body.

    A damaged entry counts as absent, a full disk as a cache that keeps nothing: neither ends a run.

    Args:
        folder: where they lie; None keeps nothing.
        max_age_s: seconds after which a response is asked again.
        max_bytes: size at which the oldest are deleted.
    """

    def __init__(self, folder: Path | None, *, max_age_s: float = 86_400.0, max_bytes: int = 500_000_000) -> None:
        self._folder = folder
        self._max_age_s = max_age_s
        self._max_bytes = max_bytes
        self._written = 0
        if folder is not None:
            make_folder(folder)
            self._prune()

    def get(self, url: str, *, any_age: bool = False) -> Fetched | None:
        """Return the response kept for a URL, if it is fresh enough."""
        path = self._path(url)
        if path is None:
            return None
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            values = json.loads(head)
            if values.pop("asked") != url or len(body) != values.pop("size"):
                return None
            kept = Fetched(body=body, **values)
            fresh = any_age or 0 <= time.time() - kept.fetched_at <= self._max_age_s
            return kept if fresh else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def put(self, url: str, response: Fetched) -> None:
        """Keep a response."""
        path = self._path(url)
        if path is None:
            return
        values = asdict(response)
        body = values.pop("body")
        head = json.dumps({"asked": url, "size": len(body), **values}).encode()
        with contextlib.suppress(StorageError):
            write_atomic(path, head + b"\n" + body)
        self._written += len(body)
        if self._written > self._max_bytes // 10:
            self._prune()

    def _path(self, url: str) -> Path | None:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()[:40]}.page" if self._folder else None

    def _prune(self) -> None:
        assert self._folder is not None
        self._written = 0
        entries = []
        for path in self._folder.glob("*.page"):
            with contextlib.suppress(OSError):
                about = path.stat()
                entries.append((about.st_mtime, about.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries, key=lambda entry: entry[0]):
            if total <= self._max_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
