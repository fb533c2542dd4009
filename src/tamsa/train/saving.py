"""The finished model as a folder that transformers loads: weights, configuration, tokenizer, `training.json`."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch.distributed.tensor import DTensor

from tamsa.errors import StorageError
from tamsa.llm.about import inherit_about
from tamsa.store import make_folder, write_json


def save_model(
    model: Any,
    weights: Mapping[str, torch.Tensor],
    tokenizer: Any,
    folder: Path,
    dtype: str,
    about: Mapping[str, Any],
    parent: Path | None = None,
) -> None:
    """Write a model folder aside and put it in place whole.

    Args:
        model: whose configuration and frozen weights are written.
        weights: the trained weights in fp32, by parameter name.
        tokenizer: written beside it.
        folder: a folder in its place is replaced.
        dtype: of the weights on disk.
        about: content of `training.json`.
        parent: folder of the model that was trained on; what its `tamsa.json` says holds for this one too.

    Raises:
        StorageError: the disk is full or the folder not writable.
    """
    aside = folder.with_name(f".{folder.name}.tmp")
    make_folder(folder.parent)
    try:
        shutil.rmtree(aside, ignore_errors=True)
        plain = _whole_copy(model).float()
        with torch.no_grad():
            for name, param in plain.named_parameters():
                if name in weights:
                    param.copy_(weights[name])
        if hasattr(plain, "merge_and_unload"):
            plain.save_pretrained(aside / "adapter")
            plain = plain.merge_and_unload()
        plain.to(getattr(torch, dtype)).save_pretrained(aside)
        tokenizer.save_pretrained(aside)
        write_json(aside / "training.json", about)
        if parent is not None:
            inherit_about(parent, aside)
        shutil.rmtree(folder, ignore_errors=True)
        aside.replace(folder)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{folder}: cannot write the model ({getattr(error, 'strerror', None) or error})") from error


def _whole_copy(model: Any) -> Any:
    """Copy a model; of one that is sharded, the configuration and the buffers."""
    if not any(isinstance(param, DTensor) for param in model.parameters()):
        return copy.deepcopy(model)
    plain: Any = type(model)(model.config)
    with torch.no_grad():
        for (_, buffer), (_, source) in zip(plain.named_buffers(), model.named_buffers(), strict=True):
            buffer.copy_(source)
    return plain
