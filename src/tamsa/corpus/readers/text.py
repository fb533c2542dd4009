"""Text files: their encoding, plain text and Markdown."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from tamsa.corpus.readers.draft import Draft, Found, ReadError
from tamsa.types import Link, Section

MAX_BYTES = 100_000_000
"""Largest text file that becomes one document."""
_SAMPLE = 100_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_INLINE = re.compile(r"(?<!!)\[([^\[\]\n]{1,500})\]\(\s*<?([^\s()<>]{1,2000})>?(?:\s+[\"'][^\"'\n]{0,500}[\"'])?\s*\)")
_WIKI = re.compile(r"\[\[([^\[\]|\n]{1,300})(?:\|([^\[\]\n]{1,300}))?\]\]")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.{0,20000}?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?(?!\d)")
_FIELD = re.compile(r"^(title|date)[ \t]*:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.IGNORECASE | re.MULTILINE)


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Read a whole file of bounded size.

    Raises:
        ReadError: it is larger.
    """
    with open(path, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ReadError(f"larger than {limit // 1_000_000} MB; split the file")
    return data


def encoding_of(data: bytes, declared: str | None = None) -> str:
    """Find the encoding of a text: byte order mark, declaration, UTF-8, else the most likely one."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    if data[:_SAMPLE].count(0) > len(data[:_SAMPLE]) // 4:  # every other byte zero: UTF-16 without its mark
        even, odd = data[0:_SAMPLE:2].count(0), data[1:_SAMPLE:2].count(0)
        if max(even, odd) > 4 * min(even, odd):
            return "utf-16-be" if even > odd else "utf-16-le"
    for candidate in filter(None, (_as_meant(declared), "utf-8")):
        try:
            codecs.getincrementaldecoder(candidate)().decode(data, False)
        except ValueError:
            continue
        return candidate
    lenient = data.decode("utf-8", "replace")
    wrong = lenient.count("\ufffd")
    right = len(lenient) - len(lenient.encode("ascii", "ignore")) - wrong
    if right >= 4 * wrong:  # no other encoding looks so by chance
        return "utf-8"
    telling = _NOT_ASCII.search(data)
    start = telling.start() if telling and telling.start() > _SAMPLE else 0  # ASCII alone is no sample of an encoding
    matches = from_bytes(data[start : start + _SAMPLE])
    best = matches.best()
    if best is None:
        return "cp1252"
    # Of equally likely ones the commonest: of the Latin code pages the files of most of the world are in it.
    rank = (best.chaos, best.coherence)
    tied = any(match.encoding == "cp1252" and (match.chaos, match.coherence) == rank for match in matches)
    return "cp1252" if tied else best.encoding


def _as_meant(declared: str | None) -> str | None:
    """Return a declared encoding as browsers take it, None for one in which the declaration could not stand."""
    try:
        if declared is None or b"<".decode(declared) != "<":
            return None
        return "cp1252" if codecs.lookup(declared).name in {"iso8859-1", "ascii"} else declared
    except (LookupError, ValueError):
        return None


def decode(data: bytes, declared: str | None = None) -> str:
    """Decode a text in whatever encoding it has; what is wrong in it becomes U+FFFD.

    Line ends become `\\n`, NULs and other control characters spaces.
    """
    name = encoding_of(data, declared)
    try:
        text = data.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        text = data.decode("utf-8", "replace")
    return tidy(text)


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ufffe\uffff]")


def tidy(text: str) -> str:
    """Unify line ends and replace control characters by spaces."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(text):
        text = _CONTROL.sub(" ", text)
    return text


def title_of(path: Path) -> str:
    """Make a title of a file name."""
    stem = path.stem if path.suffix else path.name
    words = re.sub(r"[_\s]+", " ", stem).strip()
    return words or path.name


def read_plain(path: Path) -> Found:
    """Read plain text: one document, titled by its file name."""
    text = decode(read_bytes(path))
    if not text.strip():
        raise ReadError("no text in it")
    yield Draft(title_of(path), text)


def read_markdown(path: Path) -> Found:
    """Read Markdown: the source as it stands, with its headings as sections and its links."""
    text = decode(read_bytes(path))
    if not text.strip():
        raise ReadError("no text in it")
    fields: dict[str, str] = {}
    front = _FRONT.match(text)
    if front:
        fields = {name.lower(): value for name, value in _FIELD.findall(front.group(1))}
    headings = _headings(text, front.end() if front else 0)
    starts = [start for start, _, _ in headings]
    ends = [*starts[1:], len(text)] if starts else []
    sections = tuple(Section(title, start, end) for (start, _, title), end in zip(headings, ends, strict=True) if title)
    first = next((title for _, level, title in headings if level == 1 and title), None)
    title = fields.get("title") or first or title_of(path)
    date = _DATE.match(fields.get("date", ""))
    yield Draft(title[:300], text, sections, tuple(_links(text)), date.group() if date else None)


def _headings(text: str, begin: int) -> list[tuple[int, int, str]]:
    """List (offset, level, title) of the headings outside code blocks."""
    found: list[tuple[int, int, str]] = []
    fence = ""
    offset, before, before_at = begin, "", begin
    for line in text[begin:].splitlines(keepends=True):
        bare = line.rstrip("\n")
        mark = _FENCE.match(bare)
        if mark:
            fence = "" if fence == mark.group(1) else (fence or mark.group(1))
        elif not fence and len(bare) < 1000:
            heading = _HEADING.match(bare)
            under = _UNDERLINE.match(bare)
            if heading:
                found.append((offset, len(heading.group(1)), plain(heading.group(2))[:200]))
            elif under and before.strip() and not _HEADING.match(before) and len(before) < 200:
                found.append((before_at, 1 if "=" in under.group(1) else 2, plain(before)[:200]))
        before, before_at = ("" if fence else bare), offset
        offset += len(line)
    return found


def plain(markup: str) -> str:
    """Take the Markdown marks out of a heading."""
    text = _INLINE.sub(r"\1", markup)
    return re.sub(r"[*_`]+", "", text).strip()


def _links(text: str) -> list[Link]:
    links = [Link(m.group(2), m.start(1), m.end(1)) for m in _INLINE.finditer(text)]
    for match in _WIKI.finditer(text):
        shown = 2 if match.group(2) else 1
        links.append(Link(match.group(1).strip(), match.start(shown), match.end(shown)))
    return sorted(links, key=lambda link: link.start)
