"""The guided policy as a model: rules search and open, the model behind it reads once and answers."""

from __future__ import annotations

import difflib
import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.baseline.answering import Conclusion, Outcome
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.reporting import plain, render
from tamsa.agent.baseline.state import State, fold_title
from tamsa.agent.baseline.steps import Step
from tamsa.agent.guided.evidence import Passage, choose
from tamsa.agent.guided.grammar import ReplyGrammar
from tamsa.agent.guided.prompt import Reply, read_reply, reading_prompt
from tamsa.agent.react import NOT_FOUND
from tamsa.errors import ContextLengthError
from tamsa.types import Completion, Message, Model, Profile, Sampled, ToolSchema

MODE = "guided"
"""Name of this way of research among the modes."""
MIN_CHARS, MAX_CHARS = 400, 12_000
"""Characters of evidence that a reader is shown, by its context."""
MAX_GUESSES = 3
MAX_CANDIDATES = 8
"""Candidates of the rules for the answer whose sentences are shown before others."""
MAX_STEP_VALUES = 4
"""The same for each step towards it."""
MAX_KNOWN = 256
"""Turns of the rules that are kept."""
MAX_REPLY_TOKENS = 640
SAME_SPAN = 0.84
"""Likeness from which on an answer that stands nowhere is taken for a misspelled copy of a name that does."""


@dataclass(frozen=True, slots=True)
class Task:
    """A reading task: what the rules have gathered for one question."""

    question: str
    passages: tuple[Passage, ...]
    guesses: tuple[str, ...]
    """Answers of the rules, best first; the first is the one they would give."""
    outcome: Outcome

    def prompt(self, *, brief: bool) -> list[Message]:
        """Write the prompt for a reader."""
        return reading_prompt(self.question, self.passages, self.guesses, brief=brief)


def gather(
    state: State,
    question: Question,
    plan: Step | None,
    size: int,
    max_guesses: int = MAX_GUESSES,
    held: Sequence[Reading] = (),
) -> Task:
    """Gather what was read for a question.

    Args:
        state: what was seen.
        question: what is asked.
        plan: its steps.
        size: characters of evidence at most.
        max_guesses: answers of the rules that are shown. A model that is trained to read is shown none: it would
            learn to repeat the first.
        held: what is to be shown before all else.
    """
    conclusion = Conclusion(state, question, plan)
    outcome = conclusion.outcome
    judged = [item.value for item in conclusion.judged if item.candidate.text]
    steps = [conclusion.resolver.values(step)[:MAX_STEP_VALUES] for step in _steps(plan)]
    passages = choose(state, question, (*held, *outcome.chain), [judged[:MAX_CANDIDATES], *steps], size)
    texts = (outcome.text or NOT_FOUND, *(value.text for value in judged[:max_guesses]))
    guesses: dict[str, str] = {}
    for text in texts:
        if text.strip():
            guesses.setdefault(fold_title(text), plain(text)[:200])
    return Task(state.question, passages, tuple(guesses.values())[:max_guesses], outcome)


def _steps(plan: Step | None) -> Iterator[Step]:
    """Yield a plan's steps, the last one first."""
    while plan is not None:
        yield plan
        plan = plan.of


class GuidedPolicy:
    """A research policy whose searches and visits are made by rules and whose answer is read by a model.

    One completion of the model a question. Its reply is checked: a sentence that was not shown is no quote, and a
    misspelled copy of a name is mended; where the reply holds no answer, the rules' own is given.

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
        self._size = max(MIN_CHARS, min(MAX_CHARS, reader.context_length * 3 // 4))
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
        return gather(state, question, plan, self._size, 0 if self.profile.brief else MAX_GUESSES)

    def _search(self, state: State, question: Question, plan: Step | None) -> str | None:
        return self._rules.search(state, question, plan)

    async def _read(self, task: Task, max_tokens: int | None) -> Completion:
        while True:
            prompt = task.prompt(brief=self.reader.profile.brief)
            room = min(max_tokens or MAX_REPLY_TOKENS, MAX_REPLY_TOKENS)
            try:
                completion = await self._ask(task, prompt, room)
            except ContextLengthError:
                if len(task.passages) <= 1:
                    raise
                task = replace(task, passages=task.passages[: len(task.passages) // 2])
                continue
            return answer_turn(task, completion, self.reader.profile.guided_floor)

    async def _ask(self, task: Task, prompt: list[Message], room: int) -> Completion:
        if not getattr(self.reader, "takes_grammar", False):
            return await self.reader.complete(prompt, max_tokens=room)
        local: Any = self.reader
        grammar = partial(ReplyGrammar, task.passages, task.guesses)
        completion: Completion = await local.complete(prompt, max_tokens=room, grammar=grammar)
        return completion

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of a text; the rules themselves have no limit."""
        return self._rules.count_tokens(text)

    async def aclose(self) -> None:
        """Close the reader."""
        await self.reader.aclose()


