"""Tokens of a source on disk, made once and mapped into memory.

A cache folder holds `tokens.bin` (uint16 or uint32), `ends.npy` (int64, cumulative), for conversations
`marks.bin` (one byte a token, see `tokenizer.CHOSEN`), and `cache.json`. It is written aside and renamed when whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tamsa.errors import InputError, StorageError
from tamsa.store import make_folder, read_json, write_json
from tamsa.train.sources import Item, Source, fingerprint, kind_of, read_items
from tamsa.train.tokenizer import CONTEXT, ChatEncoder, batch_text_ids, smallest_dtype
from tamsa.types import SCHEMA_VERSION

LAYOUT = 2
"""Of a cache folder; one of another layout is made anew."""
BATCH = 512
"""Items tokenised at a time."""


class TokenCache:
    """The tokens of a source's items, in the source's order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.about: dict[str, Any] = read_json(folder / "cache.json")
        dtype = np.dtype(self.about["dtype"])
        self.tokens: np.ndarray[Any, Any] = np.memmap(folder / "tokens.bin", dtype=dtype, mode="r")
        self.ends: np.ndarray[Any, Any] = np.load(folder / "ends.npy")
        self.marks: np.ndarray[Any, Any] | None = None
        if self.is_chat:
            self.marks = np.memmap(folder / "marks.bin", dtype=np.uint8, mode="r")

    @property
    def is_chat(self) -> bool:
        """Whether the items are conversations."""
        return bool(self.about["kind"] == "chat")

    @property
    def lengths(self) -> np.ndarray[Any, Any]:
        """Tokens of each item, int64."""
        return np.diff(self.ends, prepend=0)

    def length(self, item: int) -> int:
        """Tokens of one item."""
        return int(self.ends[item] - (self.ends[item - 1] if item else 0))

    def __len__(self) -> int:
        return len(self.ends)

    def span(self, item: int, start: int, end: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any] | None]:
        """Return tokens `start:end` of an item and, for a conversation, their marks."""
        begin = int(self.ends[item - 1]) if item else 0
        part = slice(begin + start, begin + end)
        return self.tokens[part], None if self.marks is None else self.marks[part]


def open_cache(
    source: Source, tokenizer: Any, folder: Path, on_note: Callable[[str], None] = lambda note: None
) -> TokenCache:
    """Return the cache of a source, made now if there is none for its present content.

    Args:
        source: what to read.
        tokenizer: how; another tokenizer gives another cache.
        folder: parent of all caches.
        on_note: receives a line when a cache is made.

    Raises:
        InputError: the source holds nothing that can be used.
        StorageError: the disk is full or the folder not writable.
    """
    kind = kind_of(source)
    mark = f"{LAYOUT} {kind} {fingerprint(source)} {_tokenizer_mark(tokenizer)}"
    path = folder / hashlib.sha256(mark.encode()).hexdigest()[:24]
    if not (path / "cache.json").is_file():
        _make(source, tokenizer, path, kind, on_note)
    return TokenCache(path)


def _tokenizer_mark(tokenizer: Any) -> str:
    backend = tokenizer.backend_tokenizer.to_str() + str(tokenizer.chat_template)
    return hashlib.sha256(backend.encode()).hexdigest()


def _make(source: Source, tokenizer: Any, path: Path, kind: str, on_note: Callable[[str], None]) -> None:
    make_folder(path.parent)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    shutil.rmtree(aside, ignore_errors=True)
    make_folder(aside)
    dtype = smallest_dtype(len(tokenizer))
    skipped: Counter[str] = Counter()
    ends: list[int] = []
    total = generated = 0
    try:
        with open(aside / "tokens.bin", "wb") as tokens, open(aside / "marks.bin", "wb") as marks:
            for ids, mark in _encoded(source, tokenizer, kind, skipped):
                np.asarray(ids, dtype).tofile(tokens)
                if kind == "chat":
                    np.asarray(mark, np.uint8).tofile(marks)
                    generated += sum(kind != CONTEXT for kind in mark)
                total += len(ids)
                ends.append(total)
        if not ends:
            reasons = "; ".join(f"{count} × {reason}" for reason, count in skipped.most_common(3)) or "it is empty"
            raise InputError(f"{source.path}: nothing to train on ({reasons})")
        np.save(aside / "ends.npy", np.asarray(ends, np.int64))
        about = {
            "schema_version": SCHEMA_VERSION,
            "source": source.path.name,
            "kind": kind,
            "dtype": np.dtype(dtype).name,
            "items": len(ends),
            "tokens": total,
            "generated": generated,
            "skipped": dict(skipped),
        }
        write_json(aside / "cache.json", about)
        for name in ("tokens.bin", "marks.bin", "ends.npy"):
            with open(aside / name, "rb+") as file:
                os.fsync(file.fileno())
        if not path.exists():  # else another process was faster
            aside.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot write the token cache ({error.strerror or error})") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    note = f"{source.path.name}: {len(ends):,} items, {total:,} tokens"
    if skipped:
        note += f"; {sum(skipped.values()):,} skipped: {json.dumps(dict(skipped.most_common(3)), ensure_ascii=False)}"
    on_note(note)


def _encoded(source: Source, tokenizer: Any, kind: str, skipped: Counter[str]) -> Iterator[tuple[list[int], list[int]]]:
    encoder = ChatEncoder(tokenizer)
    first = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    last = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    reading = read_items(source, skipped)
    while items := list(islice(reading, BATCH)):
        if kind == "text":
            for ids in batch_text_ids(tokenizer, [item.text for item in items]):
                yield [*first, *ids, *last], []
            continue
        for item in items:
            try:
                found = encoder(item.messages)
            except InputError as error:
                skipped[str(error)] += 1
                continue
            yield found.ids, found.marks


def sample_texts(sources: tuple[Source, ...], max_chars: int, skipped: Counter[str]) -> Iterator[str]:
    """Read texts of a mixture for a tokenizer, from each source its weight's share of `max_chars`."""
    whole = sum(source.weight for source in sources)
    for source in sources:
        left = int(max_chars * source.weight / whole)
        for item in read_items(source, skipped):
            text = _plain(item)
            yield text[:left]
            left -= len(text)
            if left <= 0:
                break


def _plain(item: Item) -> str:
    return item.text or "\n".join(str(message.get("content", "")) for message in item.messages)
