"""A tool of an MCP server as a tool of the agent."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tamsa.errors import ToolError
from tamsa.llm.assembly import nesting
from tamsa.tools.mcp.connection import Connection, describe
from tamsa.tools.mcp.definitions import (
    MAX_DESCRIPTION_CHARS,
    BadDefinitionError,
    SchemaChecker,
    calm,
    check_name,
    check_schema,
)
from tamsa.types import ToolResult, ToolSchema

MAX_TEXT_CHARS = 60_000
MAX_DATA_CHARS = 60_000
MAX_PARTS = 200
MAX_NESTING, MAX_RESULT_NESTING = 50, 100
MAX_TIMEOUTS = 2
"""Calls in a row without an answer, after which the server is given up."""


class McpTool:
    """One tool of a server; follows `tamsa.tools.Tool`.

    Args:
        connection: the server.
        tool: its definition, as the server gives it.
        call_s: seconds that one call may take.

    Raises:
        BadDefinitionError: it cannot be offered.
    """

    patient = False

    def __init__(self, connection: Connection, tool: Any, *, call_s: float = 45.0) -> None:
        self._connection = connection
        self._name = tool.name
        self._call_s = call_s
        self._timeouts = 0
        name = f"{connection.server.name}_{check_name(tool.name)}"[:64]
        said = " ".join(calm(tool.description or tool.name).split())[:MAX_DESCRIPTION_CHARS]
        parameters = check_schema(tool.input_schema)
        self.schema = ToolSchema(name, f"{said} (a tool of the MCP server {connection.server.name})", parameters)
        self._arguments = SchemaChecker(tool.input_schema)
        self._output: SchemaChecker | None = None
        if tool.output_schema is not None:
            check_output(tool.output_schema)
            self._output = SchemaChecker(tool.output_schema)

    @property
    def withdrawn(self) -> str | None:
        """Why the tool is no longer there, if it is not."""
        return self._connection.over

    async def run(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Call the tool on its server.

        Raises:
            ToolError: the server is gone, refuses the call, or answers out of form.
        """
        name = self.schema.name
        if self._connection.over:
            raise ToolError(f"{name} is no longer there: {self._connection.over}. Use other tools.")
        values = dict(arguments)
        if nesting(values, MAX_NESTING) > MAX_NESTING:
            raise ToolError(f"{name}: the arguments nest too deep")
        if problem := self._arguments.problem(values):
            wanted = json.dumps(self.schema.parameters.get("properties", {}), ensure_ascii=False)[:2_000]
            raise ToolError(f"{name}: {problem}. Arguments: {wanted}")
        try:
            result = await self._connection.call(self._name, values, self._call_s)
        except TimeoutError:
            self._timeouts += 1
            if self._timeouts >= MAX_TIMEOUTS:
                self._connection.end(f"it gave no answer within {self._call_s:g} s, {self._timeouts} times in a row")
            raise ToolError(f"{name} gave no answer within {self._call_s:g} s") from None
        except ToolError as error:
            raise ToolError(f"{name} is no longer there: {error}. Use other tools.") from error
        except ValueError as error:
            self._connection.end(describe(error))
            raise ToolError(f"{name}: {describe(error)}") from error
        except Exception as error:
            if self._connection.over:
                raise ToolError(f"{name} is no longer there: {self._connection.over}. Use other tools.") from error
            raise ToolError(f"{name}: {describe(error)}") from error
        self._timeouts = 0
        return self._convert(result)

    def replay(self, arguments: Mapping[str, Any], result: ToolResult) -> None:
        """Do nothing: what a server remembers is its own."""

    def _convert(self, result: Any) -> ToolResult:
        structured = result.structured_content
        if self._output is not None and not result.is_error:
            problem = "it is missing" if structured is None else ""
            if not problem and nesting(structured, MAX_RESULT_NESTING) > MAX_RESULT_NESTING:
                problem = "it nests too deep"
            problem = problem or self._output.problem(structured)
            if problem:
                self._connection.end(f"the answer of {self._name} is not of the form its schema says ({problem[:120]})")
                raise ToolError(f"{self.schema.name}: the answer is not of the form that the server's schema says")
        parts = [_text(part) for part in result.content[:MAX_PARTS]]
        if len(result.content) > MAX_PARTS:
            parts.append(f"[… {len(result.content) - MAX_PARTS} more parts left out]")
        text = "\n".join(part for part in parts if part)
        if not text and structured is not None:
            text = json.dumps(structured, ensure_ascii=False)
        if len(text) > MAX_TEXT_CHARS:
            text = f"{text[:MAX_TEXT_CHARS]}\n[… {len(text) - MAX_TEXT_CHARS} more characters left out]"
        kept = structured if structured is not None and len(json.dumps(structured)) <= MAX_DATA_CHARS else None
        data = {"server": self._connection.server.name, "tool": self._name, "structured": kept}
        return ToolResult(text or "The tool gave back nothing.", data, error=bool(result.is_error))


def check_output(schema: Any) -> None:
    """Check the schema of a tool's results.

    Raises:
        BadDefinitionError: it is no JSON schema of an object, too large, or refers to something outside.
    """
    try:
        check_schema(schema)
    except BadDefinitionError as error:
        raise BadDefinitionError(str(error).replace("its schema", "the schema of its results")) from error


def _text(part: Any) -> str:
    """Show one part of a result; what is no text is named and left out."""
    kind = getattr(part, "type", "")
    if kind == "text":
        return str(part.text)
    if kind in ("image", "audio"):
        return f"[{kind} of type {part.mime_type[:60]}, {len(part.data) * 3 // 4} bytes, left out]"
    if kind == "resource_link":
        return f"[resource {str(part.uri)[:500]}]"
    resource = getattr(part, "resource", None)
    if resource is None:
        return "[a part of an unknown kind, left out]"
    if (text := getattr(resource, "text", None)) is not None:
        return f"[resource {str(resource.uri)[:500]}]\n{text}"
    size = (
        len(base64.b64decode(resource.blob, validate=False)) if len(resource.blob) < 1_000_000 else len(resource.blob)
    )
    return f"[resource {str(resource.uri)[:500]}, {size} bytes, left out]"
