"""HTML pages: readable text with headings as sections and anchors as links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lxml import etree

from tamsa.corpus.readers.draft import Found, ReadError, TextBuilder
from tamsa.corpus.readers.text import decode, read_bytes, title_of

MAX_BYTES = 50_000_000
"""Largest page; its tree takes about ten times as much memory."""

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_DROPPED = frozenset(
    """
    script style noscript template svg math iframe object embed canvas audio video nav button select option textarea
    input dialog head
    """.split()
)
_BLOCKS = frozenset(
    """
    address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3
    h4 h5 h6 header hgroup hr html li main ol p pre section summary table tbody tfoot thead tr ul caption
    """.split()
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_APART = _HEADINGS | {"p", "table", "ul", "ol", "blockquote", "section", "article"}  # an empty line around them
_DATES = ("article:published_time", "date", "dc.date", "dcterms.date", "article:modified_time", "last-modified")
_SPACE = re.compile(r"\s+")


def read_html(path: Path) -> Found:
    """Read a page. Scripts, navigation and form controls are left out; nothing is fetched."""
    data = read_bytes(path, MAX_BYTES)
    declared = _CHARSET.search(data[:4096])
    text = decode(data, declared.group(1).decode("ascii", "replace") if declared else None)
    if not text.strip():
        raise ReadError("no text in it")
    # huge_tree: 2048 levels deep instead of 256; size, memory and time are bounded elsewhere.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError) as error:
        raise ReadError(f"not readable as HTML ({_one_line(error)})") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise ReadError("nests too deep")
    if root is None:
        raise ReadError("no text in it")
    page = _Page()
    page.walk(root)
    title, date = _about(root)
    draft = page.builder.draft((title or page.heading or title_of(path))[:300], date=date)
    if not draft.text.strip():
        raise ReadError("no text in it")
    yield draft


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:150]


def _about(root: Any) -> tuple[str, str | None]:
    found = root.find(".//title")
    title = _SPACE.sub(" ", "".join(found.itertext())).strip() if found is not None else ""
    dates: dict[str, str] = {}
    for meta in root.iterfind(".//meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("http-equiv") or "").lower()
        if name in _DATES and meta.get("content"):
            dates.setdefault(name, meta.get("content"))
    value = next((dates[name] for name in _DATES if name in dates), "")
    return title, value[:10] if re.match(r"\d{4}-\d\d-\d\d", value) else None


class _Page:
    """Writes the text of an element tree, without recursion: a hostile page nests as deep as it likes."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.heading = ""
        self._breaks = 0  # line ends owed before the next word
        self._space = False  # a space is owed before the next word
        self._pre = 0
        self._column = 0  # cells begun in the current table row; 0 outside of rows
        self._anchors: list[int] = []  # where each open <a> begins; -1 before its first word

    def walk(self, root: Any) -> None:
        """Write a tree."""
        dropped = 0
        for event, element in etree.iterwalk(root, events=("start", "end")):
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                if dropped or tag in _DROPPED:
                    dropped += 1
                    continue
                self._enter(tag, element)
                self._write(element.text)
                continue
            if dropped:
                dropped -= 1
            else:
                self._leave(tag, element)
            if not dropped:
                self._write(element.tail)

    def _enter(self, tag: str, element: Any) -> None:
        if tag == "a":
            self._anchors.append(-1)
        self._space_out(tag)
        if tag in _HEADINGS:
            title = _SPACE.sub(" ", "".join(element.itertext())).strip()
            if title:
                self._emit("")
                self.builder.section(title)
                self.heading = self.heading or title
        elif tag == "pre":
            self._pre += 1
        elif tag == "li":
            self._emit("- ")
        elif tag == "tr":
            self._column = 1
        elif tag in {"td", "th"}:
            if self._column > 1:
                self._space = False
                self._emit(" | ")
            self._column += 1

    def _leave(self, tag: str, element: Any) -> None:
        if tag == "a" and self._anchors:
            start = self._anchors.pop()
            if start >= 0:
                self.builder.link((element.get("href") or "").strip(), start)
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag == "tr":
            self._column = 0
        self._space_out(tag)

    def _space_out(self, tag: str) -> None:
        if tag == "br" or (tag in _BLOCKS and not (self._column and tag in {"p", "div"})):
            self._breaks = max(self._breaks, 2 if tag in _APART else 1)

    def _write(self, text: str | None) -> None:
        if not text:
            return
        if self._pre:
            self._emit(text)
            return
        words = _SPACE.sub(" ", text)
        if words == " ":
            self._space = True
            return
        self._space = self._space or words[0] == " "
        self._emit(words.strip())
        self._space = words[-1] == " "

    def _emit(self, text: str) -> None:
        """Write text after the line ends or the space that are owed."""
        if self.builder.size and self._breaks:
            self.builder.add("\n" * self._breaks)
        elif self.builder.size and self._space and text:
            self.builder.add(" ")
        self._breaks, self._space = 0, False
        if text and self._anchors and self._anchors[-1] < 0:
            self._anchors[-1] = self.builder.size
        self.builder.add(text)
