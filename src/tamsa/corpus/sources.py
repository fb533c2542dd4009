"""Source files: which files a person means, and what became of each the last time."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tamsa.corpus.writer import is_index
from tamsa.errors import InputError

IGNORED = frozenset(
    "node_modules __pycache__ venv env build dist target site-packages bower_components $RECYCLE.BIN".split()
) | {"System Volume Information"}
"""Names of folders that hold no documents of a person; hidden ones are ignored as well."""

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read: where it is and the id that its document gets."""

    path: Path
    name: str
    size: int
    mtime_ns: int
    ctime_ns: int
    """Time of the last change of content or metadata, which no program can set back."""


@dataclass(slots=True)
class Listing:
    """What a look at the given paths found."""

    files: list[SourceFile]
    skipped: list[tuple[str, str]]


def list_files(paths: Sequence[Path]) -> Listing:
    """List the files at the given paths, folders recursively, in a stable order.

    A file's name is its path relative to the folder it was found in; with several paths the
    folder's name comes first. Hidden files and build folders are left out without a word, as are
    folders that were met already through another link; files that cannot be read are reported.

    Raises:
        InputError: a path does not exist, or no path is given.
    """
    if not paths:
        raise InputError("no documents given; name files or folders")
    listing = Listing([], [])
    taken: dict[str, int] = {}
    files: dict[tuple[int, int], str] = {}
    folders: set[tuple[int, int]] = set()
    for path in paths:
        try:
            info = path.stat()
        except FileNotFoundError:
            raise InputError(f"{path}: no such file or folder") from None
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        prefix = ""
        if len(paths) > 1 or not stat.S_ISDIR(info.st_mode):
            base = path.resolve().name or "root"
            taken[base] = taken.get(base, 0) + 1
            prefix = base if taken[base] == 1 else f"{taken[base]}-{base}"
        found = _walk(path, listing, folders) if stat.S_ISDIR(info.st_mode) else iter([(path, "")])
        for file, relative in found:
            name = f"{prefix}/{relative}" if prefix and relative else prefix or relative
            _add(listing, file, _printable(name), files)
    return listing


def _add(listing: Listing, path: Path, name: str, met: dict[tuple[int, int], str]) -> None:
    try:
        info = path.stat()
    except OSError as error:
        listing.skipped.append((name, f"cannot be read ({error.strerror})"))
        return
    if not stat.S_ISREG(info.st_mode):
        listing.skipped.append((name, "not a regular file"))
    elif not os.access(path, os.R_OK):
        listing.skipped.append((name, "cannot be read (no permission)"))
    elif (info.st_dev, info.st_ino) in met:
        listing.skipped.append((name, f"the same file as {met[info.st_dev, info.st_ino]}"))
    else:
        met[info.st_dev, info.st_ino] = name
        listing.files.append(SourceFile(path, name, info.st_size, info.st_mtime_ns, info.st_ctime_ns))


def _walk(root: Path, listing: Listing, met: set[tuple[int, int]]) -> Iterator[tuple[Path, str]]:
    pending: list[tuple[Path, str]] = [(root, "")]
    while pending:
        folder, prefix = pending.pop()
        try:
            info = folder.stat()
            if (info.st_dev, info.st_ino) in met:
                continue
            met.add((info.st_dev, info.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            listing.skipped.append((_printable(prefix) or str(root), f"cannot be read ({error.strerror})"))
            continue
        inner: list[tuple[Path, str]] = []
        for entry in entries:
            if entry.name.startswith((".", "~$")):
                continue
            name = f"{prefix}/{entry.name}" if prefix else entry.name
            if _is_folder(entry):
                if entry.name not in IGNORED and not is_index(Path(entry.path)):
                    inner.append((Path(entry.path), name))
            else:
                yield Path(entry.path), name
        pending.extend(reversed(inner))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself; looked at again, and reported, as a file
        return False


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode() if not name.isascii() else name


def fingerprint(path: Path) -> str:
    """Return the hash of a file's content."""
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def resolve_link(name: str, target: str) -> str:
    """Turn the target of a link in the file `name` into the id of the document it means.

    A relative path becomes the path from the root; anything else (an address, a wiki title) stays.
    """
    if _SCHEME.match(target) or target.startswith(("//", "#", "/")):
        return target
    try:
        path = unquote(urlsplit(target).path)
    except ValueError:
        return target
    if not path or ("." not in posixpath.basename(path) and "/" not in path):
        return target
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    return target if joined.startswith("..") else joined
