"""The manifest of a run in training, `run.json`: what was asked for, with which versions, from which parent."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from tamsa.errors import InputError
from tamsa.store import new_id, read_json
from tamsa.types import SCHEMA_VERSION


def make_manifest(
    stage: str, out: Path, recipe: Mapping[str, Any], init: Path | None, *, resume: bool, free: Collection[str]
) -> dict[str, Any]:
    """Return the manifest of a new run, or that of the run to be resumed.

    Args:
        stage: name of the stage.
        out: folder of the run; nothing is written.
        recipe: in its JSON form.
        init: model folder that the run begins from.
        resume: whether the run is there already.
        free: fields of the recipe that may change between the sessions of a run.

    Raises:
        InputError: there is a run where none should be, none where one should be, or one with another recipe.
    """
    path = out / "run.json"
    if not resume:
        if path.exists():
            raise InputError(f"{out}: holds a run already; continue it with --resume or choose another out")
        versions = {name: version(name) for name in ("tamsa", "torch", "transformers", "tokenizers")}
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": new_id(),
            "stage": stage,
            "parent": parent_of(init),
            "recipe": dict(recipe),
            "versions": versions,
            "threads": torch.get_num_threads(),
        }
    if not path.is_file():
        raise InputError(f"{out}: no run to resume (run.json is missing)")
    manifest: dict[str, Any] = read_json(path)
    if not isinstance(manifest, dict) or manifest.get("stage") != stage:
        raise InputError(f"{out}: holds no run of train {stage}; choose another out")
    for name, value in manifest["recipe"].items():
        if name not in (*free, "out") and recipe.get(name) != value:
            raise InputError(
                f"{out}: was begun with {name} = {json.dumps(value)[:160]}, the recipe says "
                f"{json.dumps(recipe.get(name))[:160]}; only {', '.join(free)} may change on resume"
            )
    return manifest


def parent_of(init: Path | None) -> str:
    """Return the id of the run that made a model folder, where it is known."""
    card = init / "training.json" if init is not None else None
    about = read_json(card) if card is not None and card.is_file() else {}
    return str(about.get("run_id", "")) if isinstance(about, dict) else ""
