"""`scripted:FILE`: a model that answers from a script. The public seam for tests and demonstrations.

A script is JSONL (one completion a line) or TOML (`[[completion]]` tables). Every field is optional:

    {"text": "<tool_call>{\\"name\\": \\"search\\", \\"arguments\\": {\\"queries\\": [\\"Ada\\"]}}</tool_call>"}
    {"text": "<answer>1815</answer>", "delay_s": 0.1}
    {"question": "(?i)capital of France", "text": "<answer>Paris</answer>"}
    {"when": "no results", "text": "<answer>NOT FOUND</answer>"}

    [[completion]]
    tool_calls = [{ name = "search", arguments = { queries = ["Ada"] } }]
    [[completion]]
    text = "<answer>1815</answer>"
    repeat = true

- `text`: what the model says; `tool_calls`: native calls (`name`, `arguments`, optional `id`).
- `delay_s`: seconds before the answer; `finish_reason`; `prompt_tokens` and `completion_tokens` in
  place of the estimates.
- `error`: `auth`, `unavailable`, `context` or `model`: the error raised instead of an answer;
  `error_text` is its message.
- `question`: a regular expression; the completion belongs to conversations whose first user message
  it matches. Without it, it belongs to all.
- `when`: a regular expression on the last message; such a completion answers whenever it matches, the
  first in the file first, before and beside the ordinary sequence.
- `repeat`: the last completion of the sequence answers all later turns too.

Which completion answers depends on the conversation alone: of the sequence that belongs to it, the one
numbered by the assistant messages it already holds. So runs side by side, and a run resumed after a
crash, get what they would have got.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from tamsa.errors import (
    ConfigError,
    ContextLengthError,
    InputError,
    ModelAuthError,
    ModelError,
    ModelUnavailableError,
)
from tamsa.llm.assembly import read_arguments
from tamsa.llm.failures import Endpoint
from tamsa.llm.settings import ModelSettings
from tamsa.llm.tokens import estimate_prompt, estimate_tokens
from tamsa.llm.wire import check_roles, completion_room
from tamsa.types import Completion, FinishReason, Message, Profile, ToolCall, ToolSchema

ErrorKind = Literal["auth", "unavailable", "context", "model"]
_ERRORS: dict[str, type[ModelError]] = {
    "auth": ModelAuthError,
    "unavailable": ModelUnavailableError,
    "context": ContextLengthError,
    "model": ModelError,
}
DEFAULT_CONTEXT_LENGTH = 131_072


@dataclass(frozen=True, slots=True)
class ScriptedCompletion:
    """One line of a script; the module's docstring explains the fields."""

    text: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    delay_s: float = 0.0
    finish_reason: FinishReason | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    error: ErrorKind | None = None
    error_text: str = ""
    question: re.Pattern[str] | None = None
    when: re.Pattern[str] | None = None
    repeat: bool = False


Answer = str | Completion | ScriptedCompletion | Mapping[str, Any]
Policy = Callable[[Sequence[Message]], Answer | Awaitable[Answer]]


