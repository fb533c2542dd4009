"""Which reader reads a file: by its content where that is plain, else by its suffix."""

from __future__ import annotations

import importlib
import zipfile
from pathlib import Path

from tamsa.corpus.readers.draft import Found, ReadError

VERSION = 3
"""Changes when a reader would give another text for the same file: such files are read again."""

_SUFFIXES: dict[str, str] = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), "markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".json": "json",
    ".parquet": "parquet",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    **dict.fromkeys((".xlsx", ".xlsm"), "xlsx"),
    **dict.fromkeys((".txt", ".text", ".rst", ".org", ".tex", ".log", ".adoc"), "plain"),
}

# Modules are named, not imported: the libraries behind them are loaded by the first file that needs them.
_READERS: dict[str, tuple[str, str]] = {
    "plain": ("text", "read_plain"),
    "markdown": ("text", "read_markdown"),
    "html": ("html", "read_html"),
    "pdf": ("pdf", "read_pdf"),
    "docx": ("office", "read_docx"),
    "pptx": ("office", "read_pptx"),
    "csv": ("tables", "read_csv"),
    "xlsx": ("tables", "read_xlsx"),
    "json": ("records", "read_json"),
    "jsonl": ("records", "read_jsonl"),
    "parquet": ("records", "read_parquet"),
}

_OFFICE = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}


def kind_of(path: Path) -> str:
    """Name the format of a file.

    Raises:
        ReadError: no reader reads it; the message is the reason.
        OSError: it cannot be opened.
    """
    with open(path, "rb") as file:
        start = file.read(8192)
    if not start:
        raise ReadError("the file is empty")
    suffix = path.suffix.lower()
    known = _SUFFIXES.get(suffix)
    if start.startswith(b"%PDF-") or (b"%PDF-" in start[:1024] and known in {None, "pdf"}):
        return "pdf"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return _office_kind(path)
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise ReadError("an old or encrypted Office file; save it as docx, pptx or xlsx without a password")
    if known in {"pdf", "docx", "pptx", "xlsx", "parquet"}:
        raise ReadError(f"not a {known} file, whatever its name says")
    if known:
        return known
    head = start[:1024].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "html"
    if start.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return "plain"
    if b"\0" in start:
        raise ReadError(f"not a document ({suffix or 'no suffix'}, binary content)")
    try:
        start[:8000].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < 7990:
            raise ReadError(f"not a document ({suffix or 'no suffix'}, not text)") from error
    return "plain"


def _office_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise ReadError(f"not a readable office file ({error})") from error
    for prefix, kind in _OFFICE.items():
        if any(name.startswith(prefix) for name in names):
            return kind
    raise ReadError("an archive; unpack it")


def read_file(path: Path) -> Found:
    """Read a file with the reader of its format.

    Raises:
        ReadError: it cannot be read; the message is the reason.
        OSError: it cannot be opened.
    """
    module, name = _READERS[kind_of(path)]
    reader = getattr(importlib.import_module(f"tamsa.corpus.readers.{module}"), name)
    return reader(path)  # type: ignore[no-any-return]
