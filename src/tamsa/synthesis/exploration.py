"""Exploration: gold questions sent through the one agent loop, and everything the model saw and said kept.

The explorer may be the oracle teacher, any model, or the model in training. A recorder around it keeps the exact
messages of every completion, and token ids, masks and log-probabilities where the model samples them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tamsa.agent import research
from tamsa.agent.budget import Budget
from tamsa.agent.guided import MODE, GuidedPolicy
from tamsa.agent.modes import with_mode
from tamsa.agent.react import render_call
from tamsa.corpus import SearchIndex
from tamsa.errors import ConfigError, ModelAuthError, ModelError, ModelUnavailableError
from tamsa.scoring.metrics import exact_match
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.teacher import PROFILE, OracleTeacher
from tamsa.synthesis.teacher.habits import Habits
from tamsa.synthesis.teacher.reading import GuidedTeacher
from tamsa.tools import Toolset, corpus_toolset
from tamsa.types import (
    SCHEMA_VERSION,
    Completion,
    FinishReason,
    Message,
    Model,
    Profile,
    Report,
    Sampled,
    ToolSchema,
)

DATE = "2026-01-01"
"""The date that explorers are told: part of the prompt, so that the same seed gives the same data."""


MODES = ("react", "iter", MODE)
"""Modes of the trajectories."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a model saw and said in one unbroken context. The last message is always the model's.

    In `react` a run is one conversation (more where the context was summed up); in `iter` each turn is one.
    """

    messages: tuple[Message, ...]
    sampled: tuple[Sampled | None, ...] = ()
    """For each of the model's messages what it drew, where it says so."""

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        record: dict[str, Any] = {"messages": [_message_json(message) for message in self.messages]}
        if any(self.sampled):
            record["sampled"] = [asdict(item) if item else None for item in self.sampled]
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Conversation:
        """Read the plain JSON form."""
        messages = tuple(map(_message_from_json, record["messages"]))
        drawn = record.get("sampled") or [None] * sum(m.role == "assistant" for m in messages)
        return cls(messages, tuple(_sampled_from_json(item) if item else None for item in drawn))


def _sampled_from_json(record: Mapping[str, Any]) -> Sampled:
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
    }
    return Sampled(**{**fields, "allowed": tuple(map(tuple, record.get("allowed", ())))})


def _message_json(message: Message) -> dict[str, Any]:
    return {"role": message.role, "content": message.content}


def _message_from_json(record: Mapping[str, Any]) -> Message:
    return Message(record["role"], record["content"])


@dataclass(frozen=True, slots=True)
class Exploration:
    """One trajectory: a question, the conversations, the report, and what is known about how it went."""

    question_id: str
    sample: int
    """Number of the attempt at this question, from 0."""
    mode: str
    model: str
    conversations: tuple[Conversation, ...]
    report: Mapping[str, Any]
    """`Report.to_json()` without run id and seconds, which differ from run to run."""
    steps: tuple[Mapping[str, Any], ...]
    """Calls with their results in short: `{"name", "arguments", "error", "repeated"}`."""
    correct: bool
    recoveries: int = 0
    """Turns of the teacher that follow a dead end."""
    failure: str = ""
    """Why the explorer broke off, if it did."""
    schema_version: int = SCHEMA_VERSION

    @property
    def id(self) -> str:
        """Name of the trajectory."""
        return f"{self.question_id}/{self.mode}/{self.sample}"

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "conversations": [item.to_json() for item in self.conversations],
            "steps": list(self.steps),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Exploration:
        """Read the plain JSON form."""
        conversations = tuple(Conversation.from_json(item) for item in record["conversations"])
        return cls(**{**record, "conversations": conversations, "steps": tuple(record["steps"])})


