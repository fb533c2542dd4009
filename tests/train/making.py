"""Small texts, conversations and model sizes for tests of training."""

from __future__ import annotations

import random
from typing import Any

TINY: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "intermediate_size": 64,
    "num_local_experts": 0,
    "num_attention_heads": 2,
    "linear_num_heads": 2,
    "linear_head_dim": 16,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 12,
    "qk_rope_head_dim": 4,
    "v_head_dim": 16,
    "tie_word_embeddings": True,
}
NAMES = "Alba Brun Corvo Delmar Estia Fenn Garrow Hale Istria Jarl Kestrel Lorn Marsh Norr".split()
WORKS = "sailor painter judge miller doctor singer baker mason teacher pilot".split()


def sentences(count: int) -> list[str]:
    """Write short texts of regular content."""
    draw = random.Random(5)
    texts = []
    for _ in range(count):
        a, b, work = draw.choice(NAMES), draw.choice(NAMES), draw.choice(WORKS)
        year = draw.randint(1800, 1999)
        parts = [f"{a} was a {work} born in {b} in {year}.", f"The town of {b} lies north of {a} Bay."]
        parts += [f"In {year + draw.randint(20, 60)} the {work} left for {draw.choice(NAMES)}."] * draw.randint(1, 6)
        texts.append(" ".join(parts))
    return texts


def conversation(number: int) -> list[dict[str, str]]:
    """Write one agent trajectory in the react format."""
    name, town = NAMES[number % len(NAMES)], NAMES[(number * 3 + 1) % len(NAMES)]
    call = f'{{"name": "search", "arguments": {{"queries": ["{name}", "{town} town"]}}}}'
    return [
        {"role": "system", "content": "Tools: search, visit\nMode: react\nDate: 2026-01-01"},
        {"role": "user", "content": f"Where was {name} born?"},
        {"role": "assistant", "content": f"<think>I look for {name}.</think>\n<tool_call>{call}</tool_call>"},
        {"role": "user", "content": f"<tool_response>\n1. {name}: born in {town}\n</tool_response>"},
        {"role": "assistant", "content": f'<answer>{town}\n<finding>born in {town}\n<quote doc="{name}">born in {town}'
         "</quote>\n</finding>\n</answer>"},
    ]  # fmt: skip
