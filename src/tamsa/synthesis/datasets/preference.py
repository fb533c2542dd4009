"""Preference pairs in TRL's conversational form: a prompt, a chosen and a rejected continuation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tamsa.synthesis.curation import preference_pairs
from tamsa.synthesis.datasets.files import Schema
from tamsa.synthesis.exploration import Exploration
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.verdicts import Verdict
from tamsa.types import SCHEMA_VERSION, Message

PREFERENCE_SCHEMA: Schema = {
    "id": "text",
    "question_id": "text",
    "kind": "text",
    "prompt": "messages",
    "chosen": "messages",
    "rejected": "messages",
    "chosen_model": "text",
    "rejected_model": "text",
    "reason": "text",
    "tools": "text",
    "parent": "text",
    "schema_version": "integer",
}


def preference_rows(
    question: GoldQuestion, judged: Sequence[tuple[Exploration, Verdict]], tools: str
) -> Iterator[Mapping[str, Any]]:
    """Yield the pairs of one question; only whole `react` runs that begin with the same messages are compared."""
    whole = [item for item in judged if item[0].mode == "react" and len(item[0].conversations) == 1]
    for chosen, rejected, reason in preference_pairs(whole):
        good, bad = chosen.conversations[0].messages, rejected.conversations[0].messages
        if good[:2] != bad[:2] or good == bad:
            continue
        yield {
            "id": f"{chosen.id}>{rejected.model}/{rejected.sample}",
            "question_id": question.id,
            "kind": question.kind,
            "prompt": _rows(good[:2]),
            "chosen": _rows(good[2:]),
            "rejected": _rows(bad[2:]),
            "chosen_model": chosen.model,
            "rejected_model": rejected.model,
            "reason": reason,
            "tools": tools,
            "parent": question.parent,
            "schema_version": SCHEMA_VERSION,
        }


def _rows(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]
