"""Checkpoints of a run in training: whole or not there at all, and independent of the number of processes.

`checkpoints/step_00000200/` holds `weights.safetensors` (fp32), `optimiser.safetensors` and `state.json`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from tamsa.errors import CorruptError, StorageError
from tamsa.store import make_folder, read_json, write_json

_NAME = re.compile(r"step_(\d+)")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a run needs to go on."""

    weights: Mapping[str, torch.Tensor]
    optimiser: Mapping[str, torch.Tensor]
    state: Mapping[str, Any]


def write_checkpoint(folder: Path, step: int, checkpoint: Checkpoint, keep: int) -> Path:
    """Write a checkpoint aside, rename it when it is on the disk, and remove all but the latest `keep`.

    Raises:
        StorageError: the disk is full or the folder not writable; earlier checkpoints are untouched.
    """
    make_folder(folder)
    path = folder / f"step_{step:08d}"
    aside = folder / f".{path.name}.tmp"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        save_file({k: v.cpu().contiguous() for k, v in checkpoint.weights.items()}, aside / "weights.safetensors")
        save_file({k: v.cpu().contiguous() for k, v in checkpoint.optimiser.items()}, aside / "optimiser.safetensors")
        write_json(aside / "state.json", checkpoint.state)
        for file in aside.iterdir():
            _sync(file)
        _sync(aside)
        shutil.rmtree(path, ignore_errors=True)
        aside.replace(path)
        _sync(folder)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{path}: cannot write the checkpoint ({error}); free some space and resume") from error
    for old in checkpoints(folder)[: -max(1, keep)]:
        shutil.rmtree(old, ignore_errors=True)
    return path


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checkpoints(folder: Path) -> list[Path]:
    """List the checkpoints of a run, oldest first."""
    found = [path for path in folder.glob("step_*") if _NAME.fullmatch(path.name) and (path / "state.json").is_file()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("step_")))


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CorruptError: it is damaged.
    """
    try:
        return Checkpoint(
            load_file(path / "weights.safetensors"),
            load_file(path / "optimiser.safetensors"),
            read_json(path / "state.json"),
        )
    except (OSError, SafetensorError) as error:
        raise CorruptError(f"{path}: damaged ({error}); delete it and resume from the one before") from error
