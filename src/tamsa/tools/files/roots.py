"""Which files may be read: those in the folders that the user allows, and no way out of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tamsa.errors import InputError, ToolError

MAX_LISTED = 200


class Roots:
    """The allowed folders and files.

    A name is relative to an allowed folder, or absolute within one; with several folders it begins with the
    folder's name. Links are followed only where they stay inside. Hidden files are not read: they hold
    settings and keys more often than documents.

    Args:
        paths: allowed folders and files.

    Raises:
        InputError: one of them does not exist, or none is given.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        if not paths:
            raise InputError("parse_file: no folder is allowed; name at least one")
        self._roots: dict[str, Path] = {}
        for path in paths:
            try:
                real = path.resolve(strict=True)
            except (OSError, RuntimeError) as error:
                raise InputError(f"{path}: no such file or folder") from error
            name = real.name or "root"
            number = 2
            while name in self._roots:
                name, number = f"{number}-{real.name or 'root'}", number + 1
            self._roots[name] = real

    def find(self, name: str) -> tuple[Path, str]:
        """Return the file or folder of a name, or the archive above it, and the name in the archive.

        Raises:
            ToolError: it does not exist, or is not within what is allowed.
        """
        wanted = name.strip()
        if not wanted or "\0" in wanted or len(wanted) > 4096:
            raise ToolError("parse_file: an empty or impossible file name")
        for root, parts in self._candidates(wanted):
            if ".." in parts:
                raise ToolError(f"{name[:200]}: names with .. are not opened")
            if any(map(_is_hidden, parts)):
                raise ToolError(f"{name[:200]}: hidden files are not opened")
            for length in range(len(parts), -1, -1):
                path = root.joinpath(*parts[:length])
                if not self._exists(path):
                    continue
                if length < len(parts) and not path.is_file():
                    break
                real = path.resolve()
                if not self._inside(real):
                    raise ToolError(f"{name[:200]}: leads out of the allowed folders")
                if not self._shown(real):
                    raise ToolError(f"{name[:200]}: leads to a hidden file; those are not opened")
                if not (real.is_file() or real.is_dir()):
                    raise ToolError(f"{name[:200]}: is no regular file")
                return real, "/".join(parts[length:])
        raise ToolError(f"{name[:200]}: no such file in the allowed folders; there are: {self._some()}")

    def name_of(self, path: Path) -> str:
        """Return the name under which a file is known to the model."""
        for name, root in self._roots.items():
            if path == root:
                return name if root.is_file() or len(self._roots) > 1 else "."
            if path.is_relative_to(root):
                relative = path.relative_to(root).as_posix()
                return f"{name}/{relative}" if len(self._roots) > 1 else relative
        return path.name

    def top(self) -> list[str]:
        """List the allowed folders and files; the content of the folder where it is the only one."""
        paths = list(self._roots.values())
        if len(paths) == 1 and paths[0].is_dir():
            return self.listing(paths[0])
        return [name + ("/" if path.is_dir() else "") for name, path in self._roots.items()]

    def listing(self, folder: Path) -> list[str]:
        """List what a folder holds, folders with a final slash."""
        names = []
        try:
            for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
                if not _is_hidden(entry.name) and self._leads_inside(Path(entry.path)):
                    names.append(self.name_of(Path(entry.path)) + ("/" if entry.is_dir() else ""))
        except OSError as error:
            raise ToolError(f"{self.name_of(folder)}: cannot be listed") from error
        return names

    def _candidates(self, wanted: str) -> list[tuple[Path, list[str]]]:
        found: list[tuple[Path, list[str]]] = []
        if wanted.startswith("/"):
            for root in self._roots.values():
                if wanted == str(root) or wanted.startswith(f"{str(root).rstrip('/')}/"):
                    found.append((root, _parts(wanted[len(str(root)) :])))
            if not found:
                raise ToolError(f"{wanted[:200]}: is not within the allowed folders")
            return found
        first, _, rest = wanted.partition("/")
        if first in self._roots:
            found.append((self._roots[first], _parts(rest)))
        found += [(root, _parts(wanted)) for root in self._roots.values() if root.is_dir()]
        return found

    def _inside(self, real: Path) -> bool:
        return any(real == root or (root.is_dir() and real.is_relative_to(root)) for root in self._roots.values())

    def _shown(self, real: Path) -> bool:
        """Say whether nothing on the way from an allowed folder is hidden, also where a link led there."""
        within = [real.relative_to(root) for root in self._roots.values() if real.is_relative_to(root)]
        return any(not any(_is_hidden(part) for part in path.parts) for path in within)

    def _leads_inside(self, path: Path) -> bool:
        try:
            real = path.resolve(strict=True)
            return self._inside(real) and self._shown(real)
        except (OSError, RuntimeError):  # a link to nowhere or to itself
            return False

    def _exists(self, path: Path) -> bool:
        try:
            return path.exists()
        except (OSError, ValueError):
            return False

    def _some(self) -> str:
        names: list[str] = []
        for name, root in self._roots.items():
            names += self.listing(root) if root.is_dir() else [name]
        return ", ".join(names[:20]) + (", …" if len(names) > 20 else "")


def _is_hidden(part: str) -> bool:
    return part.startswith((".", "~$"))


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".")]
