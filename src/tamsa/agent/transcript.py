"""The state of a run as a pure function of its journal.

Live or resumed, every record passes through `Transcript.apply`: what a resumed run knows is by
construction what the uninterrupted run knew. How the transcript becomes the model's next prompt is
the business of a strategy (`tamsa.agent.strategies`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tamsa.agent import prompts
from tamsa.agent.budget import Spent
from tamsa.agent.confidence import Likely
from tamsa.agent.plan import parse_plan, read_items
from tamsa.types import PlanItem, ToolCall, ToolResult, Usage

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a call gave back, as the model is shown it."""

    call: ToolCall
    text: str
    data: Any = None


@dataclass(frozen=True, slots=True)
class Said:
    """A turn of the model."""

    step: int
    text: str
    rest: str
    """The text outside thought, calls and answer."""
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """The observations of a turn, in the order of its calls."""

    step: int
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Words of the agent itself to the model."""

    text: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the model made of everything before, to go on from."""

    text: str


Entry = Said | Observed | Notice | Summary


def call_key(call: ToolCall) -> str:
    """Name a call by what it asks, whatever the order of its arguments."""
    return call.name + json.dumps(call.arguments, sort_keys=True, ensure_ascii=False, default=str)


@dataclass
class Transcript:
    """What has been said and done so far, and all that follows from it."""

    system: str = ""
    question: str = ""
    entries: list[Entry] = field(default_factory=list)
    """Grows at its end only."""
    spent: Spent = field(default_factory=Spent)
    seconds: float = 0.0
    """Wall clock of the run at its last record."""
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
    likely: Likely = field(default_factory=Likely)
    """How likely the model held what it wrote."""
    forced: str | None = None
    """Why the answer was forced, if it was."""
    nudges: int = 0
    """Unreadable turns in a row."""
    idle: int = 0
    """Turns in a row that asked nothing new."""
    plan: tuple[PlanItem, ...] = ()
    num_steered: int = 0
    """Messages of the user taken in so far."""
    notes: list[str] = field(default_factory=list)
    replayed: tuple[ToolCall, ToolResult] | None = None
    """The call and result of the record applied last, if it was an observation."""
    _calls: tuple[ToolCall, ...] = ()
    _observed: dict[str, Observation] = field(default_factory=dict)
    _confirm: bool = False

    def apply(self, record: Mapping[str, Any]) -> None:
        """Take a journal record into the state."""
        self.replayed = self.unsettled = None
        self.seconds = record["seconds"]
        match record["kind"]:
            case "prompt":
                self.system, self.question = record["system"], record["question"]
            case "completion":
                self._complete(record)
            case "observation":
                self._observe(record)
            case "nudge":
                self.entries.append(Notice(record["text"]))
            case "plan":
                self.spent.usage += Usage(**record["usage"])
                self.plan = read_items(record["text"])
                self.entries.append(Notice(prompts.plan_given(record["text"])))
            case "steer":
                self.num_steered += 1
                self.entries.append(Notice(prompts.steer(record["text"])))
            case "note":
                self.notes.append(record["text"])
            case "summary":
                self.spent.usage += Usage(**record["usage"])
                self.entries.append(Summary(record["text"]))
            case "force":
                self.forced = record["reason"]
                self._flush()
                self.entries.append(Notice(prompts.force(record["reason"])))
            case "final":
                self.answer = record["answer"]
                self.notes += record["notes"]

    def _complete(self, record: Mapping[str, Any]) -> None:
        calls = tuple(ToolCall(item["id"], item["name"], item["arguments"]) for item in record["calls"])
        self.spent.usage += Usage(**record["usage"])
        self.spent.steps += 1
        self.likely.add(record.get("likely"))
        self.entries.append(Said(self.spent.steps, record["text"], record["rest"], calls))
        self._calls = calls
        self.pending = list(calls)
        self.plan = parse_plan(record["rest"]) or self.plan
        self.unsettled = None if calls else dict(record)
        readable = bool(calls) or bool((record["answer"] or "").strip())
        self.nudges = 0 if readable else self.nudges + 1
        if calls:
            self.idle = self.idle + 1 if all(call_key(call) in self.served for call in calls) else 0
            if record["answer"]:
                self.draft = record["answer"]
                self._confirm = True

    def _observe(self, record: Mapping[str, Any]) -> None:
        call = next(call for call in self._calls if call.id == record["call"])
        result = ToolResult(record["text"], record["data"], record["error"])
        self.replayed = (call, result)
        self._observed[call.id] = Observation(call, result.text, result.data)
        self.pending = [item for item in self.pending if item.id != call.id]
        self.spent.calls += 1
        if "usage" in record:
            self.spent.usage += Usage(**record["usage"])
        if not result.error and isinstance(result.data, Mapping):
            for page in result.data.get("pages", ()):
                if not page.get("error"):
                    self.visited.setdefault(page["id"])
        if not self.pending:
            self._flush()

    def _flush(self) -> None:
        """Close the turn: its observations in the order of its calls, none missing."""
        self.pending = []
        if not self._calls:
            return
        step = self.spent.steps
        for call in self._calls:
            self.served.setdefault(call_key(call), step)
        missing = "not run: the research ended first"
        observations = tuple(self._observed.get(call.id, Observation(call, missing)) for call in self._calls)
        self.entries.append(Observed(step, observations))
        if self._confirm:
            self.entries.append(Notice(prompts.draft_kept()))
        self._calls = ()
        self._observed = {}
        self._confirm = False
