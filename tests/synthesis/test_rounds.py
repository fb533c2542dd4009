"""The flywheel turns with a real model: a round's data train it, and it steers the round after."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

pytest.importorskip("transformers")

from tamsa.cli.main import app
from tamsa.eval import read_questions
from tamsa.llm import ScriptedModel
from tamsa.store import read_jsonl
from tamsa.synthesis.flywheel import CEILING, FLOOR
from tamsa.synthesis.plan import Plan
from tamsa.synthesis.rounds import Flywheel
from tamsa.synthesis.teacher import PROFILE
from tests.networks import TINY

TOKENIZER = """
out = "{folder}/tokenizer"
vocab_size = 600
[[sources]]
path = "{samples}"
"""
TRAINING = """
out = "{folder}/sft"
tokenizer = "{folder}/tokenizer"
precision = "float32"
stages = [{{context = 4096}}]
batch = {{tokens = 4096, micro_tokens = 4096}}
schedule = {{steps = 3, warmup = 1}}
[[sources]]
path = "{samples}"
[model]
{network}"""
TRIED, TRIES = 4, 2


def tamsa(*arguments: object) -> None:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, (result.output[-2000:], result.exception)


def train(folder: Path, samples: Path) -> Path:
    """Train a tiny model on samples, for a few steps, and return its folder."""
    for stage, recipe in (("tokenizer", TOKENIZER), ("sft", TRAINING)):
        path = folder / f"{stage}.toml"
        path.write_text(recipe.format(network=TINY, folder=folder, samples=samples))
        tamsa("train", stage, path)
    model = folder / "sft" / "model"
    about = {"schema_version": 1, "profile": {"brief": True, "page_chars": 400, "hits_per_query": 2}}
    (model / "tamsa.json").write_text(json.dumps(about))
    return model


def records(folder: Path, name: str) -> list[dict[str, Any]]:
    return [record for path in sorted((folder / "shards").glob(f"{name}-*.jsonl")) for record in read_jsonl(path)]


def test_a_model_trained_on_a_round_steers_the_next(some_pages: Path, tmp_path: Path) -> None:
    rounds = tmp_path / "rounds"
    base = ["synthesize", "--docs", some_pages, "--out", rounds, "--no-midtraining"]
    base += ["--num-questions", "10", "--tries", TRIES, "--tried", TRIED]
    base += ["--set", "budget.max_calls=2", "--set", "budget.max_completion_tokens=16"]
    tamsa(*base, "--round", "0")
    model = train(tmp_path, rounds / "round-0" / "sft_react.parquet")
    spec = f"hf:{model}"
    tamsa(*base, "--round", "1", "--model", spec)

    before = [question.id for question in read_questions(rounds / "round-0" / "questions.jsonl")]
    after = {question.id for question in read_questions(rounds / "round-1" / "questions.jsonl")}
    steering = json.loads((rounds / "round-1" / "steering.json").read_text())
    assert steering["model"] == spec and steering["round"] == 1
    assert sorted([*steering["retired"], *steering["kept"]]) == sorted(before[:TRIED])
    assert len(after) == 10 and not after & set(steering["retired"])
    factors = [*steering["slots"].values(), *steering["relations"].values()]
    assert factors and all(FLOOR <= factor <= CEILING for factor in factors)

    trial = records(rounds / "round-1", "trial")
    assert len(trial) == TRIED * TRIES
    for record in trial:
        assert record["exploration"]["model"] == spec
        drawn = [item for talk in record["exploration"]["conversations"] for item in talk["sampled"]]
        assert drawn
        for item in drawn:
            assert 0 < len(item["completion_ids"]) == len(item["logprobs"]) <= 16
            assert max(item["logprobs"]) <= 0

    asked = records(rounds / "round-1", "closed-book")
    assert len(asked) >= 10 and {record["recalled"]["outcome"] for record in asked} <= {
        "known", "not known", "unread", "guessable",
    }  # fmt: skip
    card = json.loads((rounds / "round-1" / "card.json").read_text())
    assert card["plan"]["closed_book"] == spec and card["figures"]["asked_without_documents"] > 0
    assert pq.read_table(rounds / "round-1" / "rl_prompts.parquet").num_rows == 10

    summary = (rounds / "round-1" / "summary.json").read_bytes()
    steered = (rounds / "round-1" / "steering.json").stat().st_mtime_ns
    tamsa(*base, "--round", "1", "--model", spec)
    assert (rounds / "round-1" / "summary.json").read_bytes() == summary
    assert (rounds / "round-1" / "steering.json").stat().st_mtime_ns == steered


def test_a_reader_that_fails_is_shown_its_prompts_again_and_none_of_those_held_out(
    some_pages: Path, tmp_path: Path
) -> None:
    plan = Plan((str(some_pages),), num_questions=12, held_out=4, modes=("guided",), midtraining=False)
    plan = replace(plan, solver_samples=2, solver_questions=6)
    model = ScriptedModel(lambda _: "Answer: Nobody at all", profile=replace(PROFILE, mode="guided"))
    with asyncio.Runner() as runner:
        wheel = Flywheel(plan, tmp_path, runner)
        wheel.run(0, None)
        summary = wheel.run(1, model)
    held = {question.id for question in read_questions(tmp_path / "round-0" / "held_out.jsonl")}
    before = {question.id for question in read_questions(tmp_path / "round-0" / "questions.jsonl")}
    rows = pq.read_table(tmp_path / "round-1" / "sft_guided.parquet").to_pylist()
    tried = {record["exploration"]["question_id"] for record in records(tmp_path / "round-1", "trial")}
    assert len(held) == 4 and len(tried) == 6 and tried <= before - held
    assert not held & {row["question_id"] for row in rows}
    shown = [row for row in rows if row["question_id"] in tried]
    assert {row["question_id"] for row in shown} == tried and {row["model"] for row in shown} == {"teacher"}
    assert len(rows) > len(shown)
    assert any("6 questions of the last round tried: 0%" in note for note in summary.notes)
