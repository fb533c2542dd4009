"""The tokenizer of a folder by the `tokenizers` library alone: what decoding asks of one, and no more.

Its methods are named and behave as those of transformers' tokenizers, so that either serves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from tamsa.errors import InputError
from tamsa.llm.local.template import Template

_CLASSES = ("TokenizersBackend", "PreTrainedTokenizerFast")
"""Classes of transformers whose tokenizer is `tokenizer.json` as it stands."""
_NAMED = ("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token")
_KNOWN = {*_NAMED, "extra_special_tokens", "tokenizer_class", "model_max_length"}
_KNOWN |= {"backend", "is_local", "local_files_only"}
"""Fields of `tokenizer_config.json` that are understood; whatever else it asks for is transformers' to do."""


class PlainTokenizer:
    """A tokenizer and its chat template.

    Args:
        folder: with `tokenizer.json`, `tokenizer_config.json` and, for conversations, `chat_template.jinja`.

    Raises:
        InputError: a file cannot be read, or asks for more than this class can; the message says what.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self.backend_tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises bare ones
            raise InputError(f"{folder / 'tokenizer.json'}: cannot be read ({error})") from error
        self.backend_tokenizer.no_truncation()
        self.backend_tokenizer.no_padding()
        self.added_tokens_decoder = self.backend_tokenizer.get_added_tokens_decoder()
        config = _read_config(folder / "tokenizer_config.json")
        self._named = {name: config[name] for name in _NAMED if config.get(name) is not None}
        special = {token.content: number for number, token in self.added_tokens_decoder.items() if token.special}
        wanted = [*self._named.values(), *(config.get("extra_special_tokens") or ())]
        if unknown := [token for token in wanted if token not in special]:
            raise InputError(f"{folder / 'tokenizer.json'}: lacks the special token {unknown[0]!r}")
        self.all_special_ids = sorted(special.values())
        self.eos_token_id = special.get(str(self._named.get("eos_token")))
        self.model_max_length = config.get("model_max_length")
        template = folder / "chat_template.jinja"
        self.chat_template = template.read_text(encoding="utf-8") if template.is_file() else None

    def encode(self, text: str, *, add_special_tokens: bool = False, verbose: bool = True) -> list[int]:
        """Return the ids of a text; control tokens written in it are found as such."""
        ids: list[int] = self.backend_tokenizer.encode(text, add_special_tokens=add_special_tokens).ids
        return ids

    def __call__(
        self, text: str, *, add_special_tokens: bool = False, return_offsets_mapping: bool = True, verbose: bool = True
    ) -> dict[str, Any]:
        """Return `input_ids` of a text, and by `offset_mapping` where in it each begins and ends."""
        found = self.backend_tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return {"input_ids": found.ids, "offset_mapping": found.offsets}

    def decode(
        self, ids: Sequence[int], *, skip_special_tokens: bool = False, clean_up_tokenization_spaces: bool = False
    ) -> str:
        """Return the text of ids."""
        text: str = self.backend_tokenizer.decode(list(ids), skip_special_tokens=skip_special_tokens)
        return text

    @cached_property
    def _template(self) -> Template:
        return Template(self.chat_template or "")

    def apply_chat_template(
        self,
        conversation: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        tokenize: bool = False,
        add_generation_prompt: bool = False,
    ) -> str:
        """Render a conversation as text.

        Raises:
            TemplateError: the template refuses it.
        """
        messages = [{key: value for key, value in message.items() if value is not None} for message in conversation]
        return self._template.render(
            messages=messages,
            tools=tools,
            documents=None,
            add_generation_prompt=add_generation_prompt,
            **self._named,
        )


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    if not isinstance(config, dict) or config.get("tokenizer_class") not in _CLASSES:
        raise InputError(f"{path}: tokenizer_class is none of {', '.join(_CLASSES)}")
    if config.get("clean_up_tokenization_spaces", False) is not False:
        raise InputError(f"{path}: clean_up_tokenization_spaces is not supported")
    if unknown := sorted(set(config) - _KNOWN - {"clean_up_tokenization_spaces"}):
        raise InputError(f"{path}: {unknown[0]} is not supported")
    tokens = [config.get(name) for name in _NAMED] + list(config.get("extra_special_tokens") or ())
    if any(token is not None and not isinstance(token, str) for token in tokens):
        raise InputError(f"{path}: special tokens must be strings")
    return config
