"""Local models around tiny networks, in memory and in folders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")

from tamsa.llm import ModelSettings
from tamsa.llm.local import LocalModel
from tests.llm.local.tiny import PLAIN, make_network, make_tokenizer, with_heads


@pytest.fixture(params=["kimi", "llama", "qwen3"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def local() -> AsyncIterator[Callable[..., LocalModel]]:
    """Build local models around tiny networks; all are closed at the end."""
    opened: list[LocalModel] = []

    def build(kind: str = "kimi", *, template: str = PLAIN, heads: bool = False, **settings: Any) -> LocalModel:
        tokenizer = make_tokenizer(template)
        network = make_network(kind, len(tokenizer))
        values: dict[str, Any] = {"greedy": True, "max_tokens": 24, "threads": 1} | settings
        if heads and "greedy" not in settings:
            values["greedy"] = None
        model = LocalModel.of(with_heads(network) if heads else network, tokenizer, ModelSettings(**values))
        opened.append(model)
        return model

    yield build
    for model in opened:
        await model.aclose()


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Write a tiny model to a folder, as a person has them."""

    def write(kind: str = "llama", *, template: str | None = PLAIN, heads: bool = False) -> Path:
        tokenizer = make_tokenizer(template)
        network = make_network(kind, len(tokenizer))
        folder = tmp_path / kind
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        if heads:
            with_heads(network).save_pretrained(folder / "heads")
        return folder

    return write
