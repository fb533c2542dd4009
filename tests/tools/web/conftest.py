"""A real HTTP server on loopback whose every answer the test writes byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tamsa.tools.web.cache import Cache
from tamsa.tools.web.fetch import Fetcher, FetchLimits
from tamsa.tools.web.guard import Guard
from tamsa.tools.web.pace import Pace

Handler = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(
    body: bytes | str = b"", *, status: int = 200, type: str = "text/html; charset=utf-8", **headers: str
) -> bytes:
    """Write an honest response."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {type}", f"Content-Length: {len(data)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data


class Site:
    """Routes by path; a route is bytes, a list of them for one request after the other, or a handler."""

    def __init__(self) -> None:
        self.routes: dict[str, bytes | list[bytes] | Handler] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.port = 0
        self.open_now = 0
        self.most_open = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                path = head[0].split(" ")[1]
                self.requests.append(
                    (path, {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])})
                )
                route = self.routes.get(path, self.routes.get(path.partition("?")[0]))
                if route is None:
                    route = answer("nothing here", status=404)
                if isinstance(route, list):
                    route = route.pop(0) if len(route) > 1 else route[0]
                if isinstance(route, bytes):
                    writer.write(route)
                    await writer.drain()
                else:
                    await route(writer)
        finally:
            self.open_now -= 1
            self._tasks.discard(task)
            writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def make_fetcher(site: Site) -> AsyncIterator[Callable[..., Fetcher]]:
    """Make fetchers whose guard lets the test's server through, and nothing else."""
    made: list[Fetcher] = []

    def make(
        *,
        cache: Cache | None = None,
        pace: Pace | None = None,
        robots: bool = False,
        resolver: Any = None,
        **limits: Any,
    ) -> Fetcher:
        options = {"resolver": resolver} if resolver else {}
        # seconds that a busy machine never meets; what must run into a bound names its own
        values = {"deadline_s": 120.0, "timeout_s": 60.0, "max_retries": 1, "backoff_s": 0.01, **limits}
        fetcher = Fetcher(
            Guard(trusted=("127.0.0.1", site.port), **options),
            cache=cache,
            pace=pace or Pace(interval_s=0),
            robots=robots,
            limits=FetchLimits(**values),
        )
        made.append(fetcher)
        return fetcher

    yield make
    for fetcher in made:
        await fetcher.aclose()
