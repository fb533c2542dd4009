"""Two processes take the steps of one, and what they saved goes on in one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tamsa.train.checkpoints import checkpoints
from tests.train.making import TINY

RECIPE = """
out = "{out}"
tokenizer = "{data}/tokenizer"
precision = "float32"
cache = "{cache}"
threads = 1
stages = [{{ context = 160 }}]
batch = {{ tokens = 512, micro_tokens = 256 }}
schedule = {{ steps = {steps}, warmup = 2, decay = 0.0 }}
optimiser = {{ muon_dtype = "float32" }}
track = {{ log_every = 1, evaluate_every = 3, held_out_tokens = 512, sample_tokens = 0 }}
[[sources]]
path = "{data}/texts.jsonl"
held_out = 0.1
[[sources]]
path = "{data}/chat.jsonl"
weight = 0.5
[model]
{model}
"""


def write_recipe(folder: Path, data: Path, out: str, steps: int) -> Path:
    model = "\n".join(f"{key} = {json.dumps(value)}" for key, value in TINY.items())
    path = folder / f"{out}_{steps}.toml"
    values: dict[str, Any] = {"out": folder / out, "cache": folder / "tokens", "data": data, "model": model}
    path.write_text(RECIPE.format(**values, steps=steps))
    return path


def start(recipe: Path, *options: str, processes: int = 1) -> subprocess.Popen[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ways = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes), f"--master-port={port}"]
    launch = ways if processes > 1 else []
    command = [sys.executable, *launch, "-m", "tamsa", "train", "pretrain", str(recipe), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output[-3000:]


def losses(out: Path) -> list[float]:
    records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [record["loss"] for record in records if "loss" in record]


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(checkpoints(out / "checkpoints")[-1] / "weights.safetensors")


def test_two_processes_equal_one_and_their_checkpoint_goes_on_in_one(data: Path, tmp_path: Path) -> None:
    finish(start(write_recipe(tmp_path, data, "two", 5), processes=2))
    finish(start(write_recipe(tmp_path, data, "two", 7), "--resume"))
    finish(start(write_recipe(tmp_path, data, "one", 7)))
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == len(two) == 7
    assert one == pytest.approx(two, rel=1e-4)
    a, b = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert a.keys() == b.keys()
    for key, value in a.items():  # single signs of AdamW's first updates flip with the order of a sum
        assert float((value - b[key]).norm()) < 0.01 * float(value.norm()), key
