"""The pipes to a server that runs as a process of ours, with bounds on what it may send.

The client library reads lines of any length; here a line and the bytes between two of our requests are
bounded, what the server writes to its standard error is kept to its tail, and the end of the process is
noticed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import anyio
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from tamsa.tools.mcp.settings import McpServer
from tamsa.tools.processes import drain, signal_group, start_group

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

MAX_LINE = 8_000_000
"""Bytes of one message."""
MAX_UNASKED = 32_000_000
"""Bytes that may come between two of our messages."""
MAX_UNASKED_MESSAGES = 5_000
_STOP_S = 1.0
_DEATH_S = 3.0
"""Seconds for the exit code and the last words of a server whose output has ended."""
_STDERR_TAIL = 2_000


class Pipes:
    """A transport for `mcp.Client`: an async context manager that yields the two streams.

    Args:
        server: the command.
        on_end: called once with the reason when the server ends or is ended for flooding.
    """

    def __init__(self, server: McpServer, on_end: Callable[[str], None]) -> None:
        self._server = server
        self._on_end = on_end
        self._stderr = b""
        self._unasked_bytes = 0
        self._unasked_messages = 0
        self._closing = False
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Any:
        """Start the process.

        Raises:
            OSError: it cannot be started.
        """
        return await self._stack.enter_async_context(self._open())

    async def __aexit__(self, *error: Any) -> bool | None:
        """End the process and all it has started."""
        return await self._stack.__aexit__(*error)

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[Any]:
        given = {name: value.get_secret_value() for name, value in self._server.env.items()}
        process = await start_group(
            *self._server.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=get_default_environment() | given,
            cwd=self._server.cwd,
            limit=MAX_LINE,
        )
        to_client, from_server = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        to_server, from_client = anyio.create_memory_object_stream[SessionMessage](0)
        errors = asyncio.create_task(self._errors(process))
        tasks = [
            asyncio.create_task(self._read(process, errors, to_client)),
            asyncio.create_task(self._write(process, from_client)),
            errors,
        ]
        try:
            yield from_server, to_server
        finally:
            self._closing = True
            await asyncio.shield(asyncio.ensure_future(self._stop(process, tasks)))
            for stream in (to_client, from_server, to_server, from_client):
                stream.close()

    async def _read(
        self,
        process: asyncio.subprocess.Process,
        errors: asyncio.Task[None],
        to_client: MemoryObjectSendStream[SessionMessage | Exception],
    ) -> None:
        assert process.stdout is not None
        reason = ""
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            try:
                while line := await process.stdout.readline():
                    self._unasked_bytes += len(line)
                    self._unasked_messages += 1
                    if self._unasked_bytes > MAX_UNASKED or self._unasked_messages > MAX_UNASKED_MESSAGES:
                        reason = "it floods the connection"
                        break
                    if line.strip():
                        await to_client.send(_message(line))
            except (ValueError, asyncio.LimitOverrunError):  # a line beyond the limit
                reason = f"it sent a message of more than {MAX_LINE // 1_000_000} MB"
            except OSError as error:
                reason = f"its output cannot be read ({error.strerror})"
        if not self._closing:
            if reason:
                signal_group(process)
            else:
                reason = await self._died(process, errors)
            self._on_end(reason)
        to_client.close()  # the session fails what it is waiting for

    async def _died(self, process: asyncio.subprocess.Process, errors: asyncio.Task[None]) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DEATH_S):
                while process.returncode is None or not errors.done():  # its last words may come after its output
                    await asyncio.sleep(0.01)
        said = " ".join(self._stderr.decode("utf-8", "replace").split())[-200:]
        code = "" if process.returncode is None else f" with code {process.returncode}"
        return f"it ended{code}" + (f" ({said})" if said else "")

    async def _write(
        self, process: asyncio.subprocess.Process, from_client: MemoryObjectReceiveStream[SessionMessage]
    ) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError, anyio.ClosedResourceError):
            async for item in from_client:
                self._unasked_bytes = self._unasked_messages = 0
                data = item.message.model_dump_json(by_alias=True, exclude_unset=True)
                process.stdin.write(data.encode("utf-8", "replace") + b"\n")
                await process.stdin.drain()

    async def _errors(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while block := await process.stderr.read(65_536):
            self._stderr = (self._stderr + block)[-_STDERR_TAIL:]

    async def _stop(self, process: asyncio.subprocess.Process, tasks: list[asyncio.Task[None]]) -> None:
        """Close the server's input, wait, then end its whole group."""
        assert process.stdin is not None and process.stdout is not None
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.gather(*tasks[:2], return_exceptions=True)
        with contextlib.suppress(OSError):
            process.stdin.close()
        draining = asyncio.create_task(drain(process.stdout))
        for number in (None, signal.SIGTERM, signal.SIGKILL):
            if number is not None:
                signal_group(process, number)
            for _ in range(int(_STOP_S / 0.02)):
                if process.returncode is not None:
                    break
                await asyncio.sleep(0.02)
        signal_group(process)  # what it has started may have outlived it
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await asyncio.gather(draining, tasks[2], return_exceptions=True)
                await process.wait()
        for task in (draining, tasks[2]):
            task.cancel()
        await asyncio.gather(draining, tasks[2], return_exceptions=True)


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error
