"""Prompts for reinforcement learning with verifiable rewards, and the difficulty pool they are drawn from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tamsa.synthesis.curation import Graded
from tamsa.synthesis.datasets.files import Schema
from tamsa.synthesis.records import GoldQuestion
from tamsa.types import SCHEMA_VERSION, Message

RL_SCHEMA: Schema = {
    "id": "text",
    "question": "text",
    "answers": "texts",
    "kind": "text",
    "hops": "integer",
    "operations": "texts",
    "relations": "texts",
    "supporting_titles": "texts",
    "prompt": "messages",
    "reward": "text",
    "form": "text",
    "pool": "text",
    "difficulty": "number",
    "pass_rates": "text",
    "parent": "text",
    "schema_version": "integer",
}
REWARD = "exact_match"
"""The reward is 1 where the answer equals one of `answers` after normalisation, else 0; `form` recomputes it."""


def rl_row(question: GoldQuestion, graded: Graded, opening: Sequence[Message]) -> Mapping[str, Any]:
    """Return the row of a prompt.

    Args:
        question: the question with its accepted answers and the form that recomputes them.
        graded: its pool and pass rates.
        opening: system prompt and question, as the agent loop begins.
    """
    return {
        "id": question.id,
        "question": question.question,
        "answers": list(question.answers),
        "kind": question.kind,
        "hops": question.hops,
        "operations": list(question.operations),
        "relations": list(question.relations),
        "supporting_titles": list(question.supporting_titles),
        "prompt": [{"role": message.role, "content": message.content} for message in opening],
        "reward": REWARD,
        "form": json.dumps(question.form, ensure_ascii=False),
        "pool": graded.pool,
        "difficulty": graded.difficulty,
        "pass_rates": json.dumps({rate.solver: [rate.right, rate.tries] for rate in graded.rates}),
        "parent": question.parent,
        "schema_version": SCHEMA_VERSION,
    }
