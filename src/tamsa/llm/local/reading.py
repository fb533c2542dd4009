"""A completion while its tokens come: text from tokens, stop strings, and what may be shown already."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from tokenizers import decoders

from tamsa.llm.local.formats import CallFormat
from tamsa.llm.local.shown import beginning

_WINDOW = 16
"""Tokens that a character may be spread over before it counts as broken."""


@lru_cache(maxsize=1)
def _bytes_by_character() -> dict[str, int]:
    """Return the table of byte-level BPE: printable stand-ins for all 256 bytes (as GPT-2 defined it)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(byte): byte for byte in plain}
    others = (byte for byte in range(256) if byte not in set(plain))
    return table | {chr(256 + n): byte for n, byte in enumerate(others)}


class Vocabulary:
    """Turns tokens into text one at a time; special tokens stay visible, since formats are read from them."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        backend = getattr(tokenizer, "backend_tokenizer", None)
        self._names: Any = backend if isinstance(getattr(backend, "decoder", None), decoders.ByteLevel) else None
        self._pieces: dict[int, bytes] = {}

    @property
    def is_byte_level(self) -> bool:
        """Whether each token is a fixed string of bytes."""
        return self._names is not None

    def piece(self, token: int) -> bytes:
        """Return the bytes of a token of a byte-level vocabulary."""
        found = self._pieces.get(token)
        if found is None:
            name = self._names.id_to_token(token) or ""
            table = _bytes_by_character()
            known = [table.get(character) for character in name]
            found = name.encode() if None in known else bytes(byte for byte in known if byte is not None)
            self._pieces[token] = found
        return found

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens, special ones included."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text


class Detokenizer:
    """The text of a growing sequence of tokens: `add` returns what has become certain, `end` the rest."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace") if vocabulary.is_byte_level else None
        self._ids: list[int] = []
        self._start = self._done = 0

    def add(self, token: int) -> str:
        """Take the next token."""
        if self._utf8 is not None:
            return self._utf8.decode(self._vocabulary.piece(token))
        self._ids.append(token)
        return self._advance(final=len(self._ids) - self._done >= _WINDOW)

    def end(self) -> str:
        """Return what was held back: an incomplete character."""
        return self._utf8.decode(b"", final=True) if self._utf8 is not None else self._advance(final=True)

    def _advance(self, *, final: bool) -> str:
        before = self._vocabulary.decode(self._ids[self._start : self._done])
        whole = self._vocabulary.decode(self._ids[self._start :])
        if len(whole) <= len(before) or (whole.endswith("\ufffd") and not final):
            return ""
        self._start, self._done = self._done, len(self._ids)
        return whole[len(before) :]


class Reading:
    """Follows one completion in the engine's thread.

    Args:
        vocabulary: of the model.
        stop: strings that end the completion; they are not part of its text.
        on_text: receives the text for people as it becomes certain; the pieces joined are the final text, or begin it.
        calls: the format of native calls, of which it shows nothing.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
        calls: CallFormat | None = None,
    ) -> None:
        self._tokens = Detokenizer(vocabulary)
        self._stop = tuple(s for s in stop if s)
        self._longest = max((len(s) for s in self._stop), default=0)
        self._on_text = on_text
        self._shown = calls.shown() if calls is not None else None
        self._parts: list[str] = []
        self._tail = ""
        self._unseen = ""
        self._length = 0
        self.stopped = False
        """True once a stop string was met."""
        self.ends: list[int] = []
        """Characters of the text that were certain after each token."""

    def take(self, token: int) -> bool:
        """Take the next token; True when a stop string has ended the completion."""
        text = self._tokens.add(token)
        self._length += len(text)
        self.ends.append(self._length)
        self._add(text)
        return self.stopped

    def finish(self) -> str:
        """Return the whole text, up to the stop string if there was one."""
        if not self.stopped:
            self._add(self._tokens.end())
            self._show(final=True)
        return "".join(self._parts)

    def _add(self, text: str) -> None:
        if not text:
            return
        if self._stop:
            recent = self._tail + text
            found = [at for s in self._stop if (at := recent.find(s)) >= 0]
            if found:
                self._cut(min(found) - len(self._tail), text)
                return
            self._tail = recent[len(recent) - self._longest + 1 :] if len(recent) >= self._longest else recent
        self._parts.append(text)
        if self._on_text is not None:
            self._unseen += text
            self._show(final=False)

    def _cut(self, at: int, text: str) -> None:
        """End the text `at` characters into the newest piece; negative, before it."""
        whole = "".join([*self._parts, text])
        end = len(whole) - len(text) + at
        if self._on_text is not None:
            shown = len(whole) - len(text) - len(self._unseen)
            self._unseen = whole[shown:end]
        self._parts = [whole[:end]]
        self.stopped = True
        self._show(final=True)

    def _show(self, *, final: bool) -> None:
        """Pass on what is certain: not what may begin a stop string, and nothing of a call."""
        if self._on_text is None:
            return
        cut = len(self._unseen) - (0 if final else beginning(self._unseen, self._stop))
        text, self._unseen = self._unseen[:cut], self._unseen[cut:]
        if self._shown is not None:
            text = self._shown.feed(text) + (self._shown.end() if final else "")
        if text:
            self._on_text(text)
