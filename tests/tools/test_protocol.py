import asyncio

import pytest

from tamsa.errors import ConfigError, ToolError
from tamsa.tools import FunctionTool, Toolset
from tamsa.types import ToolCall, ToolResult


def add(first: int, second: int = 2, names: list[str] | None = None) -> str:
    """Add two numbers.

    More words.

    Args:
        first: the one number,
            over two lines.
        second: the other number.

    Returns:
        The sum.
    """
    return f"{first + second} {names}"


async def slow() -> str:
    """Take long."""
    await asyncio.sleep(60)
    return "never"


def broken() -> str:
    """Fail."""
    raise ZeroDivisionError("boom")


def refusing() -> str:
    """Refuse."""
    raise ToolError("not today")


def test_schema_comes_from_signature_and_docstring() -> None:
    schema = FunctionTool(add).schema
    assert schema.name == "add"
    assert schema.description == "Add two numbers. More words."
    properties = schema.parameters["properties"]
    assert properties["first"] == {"type": "integer", "description": "the one number, over two lines."}
    assert properties["second"]["default"] == 2
    assert schema.parameters["required"] == ["first"]
    assert "title" not in str(schema.parameters)


async def test_arguments_are_validated_and_coerced() -> None:
    tools = Toolset([FunctionTool(add)])
    assert (await tools.call(ToolCall("1", "add", {"first": "3"}))).text == "5 None"
    for arguments in ({}, {"first": "x"}, {"first": 1, "other": 2}, {"first": None}):
        result = await tools.call(ToolCall("1", "add", arguments))
        assert result.error
        assert "add:" in result.text


async def test_whatever_goes_wrong_is_a_result() -> None:
    hasty = Toolset([FunctionTool(slow)], timeout_s=0.05)
    assert "took longer" in (await hasty.call(ToolCall("1", "slow", {}))).text
    tools = Toolset([FunctionTool(broken), FunctionTool(refusing)], timeout_s=120)
    for name, words in (
        ("broken", "boom"),
        ("refusing", "not today"),
        ("nope", "no tool named"),
    ):
        result = await tools.call(ToolCall("1", name, {}))
        assert result.error
        assert words in result.text


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="add"):
        Toolset([FunctionTool(add), FunctionTool(add)])


def test_replay_reaches_the_tool() -> None:
    seen: list[str] = []
    tools = Toolset([FunctionTool(add, on_replay=lambda arguments, result: seen.append(result.text))])
    tools.replay(ToolCall("1", "add", {"first": 1}), ToolResult("3"))
    tools.replay(ToolCall("1", "add", {"first": 1}), ToolResult("failed", error=True))
    tools.replay(ToolCall("1", "gone", {}), ToolResult("3"))
    assert seen == ["3"]


async def test_tool_that_waits_for_a_person_is_not_cut_off() -> None:
    release = asyncio.Event()

    async def ask() -> str:
        await release.wait()
        return "answered"

    tools = Toolset([FunctionTool(ask, patient=True)], timeout_s=0.01)
    task = asyncio.create_task(tools.call(ToolCall("1", "ask", {})))
    await asyncio.sleep(0.05)
    release.set()
    assert (await task).text == "answered"
    assert tools.is_patient("ask") and not tools.is_patient("nope")
