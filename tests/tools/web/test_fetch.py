"""Fetching from real servers: slow, redirecting, lying and hostile ones."""

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tamsa.errors import ToolError
from tamsa.tools.web.cache import Cache, Fetched
from tamsa.tools.web.fetch import Fetcher
from tamsa.tools.web.guard import RefusedError
from tamsa.tools.web.pace import Pace

Make = Callable[..., Fetcher]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"


def answer(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", "Content-Type: text/html", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def test_page_is_fetched_and_the_request_is_plain(site: Any, make_fetcher: Make) -> None:
    site.routes["/a?b=%20c"] = answer(b"hello")
    page = await make_fetcher().fetch(f"{site.url}/a?b=%20c#frag")
    assert (page.status, page.body, page.url) == (200, b"hello", f"{site.url}/a?b=%20c")
    path, headers = site.requests[0]
    assert path == "/a?b=%20c"
    assert headers["host"] == f"127.0.0.1:{site.port}"
    assert headers["user-agent"].startswith("tamsa/")
    assert not {"cookie", "referer", "authorization"} & set(headers)


async def test_name_goes_to_the_host_header_and_not_to_the_network(site: Any, make_fetcher: Make) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    site.routes["/"] = answer(b"hello")
    assert (await make_fetcher(resolver=resolver).fetch(f"http://site.example.org:{site.port}/")).body == b"hello"
    assert site.requests[0][1]["host"] == f"site.example.org:{site.port}"


async def test_redirects_are_followed_and_counted(site: Any, make_fetcher: Make) -> None:
    for n in range(9):
        site.routes[f"/{n}"] = answer(status=[301, 302, 303, 307, 308][n % 5], Location=f"{n + 1}?x")
    site.routes["/3?x"] = answer(b"there")
    fetcher = make_fetcher()
    assert (await fetcher.fetch(f"{site.url}/1")).url == f"{site.url}/3?x"
    site.routes["/3?x"] = answer(status=302, Location="/4")
    with pytest.raises(ToolError, match="more than 5 redirects"):
        await fetcher.fetch(f"{site.url}/0")
    site.routes["/loop"] = answer(status=302, Location="/loop")
    with pytest.raises(ToolError, match="redirects"):
        await fetcher.fetch(f"{site.url}/loop")


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (answer(status=404), "404"),
        (answer(status=500), "500"),
        (answer(status=302), "302"),
        (b"", "cannot be reached"),
        (b"SSH-2.0-OpenSSH_9.0\r\n", "cannot be reached"),
        (b"\x00" * 5000, "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello", "cannot be reached"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n", "cannot be reached"),
        (OK + b"Content-Encoding: br\r\n\r\nxxxx", "packs the page"),
        (OK + b"Content-Encoding: gzip, gzip\r\n\r\nxxxx", "packs the page"),
        (OK + b"Content-Encoding: gzip\r\n\r\nnot packed at all", "damaged"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 9000, mtime=0)[:-12], "breaks off"),
        (OK + b"Content-Length: 99999999999\r\n\r\nx", "longer than"),
        (OK + b"\r\n" + b"x" * 2_000_000, "longer than"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"\0" * 200_000_000, 9, mtime=0), "longer than"),
        (OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"\0" * 50_000_000), "longer than"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else value[:16].decode("latin-1"),
)
async def test_bad_answers_are_one_clear_line(route: bytes, words: str, site: Any, make_fetcher: Make) -> None:
    site.routes["/"] = route
    with pytest.raises(ToolError, match=words) as caught:
        await make_fetcher(max_bytes=1_000_000).fetch(site.url)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("rest", ["", "rest of something else"])
async def test_gzip_is_unpacked(rest: str, site: Any, make_fetcher: Make) -> None:
    site.routes["/"] = answer(gzip.compress(b"hello") + rest.encode(), Content_Encoding="gzip")
    assert (await make_fetcher().fetch(site.url)).body == b"hello"


async def test_deflate_is_unpacked_with_and_without_its_header(site: Any, make_fetcher: Make) -> None:
    bare = zlib.compressobj(wbits=-15)
    site.routes["/bare"] = answer(bare.compress(b"hello") + bare.flush(), Content_Encoding="deflate")
    site.routes["/full"] = answer(zlib.compress(b"hello"), Content_Encoding="deflate")
    for path in ("bare", "full"):
        assert (await make_fetcher().fetch(f"{site.url}/{path}")).body == b"hello"


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    while True:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0.05)


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(600)


