"""A fetched page becomes a document: the main text of HTML by trafilatura, PDF by PDFium, plain text as it is."""

from __future__ import annotations

import contextlib
import importlib
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from tamsa.corpus.readers import Draft, ReadError, TextBuilder, kind_of, read_file
from tamsa.tools.web.body import decode
from tamsa.types import Document, Link, Section

MAX_CHARS = 2_000_000
"""Longest text of one page; what follows is left out."""
_MAX_LINKS = 2_000
_MIN_CHARS = 250  # a main text shorter than this may be all that is left of a page made of links or tables
_BLOCKS = frozenset({"p", "quote", "code", "list", "table", "head", "row", "item", "graphic", "div", "body"})
_APART = frozenset({"p", "quote", "code", "list", "table", "head"})


def load() -> None:
    """Load the library that extracts main texts, should it be there, so that the first page does not wait for it."""
    with contextlib.suppress(ImportError):
        importlib.import_module("trafilatura")


def read_page(url: str, kind: str, content_type: str, body: bytes) -> Document:
    """Make a document of a page; its id is the URL.

    Args:
        url: address after redirects.
        kind: `html`, `pdf` or `text`.
        content_type: as the server says.
        body: the unpacked body.

    Raises:
        ReadError: there is no text in it, or it is damaged.
    """
    if kind == "pdf":
        draft = _by_reader(body, ".pdf")
    elif kind == "html":
        draft = _main_text(url, decode(content_type, body)) or _by_reader(body, ".html")
    else:
        draft = Draft("", decode(content_type, body).replace("\r\n", "\n"))
    text = draft.text[:MAX_CHARS]
    if not text.strip():
        raise ReadError("there is no text on the page")
    links = (Link(target, link.start, link.end) for link in draft.links if (target := _absolute(url, link.target)))
    return Document(
        id=url,
        title=_title(draft.title, url),
        text=text,
        sections=tuple(Section(s.title, s.start, min(s.end, len(text))) for s in draft.sections if s.start < len(text)),
        links=tuple(link for link in links if link.end <= len(text))[:_MAX_LINKS],
        source=url,
        date=draft.date,
    )


def _by_reader(body: bytes, suffix: str) -> Draft:
    """Read with the reader of the format, which takes a file; its title is the file's where it finds none."""
    with tempfile.TemporaryDirectory(prefix="tamsa-page-") as folder:
        path = Path(folder) / f"page{suffix}"
        path.write_bytes(body)
        kind_of(path)
        for found in read_file(path):
            if isinstance(found, Draft):
                return Draft(
                    "" if found.title == "page" else found.title, found.text, found.sections, found.links, found.date
                )
    raise ReadError("there is no text on the page")


def _main_text(url: str, html: str) -> Draft | None:
    """Extract the main text; None where there is hardly any, so that the whole page is read instead."""
    try:
        from trafilatura import bare_extraction
    except ImportError:  # an extra; without it the reader shows the page whole
        return None
    found: Any = bare_extraction(
        html,
        url=url,
        include_links=True,
        include_tables=True,
        include_formatting=True,
        include_comments=False,
        with_metadata=True,
    )
    if found is None or found.body is None:
        return None
    writer = _Writer()
    writer.write(found.body)
    draft = writer.builder.draft((found.title or "")[:300], date=found.date or None)
    return draft if len(draft.text.strip()) >= _MIN_CHARS else None


class _Writer:
    """Writes trafilatura's tree as text, without recursion."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self._breaks = 0
        self._cell = 0

    def write(self, root: Any) -> None:
        from lxml import etree

        anchors: list[int] = []
        for event, element in etree.iterwalk(root, events=("start", "end")):
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                self._enter(tag, element)
                if tag == "ref":
                    anchors.append(self.builder.size + self._breaks * bool(self.builder.size))
                self._emit(element.text)
                continue
            if tag == "ref" and anchors:
                start = anchors.pop()
                if self.builder.size > start:
                    self.builder.link(element.get("target") or "", start)
            if tag in _BLOCKS:
                self._owe(2 if tag in _APART and not self._cell else 1)
            if tag == "row":
                self._cell = 0
            self._emit(element.tail)

    def _enter(self, tag: str, element: Any) -> None:
        if tag in _BLOCKS and not (self._cell and tag == "p"):
            self._owe(2 if tag in _APART else 1)
        if tag == "lb":
            self._owe(1)
        elif tag == "head":
            title = " ".join("".join(element.itertext()).split())
            if title:
                self._flush()
                self.builder.section(title)
        elif tag == "item":
            self._emit("- ")
        elif tag == "row":
            self._cell = 1
        elif tag == "cell":
            if self._cell > 1:
                self._breaks = 0
                self.builder.add(" | ")
            self._cell += 1

    def _owe(self, breaks: int) -> None:
        self._breaks = max(self._breaks, breaks)

    def _flush(self) -> None:
        if self._breaks and self.builder.size:
            self.builder.add("\n" * self._breaks)
        self._breaks = 0

    def _emit(self, text: str | None) -> None:
        if text and text.strip():
            self._flush()
            self.builder.add(text)
        elif text and self.builder.size and not self._breaks:
            self.builder.add(" ")


def _absolute(url: str, target: str) -> str:
    try:
        found = urljoin(url, target.strip())
        parts = urlsplit(found)
    except ValueError:
        return ""
    plain = parts.scheme in ("http", "https") and bool(parts.netloc)
    return parts._replace(fragment="").geturl() if plain and len(found) <= 2048 else ""


def _title(title: str, url: str) -> str:
    if title.strip():
        return " ".join(title.split())[:300]
    parts = urlsplit(url)
    name = unquote(parts.path.rstrip("/").rpartition("/")[2])
    return " ".join(name.split())[:300] or parts.netloc