class ScriptedModel:
    """A model that answers from a script, or from a function of the conversation.

    Example:
        >>> model = ScriptedModel(["<think>Easy.</think><answer>Paris</answer>"])
        >>> model = ScriptedModel(lambda messages: f"<answer>{len(messages)} messages</answer>")

    Args:
        script: completions (texts, mappings with the fields of the format, or `ScriptedCompletion`),
            or a plain or async function from the conversation to one of these or a `Completion`.
        settings: `context_length` (131,072 by default), `native_tools` (`auto`: yes where the script
            holds native calls), `max_tokens` and prices are used.
        name: the spec that goes into manifests.
        profile: how an agent is set up for it.

    Raises:
        ConfigError: a completion has an unknown field or a wrong value.
    """

    def __init__(
        self,
        script: Iterable[Answer] | Policy,
        settings: ModelSettings | None = None,
        *,
        name: str = "scripted",
        profile: Profile | None = None,
    ) -> None:
        self.name = name
        self.profile = profile or Profile()
        self._settings = settings or ModelSettings()
        self.context_length = self._settings.context_length or DEFAULT_CONTEXT_LENGTH
        self._policy: Policy | None = None
        self._script: tuple[ScriptedCompletion | Completion, ...] = ()
        if callable(script):
            self._policy = script
        else:
            self._script = tuple(
                _read(item, f"{name}: completion {number}") for number, item in enumerate(script, start=1)
            )
            if not self._script:
                raise ConfigError(f"{name}: the script is empty; write at least one completion")
        has_calls = any(item.tool_calls for item in self._script)
        self.native_tools = self._settings.native_tools == "yes" or (
            self._settings.native_tools == "auto" and has_calls
        )
        self.num_completions = 0
        """Answers given so far, for tests that count them."""

    @classmethod
    def from_file(cls, path: str | Path, settings: ModelSettings | None = None) -> ScriptedModel:
        """Read a script: TOML by the ending `.toml`, else JSONL.

        Raises:
            ConfigError: a completion has an unknown field or a wrong value (named by line or number).
            InputError: the file cannot be read.
        """
        path = Path(path)
        name = f"scripted:{path}"
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{name}: cannot be read ({error}); give the path of a JSONL or TOML script") from error
        if path.suffix.lower() == ".toml":
            try:
                table = tomllib.loads(text)
            except tomllib.TOMLDecodeError as error:
                raise ConfigError(f"{name}: not valid TOML ({error})") from error
            items = table.get("completion")
            if not isinstance(items, list) or set(table) != {"completion"}:
                raise ConfigError(f"{name}: must hold [[completion]] tables and nothing else")
            return cls([_read(item, f"{name}: completion {n}") for n, item in enumerate(items, 1)], settings, name=name)
        completions: list[Answer] = []
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except ValueError as error:
                raise ConfigError(f"{name}: line {number} is not JSON ({error})") from error
            completions.append(_read(item, f"{name}: line {number}"))
        return cls(completions, settings, name=name)

    def __repr__(self) -> str:
        return f"ScriptedModel({self.name!r}, {len(self._script)} completions)"

    def count_tokens(self, text: str) -> int:
        """Estimate from above the tokens of a text."""
        return estimate_tokens(text)

    async def aclose(self) -> None:
        """Do nothing; there is no connection."""

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """Answer a conversation from the script; see `tamsa.types.Model`.

        Raises:
            ContextLengthError: the prompt does not fit the context.
            ModelError: the script has no completion left for this conversation, or says to fail.
        """
        check_roles(messages, native_tools=self.native_tools)
        offered = tuple(tools) if self.native_tools else ()
        wanted = max_tokens or self._settings.max_tokens
        completion_room(messages, offered, self.context_length, wanted, Endpoint(self.name, "this process"))
        turn = sum(message.role == "assistant" for message in messages)
        answer = self._pick(messages, turn)
        if self._policy is not None:
            given = self._policy(messages)
            if inspect.isawaitable(given):
                given = await given
            answer = _read(given, f"{self.name}: the function's answer")
        assert answer is not None
        self.num_completions += 1
        if isinstance(answer, Completion):
            if on_text is not None and answer.text:
                on_text(answer.text)
            return answer
        if answer.delay_s > 0:
            await asyncio.sleep(answer.delay_s)
        if answer.error is not None:
            raise _ERRORS[answer.error](answer.error_text or f"{self.name}: the script says to fail ({answer.error})")
        return self._complete(answer, messages, offered, turn, stop, on_text)

    def _complete(
        self,
        answer: ScriptedCompletion,
        messages: Sequence[Message],
        tools: Sequence[ToolSchema],
        turn: int,
        stop: Sequence[str],
        on_text: Callable[[str], None] | None,
    ) -> Completion:
        ends = [at for s in stop if s and (at := answer.text.find(s)) >= 0]
        text = answer.text[: min(ends)] if ends else answer.text
        if on_text is not None and text:
            on_text(text)
        calls = tuple(
            ToolCall(
                str(call.get("id") or f"call_{turn}_{n}"), str(call["name"]), read_arguments(call.get("arguments"))
            )
            for n, call in enumerate(answer.tool_calls)
        )
        prompt_tokens = estimate_prompt(messages, tools) if answer.prompt_tokens is None else answer.prompt_tokens
        completion_tokens = answer.completion_tokens
        if completion_tokens is None:
            completion_tokens = estimate_prompt([Message("assistant", text, calls)])
        finish = answer.finish_reason or ("tool_calls" if calls else "stop")
        return Completion(text, calls, self._settings.usage(prompt_tokens, completion_tokens), finish)

    def _pick(self, messages: Sequence[Message], turn: int) -> ScriptedCompletion | Completion | None:
        """Choose the completion for a conversation."""
        if self._policy is not None:
            return None
        question = next((message.content for message in messages if message.role == "user"), "")
        last = messages[-1].content if messages else ""
        sequence: list[ScriptedCompletion | Completion] = []
        for item in self._script:
            if isinstance(item, ScriptedCompletion):
                if item.question is not None and not item.question.search(question):
                    continue
                if item.when is not None:
                    if item.when.search(last):
                        return item
                    continue
            sequence.append(item)
        if turn < len(sequence):
            return sequence[turn]
        if sequence and isinstance(sequence[-1], ScriptedCompletion) and sequence[-1].repeat:
            return sequence[-1]
        raise ModelError(
            f"{self.name}: the script holds {len(sequence)} completions for this conversation and number {turn + 1} "
            "is asked; add one, or set repeat on the last"
        )


_TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "tool_calls": (list, tuple),
    "delay_s": (int, float),
    "finish_reason": str,
    "prompt_tokens": int,
    "completion_tokens": int,
    "error": str,
    "error_text": str,
    "question": (str, re.Pattern),
    "when": (str, re.Pattern),
    "repeat": bool,
}


def _read(item: Any, where: str) -> ScriptedCompletion | Completion:
    if isinstance(item, ScriptedCompletion | Completion):
        return item
    if isinstance(item, str):
        return ScriptedCompletion(text=item)
    if not isinstance(item, Mapping):
        raise ConfigError(f"{where}: must be a text or an object, not {type(item).__name__}")
    values: dict[str, Any] = dict(item)
    for key, value in values.items():
        if key not in _TYPES:
            raise ConfigError(f"{where}: unknown field {key!r}; known: {', '.join(_TYPES)}")
        if not isinstance(value, _TYPES[key]) or (isinstance(value, bool) and key != "repeat"):
            raise ConfigError(f"{where}: {key} = {value!r} has the wrong type")
    for key in ("question", "when"):
        if isinstance(values.get(key), str):
            try:
                values[key] = re.compile(values[key])
            except re.error as error:
                raise ConfigError(f"{where}: {key} is not a regular expression ({error})") from error
    for key, known in (("error", get_args(ErrorKind)), ("finish_reason", get_args(FinishReason))):
        if key in values and values[key] not in known:
            raise ConfigError(f"{where}: {key} = {values[key]!r}; choose one of {', '.join(known)}")
    calls = values.get("tool_calls", ())
    for call in calls:
        if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
            raise ConfigError(f"{where}: tool_calls must hold objects with name and arguments, not {call!r}")
    return ScriptedCompletion(**{**values, "tool_calls": tuple(calls)})
