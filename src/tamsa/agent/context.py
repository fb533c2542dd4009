"""The model's context as a budget: how full it is, and what one observation may take of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tamsa.agent import prompts
from tamsa.agent.budget import Budget
from tamsa.types import Message, Model, ToolSchema, Usage

MESSAGE_OVERHEAD = 8
"""Tokens that a chat template adds around a message, from above."""
MIN_OBSERVATION_TOKENS = 64


class Context:
    """Measures conversations against the context of one model."""

    def __init__(self, model: Model, budget: Budget, schemas: Sequence[ToolSchema]) -> None:
        self._model = model
        self._length = model.context_length
        self._share = budget.observation_share
        self.max_completion_tokens = max(1, min(budget.max_completion_tokens, self._length // 8))
        self._limit = int(self._length * budget.context_share)
        self._schemas = sum(model.count_tokens(str(schema.parameters) + schema.description) for schema in schemas)
        self._known: dict[int, tuple[Message, int]] = {}

    def tokens(self, messages: Sequence[Message]) -> int:
        """Count the tokens of a conversation; messages counted the last time are not counted again."""
        self._known = {
            id(message): self._known.get(id(message)) or (message, self._of(message)) for message in messages
        }
        return self._schemas + sum(tokens for _, tokens in self._known.values())

    def _of(self, message: Message) -> int:
        calls = "".join(call.name + str(call.arguments) for call in message.tool_calls)
        return self._model.count_tokens(message.content + calls) + MESSAGE_OVERHEAD

    def room(self, messages: Sequence[Message]) -> int:
        """Tokens left for observations, with two completions kept free: the next and the forced one."""
        return self._limit - self.tokens(messages) - 2 * self.max_completion_tokens

    def full(self, messages: Sequence[Message]) -> bool:
        """Say whether no further turn fits."""
        return self.room(messages) < MIN_OBSERVATION_TOKENS

    def observation_tokens(self, messages: Sequence[Message], num_calls: int) -> int:
        """Tokens that each observation of this turn may take."""
        share = min(int(self._length * self._share), self.room(messages))
        return max(MIN_OBSERVATION_TOKENS, share // max(1, num_calls))

    def clip(self, text: str, max_tokens: int) -> str:
        """Cut a text to a number of tokens, and say so in it."""
        if len(text.encode()) <= max_tokens or self._model.count_tokens(text) <= max_tokens:
            return text  # a byte-level tokenizer never makes more tokens than bytes
        low, high = 0, len(text)
        while high - low > 32:
            middle = (low + high) // 2
            if self._model.count_tokens(text[:middle] + prompts.cut(middle, len(text))) <= max_tokens:
                low = middle
            else:
                high = middle
        return text[:low] + prompts.cut(low, len(text))

    def estimate(self, messages: Sequence[Message], completion: str, usage: Usage) -> Usage:
        """Fill in a usage that the server did not report."""
        return replace(
            usage,
            prompt_tokens=self.tokens(messages),
            completion_tokens=self._model.count_tokens(completion),
        )

    def compact(self, messages: Sequence[Message]) -> list[Message]:
        """Shrink a conversation that did not fit: the prompt whole, then the latest text of each observation."""
        head, tail = list(messages[:2]), list(messages[2:])
        keep = max(MIN_OBSERVATION_TOKENS, (self._limit // 2) // max(1, len(tail)))
        return head + [replace(message, content=self.clip(message.content, keep)) for message in tail]
