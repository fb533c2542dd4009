"""The one agent loop: think, act, observe, until an answer or a limit.

It serves a person's question, a synthetic rollout, an RL rollout and an evaluation alike. Each step
is a record in the journal before it has any effect, so a killed run goes on where it stood.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import date as calendar_date

from tamsa.agent import prompts
from tamsa.agent.budget import Budget
from tamsa.agent.confidence import measure
from tamsa.agent.context import Context
from tamsa.agent.journal import check_record, corrupt
from tamsa.agent.plan import proposed_plan, read_items, show_items
from tamsa.agent.react import NOT_FOUND, Turn, parse_turn
from tamsa.agent.reporting import build_report, read_report, write_report
from tamsa.agent.strategies import Strategy, make_strategy
from tamsa.agent.transcript import Record, Transcript, call_key
from tamsa.errors import ContextLengthError, InputError
from tamsa.store import RunFolder
from tamsa.tools import Toolset
from tamsa.tools.fencing import clean, neutralise
from tamsa.types import Completion, Message, Model, Report, Sampled, ToolCall, ToolResult, Usage

MAX_QUESTION_CHARS = 20_000
MAX_NUDGES = 2
"""Unreadable turns in a row before the text itself is taken for the answer."""
MAX_IDLE_TURNS = 3
"""Turns in a row with nothing but repeated calls before the answer is forced."""
FORCED_ANSWER_GRACE_S = 120.0
"""Seconds that the forced answer may take after the limits."""

OnEvent = Callable[[Record], None]


def check_question(question: str) -> str:
    """Return a question ready to be asked.

    Raises:
        InputError: it is empty or too long.
    """
    question = clean(question.strip())
    if not question:
        raise InputError("the question is empty; write what you want to know")
    if len(question) > MAX_QUESTION_CHARS:
        raise InputError(f"the question has {len(question):,} characters; at most {MAX_QUESTION_CHARS:,} are read")
    return question


async def research(
    question: str,
    *,
    model: Model,
    tools: Toolset,
    budget: Budget | None = None,
    folder: RunFolder | None = None,
    on_event: OnEvent | None = None,
    date: str | None = None,
    mode: str = "react",
    review_plan: Callable[[str], str] | None = None,
    plan: str | None = None,
    inbox: RunFolder | None = None,
    keep_sampled: bool = False,
) -> Report:
    """Research a question.

    Args:
        question: what to answer.
        model: a language model, or a policy in its place.
        tools: what it may use; made anew for every run.
        budget: limits; whichever is reached first forces an answer.
        folder: where the run is kept; a folder with earlier records is continued. None keeps nothing.
        on_event: called with each journal record as it is made, and with `{"kind": "delta", "text"}`
            while the model writes.
        date: the current date as told to the model (ISO); today's by default, the run's own on resume.
        mode: the strategy: `react`, `iter` or `fold`.
        review_plan: shown the model's plan before the first step; what it returns is followed.
        plan: a plan that was reviewed before, to be followed.
        inbox: the run whose messages are read, where it is another than `folder`.
        keep_sampled: write what a local model read and drew (`Completion.sampled`) into the journal, for training.

    Returns:
        The report. With a folder it is also written there as JSON, Markdown and HTML.

    Raises:
        InputError: the question is empty or too long.
        ConfigError: there is no such mode.
        CorruptError: a record of the journal in the folder is not of its form.
        ModelError: the model failed for good. The run can be continued from its folder.
        StorageError: the run cannot be written.
    """
    question = check_question(question)
    if folder is not None and (done := read_report(folder)) is not None:
        return done
    strategy = make_strategy(mode, native=model.native_tools)
    run = _Run(question, model, tools, strategy, budget or Budget(), folder, inbox or folder, on_event, keep_sampled)
    return await run.finish(date or calendar_date.today().isoformat(), review_plan, plan)


class _Run:
    def __init__(
        self,
        question: str,
        model: Model,
        tools: Toolset,
        strategy: Strategy,
        budget: Budget,
        folder: RunFolder | None,
        inbox: RunFolder | None,
        on_event: OnEvent | None,
        keep_sampled: bool,
    ) -> None:
        self._question = question
        self._model = model
        self._tools = tools
        self._strategy = strategy
        self._budget = budget
        self._folder = folder
        self._inbox = inbox
        self._on_event = on_event
        self._keep_sampled = keep_sampled
        self._state = Transcript()
        self._context = Context(model, budget, tools.schemas)

    async def finish(self, date: str, review_plan: Callable[[str], str] | None, plan: str | None) -> Report:
        """Run to the end from wherever the journal stands."""
        state = self._state
        self._replay()
        if not state.system:
            system = prompts.system_prompt(
                self._tools.schemas,
                native=self._model.native_tools,
                date=date,
                instructions=self._strategy.instructions,
                brief=self._model.profile.brief,
                mode=self._strategy.name,
            )
            self._record({"kind": "prompt", "system": system, "question": self._question})
        if plan is not None and not state.entries:
            self._record({"kind": "plan", "text": plan, "usage": asdict(Usage())})
        elif review_plan is not None and not state.entries:
            await self._plan(review_plan)
        while state.answer is None:
            self._take_notes()
            self._take_messages()
            if state.pending:
                await self._act()
            elif state.unsettled is not None:
                self._settle(state.unsettled)
            elif state.forced is not None:
                await self._force()
            elif reason := self._why_stop():
                self._record({"kind": "force", "reason": reason})
            elif self._context.full(self._messages()):
                await self._relieve()
            else:
                await self._think()
        self._take_notes()
        report = build_report(
            state,
            question=self._question,
            model=self._model.name,
            run_id=self._folder.id if self._folder else "",
            get_document=self._tools.get_document,
            confidence=state.likely.confidence(self._model.profile.calibration),
        )
        if self._folder is not None:
            write_report(self._folder, report, self._tools.get_document)
        return report

    def _record(self, record: Record) -> None:
        record["seconds"] = round(self._state.spent.seconds, 3)
        if self._folder is not None:
            self._folder.journal.append(record)
        self._state.apply(record)
        if self._on_event is not None:
            self._on_event(record)

    def _replay(self) -> None:
        """Take in what earlier processes have recorded.

        Raises:
            CorruptError: a record is not of the journal's form.
        """
        if self._folder is None:
            return
        state = self._state
        for number, record in enumerate(self._folder.journal.records, start=1):
            try:
                check_record(record)
                state.apply(record)
                state.spent.earlier_s = state.seconds
                if state.replayed is not None:
                    self._tools.replay(*state.replayed)
            except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
                raise corrupt(self._folder.journal, number, error) from error

    def _take_notes(self) -> None:
        """Put on record what has become of the tools: not available, or withdrawn."""
        for text in map(clean, self._tools.notes):
            if text not in self._state.notes:
                self._record({"kind": "note", "text": text})

    def _take_messages(self) -> None:
        """Take in what the person has added with `tamsa steer` since the last step."""
        if self._inbox is not None and not self._state.pending and self._state.unsettled is None:
            for text in self._inbox.read_inbox(self._state.num_steered):
                self._record({"kind": "steer", "text": clean(text)})

    async def _plan(self, review: Callable[[str], str]) -> None:
        messages = [*self._messages(), Message("user", prompts.plan_request())]
        try:
            completion = await self._complete(messages, self._remaining_s(), with_tools=False)
        except TimeoutError:
            return self._out_of_time()
        proposed = proposed_plan(clean(completion.text))
        with self._state.spent.waiting():
            reviewed = await asyncio.to_thread(review, proposed)
        usage = asdict(self._usage(completion, messages))
        return self._record({"kind": "plan", "text": show_items(read_items(clean(reviewed))), "usage": usage})

    def _why_stop(self) -> str | None:
        state = self._state
        if reason := state.spent.exhausted(self._budget):
            return reason
        if state.idle >= MAX_IDLE_TURNS:
            return f"the last {state.idle} turns only repeated earlier calls"
        return None

    def _messages(self) -> list[Message]:
        return self._strategy.messages(self._state)

    async def _relieve(self) -> None:
        """Make room in a full context by a summary, or end the research."""
        reason = f"the model's context of {self._model.context_length:,} tokens is full"
        request = self._strategy.relief(self._state)
        if request is None:
            return self._record({"kind": "force", "reason": reason})
        messages = [*self._messages(), Message("user", request)]
        try:
            completion = await self._complete(messages, self._remaining_s(), with_tools=False)
        except (TimeoutError, ContextLengthError):
            return self._record({"kind": "force", "reason": reason})
        turn = parse_turn(clean(completion.text))
        text = turn.rest or turn.answer or ""
        if not text.strip():
            return self._record({"kind": "force", "reason": reason})
        return self._record({"kind": "summary", "text": text, "usage": asdict(self._usage(completion, messages))})

    def _remaining_s(self) -> float:
        return max(1.0, self._budget.max_seconds - self._state.spent.seconds)

    def _out_of_time(self) -> None:
        self._record({"kind": "force", "reason": f"the limit of {self._budget.max_seconds:g} seconds is reached"})

    # ------------------------------------------------------------------ think

    async def _think(self) -> None:
        messages = self._messages()
        try:
            completion = await self._complete(messages, self._remaining_s(), with_tools=True)
        except TimeoutError:
            return self._out_of_time()
        except ContextLengthError:
            return self._record({"kind": "force", "reason": "the model's context is full"})
        text = clean(completion.text)
        turn = parse_turn(text)
        calls = self._number([*completion.tool_calls, *(ToolCall("", c.name, c.arguments) for c in turn.calls)])
        return self._record(self._completion_record(completion, messages, text, turn, calls))

    def _settle(self, turn: Record) -> None:
        """Decide what a turn without calls means: the answer, a nudge, or the end."""
        state = self._state
        answer = (turn["answer"] or "").strip()
        notes = [f"forced to answer: {state.forced}"] if state.forced else []
        if answer:
            return self._finish(answer, *notes)
        if state.forced is None and state.nudges <= MAX_NUDGES:
            problems = list(turn["problems"])
            if turn["finish_reason"] == "length":
                problems.append("it was cut at the limit of its length; think less, answer in few words")
            return self._record({"kind": "nudge", "text": prompts.nudge(problems)})
        if state.draft:
            return self._finish(state.draft.strip(), *notes, "an answer given earlier beside a call was taken")
        if turn["rest"]:
            return self._finish(
                turn["rest"], *notes, "the model wrote no answer in the expected form; its plain text was taken"
            )
        if state.forced is None:
            return self._record({"kind": "force", "reason": "the last turns held neither a tool call nor an answer"})
        return self._finish(NOT_FOUND, *notes, "the model gave no answer")

    async def _complete(self, messages: list[Message], timeout_s: float, *, with_tools: bool) -> Completion:
        on_text = None
        if self._on_event is not None:
            notify = self._on_event
            on_text = lambda text: notify({"kind": "delta", "text": text})  # noqa: E731
        async with asyncio.timeout(timeout_s):
            return await self._model.complete(
                messages,
                tools=self._tools.schemas if with_tools else (),
                max_tokens=self._context.max_completion_tokens,
                stop=() if self._model.native_tools else ("<tool_response>",),
                on_text=on_text,
            )

    def _number(self, calls: list[ToolCall]) -> list[ToolCall]:
        """Give every call an id of its own within its turn; native ids are kept where they are unique."""
        step = self._state.spent.steps + 1
        seen: set[str] = set()
        numbered = []
        for index, call in enumerate(calls, start=1):
            key = clean(call.id) or f"call_{step}_{index}"
            while key in seen:
                key += "_"
            seen.add(key)
            numbered.append(ToolCall(key, clean(call.name), call.arguments))
        return numbered

    def _usage(self, completion: Completion, messages: list[Message]) -> Usage:
        if completion.usage.total_tokens:
            return completion.usage
        return self._context.estimate(messages, completion.text, completion.usage)  # a server that reports nothing

    def _completion_record(
        self, completion: Completion, messages: list[Message], text: str, turn: Turn, calls: list[ToolCall]
    ) -> Record:
        record: Record = {
            "kind": "completion",
            "step": self._state.spent.steps + 1,
            "text": text,
            "thought": turn.thought,
            "calls": [{"id": c.id, "name": c.name, "arguments": dict(c.arguments)} for c in calls],
            "answer": turn.answer,
            "problems": list(turn.problems),
            "rest": turn.rest,
            "usage": asdict(self._usage(completion, messages)),
            "finish_reason": completion.finish_reason,
        }
        if completion.sampled is not None:
            record["likely"] = measure(completion.sampled, turn)
            if self._keep_sampled:
                record["sampled"] = {f.name: getattr(completion.sampled, f.name) for f in fields(Sampled)}
        return record

    def _finish(self, answer: str, *notes: str) -> None:
        self._record({"kind": "final", "answer": answer, "notes": list(notes)})

    # ------------------------------------------------------------------ act

    async def _act(self) -> None:
        """Make the pending calls side by side, as many as the limit leaves; each is on record as soon as it is done."""
        state = self._state
        calls = state.pending[: max(0, self._budget.max_calls - state.spent.calls)]
        if not calls:
            return self._record({"kind": "force", "reason": state.spent.exhausted(self._budget)})
        first: dict[str, str] = {}
        for call in calls:
            first.setdefault(call_key(call), call.id)
        share = self._context.observation_tokens(self._messages(), len(calls))
        tasks = [
            asyncio.create_task(self._observe(call, share, twin=first[call_key(call)] != call.id)) for call in calls
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _observe(self, call: ToolCall, max_tokens: int, *, twin: bool) -> None:
        state = self._state
        started = time.monotonic()
        earlier = state.served.get(call_key(call))
        if earlier is not None or twin:
            result = ToolResult(prompts.repeated(earlier or state.spent.steps), None, error=True)
        elif self._tools.is_patient(call.name):
            with state.spent.waiting():
                result = await self._tools.call(call)
        else:
            result = await self._tools.call(call)
        marks = getattr(self._model, "control_tokens", ())
        text = self._context.clip(neutralise(clean(result.text), marks), max_tokens)
        self._record(
            {
                "kind": "observation",
                "step": state.spent.steps,
                "call": call.id,
                "text": text,
                "data": result.data,
                "error": result.error,
                "took_s": round(time.monotonic() - started, 4),
                **({"usage": asdict(result.usage)} if result.usage is not None else {}),
            }
        )

    # ------------------------------------------------------------------ force

    async def _force(self) -> None:
        """Ask for the final answer without tools, of a shortened conversation if the whole does not fit."""
        state = self._state
        problem = "the conversation does not fit the model's context"
        whole = self._messages()
        for messages in (whole, self._context.compact(whole)):
            try:
                completion = await self._complete(messages, FORCED_ANSWER_GRACE_S, with_tools=False)
            except ContextLengthError:
                continue
            except TimeoutError:
                problem = f"the model gave no final answer within {FORCED_ANSWER_GRACE_S:g} s"
                break
            text = clean(completion.text)
            return self._record(self._completion_record(completion, messages, text, parse_turn(text), []))
        notes = (f"forced to answer: {state.forced}", problem)
        return self._finish((state.draft or NOT_FOUND).strip(), *notes)
