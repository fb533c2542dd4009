"""What a tool is: a function whose schema comes from its signature and docstring."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from tamsa.errors import ConfigError, ToolError
from tamsa.types import Document, ToolCall, ToolResult, ToolSchema


class Tool(Protocol):
    """A named action of the agent."""

    schema: ToolSchema
    patient: bool
    """Whether it waits for a person, whose time is not limited and does not count."""

    @property
    def withdrawn(self) -> str | None:
        """Why it is no longer there, if it is not: a model is not told of it any more, and a call says why."""
        ...

    async def run(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Serve one call.

        Raises:
            ToolError: the call cannot be served; the text is shown to the model.
        """
        ...

    def replay(self, arguments: Mapping[str, Any], result: ToolResult) -> None:
        """Take note of a call that an earlier process has served (a resumed run)."""
        ...


def split_docstring(docstring: str) -> tuple[str, dict[str, str]]:
    """Split a Google-style docstring into its description and the texts of its arguments."""
    head, _, rest = inspect.cleandoc(docstring).partition("\nArgs:\n")
    arguments: dict[str, str] = {}
    current = ""
    for line in rest.splitlines():
        if line and not line.startswith(" "):
            break  # the next section
        if match := re.match(r"    (\w+)(?: \(.*?\))?: (.*)", line):
            current = match[1]
            arguments[current] = match[2].strip()
        elif current and line.strip():
            arguments[current] += " " + line.strip()
    return " ".join(head.split()), arguments


def _without_titles(schema: Any) -> Any:
    """Drop pydantic's generated titles: they cost tokens and say nothing."""
    if isinstance(schema, dict):
        return {
            key: {name: _without_titles(inner) for name, inner in value.items()}
            if key == "properties"
            else _without_titles(value)
            for key, value in schema.items()
            if key != "title"
        }
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    return schema


def _describe(function: Callable[..., Any], name: str, skipped: int = 0) -> tuple[type[BaseModel], ToolSchema]:
    """Read a function's docstring and annotations: the model that validates its arguments, and its schema.

    Args:
        function: the function.
        name: of the tool.
        skipped: first parameters that are no arguments.
    """
    description, texts = split_docstring(function.__doc__ or "")
    hints = get_type_hints(function)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[skipped:]:
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], Field(default, description=texts.get(parameter.name)))
    arguments = create_model(name, __config__=ConfigDict(extra="forbid", coerce_numbers_to_str=True), **fields)
    return arguments, ToolSchema(name, description, _without_titles(arguments.model_json_schema()))


_describe_method = lru_cache(maxsize=64)(_describe)
"""Every run has tools of its own; a method is described once for all its objects."""


class FunctionTool:
    """A tool made from a function: `def find(text: str, id: str = "") -> ToolResult`.

    The description and those of the arguments come from the Google-style docstring, the JSON schema
    from the annotations; arguments are validated by it. Synchronous functions run in a thread.

    Args:
        function: the function or bound method.
        name: the tool's name; the function's own by default.
        on_replay: called as `on_replay(arguments, result)` for each call that a resumed run has served before.
        patient: it waits for a person.
    """

    withdrawn = None

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        on_replay: Callable[[Mapping[str, Any], ToolResult], None] | None = None,
        patient: bool = False,
    ) -> None:
        self.patient = patient
        self._function = function
        self._on_replay = on_replay
        name = name or function.__name__
        self._arguments: type[BaseModel]
        if inspect.ismethod(function):
            self._arguments, self.schema = _describe_method(function.__func__, name, skipped=1)
        else:
            self._arguments, self.schema = _describe(function, name)

    async def run(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Validate the arguments and call the function."""
        values = self._validate(arguments)
        if inspect.iscoroutinefunction(self._function):
            result = await self._function(**values)
        else:
            result = await asyncio.to_thread(self._function, **values)
        return result if isinstance(result, ToolResult) else ToolResult(str(result))

    def replay(self, arguments: Mapping[str, Any], result: ToolResult) -> None:
        """Pass a served call to `on_replay`."""
        if self._on_replay is not None:
            self._on_replay(arguments, result)

    def _validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            model = self._arguments.model_validate(self._lenient(arguments))
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in item['loc']) or 'arguments'}: {item['msg']}"
                for item in error.errors()[:4]
            )
            wanted = json.dumps(self.schema.parameters.get("properties", {}), ensure_ascii=False)
            raise ToolError(f"{self.schema.name}: {problems}. Arguments: {wanted}") from error
        return {name: getattr(model, name) for name in type(model).model_fields}

    def _lenient(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Put a lone string where a list of strings is wanted, as models often write it."""
        properties = self.schema.parameters.get("properties", {})
        return {
            key: [value]
            if isinstance(value, str)
            and isinstance(properties.get(key), dict)
            and properties[key].get("type") == "array"
            else value
            for key, value in arguments.items()
        }


class Toolset:
    """The tools of one run, and the documents they can open.

    Args:
        tools: the tools on offer, with distinct names.
        get_document: finds a document by id, for the verification of quotes.
        timeout_s: seconds that one call may take.
        notes: lines for the run on what is not available or was withdrawn; what is added later counts too.

    Raises:
        ConfigError: two tools have the same name.
    """

    def __init__(
        self,
        tools: Iterable[Tool],
        *,
        get_document: Callable[[str], Document | None] = lambda _: None,
        timeout_s: float = 60.0,
        notes: Sequence[Sequence[str]] = (),
    ) -> None:
        self._notes = notes
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if tool.schema.name in self._tools:
                raise ConfigError(
                    f"two tools are named {tool.schema.name!r}; name the MCP server otherwise, in a JSON file"
                )
            self._tools[tool.schema.name] = tool
        self.get_document = get_document
        self._timeout_s = timeout_s

    @property
    def schemas(self) -> tuple[ToolSchema, ...]:
        """What a model is told of the tools that are there."""
        return tuple(tool.schema for tool in self._tools.values() if tool.withdrawn is None)

    @property
    def notes(self) -> list[str]:
        """What is not available or was withdrawn so far, a line each."""
        return [line for lines in self._notes for line in lines]

    def is_patient(self, name: str) -> bool:
        """Say whether a tool waits for a person."""
        return name in self._tools and self._tools[name].patient

    async def call(self, call: ToolCall) -> ToolResult:
        """Serve a call. Whatever goes wrong is a result with `error=True`, never an exception."""
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult(
                f"There is no tool named {call.name[:80]!r}. Tools: {', '.join(self._tools)}.", error=True
            )
        try:
            async with asyncio.timeout(None if tool.patient else self._timeout_s):
                return await tool.run(call.arguments)
        except ToolError as error:
            return ToolResult(str(error), error=True)
        except TimeoutError:
            return ToolResult(f"{call.name} took longer than {self._timeout_s:g} s and was ended.", error=True)
        except Exception as error:  # a tool's fault must not end the run
            return ToolResult(f"{call.name} failed: {type(error).__name__}: {error}", error=True)

    def replay(self, call: ToolCall, result: ToolResult) -> None:
        """Tell a tool of a call that an earlier process has served."""
        tool = self._tools.get(call.name)
        if tool is not None and not result.error:
            tool.replay(call.arguments, result)
