"""Pages of documents: how a tool shows a document that may be longer than one observation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tamsa.tools.reading import Span, show_passages
from tamsa.types import Document

PAGE_CHARS = 8_000
"""Characters of a document shown by one visit; a longer document has several pages."""
MAX_BEST = 3
_WORD = re.compile(r"\w{3,}")


def page_bounds(text: str, size: int) -> list[tuple[int, int]]:
    """Cut a text into pages of at most `size` characters, at the end of a paragraph, sentence or word."""
    bounds = []
    start = 0
    while len(text) - start > size:
        window = text[start : start + size]
        cut = size
        for mark in ("\n\n", "\n", ". ", " "):
            at = window.rfind(mark, size // 2)
            if at > 0:
                cut = at + len(mark)
                break
        bounds.append((start, start + cut))
        start += cut
    bounds.append((start, len(text)))
    return bounds


def open_page(document: Document, page: int, size: int) -> dict[str, Any]:
    """Return one page of a document as data, without links; `error` says that there is no such page.

    Args:
        document: the document.
        page: its page, from 1.
        size: characters of a page.
    """
    bounds = page_bounds(document.text, size)
    if not 1 <= page <= len(bounds):
        said = f"{document.title} has {len(bounds)} page(s); page {page} does not exist."
        return {"id": document.id, "title": document.title, "error": said}
    start, end = bounds[page - 1]
    return {
        "id": document.id,
        "title": document.title,
        "text": document.text[start:end],
        "start": start,
        "end": end,
        "length": len(document.text),
        "page": page,
        "num_pages": len(bounds),
        "date": document.date,
        "source": document.source,
        "sections": [
            {"title": section.title, "start": section.start, "end": section.end}
            for section in document.sections
            if section.start < end and section.end > start
        ],
        "links": [],
        "error": None,
    }


def open_passages(document: Document, spans: Sequence[Span], size: int) -> dict[str, Any]:
    """Return chosen passages of a long document as data, without links, in the form of a page.

    Args:
        document: the document.
        spans: half-open stretches of its text, in order.
        size: characters of a page, by which pages are counted.
    """
    opened = open_page(document, 1, size)
    return {
        **opened,
        "text": show_passages(document.text, spans),
        "start": spans[0][0],
        "end": spans[-1][1],
        "page": 0,
        "passages": [list(span) for span in spans],
        "sections": [],
    }


def heading(opened: Mapping[str, Any], document: Document | None, goal: str, size: int, *, name: str = "") -> str:
    """Write the line above a page: its name, date, which page it is, and which pages fit the goal best.

    Args:
        opened: the page, from `open_page`.
        document: the document it is of.
        goal: what the reader wants to learn.
        size: characters of a page.
        name: what the document is called; its title with its id by default.
    """
    line = name or f"{opened['title']} (id: {opened['id']})"
    if opened["date"]:
        line += f", dated {opened['date']}"
    if opened["num_pages"] > 1 and not opened["page"]:
        line += f", passages that fit the goal, of {opened['num_pages']} pages"
    elif opened["num_pages"] > 1:
        line += f", page {opened['page']} of {opened['num_pages']}"
        if document is not None and (best := best_pages(document.text, goal, size)):
            line += f"; pages that fit the goal best: {', '.join(map(str, best))}"
    return line


def best_pages(text: str, goal: str, size: int) -> list[int]:
    """Return the pages that share most words with a goal, best first; none where nothing is shared."""
    wanted = {word.lower() for word in _WORD.findall(goal)}
    if not wanted:
        return []
    scores = []
    for number, (start, end) in enumerate(page_bounds(text, size), start=1):
        words = {word.lower() for word in _WORD.findall(text[start:end])}
        scores.append((len(wanted & words), -number))
    return [-number for score, number in sorted(scores, reverse=True)[:MAX_BEST] if score]
