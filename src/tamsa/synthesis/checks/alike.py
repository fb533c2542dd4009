"""Near-duplicates: questions that say the same in the same or in other words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from tamsa.agent.baseline.lexicon import STOP_WORDS
from tamsa.scoring.metrics import normalize_answer
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.values import fold
from tamsa.synthesis.wording.nouns import stem

_UNORDERED = frozenset({"both", "either", "same", "gap"})


class Alike:
    """Remembers the questions it let through. 24 bytes of keys a question."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def admit(self, question: GoldQuestion) -> bool:
        """Let a question through unless one alike was let through before.

        Two are alike if they have the same words in the same order, if they ask for the same thing by the same form,
        or if they have the same answer and the same words in any order, endings and function words left out.
        """
        said = (fold(question.question), content(question), *([canonical(question.form)] if question.form else []))
        keys = [_digest(key) for key in said]
        if any(key in self._seen for key in keys):
            return False
        self._seen.update(keys)
        return True

    def __len__(self) -> int:
        return len(self._seen)


def canonical(form: Mapping[str, Any]) -> str:
    """Write a form so that the order of what has no order does not matter."""
    return json.dumps(_ordered(form), sort_keys=True, ensure_ascii=False)


def content(question: GoldQuestion) -> str:
    """Return the answer and the sorted content words of a question."""
    words = {stem(word) for word in re.findall(r"\w+", question.question.casefold()) if word not in STOP_WORDS}
    return normalize_answer(question.answers[0]) + "\n" + " ".join(sorted(words))


def _ordered(part: Any) -> Any:
    if isinstance(part, Mapping):
        out = {name: _ordered(value) for name, value in part.items() if name != "title"}
        if part.get("op") in _UNORDERED and isinstance(out.get("of"), list):
            out["of"] = sorted(out["of"], key=lambda one: json.dumps(one, sort_keys=True, ensure_ascii=False))
        return out
    if isinstance(part, list):
        return [_ordered(one) for one in part]
    return part


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
