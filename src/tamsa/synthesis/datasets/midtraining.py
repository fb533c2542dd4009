"""Mid-training data: documents, and tasks made of them that need no model and no human.

Each task is a prompt and a reply. `text` is what next-token training reads; `messages` is the same as a conversation.
Tasks (arXiv 2510.24701, sections 3.1 and 3.2): question synthesis from an entity's statements; extraction, summary and
restructuring of pages and tables; planning and reasoning actions; hypotheses tested against sources; conflicts settled;
decisions among alternatives with their real outcome; function calls over simulated databases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamsa.synthesis.datasets.files import Schema
from tamsa.types import SCHEMA_VERSION, Document, Message

TASKS = (
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
DOCUMENT_SCHEMA: Schema = {
    "id": "text",
    "title": "text",
    "text": "text",
    "num_chars": "integer",
    "parent": "text",
    "schema_version": "integer",
}
TASK_SCHEMA: Schema = {
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
    documents: tuple[str, ...]
    """Ids of the documents it was made from."""


def ask_and_reply(prompt: str, reply: str) -> tuple[Message, ...]:
    """Make a conversation of one exchange."""
    return Message("user", prompt), Message("assistant", reply)


def show_messages(messages: Sequence[Message]) -> str:
    """Write a conversation as plain text for next-token training."""
    return "\n\n".join(message.content.strip() for message in messages)


def document_row(document: Document, parent: str) -> Mapping[str, Any]:
    """Return the row of a document: plain text for next-token training."""
    text = f"{document.title}\n\n{document.text}"
    return {
        "id": document.id,
        "title": document.title,
        "text": text,
        "num_chars": len(text),
        "parent": parent,
        "schema_version": SCHEMA_VERSION,
    }


def task_row(task: Task, parent: str) -> Mapping[str, Any]:
    """Return the row of a sample."""
    text = show_messages(task.messages)
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
