"""Putting a streamed answer together: text, thoughts, native tool calls, stop strings.

One `Assembly` per attempt. It takes what endpoints send piece by piece, in whatever types a broken
server may choose, and ends in a `Completion`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tamsa.types import FinishReason, ToolCall

MALFORMED_ARGUMENTS = "__malformed__"
"""Key of the only argument of a native call whose arguments were no JSON object: the raw text."""
MAX_CHARACTERS = 8_000_000
"""A completion longer than this is cut, with finish reason `length`: no endless stream fills the memory."""
MAX_NESTING = 100
"""Levels of the arguments of a call."""
_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "error",
    "error": "error",
}


def finish_reason(value: object) -> FinishReason:
    """Map a server's finish reason to ours; unknown ones count as `stop`."""
    return _FINISH.get(str(value).lower(), "stop")


def read_arguments(raw: object) -> Mapping[str, Any]:
    """Read the arguments of a native call; what is no JSON object is kept under `MALFORMED_ARGUMENTS`."""
    text = "" if raw is None or isinstance(raw, Mapping) else str(raw)
    try:
        value = raw if isinstance(raw, Mapping) else json.loads(text, strict=False) if text.strip() else {}
        return plain_arguments(value) if isinstance(value, Mapping) else {MALFORMED_ARGUMENTS: text}
    except (ValueError, RecursionError):
        return {MALFORMED_ARGUMENTS: text}


def plain_arguments(value: Mapping[Any, Any]) -> dict[str, Any]:
    """Return arguments as JSON values that every encoder takes: lone surrogates are replaced.

    Raises:
        ValueError: they nest too deep, or hold what JSON does not: bytes, sets, numbers of thousands of digits.
    """
    if nesting(value, MAX_NESTING) > MAX_NESTING:
        raise ValueError(f"nests deeper than {MAX_NESTING}")
    try:
        written = json.dumps({str(key): item for key, item in value.items()}, ensure_ascii=False)
    except TypeError as error:
        raise ValueError(str(error)) from error
    plain: dict[str, Any] = json.loads(written.encode("utf-8", "replace"))
    return plain


def nesting(value: Any, most: int) -> int:
    """Return how deep a value nests, without recursion; `most + 1` where it is deeper than `most`."""
    deepest = 0
    waiting = [(value, 1)]
    while waiting and deepest <= most:
        item, level = waiting.pop()
        deepest = max(deepest, level)
        if isinstance(item, Mapping):
            waiting += [(inner, level + 1) for inner in item.values()]
        elif isinstance(item, list | tuple):
            waiting += [(inner, level + 1) for inner in item]
    return deepest


def whole(text: str) -> str:
    """Join surrogate pairs that were split over two pieces and replace lone ones, which no encoder takes."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class Assembly:
    """Collects the pieces of one streamed answer.

    Args:
        stop: strings at which the answer ends; they are honoured here too, since not every endpoint does.
        on_text: receives the text as it becomes certain (what may be the start of a stop string waits).
    """

    def __init__(self, stop: Sequence[str] = (), on_text: Callable[[str], None] | None = None) -> None:
        self._stop = tuple(s for s in stop if s)
        self._hold = max((len(s) for s in self._stop), default=1) - 1
        self._on_text = on_text
        self._parts: list[str] = []
        self._pending = ""  # content that may yet turn out to begin a stop string
        self._length = 0
        self._thinking = False
        self._calls: list[dict[str, Any]] = []
        self._slots: dict[object, int] = {}
        self.finish: FinishReason | None = None
        self.stopped = False
        """True once a stop string or the size limit ended the answer: the rest of the stream is not wanted."""

    @property
    def empty(self) -> bool:
        """True while nothing at all has arrived."""
        return not (self._parts or self._pending or self._calls or self.finish)

    def add_thought(self, text: object) -> None:
        """Add reasoning that the server sends apart from the answer; it is wrapped in `<think>`."""
        if not isinstance(text, str) or not text or self.stopped:
            return
        if not self._thinking:
            self._release(final=True)
            self._thinking = True
            self._emit("<think>")
        self._emit(text)

    def add_text(self, text: object) -> None:
        """Add a piece of the answer."""
        if not isinstance(text, str) or not text or self.stopped:
            return
        self._close_thought()
        self._pending += text
        self._release(final=False)

    def add_call(self, slot: object, call_id: object, name: object, arguments: object) -> None:
        """Add a piece of a native tool call.

        Args:
            slot: the server's index of the call; servers that give none, or the same for all, are
                told apart by a new id.
            call_id: the call's id, in its first piece.
            name: the tool's name, in its first piece.
            arguments: a piece of the JSON text, or the whole object.
        """
        if self.stopped:
            return
        slot = slot if isinstance(slot, int | str) else None
        at = self._slots.get(slot)
        fresh_id = call_id if isinstance(call_id, str) and call_id else None
        starts = False
        if at is not None:
            known, whole_object = self._calls[at]["id"], self._calls[at]["object"]
            starts = bool(fresh_id and known not in (None, fresh_id) and name)
            starts |= slot is None and isinstance(arguments, Mapping) and whole_object is not None
        if at is None or starts:
            at = len(self._calls)
            self._calls.append({"id": fresh_id, "name": "", "arguments": "", "object": None})
        self._slots[slot] = at
        call = self._calls[at]
        call["id"] = call["id"] or fresh_id
        if isinstance(name, str) and name and not call["name"].endswith(name):
            call["name"] += name
        if isinstance(arguments, str):
            call["arguments"] += arguments
            self._grow(len(arguments))
        elif isinstance(arguments, Mapping):
            call["object"] = arguments

    def end(self, reason: object) -> None:
        """Note the server's finish reason."""
        if reason and self.finish is None:
            self.finish = finish_reason(reason)

    def text(self) -> str:
        """Return the whole text, closing a thought that was left open."""
        self._release(final=True)
        self._close_thought()
        return whole("".join(self._parts))

    def calls(self, turn: int) -> tuple[ToolCall, ...]:
        """Return the tool calls; ids that the server left out are made from the turn's number."""
        return tuple(
            ToolCall(
                call["id"] or f"call_{turn}_{number}",
                call["name"],
                read_arguments(call["object"] if call["object"] is not None else call["arguments"]),
            )
            for number, call in enumerate(self._calls)
        )

    def _close_thought(self) -> None:
        if self._thinking:
            self._thinking = False
            self._emit("</think>\n")

    def _release(self, *, final: bool) -> None:
        if not self._pending:
            return
        hits = [(at, s) for s in self._stop if (at := self._pending.find(s)) >= 0]
        if hits:
            text, self._pending = self._pending[: min(hits)[0]], ""
            self._emit(text)
            self.stopped = True
            self.finish = "stop"
            return
        keep = 0 if final else self._possible_stop()
        cut = len(self._pending) - keep
        text, self._pending = self._pending[:cut], self._pending[cut:]
        self._emit(text)

    def _possible_stop(self) -> int:
        """Length of the longest tail of the pending text that begins a stop string."""
        for length in range(min(self._hold, len(self._pending)), 0, -1):
            tail = self._pending[-length:]
            if any(s.startswith(tail) for s in self._stop):
                return length
        return 0

    def _emit(self, text: str) -> None:
        if not text:
            return
        self._parts.append(text)
        self._grow(len(text))
        if self._on_text is not None:
            self._on_text(text.encode("utf-8", "replace").decode())

    def _grow(self, length: int) -> None:
        self._length += length
        if self._length > MAX_CHARACTERS:
            self.stopped = True
            self.finish = "length"
