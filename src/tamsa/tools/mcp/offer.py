"""What `--mcp` turns on: the servers are started, and their allowed tools become the agent's."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tamsa.errors import ToolError
from tamsa.tools.mcp.settings import McpServer
from tamsa.tools.offers import Offer
from tamsa.tools.protocol import Tool

if TYPE_CHECKING:
    from tamsa.tools.mcp.connection import Connection

_INSTALL = "mcp: the library `mcp` is not installed; install tamsa[mcp]"


async def mcp_tools(
    servers: Sequence[McpServer],
    *,
    start_s: float = 20.0,
    call_s: float = 45.0,
) -> Offer:
    """Start servers and make tools of theirs; call it only when the user asked for them.

    A server that cannot be used costs a note, not the run. One that dies, lies about a schema, changes a
    tool or floods later is given up: the notes of the offer get a line, and calls of its tools say so to the model.

    Args:
        servers: the servers, each with the tools that are allowed.
        start_s: seconds that a server may take to start.
        call_s: seconds that one call may take.
    """
    try:
        # loaded by name, since the library is heavy and an extra
        connection_type = importlib.import_module("tamsa.tools.mcp.connection").Connection
        tool_module = importlib.import_module("tamsa.tools.mcp.tool")
    except ImportError:
        return Offer(notes=(_INSTALL,))
    connections: list[Connection] = []
    notes: list[str] = []
    started = await asyncio.gather(
        *(_start(server, connection_type, connections, notes, start_s) for server in servers), return_exceptions=True
    )
    for outcome in started:
        if isinstance(outcome, BaseException):
            await _close(connections)
            raise outcome
    tools: dict[str, Tool] = {}
    for connection, found, problem in (outcome for outcome in started if not isinstance(outcome, BaseException)):
        name = connection.server.name
        if problem:
            notes.append(f"the MCP server {name} is not used: {problem}")
            continue
        notes += _offer(connection, found, tools, tool_module, call_s)

    async def aclose() -> None:
        await _close(connections)

    return Offer(tuple(tools.values()), notes, aclose=aclose)


async def _start(
    server: McpServer,
    connection_type: type[Connection],
    connections: list[Connection],
    notes: list[str],
    start_s: float,
) -> tuple[Connection, list[Any], str]:
    started = False

    def on_end(reason: str) -> None:
        if started:
            notes.append(f"the tools of the MCP server {server.name} are withdrawn: {reason}")

    connection = connection_type(server, on_end, start_s=start_s)
    connections.append(connection)
    try:
        found = await connection.open()
    except ToolError as error:
        return connection, [], str(error)
    started = True
    return connection, found, ""


def _offer(connection: Connection, found: list[Any], tools: dict[str, Tool], module: Any, call_s: float) -> list[str]:
    """Make the allowed tools of one server; return what is to be said."""
    server = connection.server
    notes = []
    for definition in found:
        if not server.allows(definition.name):
            continue
        try:
            tool = module.McpTool(connection, definition, call_s=call_s)
        except module.BadDefinitionError as error:
            notes.append(f"the tool {definition.name[:60]!r} of the MCP server {server.name} is not offered: {error}")
            continue
        if tool.schema.name in tools:
            notes.append(
                f"the MCP server {server.name} has two tools that would be named {tool.schema.name}; one is used"
            )
            continue
        tools[tool.schema.name] = tool
    names = [definition.name for definition in found]
    if not server.tools:
        listed = ", ".join(name[:60] for name in names[:20]) or "none"
        notes.append(
            f"no tool of the MCP server {server.name} is allowed; it has: {listed}. Allow some by name, or * for all"
        )
    for wanted in server.tools:
        if wanted != "*" and wanted not in names:
            notes.append(f"the MCP server {server.name} has no tool named {wanted[:60]!r}")
    return notes


async def _close(connections: Sequence[Connection]) -> None:
    await asyncio.gather(*(connection.aclose() for connection in connections), return_exceptions=True)
