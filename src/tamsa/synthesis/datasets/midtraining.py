"""Mid-training data: documents, and tasks made of them that need no model and no human.

Each task is a prompt and a reply. `text` is what next-token training reads; `messages` is the same as a conversation.
Tasks (arXiv 2510.24701, sections 3.1 and 3.2): question synthesis from an entity's statements; extraction, summary and
restructuring of pages and tables; planning and reasoning actions; hypotheses tested against sources; conflicts settled;
decisions among alternatives with their real outcome; function calls over simulated databases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamsa.synthesis.datasets.files import Schema
from tamsa.types import SCHEMA_VERSION, Message

TASKS = (
    "document",
    "statements",
    "extraction",
    "summary",
    "restructuring",
    "planning",
    "reasoning",
    "hypothesis",
    "settlement",
    "decision",
    "functions",
)
MID_SCHEMA: Schema = {
    "id": "text",
    "task": "text",
    "text": "text",
    "messages": "messages",
    "documents": "texts",
    "num_chars": "integer",
    "parent": "text",
    "schema_version": "integer",
}


@dataclass(frozen=True, slots=True)
class Task:
    """One sample of mid-training."""

    id: str
    kind: str
    messages: tuple[Message, ...]
    """Empty for a plain document, whose text stands in `text`."""
    documents: tuple[str, ...]
    """Ids of the documents it was made from."""
    text: str = ""


def ask_and_reply(prompt: str, reply: str) -> tuple[Message, ...]:
    """Make a conversation of one exchange."""
    return Message("user", prompt), Message("assistant", reply)


def show_messages(messages: Sequence[Message]) -> str:
    """Write a conversation as plain text for next-token training."""
    return "\n\n".join(message.content.strip() for message in messages)


def mid_row(task: Task, parent: str) -> Mapping[str, Any]:
    """Return the row of a sample."""
    text = task.text or show_messages(task.messages)
    return {
        "id": task.id,
        "task": task.kind,
        "text": text,
        "messages": [{"role": m.role, "content": m.content} for m in task.messages],
        "documents": list(task.documents),
        "num_chars": len(text),
        "parent": parent,
        "schema_version": SCHEMA_VERSION,
    }


def count_tasks(rows: Iterator[Mapping[str, Any]], counts: dict[str, int]) -> Iterator[Mapping[str, Any]]:
    """Pass rows on and count them by task."""
    for row in rows:
        counts[row["task"]] = counts.get(row["task"], 0) + 1
        yield row
