"""One connected server: a task that holds the connection, and the reason why it is over once it is."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult, Tool, ToolListChangedNotification
from pydantic import ValidationError

from tamsa.errors import ToolError
from tamsa.tools.mcp.pipes import Pipes
from tamsa.tools.mcp.settings import McpServer

MAX_TOOLS = 200
MAX_PAGES = 20
MAX_JUNK = 20
"""Lines that are no messages, after which a server is taken for something else."""
MAX_RESPONSE = 8_000_000
"""Bytes of one HTTP response."""
_CLOSE_S = 6.0


class Connection:
    """A server from its start to its end.

    The client library must be entered and left in one task, so a task of its own holds it.

    Args:
        server: which one.
        on_end: called once with the reason when the server is of no more use before `aclose`.
        start_s: seconds that start and handshake may take.
    """

    def __init__(self, server: McpServer, on_end: Callable[[str], None], *, start_s: float = 20.0) -> None:
        self.server = server
        self.over: str | None = None
        """Why the connection is over, if it is."""
        self._on_end = on_end
        self._start_s = start_s
        self._client: Client | None = None
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stop = asyncio.Event()
        self._closing = False
        self._junk = 0
        self._listed: dict[str, str] = {}
        self._checks: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> list[Tool]:
        """Start the server and ask for its tools.

        Raises:
            ToolError: it cannot be started, or does not answer as a server should.
        """
        logging.getLogger("mcp").setLevel(logging.CRITICAL)  # what a server does wrong is said in the run
        self._task = asyncio.create_task(self._hold())
        try:
            async with asyncio.timeout(self._start_s):
                await asyncio.shield(self._ready)
                tools = await self._list()
        except TimeoutError:
            await self.aclose()
            raise ToolError(f"no answer within {self._start_s:g} s") from None
        except Exception as error:
            reason = self.over or (str(error) if isinstance(error, ToolError) else describe(error))
            await self.aclose()
            raise ToolError(reason) from error
        except BaseException:
            await self.aclose()
            raise
        self._listed = {tool.name: _fingerprint(tool) for tool in tools}
        return tools

    async def call(self, name: str, arguments: dict[str, Any], timeout_s: float) -> CallToolResult:
        """Call a tool. The result is not yet checked against the tool's schema.

        Raises:
            ToolError: the connection is over.
            TimeoutError: no answer in time.
            MCPError: the server refuses the call, or the connection ended in the middle.
            ValueError: the answer is not of the protocol's form.
        """
        if self._client is None or self.over:
            raise ToolError(self.over or "the connection is closed")
        # straight through the session: `call_tool` would apply the server's regular expressions
        request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))
        async with asyncio.timeout(timeout_s):
            return await self._client.session.send_request(request, CallToolResult)

    def end(self, reason: str) -> None:
        """Give the server up; its tools fail with this reason from now on."""
        if self.over is None and not self._closing:
            self.over = reason
            self._on_end(reason)
        self._fail(reason)
        self._stop.set()

    async def aclose(self) -> None:
        """Close the connection and end the server's process; bounded in time."""
        self._closing = True
        self._stop.set()
        for task in (*self._checks, *([self._task] if self._task else [])):
            if task is not self._task:
                task.cancel()
        if self._task is not None:
            if self._client is None:
                self._task.cancel()  # in the middle of the handshake, where it does not see the event
            done, _ = await asyncio.wait([self._task], timeout=_CLOSE_S)
            if not done:
                self._task.cancel()
                await asyncio.wait([self._task], timeout=_CLOSE_S)
        await asyncio.gather(*self._checks, return_exceptions=True)

    async def _hold(self) -> None:
        reason = "the connection was lost"
        try:
            async with contextlib.AsyncExitStack() as stack:
                transport = await stack.enter_async_context(self._transport())
                self._client = await stack.enter_async_context(
                    Client(transport, message_handler=self._notice, cache=None)
                )
                if not self._ready.done():
                    self._ready.set_result(None)
                await self._stop.wait()
        except (Exception, BaseExceptionGroup) as error:
            reason = describe(error)
        finally:
            self._client = None
            self._fail(reason)
            if not self._stop.is_set():
                self.end(reason)

    def _fail(self, reason: str) -> None:
        """Tell who waits for the handshake that it will not come."""
        if not self._ready.done():
            self._ready.set_exception(ToolError(self.over or reason))
            self._ready.exception()  # counts as read, should nobody wait any more

    @contextlib.asynccontextmanager
    async def _transport(self) -> AsyncIterator[Any]:
        if self.server.url is None:
            yield Pipes(self.server, self.end)
            return
        headers = {name: value.get_secret_value() for name, value in self.server.headers.items()}
        bounded = BoundedTransport(httpx2.AsyncHTTPTransport(trust_env=False), self.end)
        timeout = httpx2.Timeout(30.0, read=300.0)
        async with httpx2.AsyncClient(
            headers=headers, transport=bounded, timeout=timeout, trust_env=False, follow_redirects=False
        ) as client:
            yield streamable_http_client(self.server.url, http_client=client)

    async def _notice(self, message: Any) -> None:
        if isinstance(message, Exception):
            self._junk += 1
            if self._junk > MAX_JUNK:
                self.end("it writes something other than messages to its output")
        elif isinstance(message, ToolListChangedNotification) and not self._checks:
            check = asyncio.create_task(self._compare())
            self._checks.add(check)
            check.add_done_callback(self._checks.discard)

    async def _compare(self) -> None:
        """Hold the server to what it said first: a tool that changes under the model's hands is not to be trusted."""
        try:
            async with asyncio.timeout(self._start_s):
                tools = {tool.name: _fingerprint(tool) for tool in await self._list()}
        except (Exception, BaseExceptionGroup) as error:
            self.end(f"it cannot list its tools any more ({describe(error)})")
            return
        changed = [name for name, mark in self._listed.items() if tools.get(name) != mark and self.server.allows(name)]
        if changed:
            self.end(f"it changed the definition of {changed[0][:60]} after it was offered")

    async def _list(self) -> list[Tool]:
        assert self._client is not None
        tools: list[Tool] = []
        cursor = None
        for _ in range(MAX_PAGES):
            page = await self._client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if len(tools) > MAX_TOOLS:
                raise ToolError(f"it lists more than {MAX_TOOLS} tools")
            if not cursor:
                return tools
        raise ToolError("its list of tools does not end")


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Ends a response that sends more than it should."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, on_flood: Callable[[str], None]) -> None:
        self._inner = inner
        self._on_flood = on_flood

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, asking for an unpacked answer."""
        request.headers["Accept-Encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        packed = response.headers.get("content-encoding", "identity").lower()
        if packed not in ("identity", ""):
            await response.aclose()
            raise httpx2.DecodingError(f"the server packs its answer as {packed[:40]!r}", request=request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _BoundedStream(response.stream, self._on_flood)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, on_flood: Callable[[str], None]) -> None:
        self._inner = inner
        self._on_flood = on_flood

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for block in self._inner:
            received += len(block)
            if received > MAX_RESPONSE:
                self._on_flood(f"it sent an answer of more than {MAX_RESPONSE // 1_000_000} MB")
                raise httpx2.ReadError("the answer is too long")
            yield block

    async def aclose(self) -> None:
        await self._inner.aclose()


def describe(error: BaseException) -> str:
    """Say in one line what went wrong with a server."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if isinstance(error, FileNotFoundError):
        return f"the command {error.filename!r} is not found"
    if isinstance(error, MCPError) or type(error).__module__.startswith("httpx2"):
        return " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])[-80:]
        return f"its answer does not follow the protocol ({where}: {first['msg'][:80]})"
    if isinstance(error, ValueError):
        return "its answer does not follow the protocol"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}".rstrip(": ")


def _fingerprint(tool: Tool) -> str:
    return json.dumps([tool.name, tool.description, tool.input_schema, tool.output_schema], sort_keys=True, default=str)
