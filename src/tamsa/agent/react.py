"""The ReAct text format: what a model writes and how it is read.

    <think>…</think>
    <tool_call>{"name": "search", "arguments": {"queries": ["…"]}}</tool_call>
or
    <answer>the short answer
    <finding>a claim
    <quote doc="ID">exact words</quote>
    <quote doc="ID" stance="against">exact words that disagree</quote>
    <settlement>why one side was preferred</settlement>
    </finding></answer>

The format is that of Tongyi DeepResearch (arXiv 2510.24701, section 2); findings and quotes are ours.
Parsing is one pass over the text, takes anything, and names what it could not read.
"""

from __future__ import annotations

import ast
import html
import json
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamsa.llm.assembly import plain_arguments

NOT_FOUND = "NOT FOUND"
"""The short answer where the documents do not say."""
MAX_CALLS_PER_TURN = 8
_MARK = re.compile(r"<(/?)(think|tool_call|answer)>")
_FENCE = re.compile(r"^\s*+```\w*\s*|(?<!\s)\s*+```\s*+$")
_FINDING = re.compile(r"<(/?)(finding|quote|settlement)\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"""\b(\w++)\s*+=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class ParsedCall:
    """A call as written: name and arguments, not yet validated."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of a model, read."""

    thought: str
    calls: tuple[ParsedCall, ...]
    answer: str | None
    problems: tuple[str, ...]
    """What could not be read, a line each, for the model to mend."""
    rest: str
    """Text outside every tag."""
    answer_start: int = 0
    """Where the answer begins in what the model wrote."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words a model says stand in a document."""

    document: str
    text: str
    against: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding as a model states it, before any check."""

    text: str
    quotes: tuple[Quote, ...]
    settlement: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The content of `<answer>`."""

    text: str
    claims: tuple[Claim, ...]


def parse_turn(text: str) -> Turn:
    """Read what a model wrote. Tags inside a thought or a call are text, not structure."""
    thoughts: list[str] = []
    calls: list[ParsedCall] = []
    problems: list[str] = []
    rest: list[str] = []
    answer: str | None = None
    answer_start = position = 0
    marks = list(_MARK.finditer(text))
    closers = {kind: [m for m in marks if m[1] and m[2] == kind] for kind in ("think", "tool_call", "answer")}
    starts = [m.start() for m in marks if not m[1] and m[2] != "think"]
    heads = dict.fromkeys(closers, 0)
    first = next((m for m in marks), None)
    if first is not None and first[1] and first[2] == "think":  # templates that open the thought in the prompt
        thoughts.append(text[: first.start()])
        position = first.end()
    for mark in marks:
        if mark.start() < position or mark[1]:
            continue
        kind = mark[2]
        rest.append(text[position : mark.start()])
        queue = closers[kind]
        while heads[kind] < len(queue) and queue[heads[kind]].start() < mark.end():
            heads[kind] += 1
        closer = queue[heads[kind]] if heads[kind] < len(queue) else None
        if closer is not None:
            body, position = text[mark.end() : closer.start()], closer.end()
        elif kind == "think":  # never closed: the thought ends where something else begins
            stop = starts[bisect_left(starts, mark.end())] if starts and starts[-1] >= mark.end() else len(text)
            body, position = text[mark.end() : stop], stop
        else:
            body, position = text[mark.end() :], len(text)
        if kind == "think":
            thoughts.append(body)
        elif kind == "answer":
            answer, answer_start = body, mark.end()
        else:
            _read_calls(body, calls, problems)
    rest.append(text[position:])
    if len(calls) > MAX_CALLS_PER_TURN:
        problems.append(f"{len(calls)} calls in one turn; only the first {MAX_CALLS_PER_TURN} were made")
        del calls[MAX_CALLS_PER_TURN:]
    return Turn(
        thought="\n".join(part.strip() for part in thoughts if part.strip()),
        calls=tuple(calls),
        answer=answer,
        problems=tuple(problems[:MAX_CALLS_PER_TURN]),
        rest="".join(rest).strip(),
        answer_start=answer_start,
    )


def _read_calls(body: str, calls: list[ParsedCall], problems: list[str]) -> None:
    try:
        value = _read_json(body)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        shown = " ".join(body.split())[:120]
        problems.append(f"a tool_call is not JSON ({str(error)[:120]}): {shown!r}")
        return
    for item in value if isinstance(value, list) else [value]:
        try:
            calls.append(read_call(item))
        except ValueError as error:
            problems.append(str(error))


def read_call(value: Any) -> ParsedCall:
    """Read a call from its JSON value.

    Raises:
        ValueError: it has no name, or arguments that are no object.
    """
    if not isinstance(value, dict):
        raise ValueError(f"a tool_call must be an object with name and arguments, not {type(value).__name__}")
    inner = value.get("function")
    if isinstance(inner, dict):  # {"type": "function", "function": {…}}
        value = inner
    name = value.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError('a tool_call has no "name"')
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        try:
            arguments = _read_json(arguments) if arguments.strip() else {}
        except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError(f'"arguments" of {name[:80]} is not JSON ({str(error)[:120]})') from error
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise ValueError(f'"arguments" of {name[:80]} must be an object, not {type(arguments).__name__}')
    try:
        return ParsedCall(name, plain_arguments(arguments))
    except ValueError as error:
        raise ValueError(f'"arguments" of {name[:80]} is not JSON ({str(error)[:120]})') from error


def _read_json(text: str) -> Any:
    text = _FENCE.sub("", text).strip()
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
    except ValueError as error:
        if len(text) > 20_000:
            raise
        try:  # single quotes, trailing commas, True and None: read as Python literals, never evaluated
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            raise error from None
    if text[end:].strip(" \t\r\n}];,"):
        raise ValueError(f"text after the object: {text[end : end + 40]!r}")
    return value


def _first_finding(marks: Sequence[re.Match[str]]) -> re.Match[str] | None:
    return next((m for m in marks if not m[1] and m[2] in ("finding", "quote")), None)


def short_answer_span(text: str) -> tuple[int, int]:
    """Return where the short answer stands in the content of `<answer>`: half open, without white space around it."""
    first = _first_finding(list(_FINDING.finditer(text)))
    short = text[: first.start()] if first else text
    start = len(short) - len(short.lstrip())
    return start, max(start, len(short.rstrip()))


def parse_answer(text: str) -> Answer:
    """Read the content of `<answer>`: the short answer, then the findings."""
    marks = list(_FINDING.finditer(text))
    first = _first_finding(marks)
    short = text[: first.start()] if first else text
    claims: list[Claim] = []
    claim_text: list[str] = []
    quotes: list[Quote] = []
    settlement: str | None = None
    position = first.start() if first else len(text)

    def flush() -> None:
        nonlocal settlement
        words = " ".join(" ".join(claim_text).split())
        if words or quotes:
            claims.append(Claim(words or short.strip(), tuple(quotes), settlement))
        claim_text.clear()
        quotes.clear()
        settlement = None

    index = 0
    while index < len(marks):
        mark = marks[index]
        index += 1
        if mark.start() < position:
            continue
        claim_text.append(text[position : mark.start()])
        position = mark.end()
        if mark[2] == "finding":
            flush()
        elif not mark[1]:
            closer = next((m for m in marks[index : index + 1] if m[1] and m[2] == mark[2]), None)
            stop = closer.start() if closer else (marks[index].start() if index < len(marks) else len(text))
            body = text[mark.end() : stop]
            position = closer.end() if closer else stop
            if mark[2] == "settlement":
                settlement = " ".join(body.split()) or None
            else:
                attributes = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _ATTRIBUTE.finditer(mark[3])}
                document = html.unescape(attributes.get("doc") or attributes.get("id") or "")
                quotes.append(Quote(document, body.strip(), attributes.get("stance", "").lower() == "against"))
    claim_text.append(text[position:] if first else "")
    flush()
    return Answer(" ".join(_FINDING.sub(" ", short).split()), tuple(claims))


def render_call(name: str, arguments: Mapping[str, Any]) -> str:
    """Write a call in the format that `parse_turn` reads."""
    payload = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False).replace("<", "\\u003c")
    return f"<tool_call>{payload}</tool_call>"


def render_observations(texts: Sequence[str]) -> str:
    """Wrap (already neutralised) observations for a model without native tools."""
    return "\n".join(f"<tool_response>\n{text}\n</tool_response>" for text in texts)
