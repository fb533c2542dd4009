"""A tool with which the agent asks the person one question. Offered only where somebody can answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from tamsa.errors import ToolError
from tamsa.tools.protocol import FunctionTool
from tamsa.types import ToolResult


class _Person:
    def __init__(self, reply: Callable[[str], str]) -> None:
        self._reply = reply
        self._turn = threading.Lock()
        self._said: str | None = None
        """Question and answer, once there is one."""

    def ask(self, question: str) -> ToolResult:
        """Ask the person who wants the answer to clarify what they mean. Possible once; use it only if
        the question can be understood in ways that lead to different answers.

        Args:
            question: one short question.
        """
        if not question.strip():
            raise ToolError("ask: question is empty")
        with self._turn:  # of agents side by side, the second waits for what the first is told
            if self._said is not None:
                return ToolResult(f"The person has been asked once already. {self._said}")
            answer = self._reply(question).strip()
            told = f"The person answers: {answer}" if answer else "The person gives no answer; go on."
            self._said = f"Asked: {question} {told}"
            return ToolResult(told)

    def note(self, arguments: Mapping[str, Any], result: ToolResult) -> None:
        """Remember what was asked and answered before a resume."""
        self._said = self._said or f"Asked: {arguments.get('question', '')} {result.text}"


def ask_tool(reply: Callable[[str], str]) -> FunctionTool:
    """Make the tool; agents that share it ask one question together.

    Args:
        reply: shows a question to the person and returns the answer; may block.
    """
    person = _Person(reply)
    return FunctionTool(person.ask, on_replay=person.note, patient=True)
