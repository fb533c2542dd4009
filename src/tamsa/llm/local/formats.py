"""How model families write native tool calls, and how they are read back. One format a family, found by its template.

A format turns the raw text of a completion (special tokens included) into the text for people and the calls. What
cannot be read as a call stays in the text, so that the agent's own parser can name the problem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tamsa.llm.assembly import read_arguments
from tamsa.llm.local.shown import RECIPIENT, HarmonyShown, Shown, UntilCall
from tamsa.types import ToolCall


@dataclass(frozen=True, slots=True)
class CallFormat:
    """One family's way of writing calls."""

    name: str
    marks: tuple[str, ...]
    """Strings of which all stand in the chat template of such a model."""
    shown: Callable[[], Shown]
    """Makes what follows one completion and says what of it is for people."""
    read: Callable[[str], tuple[str, tuple[ToolCall, ...]]]
    """Splits a whole completion into text and calls."""


def _call(value: Any, call_id: str = "") -> ToolCall | None:
    """Make a call of its JSON value; None where it is none."""
    if not isinstance(value, dict):
        return None
    inner = value.get("function")
    value = inner if isinstance(inner, dict) else value
    name = value.get("name")
    if not isinstance(name, str) or not name:
        return None
    given = value.get("id", call_id)
    return ToolCall(
        given if isinstance(given, str) else call_id,
        name,
        read_arguments(value.get("arguments", value.get("parameters"))),
    )


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


# --------------------------------------------------------------------------- <tool_call> (Qwen, Hermes)

_TAGGED = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_FUNCTION = re.compile(r"<function=([^>\n]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\n]+)>\n?(.*?)\n?(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL)


def _read_tagged(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    calls: list[ToolCall] = []

    def take(match: re.Match[str]) -> str:
        body = match[1].strip()
        if (call := _call(_json(body))) is not None:
            calls.append(call)
            return ""
        if functions := list(_FUNCTION.finditer(body)):  # the XML form of Qwen3-Coder
            for function in functions:
                values = {p[1].strip(): _value(p[2]) for p in _PARAMETER.finditer(function[2])}
                calls.append(ToolCall("", function[1].strip(), values))
            return ""
        return match[0]

    thought, mark, rest = text.rpartition("</think>")
    said = thought + mark + _TAGGED.sub(take, rest)
    return (said.rstrip() if calls else said), tuple(calls)


def _value(text: str) -> Any:
    """Read a parameter written without quotes: JSON where it is, else the text itself."""
    value = _json(text)
    return text if value is None and text.strip() != "null" else value


# --------------------------------------------------------------------------- bare JSON (Llama 3.1)

_PYTHON_TAG = "<|python_tag|>"


def _read_bare(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    before, tag, body = text.partition(_PYTHON_TAG)
    if not tag:
        before, body = "", text
    body = body.strip()
    calls: list[ToolCall] = []
    decoder = json.JSONDecoder(strict=False)
    while body.startswith(("{", "[")):
        try:
            value, end = decoder.raw_decode(body)
        except (ValueError, RecursionError):
            return text, ()
        for item in value if isinstance(value, list) else [value]:
            if (call := _call(item)) is None:
                return text, ()
            calls.append(call)
        body = body[end:].lstrip(" ;\r\n\t")
    return (before.strip(), tuple(calls)) if calls and not body else (text, ())


# --------------------------------------------------------------------------- harmony (GPT-OSS)

_PART = re.compile(
    r"(?:<\|start\|>[^<]*)?(?:<\|channel\|>(?P<header>.*?))?<\|message\|>(?P<body>.*?)"
    r"(?:<\|end\|>|<\|call\|>|<\|return\|>|(?=<\|start\|>)|(?=<\|channel\|>)|\Z)",
    re.DOTALL,
)
_CONTROL = re.compile(r"<\|(?:start|channel|message|constrain|end|call|return)\|>")


def _read_harmony(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    if "<|message|>" not in text:
        return _CONTROL.sub("", text), ()
    said: list[str] = []
    calls: list[ToolCall] = []
    for part in _PART.finditer(text):
        header, body = part["header"] or "final", part["body"]
        whole = text[part.start() : part.start("body")]
        recipient = RECIPIENT.search(whole)
        if recipient is not None:
            calls.append(ToolCall("", recipient[1], read_arguments(body.strip())))
        elif header.strip().startswith("analysis"):
            said.append(f"<think>{body}</think>\n")
        else:
            said.append(body)
    return "".join(said).rstrip(), tuple(calls)


# --------------------------------------------------------------------------- Kimi K2

_KIMI_OPENING = "<|tool_calls_section_begin|>"
_SECTION = re.compile(r"<\|tool_calls_section_begin\|>(.*?)(?:<\|tool_calls_section_end\|>|\Z)", re.DOTALL)
_KIMI_CALL = re.compile(
    r"<\|tool_call_begin\|>\s*(?P<id>.*?)\s*<\|tool_call_argument_begin\|>(?P<body>.*?)(?:<\|tool_call_end\|>|\Z)",
    re.DOTALL,
)


def _read_kimi(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    calls = []
    for section in _SECTION.finditer(text):
        for match in _KIMI_CALL.finditer(section[1]):
            name = match["id"].rpartition(":")[0] or match["id"]  # functions.NAME:NUMBER
            calls.append(ToolCall(match["id"], name.removeprefix("functions."), read_arguments(match["body"].strip())))
    return (_SECTION.sub("", text).rstrip(), tuple(calls)) if calls else (text, ())


# --------------------------------------------------------------------------- Mistral

_MISTRAL_NAMED = re.compile(
    r"\s*(?P<name>[\w.\-]+)(?:\[CALL_ID\](?P<id>[\w\-]+))?(?:\[ARGS\])?\s*(?P<body>\{.*)", re.DOTALL
)


def _read_mistral(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    before, *parts = text.split("[TOOL_CALLS]")
    calls: list[ToolCall] = []
    for part in parts:
        value = _json(part.strip())
        if isinstance(value, list | dict):
            read = [_call(item) for item in (value if isinstance(value, list) else [value])]
            if not read or any(call is None for call in read):
                return text, ()
            calls += [call for call in read if call is not None]
        elif match := _MISTRAL_NAMED.fullmatch(part):
            calls.append(ToolCall(match["id"] or "", match["name"], read_arguments(match["body"].strip())))
        else:
            return text, ()
    return (before.rstrip(), tuple(calls)) if calls else (text, ())


FORMATS = (
    CallFormat("harmony", ("<|channel|>", "<|message|>"), HarmonyShown, _read_harmony),
    CallFormat("kimi", (_KIMI_OPENING,), partial(UntilCall, _KIMI_OPENING), _read_kimi),
    CallFormat("mistral", ("[TOOL_CALLS]", "[AVAILABLE_TOOLS]"), partial(UntilCall, "[TOOL_CALLS]"), _read_mistral),
    CallFormat("tagged", ("<tool_call>", "tools"), partial(UntilCall, "<tool_call>"), _read_tagged),
    CallFormat(
        "bare", ("<|start_header_id|>", "tools", "parameters"), partial(UntilCall, _PYTHON_TAG, "{["), _read_bare
    ),
)
"""All known formats, the most telling marks first."""


def find_format(template: str) -> CallFormat | None:
    """Return the format of the model with this chat template, or None where calls must be made in text."""
    return next((known for known in FORMATS if all(mark in template for mark in known.marks)), None)
