"""Samples for supervised fine-tuning: conversations with tools, in TRL's conversational form.

`messages` are exactly what the model saw and said; `tools` is the JSON list of schemas, as text. In `react` a sample
is a whole run and the loss is on every assistant message; in `iter` a sample is one turn: workspace and reply.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tamsa.synthesis.datasets.files import Schema
from tamsa.synthesis.exploration import Exploration
from tamsa.synthesis.records import GoldQuestion
from tamsa.types import SCHEMA_VERSION, ToolSchema

SFT_SCHEMA: Schema = {
    "id": "text",
    "question_id": "text",
    "question": "text",
    "answer": "text",
    "kind": "text",
    "hops": "integer",
    "difficulty": "integer",
    "mode": "text",
    "model": "text",
    "turn": "integer",
    "num_turns": "integer",
    "recoveries": "integer",
    "num_chars": "integer",
    "messages": "messages",
    "tools": "text",
    "parent": "text",
    "schema_version": "integer",
}


def tools_json(schemas: Sequence[ToolSchema]) -> str:
    """Write tool schemas in the form that chat templates take."""
    return json.dumps(
        [
            {
                "type": "function",
                "function": {"name": s.name, "description": s.description, "parameters": s.parameters},
            }
            for s in schemas
        ],
        ensure_ascii=False,
    )


def sft_rows(exploration: Exploration, question: GoldQuestion, tools: str) -> Iterator[Mapping[str, Any]]:
    """Yield the samples of one trajectory.

    Args:
        exploration: a trajectory that was judged good.
        question: its question.
        tools: the tools' schemas, from `tools_json`.
    """
    total = len(exploration.conversations)
    for turn, conversation in enumerate(exploration.conversations):
        messages = [{"role": m.role, "content": m.content} for m in conversation.messages]
        yield {
            "id": f"{exploration.id}/{turn}",
            "question_id": question.id,
            "question": question.question,
            "answer": exploration.report.get("answer", ""),
            "kind": question.kind,
            "hops": question.hops,
            "difficulty": question.difficulty,
            "mode": exploration.mode,
            "model": exploration.model,
            "turn": turn,
            "num_turns": total,
            "recoveries": exploration.recoveries,
            "num_chars": sum(len(m["content"]) for m in messages),
            "messages": messages,
            "tools": tools,
            "parent": question.parent,
            "schema_version": SCHEMA_VERSION,
        }
