"""The tokenizer: byte-level BPE that knows the agent's format, and a chat template that only ever grows at its end.

A conversation is `<|begin|>` and then, for each message, its role's token, its content and `<|end|>`. Nothing is
trimmed and nothing depends on what follows, so the rendering of a conversation's first messages is a prefix of the
rendering of the whole, in characters and in token ids: an agent's next turn continues the state of the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from tamsa.agent.guided.choices import chosen
from tamsa.agent.guided.prompt import BRIEF
from tamsa.errors import ConfigError, InputError

PAD, BEGIN, END = "<|pad|>", "<|begin|>", "<|end|>"
ROLES = ("system", "user", "assistant", "tool")
CONTROL_TOKENS = (PAD, BEGIN, END, *(f"<|{role}|>" for role in ROLES))
"""Tokens that no text can produce; their ids are 0 to 6 in this order."""
PROTOCOL_TOKENS = (
    *(f"<{slash}{tag}>" for tag in ("think", "plan", "report", "tool_call") for slash in ("", "/")),
    *(f"<{slash}{tag}>" for tag in ("tool_response", "answer", "finding", "settlement") for slash in ("", "/")),
    '<quote doc="',
    "</quote>",
    '">',
    '" stance="against">',
    '{"name": "search", "arguments": {"queries": ["',
    '{"name": "visit", "arguments": {"ids": ["',
    '{"name": "find", "arguments": {"text": "',
    '"], "goal": "',
    '", "id": "',
    '", "',
    '"]}}',
    '"}}',
    "[confirmed]",
    "[refuted]",
    "[open]",
    "NOT FOUND",
)
"""Frequent strings of the agent's format (`tamsa.agent.react`), one token each; ordinary text otherwise."""
CHAT_TEMPLATE = (
    "{{- '<|begin|>' -}}"
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' -}}"
    "{%- if message['role'] == 'assistant' -%}"
    "{%- generation -%}{{- message['content'] + '<|end|>' -}}{%- endgeneration -%}"
    "{%- else -%}{{- message['content'] + '<|end|>' -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
MIN_VOCAB_SIZE = 256 + len(CONTROL_TOKENS) + len(PROTOCOL_TOKENS)
"""Bytes and fixed tokens; a smaller vocabulary has no room for them."""


def train_tokenizer(
    texts: Iterable[str], *, vocab_size: int = 8192, min_frequency: int = 2, model_max_length: int = 4096
) -> Any:
    """Learn a byte-level BPE.

    Digits are split singly, without the space before them, and the space before a capital is a token of its own, so
    that a number or a name is spelled alike wherever it stands and can be copied token for token.

    Args:
        texts: what it learns from.
        vocab_size: tokens, fixed ones included.
        min_frequency: times a pair must occur to be merged.
        model_max_length: context length written to the tokenizer's configuration.

    Raises:
        ConfigError: the vocabulary has no room for bytes and fixed tokens.
        InputError: there is no text, or too little of it for the vocabulary.
    """
    if vocab_size < MIN_VOCAB_SIZE:
        raise ConfigError(f"vocab_size = {vocab_size}; bytes and fixed tokens alone take {MIN_VOCAB_SIZE}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\d| (?=\p{Lu})"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(PROTOCOL_TOKENS),
        min_frequency=min_frequency,
        special_tokens=list(CONTROL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_pieces(texts), trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in PROTOCOL_TOKENS])
    found = tokenizer.get_vocab_size()
    if found < vocab_size:
        raise InputError(f"the texts give {found} tokens, vocab_size = {vocab_size}; give more text or a smaller size")
    made: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BEGIN,
        eos_token=END,
        additional_special_tokens=[f"<|{role}|>" for role in ROLES],
        chat_template=CHAT_TEMPLATE,
        model_max_length=model_max_length,
        clean_up_tokenization_spaces=False,
    )
    return made


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    """Take the fixed strings out of the texts, so that no merge is learned across or inside one."""
    pattern = Regex("|".join(_escaped(text) for text in (*CONTROL_TOKENS, *PROTOCOL_TOKENS)))
    splitter = pre_tokenizers.Split(pattern, "removed")
    for text in texts:
        yield from (piece for piece, _ in splitter.pre_tokenize_str(text))


def _escaped(text: str) -> str:
    return "".join(char if char.isalnum() or char in ' "<_' else "\\" + char for char in text)


