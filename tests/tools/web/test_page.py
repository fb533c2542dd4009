import asyncio
import gzip
import io
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tamsa.errors import ToolError
from tamsa.tools.web.cache import Fetched
from tamsa.tools.web.parsing import PageParser

pytestmark = pytest.mark.asyncio(loop_scope="module")
URL = "https://site.example.org/dir/page"
ARTICLE = (
    "<!doctype html><html><head><title>The Velm</title><meta property='article:published_time' content='2021-03-04'>"
    "<script>alert('x')</script></head><body><nav><a href='/menu'>Menu</a></nav><article><h1>The Velm</h1>"
    "<p>"
    + "The Velm is a river that rises in <a href='../ostrand?x=1#y'>Ostrand</a> and flows to the sea. "
    * 5
    + "</p>"
    "<h2>Bridges</h2><p>There are seven bridges, the oldest of <a href='javascript:alert(1)'>1203</a>.</p>"
    "<table><tr><th>Bridge</th><th>Year</th></tr><tr><td>Old Bridge</td><td>1203</td></tr></table>"
    "</article><footer>Imprint</footer></body></html>"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[PageParser]:
    made = PageParser(timeout_s=120, start_s=120)
    yield made
    await made.aclose()


def page(body: bytes | str, type: str = "text/html", url: str = URL) -> Fetched:
    return Fetched(url, 200, type, body.encode() if isinstance(body, str) else body, 0.0)


def small_pdf(text: str) -> bytes:
    """Write a one-page PDF by hand."""
    stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, 2)
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % number + content + b"\nendobj\n")
    start = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


async def test_html_becomes_its_main_text_with_sections_and_links(parser: PageParser) -> None:
    document = await parser.parse(page(ARTICLE))
    assert (document.id, document.title, document.date) == (URL, "The Velm", "2021-03-04")
    assert "The Velm is a river that rises in Ostrand and flows" in document.text
    assert "Old Bridge | 1203" in document.text
    assert not any(word in document.text for word in ("alert", "Menu", "Imprint"))
    assert document.anchor_at(document.text.index("seven")) == "Bridges"
    assert {(link.target, document.text[link.start : link.end]) for link in document.links} == {
        ("https://site.example.org/ostrand?x=1", "Ostrand")
    }


async def test_page_of_links_alone_is_read_whole(parser: PageParser) -> None:
    body = "<html><body>" + "".join(f"<div><a href='/p{n}'>Report {n}</a></div>" for n in range(9)) + "</body></html>"
    document = await parser.parse(page(body))
    assert "Report 8" in document.text
    assert len(document.links) == 9


async def test_pdf_is_read_whatever_the_server_calls_it(parser: PageParser) -> None:
    for type in ("application/pdf", "text/html", "application/octet-stream"):
        document = await parser.parse(page(small_pdf("Seven bridges"), type, "https://e.example.org/velm.pdf"))
        assert document.text == "Seven bridges"
        assert document.anchor_at(0) == "p. 1"
        assert document.title == "velm.pdf"


async def test_plain_text_and_json_stay_as_they_are(parser: PageParser) -> None:
    assert (await parser.parse(page("a\r\nb  c", "text/plain"))).text == "a\nb  c"
    assert (await parser.parse(page('{"a": 1}', "application/json"))).text == '{"a": 1}'


@pytest.mark.parametrize(
    ("body", "type", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "text/html", "not a page of text"),
        (b"PK\x03\x04" + b"x" * 50, "text/plain", "not a page of text"),
        (gzip.compress(b"x", mtime=0), "text/html", "not a page of text"),
        (b"GIF89a", "image/gif", "not a page of text"),
        (b"abc", "video/mp4", "not a page of text"),
        (b"", "text/html", "cannot be shown"),
        (b"   \n ", "text/plain", "cannot be shown"),
        (b"<html><body><script>1</script></body></html>", "text/html", "cannot be shown"),
        (b"%PDF-1.7 and nothing else", "application/pdf", "cannot be shown"),
    ],
)
async def test_pages_without_text_are_one_clear_line(body: bytes, type: str, words: str, parser: PageParser) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        await parser.parse(page(body, type))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000 + "deep" + "</div>" * 1000,
        "<table><tr><td>" * 20_000,
        "<p" + " a='b'" * 100_000 + ">x",
        "<![CDATA[" * 10_000,
        "<!ENTITY x '&y;&y;'>" * 1000 + "&x;" * 1000,
        "\x00\x01\x02<html>\ud7ff￾" * 1000,
        "<a href='" + "x" * 500_000 + "'>y</a>" + "<p>text</p>" * 100,
        "&#x110000;&#xD800;&#0;" * 5000 + "<p>text</p>",
    ],
    ids=["depth", "tables", "attributes", "cdata", "entities", "controls", "long link", "bad references"],
)
async def test_hostile_html_is_text_or_an_error_and_the_next_page_is_read(body: str, parser: PageParser) -> None:
    hostile = Fetched(URL, 200, "text/html; charset=utf-8", body.encode("utf-8", "replace"), 0.0)
    try:
        document = await parser.parse(hostile)
    except ToolError as error:
        assert "cannot be" in str(error) or "not a page" in str(error)
    else:
        document.text.encode()
    assert "Velm" in (await parser.parse(page(ARTICLE))).text


async def test_stalled_parser_is_ended_and_replaced() -> None:
    parser = PageParser(timeout_s=120, start_s=120)
    await parser.parse(page(ARTICLE))
    assert parser._process is not None
    first = parser._process.pid
    os.kill(first, signal.SIGSTOP)
    parser._timeout_s = 0.5
    with pytest.raises(ToolError, match=r"longer than 0\.5 s"):
        async with asyncio.timeout(120):  # it would stall for ever
            await parser.parse(page(ARTICLE))
    parser._timeout_s = 120
    assert "Velm" in (await parser.parse(page(ARTICLE))).text
    os.kill(parser._process.pid, signal.SIGKILL)
    try:
        await parser.parse(page(ARTICLE))
    except ToolError as error:
        assert "crashes" in str(error)
    assert "Velm" in (await parser.parse(page(ARTICLE))).text
    task = asyncio.create_task(parser.parse(page(ARTICLE)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "other" in (await parser.parse(page("<p>other</p>"))).text
    await parser.aclose()


async def test_parser_sees_no_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    parser = PageParser()
    await parser.parse(page(ARTICLE))
    assert parser._process is not None
    environment = Path(f"/proc/{parser._process.pid}/environ")
    if environment.exists():
        assert b"sk-test" not in environment.read_bytes()
    await parser.aclose()


async def test_pages_wait_for_their_turn(parser: PageParser) -> None:
    bodies = [f"<p>{'word ' * 100}number {n}</p>" for n in range(8)]
    documents: list[Any] = await asyncio.gather(*(parser.parse(page(body)) for body in bodies))
    assert all(f"number {n}" in document.text for n, document in enumerate(documents))