@dataclass
class Recorder:
    """A model that keeps what it is shown and what it answers, tool calls as text.

    Data sets are read by models of every family, so their conversations are in the agent's own text format: no schemas
    are sent natively, and a call that comes natively all the same is written out. A reader is held to its form as in
    use, but no rule answers where it is unsure: what is kept and judged is what it said.
    """

    model: Model
    turns: list[tuple[tuple[Message, ...], Completion]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.model.name
        self.context_length = self.model.context_length
        self.native_tools = False
        self.profile = replace(self.model.profile, reader_votes=0)
        self.takes_grammar = bool(getattr(self.model, "takes_grammar", False))

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
        grammar: Any = None,
    ) -> Completion:
        """Pass a conversation on and keep it with its completion; `grammar` is for a model that takes one."""
        held = {"grammar": grammar} if grammar is not None else {}
        completion = await self.model.complete(messages, max_tokens=max_tokens, stop=stop, on_text=on_text, **held)
        if completion.tool_calls:  # what was drawn is in the model's own format then, and not what the text says
            calls = (render_call(call.name, call.arguments) for call in completion.tool_calls)
            text = "\n".join(filter(None, (completion.text.strip(), *calls)))
            finish: FinishReason = "stop" if completion.finish_reason == "tool_calls" else completion.finish_reason
            completion = Completion(text, usage=completion.usage, finish_reason=finish)
        self.turns.append((tuple(messages), completion))
        return completion

    def count_tokens(self, text: str) -> int:
        """Count tokens as the model does."""
        return self.model.count_tokens(text)

    async def aclose(self) -> None:
        """Close the model."""
        await self.model.aclose()

    def conversations(self) -> Iterator[tuple[tuple[Message, ...], tuple[Sampled | None, ...]]]:
        """Join turns whose prompt goes on from the turn before: messages, and what was drawn for the model's own."""
        joined: list[tuple[list[Message], list[Sampled | None]]] = []
        for prompt, completion in self.turns:
            prompt = tuple(replace(message, data=None) for message in prompt)
            said = Message("assistant", completion.text)
            if joined and _same(prompt[: len(joined[-1][0])], joined[-1][0]):
                joined[-1][0].extend([*prompt[len(joined[-1][0]) :], said])
                joined[-1][1].append(completion.sampled)
            else:
                joined.append(([*prompt, said], [completion.sampled]))
        return ((tuple(messages), tuple(sampled)) for messages, sampled in joined)


def _same(left: Sequence[Message], right: Sequence[Message]) -> bool:
    return len(left) == len(right) and all(
        a.role == b.role and a.content == b.content for a, b in zip(left, right, strict=True)
    )


async def explore(
    question: GoldQuestion,
    *,
    model: Model,
    tools: Toolset,
    mode: str = "react",
    sample: int = 0,
    budget: Budget | None = None,
    led: GuidedPolicy | None = None,
) -> Exploration:
    """Let a model research one gold question and keep the trajectory.

    A model that fails for good gives a trajectory with `failure`; it is never lost silently.

    Args:
        question: what is asked.
        model: who researches.
        tools: its tools.
        mode: how it researches.
        sample: number of the attempt.
        budget: limits of the run.
        led: in guided mode, the policy of all attempts: the rules lead a question once for all of them.

    Raises:
        ModelAuthError, ModelUnavailableError: the endpoint answers nobody, which says nothing of the question.
    """
    recorder: GuidedTeacher | Recorder
    policy: Model
    if isinstance(model, GuidedTeacher):
        recorder, policy, strategy = model, model, "react"
    else:
        recorder = Recorder(model)
        policy, strategy = (led.with_reader(recorder), "react") if led is not None else with_mode(recorder, mode)
    steps: list[dict[str, Any]] = []
    served: dict[str, str] = {}

    def note(record: Mapping[str, Any]) -> None:
        if record["kind"] == "completion":
            for call in record["calls"]:
                key = f"{call['name']} {sorted(call['arguments'].items())!r}"
                steps.append({"name": call["name"], "arguments": call["arguments"], "repeated": key in served})
                served[key] = call["id"]
        elif record["kind"] == "observation":
            step = next(step for step in steps if "error" not in step)
            step["error"] = bool(record["error"])

    failure = ""
    report: dict[str, Any]
    try:
        done = await research(
            question.question, model=policy, tools=tools, budget=budget, date=DATE, mode=strategy, on_event=note
        )
        report = _stable(done)
        correct = bool(exact_match(done.answer, question.answers))
    except (ModelAuthError, ModelUnavailableError):
        raise
    except ModelError as error:
        failure, report, correct = str(error), {}, False
    teacher = model if isinstance(model, OracleTeacher) else None
    if teacher is not None and teacher.lost:
        failure = teacher.lost
    return Exploration(
        question_id=question.id,
        sample=sample,
        mode=mode,
        model=model.name,
        conversations=tuple(Conversation(messages, sampled) for messages, sampled in recorder.conversations()),
        report=report,
        steps=tuple({"error": True, **step} for step in steps),
        correct=correct and not failure,
        recoveries=teacher.recoveries if teacher else 0,
        failure=failure,
    )