def load_tokenizer(folder: Path) -> Any:
    """Load a tokenizer folder.

    Raises:
        InputError: there is none.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder; name a model, or a tokenizer made by `tamsa train tokenizer RECIPE.toml`"
        )
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # what a damaged file raises has no common base
        raise InputError(
            f"{folder}: holds no tokenizer ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
        ) from error


CONTEXT, CHOSEN, COPIED = 0, 1, 2
"""Marks of tokens: what the model does not write; what it writes; what it writes in a reading after the choice that
settled it."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A conversation as tokens."""

    ids: list[int]
    marks: list[int]
    """What each token is. A model writes the content of assistant messages and the end after it."""

    @property
    def generated(self) -> list[bool]:
        """True for what the model writes."""
        return [mark != CONTEXT for mark in self.marks]


class ChatEncoder:
    """Turn conversations into ids and generation marks.

    For Tamsa's own template, ids equal those of `apply_chat_template`, but for one thing: a control token written
    out in a message's text stays text. Other tokenizers go through their own template, which must mark what the
    model writes or must at least grow at its end only.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._own = tokenizer.chat_template == CHAT_TEMPLATE
        self._known: dict[str, int] = tokenizer.get_vocab()

    def __call__(self, messages: Sequence[Mapping[str, Any]]) -> Encoded:
        """Encode messages with `role` and `content`, oldest first.

        Raises:
            InputError: a role is unknown, a content is no text, or the template cannot be split into turns.
        """
        for number, message in enumerate(messages):
            if message.get("role") not in ROLES:
                raise InputError(f"message {number}: role = {message.get('role')!r}; known: {', '.join(ROLES)}")
            if not isinstance(message.get("content"), str):
                raise InputError(f"message {number}: content is {type(message.get('content')).__name__}, not text")
        return self._encode_own(messages) if self._own else self._encode_foreign(messages)

    def _encode_own(self, messages: Sequence[Mapping[str, Any]]) -> Encoded:
        ids, marks = [self._known[BEGIN]], [CONTEXT]
        end = self._known[END]
        is_reading = bool(messages) and messages[0]["content"] == BRIEF
        for number, message in enumerate(messages):
            content = text_ids(self.tokenizer, message["content"])
            ids += [self._known[f"<|{message['role']}|>"], *content, end]
            if message["role"] != "assistant":
                marks += [CONTEXT] * (len(content) + 2)
            elif is_reading:
                marks += [CONTEXT, *self._reading(messages[number - 1]["content"], message["content"]), CHOSEN]
            else:
                marks += [CONTEXT] + [CHOSEN] * (len(content) + 1)
        return Encoded(ids, marks)

    def _reading(self, prompt: str, reply: str) -> list[int]:
        found = self.tokenizer(reply, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True)
        ends = [end for _, end in found["offset_mapping"]]
        return [CHOSEN if is_chosen else COPIED for is_chosen in chosen(prompt, reply, ends)]

    def _encode_foreign(self, messages: Sequence[Mapping[str, Any]]) -> Encoded:
        plain = [{"role": message["role"], "content": message["content"]} for message in messages]
        ids = self._apply(plain, False)
        generated = [False] * len(ids)
        for number, message in enumerate(plain):
            if message["role"] != "assistant":
                continue
            start, end = self._apply(plain[:number], True), self._apply(plain[: number + 1], False)
            if ids[: len(start)] != start or ids[: len(end)] != end:
                raise InputError(
                    f"message {number}: the tokenizer's chat template rewrites earlier turns; "
                    "give a template that only grows at its end"
                )
            generated[len(start) : len(end)] = [True] * (len(end) - len(start))
        return Encoded(ids, [CHOSEN if mark else CONTEXT for mark in generated])

    def _apply(self, messages: Sequence[Mapping[str, Any]], prompt: bool) -> list[int]:
        if self.tokenizer.chat_template is None:
            raise InputError("the tokenizer has no chat template; give one, or train on plain text")
        if not messages:
            return []
        found = self.tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=prompt, tokenize=True, return_dict=False
        )
        return [int(token) for token in found]


def text_ids(tokenizer: Any, text: str) -> list[int]:
    """Encode plain text; control tokens written out in it stay text."""
    return list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def batch_text_ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Encode many plain texts at once; see `text_ids`."""
    return list(tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"])


def smallest_dtype(vocab_size: int) -> Any:
    """Choose the integer type that holds every id: uint16 or uint32."""
    return np.uint16 if vocab_size <= 1 << 16 else np.uint32
