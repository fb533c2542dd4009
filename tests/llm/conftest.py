"""A fake model endpoint on loopback: a real HTTP server that can fail in every way the tests need."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeEndpoint:
    """Serves `replies` in order; the last one again and again. `routes` answers paths apart from these."""

    replies: list[Reply] = field(default_factory=list)
    routes: dict[str, Reply] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    in_flight: int = 0
    most_in_flight: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            data = await reader.readexactly(int(headers.get("content-length", 0)))
            request = Request(method, path, headers, json.loads(data) if data else None)
            self.requests.append(request)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            try:
                if path in self.routes:
                    await self.routes[path](writer)
                else:
                    served = sum(r.path not in self.routes for r in self.requests)
                    await self.replies[min(served, len(self.replies)) - 1](writer)
            finally:
                self.in_flight -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def _head(status: int, kind: str, extra: dict[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", "Connection: close"]
    lines += [f"{k}: {v}" for k, v in (extra or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Replies:
    """Ways for the fake endpoint to answer."""

    @staticmethod
    def status(
        code: int, body: Any = None, headers: dict[str, str] | None = None, kind: str = "application/json"
    ) -> Reply:
        async def reply(writer: asyncio.StreamWriter) -> None:
            data = body.encode() if isinstance(body, str) else json.dumps(body or {}).encode()
            writer.write(_head(code, kind, {"Content-Length": str(len(data)), **(headers or {})}) + data)
            await writer.drain()

        return reply

    @staticmethod
    def raw(data: bytes, kind: str = "text/event-stream", *, pause_s: float = 0.0, hang: bool = False) -> Reply:
        """Send bytes after a good head; then close, or keep silent."""

        async def reply(writer: asyncio.StreamWriter) -> None:
            writer.write(_head(200, kind))
            for piece in (data[i : i + 7] for i in range(0, len(data), 7)) if pause_s else (data,):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)
            if hang:
                await asyncio.sleep(3600)

        return reply

    @staticmethod
    def reset() -> Reply:
        """Declare a long body and drop the connection in the middle."""

        async def reply(writer: asyncio.StreamWriter) -> None:
            writer.write(_head(200, "text/event-stream", {"Content-Length": "100000"}) + b'data: {"choices"')
            await writer.drain()

        return reply

    @staticmethod
    def silent() -> Reply:
        async def reply(writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(3600)

        return reply

    @staticmethod
    def sse(*chunks: Any, done: bool = True) -> bytes:
        text = "".join(f"data: {c if isinstance(c, str) else json.dumps(c)}\n\n" for c in chunks)
        return (text + ("data: [DONE]\n\n" if done else "")).encode("utf-8", "surrogatepass")

    @classmethod
    def text(
        cls, *pieces: str, finish: str | None = "stop", usage: dict[str, int] | None = None, done: bool = True
    ) -> Reply:
        """Stream a plain answer."""
        chunks: list[Any] = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
        if finish:
            chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        if usage:
            chunks.append({"choices": [], "usage": usage})
        return cls.raw(cls.sse(*chunks, done=done))

    @classmethod
    def deltas(cls, *deltas: dict[str, Any], finish: str = "stop") -> Reply:
        chunks: list[Any] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        return cls.raw(cls.sse(*chunks, {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}))

    @classmethod
    def ndjson(cls, *lines: Any, **options: Any) -> Reply:
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        return cls.raw(text.encode(), "application/x-ndjson", **options)


@pytest.fixture
def replies() -> type[Replies]:
    return Replies


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeEndpoint]:
    for name in (
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OLLAMA_HOST",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    fake = FakeEndpoint()
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.ensure_future(fake.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield fake
    server.close()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)  # the loop closes the sockets in its next turns
    await asyncio.sleep(0)
    await server.wait_closed()
