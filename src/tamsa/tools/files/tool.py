"""`parse_file`: reads a file of the folders that the user allows, whatever its format."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tamsa.corpus.readers import Draft, Skip
from tamsa.corpus.readers.pool import Failed, read_files
from tamsa.errors import ToolError
from tamsa.tools.files.roots import MAX_LISTED, Roots
from tamsa.tools.offers import Offer
from tamsa.tools.pages import PAGE_CHARS, heading, open_page
from tamsa.tools.processes import end_group, start_group
from tamsa.tools.protocol import FunctionTool
from tamsa.types import Document, Link, Section, ToolResult

MAX_FILES = 5
MAX_CHARS = 4_000_000
"""Longest text of one file; what follows is left out, and said."""
MAX_DEPTH = 3
"""Archives within archives."""
_READ_S = 25.0
_ARCHIVE_S = 45.0
_MAX_ANSWER = 16_000_000
_KEPT_DOCUMENTS = 200
_WORKER = Path(__file__).with_name("archives.py")
_PLAIN_SUFFIXES = frozenset(
    """
    .md .markdown .txt .text .rst .log .html .htm .xhtml .csv .tsv .json .jsonl .ndjson .pdf .docx .pptx .xlsx .xlsm
    .parquet
    """.split()
)


class FileTools:
    """`parse_file` with the documents it has opened.

    Args:
        roots: what may be read.
        page_chars: characters shown by one call.
    """

    def __init__(self, roots: Roots, *, page_chars: int = PAGE_CHARS) -> None:
        self._roots = roots
        self._page_chars = page_chars
        self._documents: dict[str, Document] = {}
        self._left_out: dict[str, str] = {}

    async def parse_file(self, files: list[str], goal: str = "", page: int = 1) -> ToolResult:
        """Read files: text, PDF, office, tables, HTML, archives. A folder or archive gives the list of what it holds.

        Args:
            files: one to five names, as the user or a listing gives them; ARCHIVE/MEMBER for a file in an archive;
                a dot for the list of the folder.
            goal: what you want to learn; for a long file the pages that fit it best are named.
            page: page of a long file, from 1.
        """
        kept = list(dict.fromkeys(name.strip() for name in files if name.strip()))[:MAX_FILES]
        if not kept:
            raise ToolError("parse_file: files is empty; give the name of at least one file, or . for a list")
        pages = [await self._open(name, page) for name in kept]
        texts = [self._show(opened, goal) for opened in pages]
        if len(set(files)) > len(kept):
            texts.append(f"Only the first {len(kept)} files were opened.")
        shown = [opened for opened in pages if "listing" not in opened]
        return ToolResult("\n\n".join(texts), {"pages": shown}, error=all(bool(opened["error"]) for opened in pages))

    async def restore(self, names: Sequence[str]) -> None:
        """Read files again that an earlier process opened, so that quotes from them can be verified."""
        for name in names:
            if name not in self._documents:
                await self._open(name, 1)

    def get_document(self, name: str) -> Document | None:
        """Return a file that was opened in this run."""
        return self._documents.get(name)

    # ------------------------------------------------------------------ open

    async def _open(self, name: str, page: int) -> dict[str, Any]:
        try:
            if name in (".", "/", "./"):
                return _list("the folder", self._roots.top())
            path, member = self._roots.find(name)
            shown = self._roots.name_of(path) + (f"/{member}" if member else "")
            if path.is_dir():
                return _list(shown, self._roots.listing(path))
            if shown not in self._documents:
                found = await self._read(path, member, shown)
                if isinstance(found, dict):
                    return found
                if len(self._documents) >= _KEPT_DOCUMENTS:
                    self._documents.pop(next(iter(self._documents)))
                self._documents[shown], self._left_out[shown] = found
        except ToolError as error:
            return {"id": name, "title": "", "error": str(error)}
        return open_page(self._documents[shown], page, self._page_chars)

    async def _read(self, path: Path, member: str, shown: str) -> tuple[Document, str] | dict[str, Any]:
        """Read a file; an archive without a member gives its listing."""
        if not member and path.suffix.lower() in _PLAIN_SUFFIXES:
            return await asyncio.to_thread(_read_document, path, shown)
        with tempfile.TemporaryDirectory(prefix="tamsa-archive-") as folder:
            for depth in range(MAX_DEPTH + 1):
                if path.suffix.lower() in _PLAIN_SUFFIXES and not member:
                    break
                about = await _ask_archive({"path": str(path)}, shown)
                if not about["kind"]:
                    break
                if depth == MAX_DEPTH:
                    raise ToolError(f"{shown}: archives lie deeper in one another than {MAX_DEPTH}")
                if not member:
                    lines = [
                        f"{shown}/{name}" + (f" ({problem}; not opened)" if problem else f" ({size} bytes)")
                        for name, size, problem in about["members"]
                    ]
                    return _list(shown, lines)
                inner, member = _split(member, [str(entry[0]) for entry in about["members"]], shown)
                out = Path(folder) / f"{depth}{_suffix(inner)}"
                await _ask_archive({"path": str(path), "member": inner, "out": str(out)}, f"{shown}")
                path = out
            if member:
                raise ToolError(f"{shown}: no such file")
            return await asyncio.to_thread(_read_document, path, shown)

    # ------------------------------------------------------------------ show

    def _show(self, opened: Mapping[str, Any], goal: str) -> str:
        if opened["error"]:
            return str(opened["error"])
        if "listing" in opened:
            names = opened["listing"]
            more = [f"… and {len(names) - MAX_LISTED} more"] if len(names) > MAX_LISTED else []
            return "\n".join([f"{opened['id']} holds {len(names)} files:", *names[:MAX_LISTED], *more])
        document = self._documents.get(str(opened["id"]))
        head = heading(opened, document, goal, self._page_chars)
        if left_out := self._left_out.get(str(opened["id"])):
            head += f"\n(left out: {left_out})"
        return f"{head}\n{opened['text']}"


def file_tools(paths: Sequence[Path], *, page_chars: int = PAGE_CHARS) -> tuple[Offer, FileTools]:
    """Make `parse_file` over folders that the user allows.

    Returns:
        The offer, and the object behind it (`restore` reads the files of a resumed run again).

    Raises:
        InputError: a path does not exist, or none is given.
    """
    tools = FileTools(Roots(paths), page_chars=page_chars)
    return Offer((FunctionTool(tools.parse_file),), get_document=tools.get_document), tools


def _list(name: str, names: list[str]) -> dict[str, Any]:
    return {"id": name, "title": name, "listing": names, "error": None}


def _split(member: str, names: Sequence[str], shown: str) -> tuple[str, str]:
    """Split a name in an archive into the member and, should that be an archive too, the name in it."""
    parts = member.split("/")
    for length in range(len(parts), 0, -1):
        for name in names:
            if name.removeprefix("./") == "/".join(parts[:length]):
                return name, "/".join(parts[length:])
    listed = ", ".join(name[:100] for name in names[:20])
    raise ToolError(f"{shown}: no such file in the archive; it holds: {listed}{', …' if len(names) > 20 else ''}")


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", suffix) else ""


def _read_document(path: Path, shown: str) -> tuple[Document, str]:
    """Read a file in a process of its own, which the readers' pool watches.

    Returns:
        The document, several of them (records, sheets) joined into one, and what was left out, in words.

    Raises:
        ToolError: it cannot be read.
    """
    drafts: list[Draft] = []
    notes: list[str] = []
    size = 0
    deadline = time.monotonic() + _READ_S * 1.5
    with contextlib.closing(_findings(path)) as found:
        for _, item in found:
            if isinstance(item, Failed):
                if not drafts:
                    raise ToolError(f"{shown}: {item.reason}")
                notes.append(item.reason)
            elif isinstance(item, Skip):
                notes.append(f"{item.where}: {item.reason}")
            elif isinstance(item, Draft):
                drafts.append(item)
                size += len(item.text) + 2
            if size > MAX_CHARS or time.monotonic() > deadline:
                notes.append("the rest of the file")
                break
    document = _joined(drafts, path, shown)
    if not document.text.strip():
        raise ToolError(f"{shown}: {notes[0] if notes else 'no text in it'}")
    said = "; ".join(notes[:3]) + (f"; and {len(notes) - 3} more" if len(notes) > 3 else "")
    return document, said


def _findings(path: Path) -> Generator[tuple[int, Draft | Skip | Failed | None], None, None]:
    yield from read_files([path], workers=1, time_limit_s=_READ_S)


def _joined(drafts: Sequence[Draft], path: Path, shown: str) -> Document:
    sections: list[Section] = []
    links: list[Link] = []
    start = 0
    for draft in drafts:
        if len(drafts) > 1:
            sections.append(Section(draft.title, start, start + len(draft.text)))
        sections += [Section(s.title, s.start + start, s.end + start) for s in draft.sections]
        links += [Link(link.target, link.start + start, link.end + start) for link in draft.links]
        start += len(draft.text) + 2
    text = "\n\n".join(draft.text for draft in drafts)[:MAX_CHARS]
    title = drafts[0].title if len(drafts) == 1 else ""
    return Document(
        id=shown,
        # a member of an archive lies in a file of another name, which a reader may take for its title
        title=title if title and title != path.stem else PurePosixPath(shown).stem,
        text=text,
        sections=tuple(part for part in sections if part.end <= len(text)),
        links=tuple(link for link in links if link.end <= len(text)),
        source=shown,
        date=drafts[0].date if len(drafts) == 1 else None,
    )


async def _ask_archive(request: Mapping[str, str], shown: str) -> dict[str, Any]:
    """Let a process of its own look into an archive.

    Raises:
        ToolError: with the reason that the archive is not read.
    """
    process = await start_group(
        sys.executable,
        "-I",
        "-S",
        "-B",
        str(_WORKER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ},
    )
    try:
        async with asyncio.timeout(_ARCHIVE_S):
            output, _ = await process.communicate(json.dumps(request).encode())
    except TimeoutError:
        raise ToolError(f"{shown}: takes longer than {_ARCHIVE_S:g} s to unpack") from None
    finally:
        if process.returncode is None:
            await asyncio.shield(end_group(process))
    if len(output) > _MAX_ANSWER or process.returncode:
        raise ToolError(f"{shown}: cannot be unpacked")
    answer: dict[str, Any] = json.loads(output)
    if "error" in answer:
        raise ToolError(f"{shown}: {answer['error']}")
    return answer