def answer_turn(task: Task, completion: Completion, floor: float = 0.0) -> Completion:
    """Make the answer turn of a reader's reply, in the agent's own form.

    Args:
        task: what was asked.
        completion: the reply. What was drawn goes over to the turn, so that confidence is the reader's, whoever
            answers.
        floor: the reader's own probability of its least likely token below which the rules answer: a reply is as sure
            as the weakest of its choices.
    """
    text = completion.text
    reply = read_reply(text, task.passages)
    outcome = task.outcome
    if reply.answer is None:
        return replace(completion, text=render(outcome.text, outcome.chain, outcome.settlement), sampled=None)
    answer = mend(reply.answer, task.passages)
    agreed = fold_title(answer) == fold_title(outcome.text)
    weakest = min(completion.sampled.model_logprobs, default=0.0) if completion.sampled is not None else 0.0
    if weakest < math.log(max(floor, 1e-300)) and not agreed:
        answer, chain, settlement = outcome.text, list(outcome.chain), outcome.settlement
    else:
        chain, settlement = _chain(reply, answer, outcome, agreed), outcome.settlement if agreed else None
    thought = text[: reply.start].rpartition("\n")[0].replace("<", "‹").replace(">", "›")
    head = f"<think>{thought}</think>\n"
    written = head + render(answer, chain, settlement)
    at = len(head) + len("<answer>")
    sampled = _moved(completion.sampled, reply, len(thought), at, at + len(plain(answer) or NOT_FOUND))
    return replace(completion, text=written, sampled=sampled)


def _chain(reply: Reply, answer: str, outcome: Outcome, agreed: bool) -> list[Reading]:
    """Say what the answer rests on: what was copied; the rules' own chain where that lacks the shared answer."""
    if fold_title(answer) == fold_title(NOT_FOUND):
        return []
    if agreed and outcome.chain and not any(answer in sentence.text for _, sentence in reply.quotes):
        return list(outcome.chain)
    chain = []
    for page, sentence in reply.quotes:
        at = sentence.text.find(answer) if answer else -1
        start = sentence.start + max(at, 0)
        stop = start + len(answer) if at >= 0 else sentence.end
        chain.append(Reading(answer if at >= 0 else page.name, 1.0, page, start, stop, is_title=at < 0))
    return chain


def mend(answer: str, passages: Sequence[Passage]) -> str:
    """Give a misspelled copy of a name as it stands in the passages; anything else as it is."""
    answer = " ".join(answer.split())
    folded = fold_title(answer)
    if not folded or folded == fold_title(NOT_FOUND) or not any(char.isalpha() for char in answer):
        return answer
    if len(folded) < 4 or any(folded in fold_title(f"{p.page.title} {s.text}") for p in passages for s in p.sentences):
        return answer
    names = {span.text for p in passages for span in p.page.spans if span.number is None}
    names |= {p.page.name for p in passages}
    near = difflib.get_close_matches(answer, sorted(names), n=1, cutoff=SAME_SPAN)
    return near[0] if near else answer


def _moved(sampled: Sampled | None, reply: Reply, thought: int, start: int, stop: int) -> Sampled | None:
    """Move the ends of the drawn tokens to where their text stands in the turn."""
    if sampled is None or not sampled.text_ends:
        return sampled
    opening = len("<think>")

    def place(end: int) -> int:
        if end <= reply.start:
            return opening + min(end, thought)
        return stop if end >= reply.end else min(stop, start + end - reply.start)

    return replace(sampled, text_ends=tuple(map(place, sampled.text_ends)))


__all__ = ["MODE", "GuidedPolicy", "Task", "answer_turn", "gather", "mend"]
