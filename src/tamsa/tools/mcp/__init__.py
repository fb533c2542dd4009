"""Tools of MCP servers, offered where the user names the server and allows the tool."""

from tamsa.tools.mcp.offer import mcp_tools
from tamsa.tools.mcp.settings import McpServer, parse_servers

__all__ = ["McpServer", "mcp_tools", "parse_servers"]
