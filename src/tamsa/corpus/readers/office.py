"""Word and PowerPoint files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import docx
import pptx
from docx.oxml.ns import qn
from docx.table import Table
from pptx.enum.shapes import MSO_SHAPE_TYPE

from tamsa.corpus.readers.archive import check_archive
from tamsa.corpus.readers.draft import Found, ReadError, TextBuilder
from tamsa.corpus.readers.text import tidy, title_of
from tamsa.types import Link

_WRAPPERS = ("w:sdt", "w:ins", "w:moveTo", "w:customXml", "w:smartTag", "w:fldSimple")
_MAX_DEPTH = 20  # groups within groups, tables within tables


def read_docx(path: Path) -> Found:
    """Read a Word file: paragraphs and tables in order, headings as sections."""
    check_archive(path)
    try:
        word = docx.Document(str(path))
        _unwrap(word.element.body)
        builder = TextBuilder()
        heading = ""
        for block in word.iter_inner_content():
            if isinstance(block, Table):
                for row in _rows(block):
                    builder.add(row + "\n")
                builder.add("\n")
                continue
            text = tidy(block.text).strip()
            if not text:
                continue
            style = (block.style.name if block.style is not None else None) or ""
            if style.startswith("Heading") or style == "Title":
                builder.section(text)
                heading = heading or text
            start = builder.size
            builder.add(text)
            _links(builder, block, text, start)
            builder.add("\n\n")
        about = word.core_properties
        title, date = (about.title or "").strip(), about.modified or about.created
    except ReadError:
        raise
    except Exception as error:
        raise _unreadable("Word", error) from error
    draft = builder.draft((title or heading or title_of(path))[:300], date=date.date().isoformat() if date else None)
    if not draft.text.strip():
        raise ReadError("no text in it")
    yield draft


def _unwrap(body: Any) -> None:
    """Put the text of content controls, fields and tracked insertions where it is shown: python-docx skips it."""
    for tag in _WRAPPERS:
        for wrapper in list(body.iter(qn(tag))):
            content = wrapper.find(qn("w:sdtContent")) if tag == "w:sdt" else wrapper
            for child in list(content) if content is not None else ():
                wrapper.addprevious(child)
            wrapper.getparent().remove(wrapper)


def _links(builder: TextBuilder, paragraph: Any, text: str, start: int) -> None:
    at = 0
    for link in paragraph.hyperlinks:
        shown = tidy(link.text).strip()
        place = text.find(shown, at) if shown and link.address else -1
        if place >= 0:
            at = place + len(shown)
            builder.links.append(Link(link.address, start + place, start + at))


def _rows(table: Any) -> Iterable[str]:
    for row in table.rows:
        cells: list[str] = []
        seen: set[int] = set()
        for cell in row.cells:
            if id(cell._tc) not in seen:  # a merged cell is listed once for each column it spans
                seen.add(id(cell._tc))
                cells.append(" ".join(tidy(cell.text).split()))
        yield " | ".join(cells)


def read_pptx(path: Path) -> Found:
    """Read a PowerPoint file: the text of each slide and its notes, with the slides as sections."""
    check_archive(path)
    try:
        show = pptx.Presentation(str(path))
        builder = TextBuilder()
        first = ""
        for number, slide in enumerate(show.slides, start=1):
            lines = [line for shape in _shapes(slide.shapes) for line in _lines(shape)]
            if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
                notes = tidy(slide.notes_slide.notes_text_frame.text).strip()
                if notes:
                    lines.append(f"Notes: {notes}")
            if not lines:
                continue
            name = slide.shapes.title.text_frame.text if slide.shapes.title is not None else ""
            name = " ".join(tidy(name).split())
            first = first or name
            builder.section(f"slide {number}: {name}" if name else f"slide {number}")
            builder.add("\n".join(lines) + "\n\n")
        about = show.core_properties
        title, date = (about.title or "").strip(), about.modified or about.created
    except ReadError:
        raise
    except Exception as error:
        raise _unreadable("PowerPoint", error) from error
    if title.lower() in {"", "powerpoint presentation"}:
        title = first or title_of(path)
    draft = builder.draft(title[:300], date=date.date().isoformat() if date else None)
    if not draft.text.strip():
        raise ReadError("no text on its slides")
    yield draft


def _shapes(shapes: Any, depth: int = 0) -> Iterable[Any]:
    for shape in shapes:
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            if depth < _MAX_DEPTH:
                yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _lines(shape: Any) -> Iterable[str]:
    if getattr(shape, "has_table", False) and shape.has_table:
        for row in shape.table.rows:
            yield " | ".join(" ".join(tidy(cell.text).split()) for cell in row.cells)
    elif getattr(shape, "has_text_frame", False) and shape.has_text_frame:
        text = tidy(shape.text_frame.text.replace("\v", "\n")).strip()
        if text:
            yield text


def _unreadable(kind: str, error: Exception) -> ReadError:
    return ReadError(f"not a readable {kind} file ({type(error).__name__}: {' '.join(str(error).split())[:100]})")
