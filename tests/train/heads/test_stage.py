"""`tamsa train heads`, as the command line starts it."""

from __future__ import annotations

import pytest

from tamsa.errors import ConfigError
from tamsa.train.stages import run_stage
from tests.train.heads.test_training import texts

RECIPE = """
source = "given"
out = "nowhere"
[shape]
head_size = 8
[optimizer]
learning_rate = 1e-2
epochs = 1
"""


def test_a_recipe_and_overrides_train_heads(model_folder, tmp_path):
    (tmp_path / "heads.toml").write_text(RECIPE)
    notes: list[str] = []
    overrides = [f"model='{model_folder}'", f"out='{tmp_path / 'run'}'", f"data.path='{texts(tmp_path)}'"]
    run_stage("heads", tmp_path / "heads.toml", overrides, on_note=notes.append)
    assert (tmp_path / "run" / "heads" / "autodeco_heads.safetensors").is_file()
    assert notes[0].startswith("1/1 loss ") and notes[-1] == f"heads: {tmp_path / 'run' / 'heads'}"


def test_an_unknown_key_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"optimizer\.lr"):
        run_stage("heads", None, ["model=m", "out=o", "data.path=d", "optimizer.lr=1"])
