"""Bodies of responses: read piece by piece, unpacked within bounds, decoded with the charset they really have."""

from __future__ import annotations

import codecs
import re
import zlib
from typing import Any

from tamsa.errors import ToolError

_STEP = 65_536
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)


class Unpacker:
    """Collects a body; both what comes in and what it unpacks to are bounded.

    Args:
        encoding: the `Content-Encoding`.
        max_bytes: bound on the packed and on the unpacked body.

    Raises:
        ToolError: the encoding is another than gzip or deflate.
    """

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._received = 0
        self._pieces = bytearray()
        self._decoder: Any = None
        self._raw_deflate_possible = False
        name = encoding.strip().lower()
        if name in ("gzip", "x-gzip"):
            self._decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
        elif name == "deflate":
            self._decoder = zlib.decompressobj()
            self._raw_deflate_possible = True
        elif name not in ("", "identity"):
            raise ToolError(f"the server packs the page as {name[:40]!r}, which was not asked for")

    def add(self, piece: bytes) -> None:
        """Take a piece of the body as it came.

        Raises:
            ToolError: the body is too long or damaged.
        """
        self._received += len(piece)
        if self._received > self._max_bytes:
            self._refuse()
        if self._decoder is None:
            self._pieces += piece
            return
        try:
            self._unpack(piece)
        except zlib.error as error:
            if not self._raw_deflate_possible or self._pieces:
                raise ToolError(f"the page is damaged ({error})") from error
            self._decoder = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers leave out the zlib header
            self._raw_deflate_possible = False
            try:
                self._unpack(piece)
            except zlib.error as again:
                raise ToolError(f"the page is damaged ({again})") from again

    def _unpack(self, piece: bytes) -> None:
        assert self._decoder is not None
        while piece:
            self._pieces += self._decoder.decompress(piece, _STEP)
            if len(self._pieces) > self._max_bytes:
                self._refuse()
            if self._decoder.eof:
                return  # what follows the end is no part of the page
            piece = self._decoder.unconsumed_tail

    def _refuse(self) -> None:
        raise ToolError(f"the page is longer than {self._max_bytes / 1e6:g} MB")

    def so_far(self) -> bytes:
        """Return what has been unpacked, of a body that is too long or damaged."""
        return bytes(self._pieces[: self._max_bytes])

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            ToolError: the packed body breaks off.
        """
        if self._decoder is not None:
            self._pieces += self._decoder.flush()
            if not self._decoder.eof and self._received:
                raise ToolError("the page breaks off in the middle")
            if len(self._pieces) > self._max_bytes:
                self._refuse()
        return bytes(self._pieces)


def kind_of(content_type: str, body: bytes) -> str:
    """Name what a body is, by its content first: `pdf`, `html`, `text`; the empty string for anything else."""
    name = content_type.partition(";")[0].strip().lower()
    start = body[:2048]
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) and "text" in name:
        return "html" if "html" in name else "text"
    if b"\0" in start or start.startswith(
        (b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF")
    ):
        return ""
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or name in (
        "text/html",
        "application/xhtml+xml",
    ):
        return "html"
    if name.startswith("text/") or name in ("", "application/json", "application/xml", "application/ld+json"):
        return "text"
    return "text" if name.endswith(("+json", "+xml")) else ""


def decode(content_type: str, body: bytes) -> str:
    """Decode a text body: byte order mark, then UTF-8 where it fits, then the charset the server or page names."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if body.startswith(mark):
            return body.decode(name, "replace")
    declared = _CHARSET.search(content_type)
    meta = _META.search(body[:4096])
    names = [
        "utf-8",
        declared[1] if declared else "",
        meta[1].decode("ascii", "replace") if meta else "",
        "windows-1252",
    ]
    if declared and declared[1].lower() in ("iso-2022-jp", "hz-gb-2312"):
        names.insert(0, declared[1])  # seven-bit encodings are valid UTF-8 too
    for name in names:
        try:
            if name.lower() != "utf-7":  # a way to smuggle markup past filters, and nothing else
                return body.decode(name)
        except (LookupError, UnicodeError, ValueError):  # unknown, wrong, or no encoding of text
            continue
    return body.decode("utf-8", "replace")
