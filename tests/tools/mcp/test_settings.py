import json
from pathlib import Path
from typing import Any

import pytest

from tamsa.errors import ConfigError
from tamsa.llm.assembly import nesting
from tamsa.tools.mcp import McpServer, parse_servers
from tamsa.tools.mcp.definitions import BadDefinitionError, SchemaChecker, calm, check_schema


def test_servers_are_read_from_files_lines_and_addresses(tmp_path: Path) -> None:
    path = tmp_path / "servers.json"
    entry = {"command": "npx", "args": ["-y", "server"], "env": {"KEY": "sk-1"}, "tools": ["read"]}
    path.write_text(
        json.dumps({"mcpServers": {"files": entry, "net": {"url": "https://x/mcp", "headers": {"A": "sk-2"}}}})
    )
    servers = parse_servers([str(path), "read,list@my-server --root 'a b'", "*@http://localhost:8000/mcp", "plain"])
    files, net, line, address, plain = servers
    assert (files.name, files.command, files.tools) == ("files", ("npx", "-y", "server"), ("read",))
    assert (net.url, net.tools) == ("https://x/mcp", ())
    assert (line.name, line.command, line.tools) == ("my-server", ("my-server", "--root", "a b"), ("read", "list"))
    assert (address.name, address.url, address.tools) == ("localhost", "http://localhost:8000/mcp", ("*",))
    assert plain.tools == ()
    assert "sk-1" not in repr(servers)
    assert "sk-2" not in repr(servers)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("nonsense", "not JSON"),
        ("[]", "mcpServers"),
        ({"mcpServers": {"a": 5}}, "not an object"),
        ({"mcpServers": {"a": {}}}, "either a command or a url"),
        ({"mcpServers": {"a": {"command": "x", "url": "http://x"}}}, "either a command or a url"),
        ({"mcpServers": {"a": {"command": 5}}}, "command is not a string"),
        ({"mcpServers": {"a": {"command": "x", "args": "y"}}}, "args is not a list"),
        ({"mcpServers": {"a": {"command": "x", "env": {"k": 1}}}}, "env is not an object"),
        ({"mcpServers": {"a": {"command": "x", "tools": "*"}}}, "tools is not a list"),
        ({"mcpServers": {"a": {"url": "ftp://x"}}}, "url must be like"),
        ({"mcpServers": {"a": {"url": "http://key@x/"}}}, "url must be like"),
        ({"mcpServers": {"a b": {"command": "x"}}}, "server name"),
    ],
)
def test_mistakes_are_named(content: Any, words: str, tmp_path: Path) -> None:
    path = tmp_path / "servers.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ConfigError, match=words):
        parse_servers([str(path)])


def test_more_mistakes(tmp_path: Path) -> None:
    for specs, words in (
        ([str(tmp_path / "gone.json")], "cannot be read"),
        (["x", "x"], "two servers"),
        ([""], "empty command"),
        (["say 'hello"], "not a command line"),
        (["http://[/"], "url must be like"),
    ):
        with pytest.raises(ConfigError, match=words):
            parse_servers(specs)
    assert McpServer("a", command=("x",), tools=("*",)).allows("anything")


def test_schema_is_calmed_and_keeps_its_names() -> None:
    schema = {
        "title": "T",
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "<b>\u200bx</b>", "title": "Y"},
            "pattern": {"type": "null"},
        },
        "required": ["title"],
    }
    assert check_schema(schema) == {
        "type": "object",
        "properties": {"title": {"type": "string", "description": "‹b›x‹/b›"}, "pattern": {"type": "null"}},
        "required": ["title"],
    }
    assert check_schema({}) == {"type": "object", "properties": {}}
    assert calm("a\nb\ud800") == "a\nb"


def test_deep_and_circular_schemas_are_refused_or_stopped() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"not": deep}
    assert nesting(deep, 20) == 21
    with pytest.raises(BadDefinitionError, match="nests"):
        check_schema({"properties": {"a": deep}})
    while deep:
        deep = deep.pop("not", {})  # taken apart by hand, since the interpreter does so recursively
    assert "cannot be applied" in SchemaChecker({"$ref": "#"}).problem({})
    assert "cannot be applied" in SchemaChecker({"$ref": "#/nowhere"}).problem({})
