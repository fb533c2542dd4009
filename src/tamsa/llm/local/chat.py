"""From messages to token ids: the chat template, and the exact ids of what was read and drawn before.

The ids of a conversation are never made twice. After a completion its prompt and drawn ids are kept under the messages
they stand for; the next turn's prompt is those ids, followed by what the template puts after the assistant's message.
So a later prompt begins with the earlier one and its completion exactly, however the text would be tokenised now.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from jinja2.exceptions import TemplateError

from tamsa.errors import ConfigError
from tamsa.llm.wire import function_schemas
from tamsa.types import Message, ToolSchema

_MARK = "\u2063tamsa-completion-stands-here\u2063"
"""Put in an assistant's place to find out what the template writes around it."""
KEPT_TOKENS = 16_000_000
"""Token ids kept over all conversations, 4 bytes each; the oldest go first."""


class Chat:
    """Renders conversations for one model.

    Args:
        tokenizer: of transformers, with a chat template.
        name: the model's spec, for errors.

    Raises:
        ConfigError: there is no chat template, or it cannot render a plain question.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        self._tokenizer, self._name = tokenizer, name
        template = getattr(tokenizer, "chat_template", None)
        if not template:
            raise ConfigError(
                f"{name}: the tokenizer has no chat template; choose a model made for conversations, or put a "
                "chat_template.jinja into its folder"
            )
        self.template = json.dumps(template) if isinstance(template, dict) else str(template)
        self._kept: OrderedDict[tuple[bytes, int], np.ndarray[Any, Any]] = OrderedDict()
        self._held = 0
        self._turn_end = self._find_turn_end()

    @property
    def turn_end(self) -> int | None:
        """The token that the template puts after an assistant's message; None where it is no single token."""
        return self._turn_end

    def _find_turn_end(self) -> int | None:
        after = self._render([Message("user", "x"), Message("assistant", _MARK)], (), prompt=False).partition(_MARK)[2]
        ids = self._encode(after)
        return ids[0] if ids and ids[0] in set(self._tokenizer.all_special_ids) | self._added() else None

    def _added(self) -> set[int]:
        return set(getattr(self._tokenizer, "added_tokens_decoder", None) or ())

    def _encode(self, text: str) -> list[int]:
        # not verbose: a prompt beyond the model's length is refused later, in our own words
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False, verbose=False) if text else []
        return ids

    # ------------------------------------------------------------------ prompts

    def prompt(
        self, messages: Sequence[Message], tools: Sequence[ToolSchema], owner: int, end_ids: frozenset[int]
    ) -> list[int]:
        """Return the token ids of a conversation, ready for the assistant's next message.

        Args:
            messages: the conversation.
            tools: schemas, for templates that render them.
            owner: who leads the conversation, where several hold the same words (see `remember`).
            end_ids: tokens that end a completion.

        Raises:
            ConfigError: the template refuses the conversation.
        """
        keys = _keys(messages, tools)
        for number in range(len(messages) - 1, -1, -1):
            if messages[number].role != "assistant":
                continue
            kept = self._kept.get((keys[number], owner))
            kept = self._kept.get((keys[number], 0)) if kept is None else kept
            if kept is not None:
                after = self._after(messages, number, tools)
                if after is None:
                    break
                ids: list[int] = kept.tolist()
                rest = self._encode(after)
                if ids[-1] in end_ids and rest and rest[0] == self._turn_end:
                    rest = rest[1:]
                return ids + rest
        return self._encode(self._render(messages, tools, prompt=True))

    def remember(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSchema],
        answer: Message,
        ids: Sequence[int],
        owner: int,
    ) -> None:
        """Keep the ids of a conversation that was answered.

        Args:
            messages: the conversation before the answer.
            tools: as given to `prompt`.
            answer: the assistant's message as the caller will send it next time.
            ids: of the prompt and the completion.
            owner: who leads the conversation: of two that say the same, each goes on with the ids drawn for it.
        """
        key = _keys([*messages, answer], tools)[-1]
        array = np.asarray(ids, dtype=np.int32)
        for name in ((key, owner), (key, 0)):
            if (old := self._kept.pop(name, None)) is not None:
                self._held -= len(old)
            self._kept[name] = array
            self._held += len(array)
        while self._held > KEPT_TOKENS and len(self._kept) > 2:
            self._held -= len(self._kept.popitem(last=False)[1])

    def forget(self) -> None:
        """Drop all kept ids."""
        self._kept.clear()
        self._held = 0

    def _after(self, messages: Sequence[Message], number: int, tools: Sequence[ToolSchema]) -> str | None:
        """Return what the template writes after message `number` up to the next answer; None where it cannot say."""
        marked = [*messages[:number], Message("assistant", _MARK), *messages[number + 1 :]]
        try:
            text = self._render(marked, tools, prompt=True)
        except ConfigError:
            return None
        _, found, after = text.rpartition(_MARK)
        return after if found else None

    def _render(self, messages: Sequence[Message], tools: Sequence[ToolSchema], *, prompt: bool) -> str:
        conversation = _conversation(messages)
        try:
            return self._apply(conversation, tools, prompt)
        except (TemplateError, TypeError, ValueError, KeyError) as error:
            merged = _merged(messages)  # templates without a system role, or that want roles to alternate
            if len(merged) == len(messages):
                raise self._refusal(error) from error
            try:
                return self._apply(_conversation(merged), tools, prompt)
            except (TemplateError, TypeError, ValueError, KeyError) as again:
                raise self._refusal(again) from again

    def _refusal(self, error: Exception) -> ConfigError:
        reason = " ".join(str(error).split())[:200]
        return ConfigError(f"{self._name}: its chat template refuses the conversation ({reason})")

    def _apply(self, conversation: list[dict[str, Any]], tools: Sequence[ToolSchema], prompt: bool) -> str:
        text: str = self._tokenizer.apply_chat_template(
            conversation,
            tools=function_schemas(tools) or None,
            tokenize=False,
            add_generation_prompt=prompt,
        )
        return text


def _conversation(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Write messages as templates take them; `data` stays behind."""
    rendered: list[dict[str, Any]] = []
    for message in messages:
        item: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.tool_calls:
            item["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": dict(call.arguments)}}
                for call in message.tool_calls
            ]
        if message.role == "tool":
            item["tool_call_id"] = message.tool_call_id
            if message.name:
                item["name"] = message.name
        rendered.append(item)
    return rendered


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Put the system prompt into the first user message, and join neighbours of the same role."""
    merged: list[Message] = []
    for message in messages:
        role = "user" if message.role == "system" else message.role
        last = merged[-1] if merged else None
        joinable = last is not None and last.role == role and role != "tool"
        if last is not None and joinable and not last.tool_calls and not message.tool_calls:
            merged[-1] = Message(role, f"{last.content}\n\n{message.content}")
        else:
            merged.append(message if role == message.role else Message(role, message.content))
    return merged


def _keys(messages: Sequence[Message], tools: Sequence[ToolSchema]) -> list[bytes]:
    """Return a digest of the conversation up to each message; ids of calls, which callers renumber, do not count."""
    digest = hashlib.blake2b(json.dumps([tool.name for tool in tools]).encode(), digest_size=16)
    keys = []
    for message in messages:
        calls = [[call.name, dict(call.arguments)] for call in message.tool_calls]
        written = json.dumps([message.role, message.content, calls], sort_keys=True, default=str)
        digest.update(written.encode())
        keys.append(digest.copy().digest())
    return keys
