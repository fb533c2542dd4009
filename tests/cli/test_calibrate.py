"""`tamsa eval --calibrate`, from questions to a report that says how sure a model is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

pytest.importorskip("transformers")

import torch
from typer.testing import CliRunner

from tamsa.agent.prompts import system_prompt
from tamsa.cli.main import app
from tamsa.errors import ConfigError, InputError
from tamsa.types import ToolSchema
from tests.llm.local.tiny import make_network, make_tokenizer

SAYS = "<answer>1203</answer>"
TOOLS = [ToolSchema(name, "", {}) for name in ("search", "visit", "find")]
STEADY = ["-s", "model.greedy=true", "-s", "model.threads=1", "-s", "model.dtype=float32", "-s", "model.max_tokens=24"]


def ask(n: int) -> str:
    return f"When was town {n} founded?"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that has learned to answer 1203, whatever it is asked."""
    tokenizer = make_tokenizer()
    network = make_network("llama", len(tokenizer))
    batch = []
    for n in range(0, 60, 12):
        system = system_prompt(TOOLS, native=False, date="2026-11-25", brief=True)
        talk = [{"role": "system", "content": system}, {"role": "user", "content": ask(n)}]
        prompt = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        ids, said = tokenizer.encode(prompt), [*tokenizer.encode(SAYS), 2]
        batch.append((torch.tensor([ids + said]), torch.tensor([[-100] * len(ids) + said])))
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for step in range(150):
        ids, labels = batch[step % len(batch)]
        optimiser.zero_grad()
        loss = network(input_ids=ids, labels=labels).loss
        loss.backward()
        optimiser.step()
    assert loss < 0.05
    folder = tmp_path_factory.mktemp("model")
    network.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "tamsa.json").write_text(json.dumps({"profile": {"brief": True}}))
    return folder


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Sixty questions; the answer of the model is right for every third."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "town.md").write_text("# Town\n\nIt was founded in 1203.\n")
    lines = [{"id": f"q{n}", "question": ask(n), "answers": ["1203" if n % 3 == 0 else "1210"]} for n in range(60)]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_calibrated_model_says_how_sure_it_is(model: Path, town: Path) -> None:
    docs, out = ["-d", str(town / "docs")], town / "eval"
    command = ["eval", str(town / "questions.jsonl"), *docs, "-m", f"hf:{model}", *STEADY, "-o", str(out)]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    before = json.loads((out / "scores.json").read_text())
    assert result.exit_code == 0 and before["em"] == 1 / 3 and before["confidence_n"] == 60
    assert before["ece"] > 0.5  # sure of every answer, and right in every third

    result = CliRunner().invoke(app, [*command, "--resume", "--calibrate"], catch_exceptions=False)
    assert "calibrated on 60 answers: confidence off by" in result.output
    about = json.loads((model / "tamsa.json").read_text())
    kept = about["profile"]["calibration"]
    assert about["profile"]["brief"] and kept["num_answers"] == 60 and kept["questions"] == before["questions"]
    assert math.isclose(kept["ece_before"], before["ece"]) and kept["ece_after"] < 0.1

    again = [*command[:-1], str(town / "again")]
    CliRunner().invoke(app, again, catch_exceptions=False)
    after = json.loads((town / "again" / "scores.json").read_text())
    assert after["em"] == before["em"] and after["ece"] < 0.1
    run = ["research", ask(7), *docs, "-m", f"hf:{model}", *STEADY, "-o", str(town / "run")]
    result = CliRunner().invoke(app, run, catch_exceptions=False)
    assert "Unsure: confidence 0.3" in result.output
    report = json.loads((town / "run" / "report.json").read_text())
    assert report["answer"] == "1203" and report["confidence"]["calibrated"]
    assert abs(report["confidence"]["probability"] - 1 / 3) < 0.1


def test_only_a_model_in_a_folder_and_enough_answers_can_be_calibrated(model: Path, town: Path) -> None:
    command = ["eval", str(town / "questions.jsonl"), "-d", str(town / "docs"), "--calibrate"]
    for spec in ("baseline", "openai:some", "hf:owner/name"):
        result = CliRunner().invoke(app, [*command, "-m", spec])
        assert isinstance(result.exception, ConfigError) and "not a model in a folder" in str(result.exception)
    before = (model / "tamsa.json").read_bytes()
    result = CliRunner().invoke(app, [*command, "-m", f"hf:{model}", *STEADY, "--limit", "20"])
    assert isinstance(result.exception, InputError) and "20 answers" in str(result.exception)
    assert (model / "tamsa.json").read_bytes() == before
