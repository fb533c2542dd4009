"""Malformed model outputs, by seed."""

from __future__ import annotations

import json
import random


def garbled(seed: int) -> str:
    """Make a malformed model output from well-formed pieces: cut, shuffled, doubled, corrupted."""
    rng = random.Random(seed)
    pieces = [
        "<think>",
        "</think>",
        "<tool_call>",
        "</tool_call>",
        "<answer>",
        "</answer>",
        "<finding>",
        "</finding>",
        '<quote doc="x">',
        "<quote",
        "</quote>",
        "<settlement>",
        '{"name": "search", "arguments": {"queries": ["x"]}}',
        '{"name": "visit", "arguments": {"ids": [1, null, {"a": []}]}}',
        '{"name": 5}',
        '{"name": "nope", "arguments": {"x": NaN}}',
        "\ud800",
        "\x00",
        "Plain words.",
        "<|im_end|>",
        "\\u003c",
        json.dumps({"name": "find", "arguments": {"text": "x" * 300}}),
    ]
    text = "".join(rng.choices(pieces, k=rng.randint(0, 14)))
    return text[: rng.randint(0, len(text))] if rng.random() < 0.4 else text
