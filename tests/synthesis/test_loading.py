"""Other people's tools read the data sets as they are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan

datasets = pytest.importorskip("datasets")
pytestmark = pytest.mark.filterwarnings("ignore")  # the libraries' own


@pytest.fixture(scope="module")
def folder(some_pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("loading")
    synthesize(
        Plan(docs=(str(some_pages),), seed=1, num_questions=48, modes=("react", "iter"), samples=3), base / "data"
    )
    return base / "data"


@pytest.fixture
def load(folder: Path, tmp_path: Path) -> Any:
    def load(name: str) -> Any:
        return datasets.load_dataset(str(folder), name, split="train", cache_dir=str(tmp_path))

    return load


def test_every_data_set_is_found_by_its_name(folder: Path, load: Any) -> None:
    names = {path.stem for path in folder.glob("*.parquet")}
    assert names == set(datasets.get_dataset_config_names(str(folder)))
    rows = json.loads((folder / "card.json").read_text())["data_sets"]
    for name in sorted(names):
        if rows[f"{name}.parquet"]:
            assert len(load(name)) == rows[f"{name}.parquet"]


def test_samples_prompts_and_pairs_are_conversations_to_trl(load: Any) -> None:
    utilities = pytest.importorskip("trl.data_utils")
    for name in ("sft_react", "sft_iter", "rl_prompts", "preference"):
        row = load(name)[0]
        assert utilities.is_conversational(row), name
    row = load("preference")[0]
    assert row["prompt"][-1]["role"] == "user" and row["chosen"][0]["role"] == row["rejected"][0]["role"] == "assistant"
    tools = json.loads(load("sft_react")[0]["tools"])
    assert {tool["function"]["name"] for tool in tools} == {"search", "visit", "find"}