async def drip_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    await drip(writer, b"a")


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"\r\n")
    await drip(writer, b"a")


async def drip_redirects(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.3)
    writer.write(answer(status=302, Location="/"))


@pytest.mark.parametrize("handler", [silent, drip_head, drip_body, drip_redirects])
async def test_slow_servers_cost_no_more_than_the_deadline(handler: Any, site: Any, make_fetcher: Make) -> None:
    site.routes["/"] = handler
    fetcher = make_fetcher(deadline_s=1.0, timeout_s=0.7, max_retries=5)
    async with asyncio.timeout(120):  # each of them would go on for ever
        with pytest.raises(ToolError, match="longer than 1 s"):
            await fetcher.fetch(site.url)


async def test_passing_failures_are_tried_again(site: Any, make_fetcher: Make) -> None:
    site.routes["/"] = [answer(status=503), b"", answer(b"hello")]
    assert (await make_fetcher(max_retries=2).fetch(site.url)).body == b"hello"
    site.routes["/gone"] = [answer(status=410), answer(b"hello")]
    with pytest.raises(ToolError, match="410"):
        await make_fetcher(max_retries=2).fetch(f"{site.url}/gone")


async def test_retry_after_is_respected_up_to_a_bound(site: Any, make_fetcher: Make) -> None:
    site.routes["/"] = [answer(status=429, Retry_After="1"), answer(b"hello")]
    started = time.monotonic()
    assert (await make_fetcher().fetch(site.url)).body == b"hello"
    assert time.monotonic() - started >= 1
    site.routes["/later"] = [answer(status=429, Retry_After="3600"), answer(b"hello")]
    with pytest.raises(ToolError, match="too many requests"):
        await make_fetcher().fetch(f"{site.url}/later")
    assert site.paths.count("/later") == 1


async def test_numbers_that_are_none_do_not_end_the_call(site: Any, make_fetcher: Make) -> None:
    site.routes["/"] = [answer(status=503, Retry_After="\xb2"), answer(b"hello")]
    assert (await make_fetcher().fetch(site.url)).body == b"hello"


async def test_missing_robots_are_no_page(site: Any, make_fetcher: Make, tmp_path: Path) -> None:
    site.routes["/"] = answer(b"hello")
    fetcher = make_fetcher(robots=True, cache=Cache(tmp_path))
    assert (await fetcher.fetch(site.url)).body == b"hello"
    with pytest.raises(ToolError, match="404"):
        await fetcher.fetch(f"{site.url}/robots.txt")


async def test_closed_port_is_said(make_fetcher: Make, site: Any) -> None:
    await site.stop()
    with pytest.raises(ToolError, match="cannot be reached"):
        await make_fetcher().fetch(site.url)


async def test_one_host_is_asked_in_turn(site: Any, make_fetcher: Make) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(answer(b"x"))

    site.routes["/"] = slow
    fetcher = make_fetcher(pace=Pace(interval_s=0.05, concurrency=2))
    started = time.monotonic()
    await asyncio.gather(*(fetcher.fetch(f"{site.url}/?{n}") for n in range(8)))
    assert time.monotonic() - started >= 7 * 0.05
    assert site.most_open <= 2


async def test_cache_asks_once_and_survives_the_process(site: Any, make_fetcher: Make, tmp_path: Path) -> None:
    site.routes["/a"] = answer(status=301, Location="/b")
    site.routes["/b"] = answer(b"hello")
    first = await make_fetcher(cache=Cache(tmp_path)).fetch(f"{site.url}/a")
    second = make_fetcher(cache=Cache(tmp_path))
    assert await second.fetch(f"{site.url}/a") == first
    assert await second.fetch(f"{site.url}/b#x") == first
    assert site.paths == ["/a", "/b"]
    old = make_fetcher(cache=Cache(tmp_path, max_age_s=0))
    await old.fetch(f"{site.url}/b")
    assert site.paths[2:] == ["/b"]
    assert old.cached(f"{site.url}/b") is not None


async def test_failures_are_not_cached(site: Any, make_fetcher: Make, tmp_path: Path) -> None:
    site.routes["/"] = [answer(status=404), answer(b"hello")]
    fetcher = make_fetcher(cache=Cache(tmp_path))
    with pytest.raises(ToolError):
        await fetcher.fetch(site.url)
    assert (await fetcher.fetch(site.url)).body == b"hello"


