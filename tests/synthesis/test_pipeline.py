from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tamsa.cli.main import app
from tamsa.errors import InputError
from tamsa.synthesis import pipeline
from tamsa.synthesis.pipeline import Plan, synthesize
from tests.synthesis.conftest import Studied


def plan_of(world: Studied, **more: object) -> Plan:
    return Plan(
        docs=(str(world.folder / "pages.jsonl"),),
        questions=str(world.folder / "questions.jsonl"),
        seed=7,
        **more,  # type: ignore[arg-type]
    )


def outputs(folder: Path) -> dict[str, bytes]:
    names = ["questions.jsonl", "summary.json", *(p.name for p in folder.glob("*.parquet"))]
    return {name: (folder / name).read_bytes() for name in names}


def test_samples_hold_the_exact_messages(world: Studied, tmp_path: Path) -> None:
    summary = synthesize(plan_of(world), tmp_path / "out")
    rows = pq.read_table(tmp_path / "out" / "sft_react.parquet").to_pylist()
    right = {e.question_id: e for e in world.explorations if e.correct}
    assert summary.samples == {"sft_react.parquet": len(rows)}
    assert {row["question_id"] for row in rows} == set(right)
    for row in rows:
        messages = [{"role": m.role, "content": m.content} for m in right[row["question_id"]].conversations[0].messages]
        assert row["messages"] == messages
        assert [m["role"] for m in messages[:2]] == ["system", "user"] and messages[-1]["role"] == "assistant"
        assert {tool["function"]["name"] for tool in json.loads(row["tools"])} == {"search", "visit", "find"}
    assert sum(summary.trajectories.values()) + sum(summary.rejected.values()) == len(world.questions)


def test_result_does_not_depend_on_workers_or_interruption(
    world: Studied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(world, limit=40, modes=("react", "iter"))
    monkeypatch.setattr(pipeline, "QUESTIONS_PER_SHARD", 10)
    synthesize(plan, tmp_path / "whole")

    class StoppedError(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "explore iter" and done >= 20:
            raise StoppedError

    with pytest.raises(StoppedError):
        synthesize(plan, tmp_path / "cut", on_progress=stop)
    assert not (tmp_path / "cut" / "sft_iter.parquet").exists()
    synthesize(plan, tmp_path / "cut", workers=2)
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")


def test_a_folder_of_another_plan_is_left_alone(world: Studied, tmp_path: Path) -> None:
    synthesize(plan_of(world, limit=3), tmp_path / "out")
    before = outputs(tmp_path / "out")
    with pytest.raises(InputError, match="another plan"):
        synthesize(plan_of(world, limit=4), tmp_path / "out")
    assert outputs(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("line", "said"),
    [("{", "line 1 is not JSON"), ('{"id": "a", "question": "b"}', "line 1 is no gold question"), ("", "no question")],
)
def test_bad_question_files_are_one_line(world: Studied, tmp_path: Path, line: str, said: str) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(line + "\n")
    plan = Plan(docs=(str(world.folder / "pages.jsonl"),), questions=str(bad))
    with pytest.raises(InputError, match=said):
        synthesize(plan, tmp_path / "out")


def test_command_writes_the_samples(world: Studied, tmp_path: Path) -> None:
    arguments = ["synthesize", "--docs", str(world.folder / "pages.jsonl"), "--seed", "7", "--limit", "5"]
    arguments += ["--questions", str(world.folder / "questions.jsonl"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "5 questions" in result.output
    assert pq.read_table(tmp_path / "out" / "sft_react.parquet").num_rows > 0
