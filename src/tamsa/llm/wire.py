"""Conversations as endpoints want them, and the check that they fit before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tamsa.errors import ContextLengthError
from tamsa.llm.assembly import whole
from tamsa.llm.failures import Endpoint
from tamsa.llm.tokens import estimate_prompt
from tamsa.types import Message, ToolSchema

MIN_ANSWER_TOKENS = 256
"""Where less than this is left for an answer, the prompt counts as not fitting."""


def check_roles(messages: Sequence[Message], *, native_tools: bool) -> None:
    """Refuse conversations that only a fault of the calling code can produce.

    Raises:
        RuntimeError: a tool message or native call goes to a model without native tools, or a tool
            message has no call id.
    """
    for number, message in enumerate(messages):
        if message.role == "tool" and not native_tools:
            raise RuntimeError(
                f"internal error: message {number} has role 'tool', but this model takes calls in text; "
                "observations must be rendered as user messages"
            )
        if message.tool_calls and not native_tools:
            raise RuntimeError(f"internal error: message {number} has native calls, but this model takes calls in text")
        if message.role == "tool" and not message.tool_call_id:
            raise RuntimeError(f"internal error: message {number} has role 'tool' without tool_call_id")


def completion_room(
    messages: Sequence[Message], tools: Sequence[ToolSchema], context_length: int, wanted: int, endpoint: Endpoint
) -> int:
    """Return how many tokens the completion may have: as many as wanted, or what the context leaves.

    Raises:
        ContextLengthError: the prompt, estimated from above, leaves no room for an answer.
    """
    prompt = estimate_prompt(messages, tools)
    room = context_length - prompt
    if room < min(wanted, MIN_ANSWER_TOKENS):
        raise ContextLengthError(
            f"{endpoint}: the prompt is about {prompt:,} tokens, which leaves too little of the context of "
            f"{context_length:,} for an answer; raise context_length if the model can hold more"
        )
    return min(wanted, room)


def openai_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Render messages for `/chat/completions`. `data` stays behind."""
    rendered: list[dict[str, Any]] = []
    for message in messages:
        item: dict[str, Any] = {"role": message.role, "content": whole(message.content)}
        if message.tool_calls:
            item["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments), default=str)},
                }
                for call in message.tool_calls
            ]
        if message.role == "tool":
            item["tool_call_id"] = message.tool_call_id
        rendered.append(item)
    return rendered


def ollama_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Render messages for Ollama's `/api/chat`: arguments as objects, tool results by the tool's name."""
    rendered: list[dict[str, Any]] = []
    for message in messages:
        item: dict[str, Any] = {"role": message.role, "content": whole(message.content)}
        if message.tool_calls:
            item["tool_calls"] = [
                {
                    "function": {
                        "name": call.name,
                        "arguments": json.loads(json.dumps(dict(call.arguments), default=str)),
                    }
                }
                for call in message.tool_calls
            ]
        if message.role == "tool" and message.name:
            item["tool_name"] = message.name
        rendered.append(item)
    return rendered


def function_schemas(tools: Sequence[ToolSchema]) -> list[dict[str, Any]]:
    """Render tool schemas in the form that both APIs take."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": _plain(tool.parameters)},
        }
        for tool in tools
    ]


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(inner) if isinstance(inner, Mapping) else inner for key, inner in value.items()}
