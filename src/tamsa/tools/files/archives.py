"""Archives (zip, tar, gzip and the like): listed and unpacked one member at a time, within bounds.

Nothing is ever written under a name from an archive: a member goes to a file that the caller names. What
an archive claims of its sizes is checked against what is really unpacked.

Run by path, the file is the process in which that happens. It starts in a bare interpreter, so it imports the
standard library alone. One request on standard input, one answer, both JSON: `{"path", "member", "out"}`
unpacks a member and answers `{}`; without `member` the answer is `{"kind", "members": [[name, size, problem],
…]}`; what fails is `{"error": reason}`.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 200_000_000
MAX_TOTAL_BYTES = 1_000_000_000
"""Bytes that may be unpacked on the way to a member: a tar is read from its start."""
MAX_RATIO = 300
_RATIO_FROM = 10_000_000  # smaller members may be as dense as they like
_BLOCK = 1 << 16
MEMORY = 1 << 30
"""Address space of the process, in bytes."""
CPU_S = 40
_OFFICE = ("word/", "ppt/", "xl/", "[Content_Types].xml")


class ArchiveError(Exception):
    """An archive or a member of it is not read; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive. `problem` says why it cannot be read, if so."""

    name: str
    size: int
    problem: str = ""


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def archive_kind(path: Path) -> str:
    """Name the kind of an archive by its content: `zip`, `tar`, `gzip`, `bzip2`, `xz`; else the empty string.

    Office files, which are zip archives too, are no archives here.
    """
    with open(path, "rb") as file:
        start = file.read(512)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except Exception as error:  # zipfile has no one kind of error
            raise ArchiveError(f"not a readable zip archive ({type(error).__name__})") from error
        return "" if any(name.startswith(_OFFICE) for name in names[:50]) else "zip"
    if start[257:262] == b"ustar":
        return "tar"
    for mark, kind in ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz")):
        if start.startswith(mark):
            return kind
    return ""


def list_members(path: Path) -> list[Member]:
    """List the files of an archive.

    Raises:
        ArchiveError: it is damaged, encrypted, holds too much, or is no archive.
    """
    kind = archive_kind(path)
    try:
        if kind == "zip":
            return _zip_members(path)
        if kind:
            return _tar_members(path, kind)
    except ArchiveError:
        raise
    except MemoryError as error:
        raise ArchiveError("needs too much memory to read") from error
    except Exception as error:  # each codec has errors of its own
        raise ArchiveError(f"damaged ({type(error).__name__}: {' '.join(str(error).split())[:100]})") from error
    raise ArchiveError("not an archive")


def unpack_member(path: Path, name: str, out: Path) -> None:
    """Unpack one member to the file `out`.

    Raises:
        ArchiveError: there is no such member, it cannot be read, or it unpacks to too much.
    """
    kind = archive_kind(path)
    try:
        if kind == "zip":
            _unpack_zip(path, name, out)
        elif kind:
            _unpack_tar(path, kind, name, out)
        else:
            raise ArchiveError("not an archive")
    except ArchiveError:
        raise
    except MemoryError as error:
        raise ArchiveError("needs too much memory to read") from error
    except Exception as error:
        raise ArchiveError(f"damaged ({type(error).__name__}: {' '.join(str(error).split())[:100]})") from error


def problem_of(name: str) -> str:
    """Say what is wrong with the name of a member, or return the empty string."""
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":"):
        return "its path leaves the archive"
    if "\0" in name or len(name) > 1024:
        return "its name is impossible"
    return ""


# --------------------------------------------------------------------------- zip


def _zip_members(path: Path) -> list[Member]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_MEMBERS:
            raise ArchiveError(f"holds {len(entries):,} members; at most {MAX_MEMBERS:,} are read")
        return [Member(entry.filename, entry.file_size, _zip_problem(entry)) for entry in entries if not entry.is_dir()]


def _zip_problem(entry: zipfile.ZipInfo) -> str:
    if problem := problem_of(entry.filename):
        return problem
    if entry.flag_bits & 1:
        return "it is encrypted"
    if (entry.external_attr >> 16) & 0o170000 == 0o120000:
        return "it is a link"
    if entry.file_size > MAX_MEMBER_BYTES:
        return f"it unpacks to more than {MAX_MEMBER_BYTES // 1_000_000} MB"
    if entry.file_size > _RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        return "it is packed too densely (a bomb?)"
    return ""


def _unpack_zip(path: Path, name: str, out: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entry = next((entry for entry in archive.infolist() if entry.filename == name and not entry.is_dir()), None)
        if entry is None:
            raise ArchiveError(f"no member named {name[:200]!r}")
        if problem := _zip_problem(entry):
            raise ArchiveError(problem)
        with archive.open(entry) as source:
            _copy(source, out, packed=max(entry.compress_size, 1))


# --------------------------------------------------------------------------- tar and single files


class _Counted(io.RawIOBase):
    """A stream that ends a read of too many bytes, or of far more than went in."""

    def __init__(self, inner: _Readable, packed: int) -> None:
        self._inner = inner
        self._packed = packed
        self._total = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._inner.read(size)
        self._total += len(data)
        _check_growth(self._total, self._packed, MAX_TOTAL_BYTES)
        return data


def _opened(path: Path, kind: str) -> IO[bytes]:
    if kind == "tar":
        return open(path, "rb")
    openers: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
    stream: IO[bytes] = openers[kind](path, "rb")
    return stream


def _holds_tar(path: Path, kind: str) -> bool:
    with _opened(path, kind) as stream:
        return stream.read(512)[257:262] == b"ustar"


def _single_name(path: Path) -> str:
    return path.stem if path.suffix.lower() in (".gz", ".bz2", ".xz") else "content"


def _entries(path: Path, kind: str) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    with _opened(path, kind) as stream:
        counted: Any = _Counted(stream, path.stat().st_size)
        with tarfile.open(fileobj=counted, mode="r|") as archive:
            for number, entry in enumerate(archive):
                if number >= MAX_MEMBERS:
                    raise ArchiveError(f"holds more than {MAX_MEMBERS:,} members")
                yield archive, entry


def _tar_members(path: Path, kind: str) -> list[Member]:
    if not _holds_tar(path, kind):
        return [Member(_single_name(path), 0)]
    return [
        Member(entry.name, entry.size, _tar_problem(entry)) for _, entry in _entries(path, kind) if not entry.isdir()
    ]


def _tar_problem(entry: tarfile.TarInfo) -> str:
    if problem := problem_of(entry.name):
        return problem
    if entry.issym() or entry.islnk():
        return "it is a link"
    if not entry.isreg():
        return "it is no regular file"
    if entry.size > MAX_MEMBER_BYTES:
        return f"it has more than {MAX_MEMBER_BYTES // 1_000_000} MB"
    return ""


def _unpack_tar(path: Path, kind: str, name: str, out: Path) -> None:
    if not _holds_tar(path, kind):
        if name != _single_name(path):
            raise ArchiveError(f"no member named {name[:200]!r}")
        with _opened(path, kind) as stream:
            _copy(stream, out, packed=path.stat().st_size)
        return
    for archive, entry in _entries(path, kind):
        if entry.name == name and not entry.isdir():
            if problem := _tar_problem(entry):
                raise ArchiveError(problem)
            source = archive.extractfile(entry)
            assert source is not None  # it is a regular file
            _copy(source, out, packed=max(entry.size, 1))
            return
    raise ArchiveError(f"no member named {name[:200]!r}")


def _copy(source: _Readable, out: Path, packed: int) -> None:
    total = 0
    with open(out, "wb") as target:
        while block := source.read(_BLOCK):
            total += len(block)
            _check_growth(total, packed, MAX_MEMBER_BYTES)
            target.write(block)


def _check_growth(total: int, packed: int, most: int) -> None:
    if total > most:
        raise ArchiveError(f"unpacks to more than {most // 1_000_000} MB")
    if total > _RATIO_FROM and total > MAX_RATIO * packed:
        raise ArchiveError("is packed too densely (a bomb?)")


# --------------------------------------------------------------------------- the process


def main() -> None:
    """Serve the request on standard input."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_MEMBER_BYTES * 2, MAX_MEMBER_BYTES * 2))
    json.dump(serve(json.load(sys.stdin)), sys.stdout)


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request."""
    path = Path(request["path"])
    try:
        if request.get("member"):
            unpack_member(path, request["member"], Path(request["out"]))
            return {}
        kind = archive_kind(path)
        members = [[member.name, member.size, member.problem] for member in list_members(path)] if kind else []
        return {"kind": kind, "members": members}
    except ArchiveError as error:
        return {"error": str(error)}
    except OSError as error:
        return {"error": f"cannot be read ({error.strerror})"}
    except MemoryError:
        return {"error": "needs too much memory to read"}


if __name__ == "__main__":
    main()
