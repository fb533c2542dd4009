"""A cache of answers on disk: an exact repeat of a request costs nothing.

Repeats within one process are counted: the second time that a process asks the same, it gets the second answer that
was ever given to it. So four agents that begin alike still differ, and a run made again finds all its answers.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tamsa.store import make_folder, write_atomic
from tamsa.types import SCHEMA_VERSION, Completion, Message, Model, Profile, ToolCall, ToolSchema, Usage


class CachedModel:
    """A model whose answers are kept in a folder.

    Args:
        model: answers what the cache does not hold.
        folder: one JSON file an answer; made if missing.
        fingerprint: what else an answer depends on (sampling settings, address), as JSON values without secrets.
    """

    def __init__(self, model: Model, folder: Path, fingerprint: Mapping[str, Any] | None = None) -> None:
        self.name = model.name
        self.native_tools = model.native_tools
        self.profile: Profile = model.profile
        self.context_length = model.context_length
        self.num_hits = 0
        """Answers served from the cache so far."""
        self._model = model
        self._folder = folder
        self._fingerprint = dict(fingerprint or {})
        self._asked: Counter[str] = Counter()

    def count_tokens(self, text: str) -> int:
        """Count as the model does."""
        return self._model.count_tokens(text)

    async def aclose(self) -> None:
        """Close the model."""
        await self._model.aclose()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """Answer from the cache, else from the model; see `tamsa.types.Model`.

        A cached answer has the tokens of the first time and, where a price is known, a cost of 0.

        Raises:
            StorageError: the answer cannot be written.
        """
        request = {
            "schema_version": SCHEMA_VERSION,
            "model": self.name,
            "fingerprint": self._fingerprint,
            "messages": [_plain(message) for message in messages],
            "tools": [asdict(tool) for tool in tools],
            "max_tokens": max_tokens,
            "stop": list(stop),
        }
        digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
        self._asked[digest] += 1
        path = self._folder / digest[:2] / f"{digest}.{self._asked[digest]}.json"
        if (kept := _read(path)) is not None:
            self.num_hits += 1
            if on_text is not None:
                on_text(kept.text)
            return kept
        completion = await self._model.complete(
            messages, tools=tools, max_tokens=max_tokens, stop=stop, on_text=on_text
        )
        self.context_length = self._model.context_length  # some servers say at the first answer that it is less
        record = asdict(replace(completion, sampled=None))
        make_folder(path.parent)
        write_atomic(path, json.dumps(record, ensure_ascii=False))
        return completion


def _plain(message: Message) -> dict[str, Any]:
    """Return what a model sees of a message."""
    return asdict(replace(message, data=None))


def _read(path: Path) -> Completion | None:
    """Read a kept answer; a damaged file counts as none and is written anew."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        usage = Usage(**record["usage"])
        calls = tuple(ToolCall(**call) for call in record["tool_calls"])
        free = replace(usage, cost=0.0 if usage.cost is not None else None)
        return Completion(str(record["text"]), calls, free, record["finish_reason"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
