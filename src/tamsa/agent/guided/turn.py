"""The answer turn: a reader's reply in the agent's own form, its quotes at their places in the pages."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from tamsa.agent.baseline.answering import Outcome
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.reporting import plain, render
from tamsa.agent.baseline.state import fold_title
from tamsa.agent.guided.evidence import Passage
from tamsa.agent.guided.prompt import Reply, read_reply
from tamsa.agent.guided.task import Task
from tamsa.agent.react import NOT_FOUND
from tamsa.types import Completion, Sampled

SAME_SPAN = 0.84
"""Likeness from which on an answer that stands nowhere is taken for a misspelled copy of a name that does."""


def answer_turn(task: Task, completion: Completion, outcome: Outcome | None = None) -> Completion:
    """Make the answer turn of a reader's reply, in the agent's own form.

    Args:
        task: what was asked.
        completion: the reply. What was drawn goes over to the turn.
        outcome: the rules' candidate that it may agree with; None: the one they would answer.
    """
    text = completion.text
    reply = read_reply(text, task.passages)
    outcome = outcome or task.outcome
    if reply.answer is None:
        return rules_turn(outcome, completion)
    answer = mend(reply.answer, task.passages)
    agreed = fold_title(answer) == fold_title(outcome.text)
    chain, settlement = _chain(reply, answer, outcome, agreed), outcome.settlement if agreed else None
    thought = text[: reply.start].rpartition("\n")[0].replace("<", "‹").replace(">", "›")
    head = f"<think>{thought}</think>\n"
    written = head + render(answer, chain, settlement)
    at = len(head) + len("<answer>")
    sampled = _moved(completion.sampled, reply, len(thought), at, at + len(plain(answer) or NOT_FOUND))
    return replace(completion, text=written, sampled=sampled)


def rules_turn(outcome: Outcome, completion: Completion) -> Completion:
    """Make the answer turn of what the rules answer in place of a reply."""
    return replace(completion, text=render(outcome.text, outcome.chain, outcome.settlement), sampled=None)


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
