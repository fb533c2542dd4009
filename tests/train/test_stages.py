"""`tamsa train`: recipes, overrides and mistakes on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tamsa.cli.main import app
from tamsa.errors import ConfigError, InputError, TamsaError
from tamsa.llm.specs import nano_folder
from tamsa.train.recipe import begin_from
from tamsa.train.rl.recipe import Environment, RlRecipe
from tamsa.train.sft import SftRecipe
from tamsa.train.stages import STAGES, run_stage


def test_unknown_stage_is_refused() -> None:
    with pytest.raises(ConfigError, match="no such stage; known: tokenizer"):
        run_stage("nothing", None)


def test_every_stage_is_a_command() -> None:
    result = CliRunner().invoke(app, ["train", "--help"])
    assert result.exit_code == 0
    assert all(name in result.output for name in STAGES)


def test_tokenizer_is_learned_from_overrides_alone(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "made"
    given = [f"out={out}", f'sources=[{{path="{data / "texts.jsonl"}"}}]', "vocab_size=330"]
    result = CliRunner().invoke(app, ["train", "tokenizer", *given])
    assert result.exit_code == 0, result.output
    assert "330 tokens" in result.output
    with pytest.raises(InputError, match="exists already"):
        run_stage("tokenizer", None, given)


def test_a_tokenizer_is_written_beside_nothing_of_others(data: Path, tmp_path: Path) -> None:
    (tmp_path / "made.tmp").mkdir()
    (tmp_path / "made.tmp" / "mine.txt").write_text("mine")
    given = [f"out={tmp_path / 'made'}", f'sources=[{{path="{data / "texts.jsonl"}"}}]', "vocab_size=330"]
    run_stage("tokenizer", None, given)
    assert (tmp_path / "made.tmp" / "mine.txt").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "made.tmp"]


@pytest.mark.parametrize("wrong", ["weight=0.0", "weight=nan", "limit=-1"])
def test_a_wrong_source_of_a_tokenizer_is_named(data: Path, tmp_path: Path, wrong: str) -> None:
    given = [f"out={tmp_path / 'made'}", f'sources=[{{path="{data / "texts.jsonl"}", {wrong}}}]']
    with pytest.raises(ConfigError, match=wrong.partition("=")[0]):
        run_stage("tokenizer", None, given)


@pytest.mark.parametrize("stage", ["tokenizer", "pretrain", "mid", "sft"])
def test_missing_recipe_and_wrong_override_are_named(stage: str, tmp_path: Path) -> None:
    with pytest.raises(TamsaError, match=r"none\.toml"):
        run_stage(stage, tmp_path / "none.toml")
    with pytest.raises(TamsaError, match="nonsense"):
        run_stage(stage, None, [f"out={tmp_path}/x", "sources=[]", "nonsense=1"])


def test_the_bundled_model_is_begun_from_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert begin_from(Path("nano")) == nano_folder()
    assert begin_from(Path("runs/nano")) == Path("runs/nano")
    (tmp_path / "nano").mkdir()
    assert begin_from(Path("nano")) == Path("nano")
    environment = Environment((Path("pages.jsonl"),), Path("prompts.jsonl"))
    monkeypatch.chdir(tmp_path / "nano")
    assert RlRecipe(Path("out"), Path("nano"), (environment,)).init == nano_folder()
    assert SftRecipe(Path("out"), (), init=Path("nano")).init == nano_folder()