def _stable(report: Report) -> dict[str, Any]:
    record = report.to_json()
    record.pop("run_id")
    record["usage"] = {name: value for name, value in record["usage"].items() if name != "seconds"}
    return dict(json.loads(json.dumps(record)))


class TeacherExplorer:
    """Explores many questions with the oracle teacher over one index.

    Args:
        index: the documents.
        seed: of the teacher's habits.
        mode: strategy of the runs.
        habits: how often the teacher strays.
        profile: how it sees the tools.
    """

    def __init__(
        self,
        index: SearchIndex,
        *,
        seed: int,
        mode: str = "react",
        habits: Habits | None = None,
        profile: Profile = PROFILE,
    ) -> None:
        self._index = index
        self._seed = seed
        self._mode = mode
        self._habits = habits or Habits()
        self._profile = profile
        self.tools = corpus_toolset(index, page_chars=profile.page_chars or 8_000, profile=profile)

    def explore(self, question: GoldQuestion, sample: int = 0) -> Exploration:
        """Explore one question; the same arguments give the same trajectory."""
        return asyncio.run(self.explore_async(question, sample))

    async def explore_async(self, question: GoldQuestion, sample: int = 0) -> Exploration:
        """Explore one question inside a running loop."""
        seed = self._seed * 1_000_003 + sample
        if self._mode == MODE:
            reader = GuidedTeacher(
                question,
                self._index.get,
                seed=seed,
                profile=self._profile,
                open_chain=self._habits.open_chain,
            )
            tools = corpus_toolset(self._index, profile=reader.profile)
            found = await explore(question, model=reader, tools=tools, sample=sample)
            return replace(found, mode=MODE)
        teacher = OracleTeacher(
            question,
            self._index,
            seed=seed,
            mode=self._mode,
            habits=self._habits,
            profile=self._profile,
        )
        return await explore(question, model=teacher, tools=self.tools, mode=self._mode, sample=sample)


async def explore_many(
    questions: Sequence[GoldQuestion],
    *,
    explorer: Callable[[GoldQuestion, int], Awaitable[Exploration]],
    num_samples: int = 1,
    concurrency: int = 4,
) -> list[Exploration]:
    """Explore questions side by side, several times each; results come in the order of the questions.

    At most `concurrency` runs are open at once, which is the back-pressure towards a model's endpoint.
    """
    gate = asyncio.Semaphore(max(1, concurrency))

    async def one(question: GoldQuestion, sample: int) -> Exploration:
        async with gate:
            return await explorer(question, sample)

    return list(await asyncio.gather(*(one(q, sample) for q in questions for sample in range(num_samples))))


__all__ = ["DATE", "Conversation", "Exploration", "Recorder", "TeacherExplorer", "explore", "explore_many"]


def check_mode(mode: str) -> str:
    """Return the name of a mode if trajectories are made in it.

    Raises:
        ConfigError: they are not.
    """
    if mode not in MODES:
        raise ConfigError(f"mode {mode!r}: unknown; choose one of {', '.join(MODES)}")
    return mode
