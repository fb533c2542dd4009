"""The state of a run as a pure function of its journal.

Live or resumed, every record passes through `Transcript.apply`: what a resumed run knows is by
construction what the uninterrupted run knew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tamsa.agent import prompts
from tamsa.agent.budget import Spent
from tamsa.agent.react import render_observations
from tamsa.types import Message, ToolCall, ToolResult, Usage

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a call gave back, as the model was shown it."""

    call: ToolCall
    text: str
    data: Any
    error: bool


def call_key(call: ToolCall) -> str:
    """Name a call by what it asks, whatever the order of its arguments."""
    return call.name + json.dumps(call.arguments, sort_keys=True, ensure_ascii=False, default=str)


@dataclass
class Transcript:
    """The conversation so far and all that follows from it."""

    native: bool
    """Whether observations go to the model as `tool` messages (else as user text)."""
    messages: list[Message] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    pending: list[ToolCall] = field(default_factory=list)
    """Calls of the last turn that have no observation yet."""
    visited: dict[str, None] = field(default_factory=dict)
    """Ids of opened documents, in order."""
    served: dict[str, int] = field(default_factory=dict)
    """Step in which each distinct call was made."""
    unsettled: Record | None = None
    """A turn without calls that has not yet been taken as answer, nudged or refused."""
    draft: str | None = None
    """An answer written beside a call, in case no later one comes."""
    answer: str | None = None
    forced: str | None = None
    """Why the answer was forced, if it was."""
    nudges: int = 0
    """Unreadable turns in a row."""
    idle: int = 0
    """Turns in a row that asked nothing new."""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    """Wall clock of the run at its last record."""
    replayed: tuple[ToolCall, ToolResult] | None = None
    """The call and result of the record applied last, if it was an observation."""
    _confirm: bool = False
    _turn: list[ToolCall] = field(default_factory=list)
    _observed: dict[str, Observation] = field(default_factory=dict)

    def apply(self, record: Mapping[str, Any]) -> None:
        """Take a journal record into the state."""
        self.replayed = self.unsettled = None
        self.seconds = record["seconds"]
        match record.get("kind"):
            case "prompt":
                self.messages = [Message("system", record["system"]), Message("user", record["question"])]
            case "completion":
                self._complete(record)
            case "observation":
                self._observe(record)
            case "nudge":
                self.messages.append(Message("user", record["text"]))
            case "force":
                self.forced = record["reason"]
                self.pending.clear()
                self._flush()
                self.messages.append(Message("user", prompts.force(record["reason"])))
            case "final":
                self.answer = record["answer"]
                self.notes += record["notes"]

    def _complete(self, record: Mapping[str, Any]) -> None:
        calls = tuple(ToolCall(item["id"], item["name"], item["arguments"]) for item in record["calls"])
        self.spent.usage += Usage(**record["usage"])
        self.spent.steps += 1
        self.messages.append(Message("assistant", record["text"], tool_calls=calls if self.native else ()))
        self._turn = list(calls)
        self.pending = list(calls)
        self.unsettled = None if calls else dict(record)
        readable = bool(calls) or bool((record["answer"] or "").strip())
        self.nudges = 0 if readable else self.nudges + 1
        if calls:
            self.idle = self.idle + 1 if all(call_key(call) in self.served for call in calls) else 0
            if record["answer"]:
                self.draft = record["answer"]
                self._confirm = True

    def _observe(self, record: Mapping[str, Any]) -> None:
        call = next(call for call in self._turn if call.id == record["call"])
        result = ToolResult(record["text"], record["data"], record["error"])
        self.replayed = (call, result)
        self._observed[call.id] = Observation(call, result.text, result.data, result.error)
        self.pending = [item for item in self.pending if item.id != call.id]
        self.spent.calls += 1
        if not result.error:
            for page in (result.data or {}).get("pages", ()) if isinstance(result.data, Mapping) else ():
                if not page.get("error"):
                    self.visited.setdefault(page["id"])
        if not self.pending:
            self._flush()

    def _flush(self) -> None:
        """Hand the turn's observations to the conversation, in the order of the calls."""
        observed = [self._observed.get(call.id) for call in self._turn]
        step = self.spent.steps
        for call in self._turn:
            self.served.setdefault(call_key(call), step)
        if self.native:
            for call, item in zip(self._turn, observed, strict=True):
                text = item.text if item else "not run: the research ended first"
                data = item.data if item else None
                self.messages.append(Message("tool", text, tool_call_id=call.id, name=call.name, data=data))
        elif self._turn:
            self.messages.append(Message("user", render_observations([item.text for item in observed if item])))
        if self._confirm and not self.forced:
            self.messages.append(Message("user", prompts.draft_kept()))
        self._confirm = False
        self._turn = []
        self._observed = {}
