"""A model's folder: what is read before the weights (configuration, tokenizer, `tamsa.json`), and the weights."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tamsa.decoding.checkpoint import load_heads
from tamsa.decoding.loading import heads_for
from tamsa.errors import ConfigError, InputError
from tamsa.llm.about import read_about
from tamsa.llm.local.engine import Network
from tamsa.llm.local.plain_source import PlainSource
from tamsa.llm.local.source import Source, first_line

log = logging.getLogger(__name__)
HEADS = "heads"
_BY_TRANSFORMERS = "tamsa.llm.local.hub_source"
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Folder:
    """A model on disk, or in the cache of the Hugging Face hub; nothing is fetched that is there already.

    A Kimi Linear is read by torch alone. Any other model, and one whose tokenizer is out of the ordinary, is opened by
    transformers, which is imported here and nowhere before.

    Args:
        path: a folder, or the id of a model on the hub.
        name: the spec, for errors.

    Raises:
        InputError: there is no such folder or model, or a file in it is damaged.
        ConfigError: `tamsa.json` holds a wrong value.
        ModuleNotFoundError: transformers is needed and not installed.
    """

    def __init__(self, path: str | Path, name: str) -> None:
        self.name = name
        self.path = self._locate(str(path))
        source = PlainSource.open(Path(self.path), name)
        self._source: Source = source or importlib.import_module(_BY_TRANSFORMERS).HubSource(self.path, name)
        self.config, self.tokenizer, self.end_ids = self._source.config, self._source.tokenizer, self._source.end_ids
        self.about = read_about(Path(self.path))

    def _locate(self, path: str) -> str:
        folder = Path(path).expanduser()
        if folder.is_dir():
            if not (folder / "config.json").is_file():
                raise InputError(f"{self.name}: {folder} holds no model (config.json is missing)")
            return str(folder)
        if folder.exists() or path.startswith((".", "/", "~")) or path.count("/") != 1:
            raise InputError(f"{self.name}: no such folder; give a folder of transformers, or a hub id as OWNER/NAME")
        return path

    def load(self, *, dtype: str, device: str, heads: bool) -> Network:
        """Load the weights, and the AutoDeco heads in the sub-folder `heads` if there are any.

        Args:
            dtype: `auto`, `float32`, `bfloat16` or `float16`.
            device: `auto`, `cpu`, `cuda`, …
            heads: False leaves the heads out.

        Raises:
            InputError: weights are missing, damaged or of another shape than the configuration says.
            ConfigError: the device is not here.
        """
        where = choose_device(device)
        model = self._source.load(choose_dtype(dtype, where)).to(where)
        folder = Path(self.path) / HEADS
        if not (heads and folder.is_dir()):
            return Network(model)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = heads_for(folder, load_heads(folder), model)
        for warning in caught:
            log.warning("%s", warning.message)
        return Network(model, found.to(where).eval())


def choose_device(device: str) -> torch.device:
    """Return the device: `auto` is an NVIDIA GPU where there is one, else the CPU.

    Raises:
        ConfigError: it is not here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(
            f"device = {device!r}: not available here ({first_line(error)}); choose auto or cpu"
        ) from error
    return chosen


def choose_dtype(dtype: str, device: torch.device) -> torch.dtype:
    """Return the precision: `auto` is bf16 on a GPU and on CPUs that multiply in it, else fp32."""
    if dtype != "auto":
        return _DTYPES[dtype]
    if device.type == "cuda":
        return torch.bfloat16
    known: Mapping[str, Any] = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    fast = known.get("avx512_bf16") or known.get("amx_bf16")
    return torch.bfloat16 if device.type == "cpu" and fast else torch.float32
