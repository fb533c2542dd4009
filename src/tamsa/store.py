"""Durable files: atomic writes, append-only journals, run folders.

Every write either happens whole or not at all, and is on the disk (fsync) when the call returns.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from tamsa.errors import CorruptError, InputError, StorageError
from tamsa.types import SCHEMA_VERSION


def _storage_error(path: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(f"{path}: the disk is full; free some space and run the same command again")
    return StorageError(f"{path}: cannot write ({error.strerror}); choose another --out or mend its permissions")


def make_folder(path: Path) -> Path:
    """Create a folder and its parents.

    Raises:
        StorageError: it cannot be created, or a file stands in its place.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _storage_error(path, error) from error
    return path


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, content: str | bytes) -> None:
    """Replace a file by rename, so that readers see the old content or the new, never a part.

    Raises:
        StorageError: the disk is full or the folder not writable; the old file is untouched.
    """
    # a name of a file may hold bytes that are no text; written in this way they are what JSON calls them
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise _storage_error(path, error) from error


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically, indented for people."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        CorruptError: it is missing or not JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CorruptError(f"{path}: missing or damaged ({error}); delete the folder and start anew") from error


class Journal:
    """An append-only JSONL file, fsynced record by record.

    A record that a crash cut short is dropped when the journal is opened again; damage anywhere
    else is a `CorruptError`, since silently skipping it would change what a resumed run does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[dict[str, Any]] = []
        """Records found when the journal was opened; appended ones are not kept in memory."""
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _storage_error(path, error) from error
        try:
            self._lock()
            self._size = self._recover()
        except BaseException:
            os.close(self._handle)
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(f"{self.path}: another process is working on this run; wait for it or end it") from error

    def _recover(self) -> int:
        with open(self.path, "rb") as file:
            data = file.read()
        good = data.rfind(b"\n") + 1
        for number, line in enumerate(data[:good].splitlines(), start=1):
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("not an object")
            except ValueError as error:
                raise CorruptError(
                    f"{self.path}: line {number} is damaged ({error}); start the question anew in another --out folder"
                ) from error
            self.records.append(record)
        if good != len(data):
            os.ftruncate(self._handle, good)
            os.fsync(self._handle)
        return good

    def append(self, record: Mapping[str, Any]) -> None:
        """Append one record and wait until it is on the disk.

        Raises:
            StorageError: it could not be written; the journal is as it was before.
        """
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
        try:
            written = 0
            while written < len(line):
                written += os.pwrite(self._handle, line[written:], self._size + written)
            os.fsync(self._handle)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)
            raise _storage_error(self.path, error) from error
        self._size += len(line)

    def cut(self, count: int) -> None:
        """Drop all but the first `count` of the records found when the journal was opened, before any is appended.

        Raises:
            StorageError: the file cannot be cut.
        """
        try:
            with open(self.path, "rb") as file:
                self._size = sum(len(line) for line in islice(file, count))
            os.ftruncate(self._handle, self._size)
            os.fsync(self._handle)
        except OSError as error:
            raise _storage_error(self.path, error) from error
        del self.records[count:]

    def close(self) -> None:
        """Release the file and its lock."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def new_id() -> str:
    """Make an id that sorts by time and does not collide: `20261123-171500-3fa9c1`."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + "-" + secrets.token_hex(3)


class RunFolder:
    """A folder of one research run: `run.json`, `steps.jsonl`, then the report files."""

    def __init__(self, path: Path, manifest: Mapping[str, Any], journal: Journal) -> None:
        self.path = path
        self.manifest = dict(manifest)
        self.journal = journal

    @property
    def id(self) -> str:
        """The run's id, unique over machines."""
        return str(self.manifest["run_id"])

    @classmethod
    def create(cls, path: Path, manifest: Mapping[str, Any]) -> RunFolder:
        """Start a run in a new or empty folder.

        Raises:
            InputError: the folder already holds a run, or another process begins one in it.
            StorageError: it cannot be written.
        """
        make_folder(path)
        _refuse_run(path)
        journal = Journal(path / "steps.jsonl")
        try:
            return cls._begin(path, manifest, journal)
        except BaseException:
            journal.close()
            raise

    @classmethod
    def _begin(cls, path: Path, manifest: Mapping[str, Any], journal: Journal) -> RunFolder:
        """Write the manifest under the lock of the journal, without which two processes could both begin."""
        _refuse_run(path)
        if journal.records:
            raise InputError(f"{path}: holds steps.jsonl without its run.json; choose another --out")
        full = {
            "schema_version": SCHEMA_VERSION,
            "run_id": new_id(),
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            **manifest,
        }
        write_json(path / "run.json", full)
        return cls(path, full, journal)

    @classmethod
    def resume(cls, path: Path) -> RunFolder:
        """Open a run that was begun earlier.

        Raises:
            InputError: there is no run in the folder.
            CorruptError: its manifest or journal is damaged.
        """
        if not (path / "run.json").is_file():
            raise InputError(f"{path}: no run to resume (run.json is missing)")
        manifest = read_json(path / "run.json")
        if not isinstance(manifest, dict) or "run_id" not in manifest or "question" not in manifest:
            raise CorruptError(f"{path / 'run.json'}: not a run manifest; start the question anew in another folder")
        version = manifest.get("schema_version")
        if version != SCHEMA_VERSION:
            raise CorruptError(f"{path / 'run.json'}: schema_version {version!r}, this Tamsa writes {SCHEMA_VERSION}")
        return cls(path, manifest, Journal(path / "steps.jsonl"))

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the run atomically and return its path."""
        write_atomic(self.path / name, content)
        return self.path / name

    @staticmethod
    def send(path: Path, message: str) -> None:
        """Leave a message for the run in a folder; it is read before the run's next step.

        Raises:
            InputError: there is no run in the folder, or it is finished.
            StorageError: it cannot be written.
        """
        if not (path / "run.json").is_file():
            raise InputError(f"{path}: no run to send a message to (run.json is missing)")
        if (path / "report.json").exists():
            raise InputError(f"{path}: the run is finished; ask anew with the message in the question")
        line = json.dumps({"text": message}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            with open(path / "inbox.jsonl", "ab", buffering=0) as file:
                file.write(line)
                os.fsync(file.fileno())
        except OSError as error:
            raise _storage_error(path, error) from error

    def read_inbox(self, skip: int) -> list[str]:
        """Read the messages left for the run after the first `skip`; unreadable lines count as empty."""
        try:
            lines = (self.path / "inbox.jsonl").read_bytes().split(b"\n")[:-1]
        except OSError:
            return []
        return [_message(line) for line in lines[skip:]]

    def close(self) -> None:
        """Release the journal."""
        self.journal.close()


def _refuse_run(path: Path) -> None:
    if (path / "run.json").exists():
        raise InputError(f"{path}: holds a run already; continue it with --resume {path} or choose another --out")


def _message(line: bytes) -> str:
    try:
        return str(json.loads(line)["text"])
    except (ValueError, KeyError, TypeError):
        return ""


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Read a JSONL file that a person gave, line by line.

    Raises:
        InputError: it cannot be read, or a line is not a JSON object (named by its number).
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise InputError(f"{path}: line {number} is not JSON ({error})") from error
                if not isinstance(record, dict):
                    raise InputError(f"{path}: line {number} is not a JSON object")
                yield record
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