def test_damaged_cache_counts_as_absent(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("http://a/", Fetched("http://a/", 200, "text/html", b"body", time.time()))
    assert cache.get("http://a/") is not None
    path = next(tmp_path.glob("*.page"))
    for damage in (
        b"",
        b"{}",
        b"[]\nbody",
        path.read_bytes()[:-1],
        path.read_bytes().replace(b'"status": 200', b'"x": 1'),
    ):
        path.write_bytes(damage)
        assert cache.get("http://a/") is None


def test_cache_stays_within_its_size(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=100_000)
    for n in range(60):
        cache.put(f"http://a/{n}", Fetched(f"http://a/{n}", 200, "", b"x" * 9_000, time.time()))
    assert sum(path.stat().st_size for path in tmp_path.glob("*")) < 130_000
    assert cache.get("http://a/59") is not None


async def test_headers_with_a_key_never_follow_a_redirect_or_reach_a_message(
    site: Any, make_fetcher: Make, tmp_path: Path
) -> None:
    site.routes["/go"] = answer(status=302, Location="/else")
    site.routes["/bad"] = answer(status=500)
    site.routes["/ok"] = answer(b"secret answer")
    fetcher = make_fetcher(cache=Cache(tmp_path))
    for path in ("go", "bad"):
        with pytest.raises(ToolError) as caught:
            await fetcher.fetch(f"{site.url}/{path}", headers={"X-Key": "k-12345"})
        assert "k-12345" not in str(caught.value)
    assert "/else" not in site.paths
    await fetcher.fetch(f"{site.url}/ok", headers={"X-Key": "k-12345"})
    assert not list(tmp_path.iterdir())


ROBOTS = b"User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.cgi$\nCrawl-delay: 0.2\n"


async def test_robots_are_asked_once_and_respected(site: Any, make_fetcher: Make) -> None:
    site.routes.update({"/robots.txt": answer(ROBOTS), "/go": answer(status=302, Location="/private/x")})
    for path in ("/", "/private/open/x", "/a.cgi?x"):
        site.routes[path] = answer(b"hello")
    fetcher = make_fetcher(robots=True)
    started = time.monotonic()
    await asyncio.gather(fetcher.fetch(f"{site.url}/"), fetcher.fetch(f"{site.url}/"))
    for path in ("/", "/private/open/x", "/a.cgi?x"):
        assert (await fetcher.fetch(site.url + path)).body == b"hello"
    assert time.monotonic() - started >= 0.3  # the delay it asks for
    for path in ("/private", "/private/x?y", "/a.cgi", "/go"):
        with pytest.raises(RefusedError, match=r"robots\.txt"):
            await fetcher.fetch(site.url + path)
    assert site.paths.count("/robots.txt") == 1
    assert not any(path.startswith("/private") and "open" not in path for path in site.paths)


async def test_site_without_robots_is_open_and_one_whose_robots_fail_is_not(site: Any, make_fetcher: Make) -> None:
    site.routes["/"] = answer(b"hello")
    assert (await make_fetcher(robots=True).fetch(site.url)).body == b"hello"
    site.routes["/robots.txt"] = answer(status=503)
    with pytest.raises(RefusedError):
        await make_fetcher(robots=True).fetch(site.url)
    site.routes["/robots.txt"] = b""
    with pytest.raises(ToolError, match=r"robots\.txt"):
        await make_fetcher(robots=True).fetch(site.url)
    site.routes["/robots.txt"] = answer(b"User-agent: *\nDisallow: /x\n" + b"# filler\n" * 80_000)
    assert (await make_fetcher(robots=True).fetch(site.url)).body == b"hello"
    site.routes["/robots.txt"] = answer(status=301, Location="http://127.0.0.1/robots.txt")
    with pytest.raises(RefusedError):
        await make_fetcher(robots=True).fetch(site.url)


async def test_cancelled_fetch_frees_its_turn(site: Any, make_fetcher: Make) -> None:
    site.routes["/slow"] = silent
    site.routes["/"] = answer(b"hello")
    fetcher = make_fetcher(pace=Pace(interval_s=0, concurrency=1))
    task = asyncio.create_task(fetcher.fetch(f"{site.url}/slow"))
    async with asyncio.timeout(120):
        while "/slow" not in site.paths:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await fetcher.fetch(site.url)).body == b"hello"
