"""All offered tools in one run: each of them fails in some way, and the run goes on to a verified answer."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent import research
from tamsa.llm import ScriptedModel
from tamsa.tools import FunctionTool, Toolset
from tamsa.tools.files import file_tools
from tamsa.tools.mcp import McpServer, mcp_tools
from tamsa.tools.sandbox import Limits, python_tool
from tamsa.tools.web.fetch import Fetcher
from tamsa.tools.web.guard import Guard
from tamsa.tools.web.pace import Pace
from tamsa.tools.web.parsing import PageParser
from tamsa.tools.web.tools import WebTools

DYING = r"""
import json, os, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        result = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "x", "version": "1"}}
    elif message.get("method") == "tools/list":
        result = {"tools": [{"name": "look", "inputSchema": {"type": "object"}}]}
    elif message.get("method") == "tools/call":
        os._exit(1)
    elif "id" in message:
        error = {"code": -32601, "message": "no"}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}), flush=True)
        continue
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""
PAGE = b"<html><body><p>" + b"The old bridge of Velm was built in 1203 by Count Aldric. " * 8 + b"</p></body></html>"


def call(name: str, **arguments: object) -> str:
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


async def test_run_goes_on_whatever_a_tool_does(tmp_path: Path) -> None:
    python = await python_tool(limits=Limits(wall_s=5, memory_mib=256))
    if not isinstance(python, FunctionTool):
        pytest.skip(str(python))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + PAGE)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/velm"
    script = tmp_path / "server.py"
    script.write_text(DYING)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "note.md").write_text("# Note\n\nA survey of 1850 dates the bridge to 1210.\n")

    fetcher = Fetcher(Guard(trusted=("127.0.0.1", port)), pace=Pace(interval_s=0), robots=False)
    web = WebTools(fetcher, PageParser(), [])
    question = f"When was the bridge described at {url} built?"
    web.know(question)
    files, opened = file_tools([tmp_path / "docs"])
    mcp = await mcp_tools([McpServer("srv", command=(sys.executable, "-S", str(script)), tools=("*",))], start_s=120)
    assert len(mcp.tools) == 1, mcp.notes
    tools = Toolset(
        [python, FunctionTool(web.web_visit, on_replay=web.note), *files.tools, *mcp.tools],
        get_document=lambda key: web.get_document(key) or opened.get_document(key),
        notes=[mcp.notes],
    )
    model = ScriptedModel(
        [
            call("python", code="import os\nos.fork()"),
            call("python", code="x = [bytearray(1 << 20) for _ in range(9999)]"),
            call("srv_look") + call("web_visit", urls=["http://169.254.169.254/latest/", url]),
            call("srv_look", again=True) + call("parse_file", files=["../server.py", "note.md"]),
            call("python", code="print(1210 - 1203)"),
            f"<answer>1203\n<finding>The bridge was built in 1203.\n<quote doc={json.dumps(url)}>"
            "The old bridge of Velm was built in 1203</quote>\n"
            '<quote doc="note.md" stance="against">dates the bridge to 1210</quote>\n'
            "<settlement>The page is nearer to the event.</settlement></finding></answer>",
        ]
    )
    records: list[dict[str, Any]] = []
    report = await research(
        question,
        model=model,
        tools=tools,
        on_event=records.append,
    )
    assert report.answer.startswith("1203")
    assert report.status == "answered"
    assert [citation.quote for citation in report.citations] == [
        "The old bridge of Velm was built in 1203",
        "dates the bridge to 1210",
    ]
    assert report.visited == (url, "note.md")
    text = "\n".join(record["text"] for record in records if record["kind"] == "observation")
    for words in ("PermissionError", "MemoryError", "not a public address", "no longer there", "7"):
        assert words in text
    assert report.notes == ("the tools of the MCP server srv are withdrawn: it ended with code 1",)
    assert [record["text"] for record in records if record["kind"] == "note"] == list(report.notes)
    for close in (mcp.aclose, web.aclose):
        await close()
    server.close()
