"""A tool with which the agent asks the person one question. Offered only where somebody can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tamsa.errors import ToolError
from tamsa.tools.protocol import FunctionTool
from tamsa.types import ToolResult


class _Person:
    def __init__(self, reply: Callable[[str], str]) -> None:
        self._reply = reply
        self._asked = False

    def ask(self, question: str) -> ToolResult:
        """Ask the person who wants the answer to clarify what they mean. Possible once; use it only if
        the question can be understood in ways that lead to different answers.

        Args:
            question: one short question.
        """
        if not question.strip():
            raise ToolError("ask: question is empty")
        if self._asked:
            raise ToolError("ask: the person has been asked once already; go on with what you know")
        self._asked = True
        answer = self._reply(question).strip()
        return ToolResult(f"The person answers: {answer}" if answer else "The person gives no answer; go on.")

    def note(self, arguments: Mapping[str, Any], result: ToolResult) -> None:
        """Remember that the question was asked before a resume."""
        self._asked = True


def ask_tool(reply: Callable[[str], str]) -> FunctionTool:
    """Make the tool.

    Args:
        reply: shows a question to the person and returns the answer; may block.
    """
    person = _Person(reply)
    return FunctionTool(person.ask, on_replay=person.note)
