"""A tiny tokenizer, tiny data and a tiny recipe."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tamsa.config import from_mapping
from tamsa.train.recipe import TrainRecipe
from tamsa.train.tokenizer import train_tokenizer
from tests.train.making import TINY, conversation, sentences


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return train_tokenizer(sentences(400), vocab_size=400, model_max_length=512)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, tokenizer: Any) -> Path:
    """A folder with `tokenizer/`, `texts.jsonl` and `chat.jsonl`."""
    folder = tmp_path_factory.mktemp("data")
    tokenizer.save_pretrained(folder / "tokenizer")
    texts = [{"title": f"Page {i}", "text": text} for i, text in enumerate(sentences(120))]
    (folder / "texts.jsonl").write_text("".join(json.dumps(record) + "\n" for record in texts))
    chats = [{"messages": conversation(i)} for i in range(40)]
    (folder / "chat.jsonl").write_text("".join(json.dumps(record) + "\n" for record in chats))
    return folder


MakeRecipe = Callable[..., TrainRecipe]


@pytest.fixture
def make_recipe(data: Path, tmp_path: Path) -> MakeRecipe:
    """Make a recipe of 12 short steps; arguments replace its parts."""

    def make(**changes: Any) -> TrainRecipe:
        values: dict[str, Any] = {
            "out": tmp_path / "run",
            "tokenizer": data / "tokenizer",
            "sources": [
                {"path": data / "texts.jsonl", "held_out": 0.1},
                {"path": data / "chat.jsonl", "weight": 0.5, "held_out": 0.1},
            ],
            "model": TINY,
            "batch": {"tokens": 512, "micro_tokens": 256},
            "stages": [{"context": 160, "until": 0.5}, {"context": 256}],
            "schedule": {"steps": 12, "warmup": 2, "decay": 0.5},
            "track": {"log_every": 2, "evaluate_every": 5, "save_every": 4, "held_out_tokens": 512, "sample_tokens": 4},
            "precision": "float32",
            "cache": tmp_path / "tokens",
        }
        return from_mapping(TrainRecipe, {**values, **changes}, "test")

    return make
