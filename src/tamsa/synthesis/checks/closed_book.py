"""The closed-book test: what a model answers right without any document is not worth researching.

The model gets the question alone, no tools and no documents. Its reply counts only if it is one `<answer>` and nothing
else, thoughts aside; anything else is asked for again and in the end leaves the question as it was. So a reply that
cannot be read never drops a question.

A question whose answer stands in it, or is yes or no, is not asked: the right answer would prove no knowledge, and a
model that always says yes would leave only those with no.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tamsa.agent.react import NOT_FOUND, parse_answer
from tamsa.errors import ModelAuthError, ModelError, ModelUnavailableError
from tamsa.scoring.judge import Judge
from tamsa.scoring.metrics import exact_match
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.values import fold
from tamsa.types import Message, Model

Outcome = Literal["known", "not known", "unread", "guessable"]
"""known: answered right from memory; unread: no reply could be read; guessable: not asked."""
MAX_ANSWER_CHARS = 300
MAX_REPLY_TOKENS = 2_048
_SYSTEM = f"""Answer the question from memory. You have no tools and no documents, and nothing can be looked up. \
Reply with the short answer alone between tags, and nothing after it:
<answer>a name, a date, a number or a few words</answer>
If you do not know it, reply <answer>{NOT_FOUND}</answer>"""
_AGAIN = "Your reply could not be read. Reply with <answer>the short answer</answer> and nothing else."
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_ANSWER = re.compile(r"\s*<answer>((?:(?!</?(?:answer|think|tool_call)>).)+)</answer>\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a model made of one question without documents."""

    outcome: Outcome
    said: str = ""
    """Its answer, or the beginning of what could not be read."""


def guessable(question: GoldQuestion) -> bool:
    """Whether a right answer would prove nothing: yes or no, a name that the question holds, or no answer at all."""
    if question.answer_type == "yes_no" or question.answers == (NOT_FOUND,):
        return True
    text = f" {fold(question.question)} "
    return any(f" {fold(answer)} " in text for answer in question.answers if fold(answer))


def read_reply(text: str) -> str | None:
    """Return the short answer of a reply that is one `<answer>` and nothing else, thoughts aside; else None."""
    rest = _THOUGHT.sub("", text)
    if "<think>" not in rest:  # a template that opens the thought in the prompt leaves its end alone
        rest = rest.rpartition("</think>")[2]
    found = _ANSWER.fullmatch(rest)
    short = parse_answer(found[1]).text.strip() if found is not None else ""
    return short if 0 < len(short) <= MAX_ANSWER_CHARS else None


class ClosedBook:
    """Asks a model questions without documents.

    Args:
        model: the model.
        judge: asked about answers that the exact match refuses; None lets the exact match decide alone.
        max_retries: further tries after a reply that cannot be read.
        max_tokens: bound on one reply.
    """

    def __init__(
        self, model: Model, judge: Judge | None = None, *, max_retries: int = 2, max_tokens: int = MAX_REPLY_TOKENS
    ) -> None:
        self._model = model
        self._judge = judge
        self._max_retries = max_retries
        self._max_tokens = max_tokens

    async def ask(self, question: GoldQuestion) -> Recalled:
        """Say whether the model knows the answer.

        Raises:
            ModelAuthError, ModelUnavailableError: the endpoint answers nobody; run again, the synthesis goes on.
        """
        if guessable(question):
            return Recalled("guessable")
        messages = [Message("system", _SYSTEM), Message("user", question.question)]
        said = ""
        try:
            for _ in range(self._max_retries + 1):
                completion = await self._model.complete(messages, max_tokens=self._max_tokens)
                answer = read_reply(completion.text)
                if answer is not None:
                    return Recalled("known" if await self._right(question, answer) else "not known", answer)
                said = " ".join(completion.text.split())[:MAX_ANSWER_CHARS]
                messages += [Message("assistant", completion.text or "(nothing)"), Message("user", _AGAIN)]
        except (ModelAuthError, ModelUnavailableError):
            raise
        except ModelError as error:
            said = " ".join(str(error).split())[:MAX_ANSWER_CHARS]
        return Recalled("unread", said)

    async def _right(self, question: GoldQuestion, answer: str) -> bool:
        if exact_match(answer, question.answers):
            return True
        if self._judge is None or exact_match(answer, [NOT_FOUND]):
            return False
        return (await self._judge.judge(question.question, question.answers, answer)).correct
