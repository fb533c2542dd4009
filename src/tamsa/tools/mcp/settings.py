"""Which MCP servers the user wants, and which of their tools."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from tamsa.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
ALL_TOOLS = "*"


@dataclass(frozen=True, slots=True)
class McpServer:
    """One server: a command that speaks over its standard input and output, or an address.

    Raises:
        ConfigError: the name is odd, or not exactly one of `command` and `url` is given.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str | None = None
    env: Mapping[str, SecretStr] = field(default_factory=dict)
    """Further variables of the command's environment; nothing but HOME, PATH and the like is inherited."""
    headers: Mapping[str, SecretStr] = field(default_factory=dict)
    """Headers of requests to `url`, keys among them."""
    cwd: str | None = None
    tools: tuple[str, ...] = ()
    """The tools that may be used, by the server's names; `*` for all of them; none by default."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"mcp: server name {self.name[:60]!r}: use 1 to 32 letters, digits, - and _")
        if bool(self.command) == bool(self.url):
            raise ConfigError(f"mcp: server {self.name}: give either a command or a url")
        if self.url is not None:
            try:
                parts = urlsplit(self.url)
                good = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
            except ValueError:
                good = False
            if not good:
                raise ConfigError(
                    f"mcp: server {self.name}: the url must be like https://host/mcp; give a key as a header instead"
                )

    def allows(self, tool: str) -> bool:
        """Say whether the user allows a tool."""
        return ALL_TOOLS in self.tools or tool in self.tools


def parse_servers(specs: Sequence[str]) -> list[McpServer]:
    """Read what `--mcp` was given.

    Each is a JSON file in the usual form (`{"mcpServers": {NAME: {"command", "args", "env", "cwd"} or
    {"url", "headers"}}}`, with a list `tools` of those allowed), an address, or a command line; the latter
    two may begin with `TOOL,TOOL@` (or `*@`) to say which tools are allowed.

    Raises:
        ConfigError: one of them cannot be read, or two servers share a name.
    """
    servers: dict[str, McpServer] = {}
    for spec in specs:
        found = _from_file(Path(spec)) if spec.endswith(".json") else [_from_line(spec)]
        for server in found:
            if server.name in servers:
                raise ConfigError(f"mcp: two servers are named {server.name!r}; name them apart in a JSON file")
            servers[server.name] = server
    return list(servers.values())


def _from_line(spec: str) -> McpServer:
    tools: tuple[str, ...] = ()
    if match := re.match(r"(\*|[\w.,/-]+)@(?=.)", spec):
        tools = tuple(name for name in match[1].split(",") if name)
        spec = spec[match.end() :]
    if spec.startswith(("http://", "https://")):
        try:
            host = urlsplit(spec).hostname or ""
        except ValueError:
            host = ""
        return McpServer(_slug(host), url=spec, tools=tools)
    try:
        command = tuple(shlex.split(spec))
    except ValueError as error:
        raise ConfigError(f"mcp: {spec[:100]!r} is not a command line ({error})") from error
    if not command:
        raise ConfigError("mcp: an empty command; give a JSON file, an address or a command line")
    return McpServer(_slug(Path(command[0]).name), command=command, tools=tools)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:32] or "mcp"


def _from_file(path: Path) -> list[McpServer]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"mcp: {path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"mcp: {path}: not JSON ({error})") from error
    servers = found.get("mcpServers") if isinstance(found, dict) else None
    if not isinstance(servers, dict):
        raise ConfigError(f"mcp: {path}: it must hold an object mcpServers")
    return [_from_entry(path, name, entry) for name, entry in servers.items()]


def _from_entry(path: Path, name: str, entry: Any) -> McpServer:
    where = f"mcp: {path}: server {name}"
    if not isinstance(entry, dict):
        raise ConfigError(f"{where}: not an object")
    command = entry.get("command")
    arguments = _strings(where, "args", entry.get("args", []))
    if command is not None and not isinstance(command, str):
        raise ConfigError(f"{where}: command is not a string")
    url, cwd = entry.get("url"), entry.get("cwd")
    for field_name, value in (("url", url), ("cwd", cwd)):
        if value is not None and not isinstance(value, str):
            raise ConfigError(f"{where}: {field_name} is not a string")
    return McpServer(
        name,
        command=(command, *arguments) if command else (),
        url=url,
        env=_secrets(where, "env", entry.get("env", {})),
        headers=_secrets(where, "headers", entry.get("headers", {})),
        cwd=cwd,
        tools=_strings(where, "tools", entry.get("tools", [])),
    )


def _strings(where: str, name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{where}: {name} is not a list of strings")
    return tuple(value)


def _secrets(where: str, name: str, value: Any) -> dict[str, SecretStr]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ConfigError(f"{where}: {name} is not an object of strings")
    return {key: SecretStr(item) for key, item in value.items()}
