"""The guided policy as a model: rules search and open, the model behind it reads once and answers."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.baseline.answering import Conclusion
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.state import State
from tamsa.agent.baseline.steps import Step
from tamsa.agent.guided.election import elected_turn
from tamsa.agent.guided.grammar import ReplyForm
from tamsa.agent.guided.task import MAX_GUESSES, Task, gather
from tamsa.agent.guided.turn import answer_turn
from tamsa.errors import ContextLengthError
from tamsa.types import Completion, Message, Model, Profile, ToolSchema

MODE = "guided"
"""Name of this way of research among the modes."""
MIN_CHARS, MAX_CHARS = 400, 12_000
"""Characters of evidence that a reader is shown, by its context."""
MAX_KNOWN = 256
"""Turns of the rules that are kept."""
MAX_REPLY_TOKENS = 640


class GuidedPolicy:
    """A research policy whose searches and visits are made by rules and whose answer is read by a model.

    One completion of the model a question, or several from one prompt that vote (`Profile.reader_votes`). A reply is
    checked: a sentence that was not shown is no quote, and a misspelled copy of a name is mended; where no reply holds
    an answer, the rules' own is given.

    Args:
        reader: the model. A local one gives the confidence of the answer too.
    """

    native_tools = True
    """Observations come as `tool` messages with their data, which is what the rules read."""

    def __init__(self, reader: Model) -> None:
        self.reader = reader
        self.name = reader.name
        self._rules = BaselinePolicy()
        self.context_length = self._rules.context_length
        self.profile: Profile = replace(
            self._rules.profile, brief=reader.profile.brief, calibration=reader.profile.calibration, mode=MODE
        )
        self._size = reader.profile.evidence_chars or max(MIN_CHARS, min(MAX_CHARS, reader.context_length * 3 // 4))
        self._known: OrderedDict[bytes, str | Task] = OrderedDict()

    def __repr__(self) -> str:
        return f"GuidedPolicy({self.reader!r})"

    def with_reader(self, reader: Model) -> GuidedPolicy:
        """Return this policy with another reader, shown as much; where the rules lead is found out once for both."""
        other = GuidedPolicy(reader)
        other._rules = self._rules
        if other._size == self._size:
            other._known = self._known
        return other

    @property
    def batch_size(self) -> int:
        """Conversations that keep the reader busy."""
        return int(getattr(self.reader, "batch_size", 1))

    def expect_many(self) -> None:
        """Prepare for many runs side by side, before the first: a reader in this process leaves a processor to the
        rules of the others."""
        if leave := getattr(self.reader, "leave_a_processor", None):
            leave()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """Write the next turn: calls by the rules, or the answer by the reader."""
        found = self._led(messages, may_call=bool(tools))
        completion = Completion(found) if isinstance(found, str) else await self._read(found, max_tokens)
        if on_text is not None:
            on_text(completion.text)
        return completion

    def _led(self, messages: Sequence[Message], *, may_call: bool) -> str | Task:
        """Return the rules' next turn, or what they have gathered when it is time to answer.

        It depends on the conversation alone and is kept for a while: runs of one question, as in reinforcement
        learning, are led once.
        """
        key = hashlib.blake2b(bytes([may_call]))
        for message in messages:
            key.update(f"{message.role}\0{message.content}\0".encode())
        found = self._known.get(key.digest())
        if found is None:
            found = self._lead(messages, may_call=may_call)
            self._known[key.digest()] = found
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return found

    def _lead(self, messages: Sequence[Message], *, may_call: bool) -> str | Task:
        state, question, plan = self._rules.read(messages)
        turn = self._search(state, question, plan) if may_call else None
        if turn is not None:
            return turn
        return gather(Conclusion(state, question, plan), self._size, 0 if self.profile.brief else MAX_GUESSES)

    def _search(self, state: State, question: Question, plan: Step | None) -> str | None:
        return self._rules.search(state, question, plan)

    async def _read(self, task: Task, max_tokens: int | None) -> Completion:
        while True:
            prompt = task.prompt(brief=self.reader.profile.brief)
            room = min(max_tokens or MAX_REPLY_TOKENS, MAX_REPLY_TOKENS)
            try:
                completions = await self._ask(task, prompt, room)
            except ContextLengthError:
                if len(task.passages) <= 1:
                    raise
                task = replace(task, passages=task.passages[: len(task.passages) // 2])
                continue
            if self.reader.profile.reader_votes > 0:
                return elected_turn(task, completions, self.reader.profile.reader_weight)
            return answer_turn(task, completions[0])

    async def _ask(self, task: Task, prompt: list[Message], room: int) -> Sequence[Completion]:
        if not getattr(self.reader, "takes_grammar", False):
            return [await self.reader.complete(prompt, max_tokens=room)]
        local: Any = self.reader
        grammar = ReplyForm(task.passages, task.guesses, brief=self.reader.profile.brief)
        votes = self.reader.profile.reader_votes
        if votes > 0:
            drawn: Sequence[Completion] = await local.draw(prompt, votes, max_tokens=room, grammar=grammar)
            return drawn
        return [await local.complete(prompt, max_tokens=room, grammar=grammar)]

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of a text; the rules themselves have no limit."""
        return self._rules.count_tokens(text)

    async def aclose(self) -> None:
        """Close the reader."""
        await self.reader.aclose()
