"""PDF files by PDFium: the text of each page, with the pages as sections."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2

from tamsa.corpus.readers.draft import Found, ReadError, Skip, TextBuilder
from tamsa.corpus.readers.text import tidy, title_of

_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")
_HYPHEN = re.compile(r"[\x02\ufffe]\r?\n?")  # PDFium's mark for a word broken at a line's end


def read_pdf(path: Path) -> Found:
    """Read a PDF file: one document, anchors `p. 1`, `p. 2`, …"""
    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        reason = str(error)
        if "password" in reason.lower():
            raise ReadError("needs a password; save it without one") from error
        raise ReadError(f"not a readable PDF ({' '.join(reason.split())[:100]})") from error
    try:
        builder = TextBuilder()
        for number in range(len(pdf)):
            try:
                page = pdf[number]
                text = page.get_textpage().get_text_range()
                page.close()
            except pypdfium2.PdfiumError:
                yield Skip(f"p. {number + 1}", "cannot be read")
                continue
            text = tidy(_HYPHEN.sub("", text)).strip()
            if not text:
                continue
            if builder.size:
                builder.add("\n\n")
            builder.section(f"p. {number + 1}")
            builder.add(text)
        about = pdf.get_metadata_dict(skip_empty=True)
        pages = len(pdf)
    finally:
        pdf.close()
    title = tidy(about.get("Title", "")).strip()
    if len(title) < 3 or re.search(r"\.(docx?|tex|indd|pptx?|dvi|ps|pdf)$|^untitled|^microsoft", title, re.IGNORECASE):
        title = title_of(path)
    match = _DATE.match(about.get("CreationDate", ""))
    date = "-".join(part for part in match.groups() if part) if match else None
    draft = builder.draft(title[:300], date=date)
    if not draft.text.strip():
        raise ReadError(f"no text on its {pages} pages (a scan?); run text recognition on it first")
    yield draft
