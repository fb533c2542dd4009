"""Read what heads are trained on: texts, chats, prompts with answers, prompts that ask for certainty or variety."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamsa.corpus.documents import clean
from tamsa.errors import InputError


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids and which of them are to be predicted well."""

    ids: list[int]
    learned: list[bool]
    """One flag a token: whether the position before it is trained on."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is asked, and what the verifier needs."""

    ids: list[int]
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ControlPrompt:
    """One task in three wordings."""

    plain: list[int]
    certain: list[int]
    varied: list[int]


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"data.path: {path} cannot be read ({error})") from error
    found = False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}: line {number} is not JSON ({error})") from error
        if not isinstance(record, dict):
            raise InputError(f"{path}: line {number} is a {type(record).__name__}, expected an object")
        found = True
        yield f"{path}: line {number}", record
    if not found:
        raise InputError(f"{path}: empty, expected one JSON object a line")


def _text(record: Mapping[str, Any], field: str, where: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or not value:
        raise InputError(f"{where}: {field} = {value!r}, expected text")
    return clean(value)


def _chat_ids(tokenizer: Any, messages: Any, where: str, *, ask: bool) -> list[int]:
    if not getattr(tokenizer, "chat_template", None):
        raise InputError(f"{where}: `messages`, but the model's tokenizer has no chat template; give `prompt`")
    if not isinstance(messages, list) or not messages:
        raise InputError(f"{where}: messages = {messages!r}, expected a list of turns")
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=ask)
    except Exception as error:  # a template raises anything over a turn that it does not expect
        raise InputError(f"{where}: messages do not fit the model's chat template ({error})") from error
    return list(tokenizer(clean(text), add_special_tokens=False)["input_ids"])


def _plain_ids(tokenizer: Any, text: str, *, start: bool) -> list[int]:
    return list(tokenizer(text, add_special_tokens=start)["input_ids"])


def _chat_example(tokenizer: Any, messages: Any, where: str) -> Example:
    """Mark the assistant's turns: what each adds to the conversation asked so far."""
    ids = _chat_ids(tokenizer, messages, where, ask=False)
    learned = [False] * len(ids)
    for turn, message in enumerate(messages):
        if message.get("role") != "assistant" or turn == 0:
            continue
        start = len(_chat_ids(tokenizer, messages[:turn], where, ask=True))
        end = len(_chat_ids(tokenizer, messages[: turn + 1], where, ask=False))
        learned[start:end] = [True] * (min(end, len(ids)) - start)
    if not any(learned):
        raise InputError(f"{where}: no turn of the assistant after another turn, expected at least one")
    return Example(ids, learned)


def read_examples(path: Path, tokenizer: Any, max_length: int) -> list[Example]:
    """Read texts or chats.

    A `text` is learned from its second token on, a `completion` from its first and with the end-of-sequence token, a
    chat where the assistant speaks.

    Raises:
        InputError: the file, a line or a field is wrong; the message names it.
    """
    found = []
    for where, record in _records(path):
        if "messages" in record:
            example = _chat_example(tokenizer, record["messages"], where)
        elif "completion" in record:
            prompt = _plain_ids(tokenizer, _text(record, "prompt", where), start=True)
            answer = _plain_ids(tokenizer, _text(record, "completion", where), start=False)
            if tokenizer.eos_token_id is not None:
                answer.append(tokenizer.eos_token_id)
            example = Example(prompt + answer, [False] * len(prompt) + [True] * len(answer))
        else:
            ids = _plain_ids(tokenizer, _text(record, "text", where), start=True)
            example = Example(ids, [False] + [True] * (len(ids) - 1))
        example = Example(example.ids[:max_length], example.learned[:max_length])
        if any(example.learned[1:]):
            found.append(example)
    if not found:
        raise InputError(f"{path}: no example with a token to learn within max_length = {max_length}")
    return found


def _prompt_ids(record: Mapping[str, Any], tokenizer: Any, max_length: int, where: str) -> list[int]:
    if "messages" in record:
        ids = _chat_ids(tokenizer, record["messages"], where, ask=True)
    else:
        ids = _plain_ids(tokenizer, _text(record, "prompt", where), start=True)
    if not 0 < len(ids) <= max_length:
        raise InputError(f"{where}: a prompt of {len(ids)} tokens, expected 1 to data.max_length = {max_length}")
    return ids


def read_prompts(path: Path, tokenizer: Any, max_length: int) -> list[Prompt]:
    """Read prompts with the records that their answers are verified by.

    Raises:
        InputError: the file, a line or a field is wrong; the message names it.
    """
    return [Prompt(_prompt_ids(record, tokenizer, max_length, where), record) for where, record in _records(path)]


def read_control_prompts(path: Path, tokenizer: Any, max_length: int) -> list[ControlPrompt]:
    """Read tasks in three wordings: `prompt`, `certain`, `varied`.

    Raises:
        InputError: the file, a line or a field is wrong; the message names it.
    """
    found = []
    for where, record in _records(path):
        parts = []
        for field in ("prompt", "certain", "varied"):
            wording = {"prompt": _text(record, field, where)}
            parts.append(_prompt_ids(wording, tokenizer, max_length, where))
        found.append(ControlPrompt(*parts))
    if len(found) < 2:
        raise InputError(f"{path}: {len(found)} prompt, expected at least 2 (one is held out)")
    return found
