"""The writer's lock: one process (and one thread) writes an index at a time."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tamsa.errors import InputError
from tamsa.store import make_folder

try:
    import fcntl
except ImportError:  # not a POSIX system: tantivy's own lock still refuses a second writer
    fcntl = None  # type: ignore[assignment]


class WriterLock:
    """An advisory lock on a file, released by the system when its owner dies."""

    def __init__(self, path: Path, wait_s: float = 0.0) -> None:
        """Take the lock, waiting up to `wait_s` seconds for another writer to finish.

        Raises:
            InputError: another writer still holds it.
            StorageError: the lock file cannot be created.
        """
        make_folder(path.parent)
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be opened for writing ({error.strerror}); mend its permissions"
            ) from error
        deadline = time.monotonic() + wait_s
        while fcntl is not None:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= deadline:
                    os.close(self._handle)
                    raise InputError(
                        f"{path.parent}: another process is writing this index; wait until it is done and try again"
                    ) from None
                time.sleep(0.05)

    def release(self) -> None:
        """Let the next writer in."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
