"""A Kimi Linear from its folder in torch alone: opened in a fraction of the time that importing transformers takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from tamsa.backbone.config import MODEL_TYPE, NetworkConfig
from tamsa.backbone.loading import load_network, weight_files
from tamsa.backbone.network import KimiLinear
from tamsa.errors import ConfigError, InputError
from tamsa.llm.local.source import first_line, ids_of
from tamsa.llm.local.tokenizer import PlainTokenizer


class PlainSource:
    """Opens the folder.

    Args:
        folder: with `config.json`, safetensors and a tokenizer that stands in `tokenizer.json`.
        name: the spec, for errors.

    Raises:
        InputError: a file cannot be read, or asks for more than this way can.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        values = _object(folder / "config.json")
        if values.get("model_type") != MODEL_TYPE or "quantization_config" in values:
            raise InputError(f"{name}: {folder / 'config.json'} is not of a plain {MODEL_TYPE}")
        if (folder / "adapter_config.json").is_file() or not weight_files(folder):
            raise InputError(f"{name}: {folder} has no safetensors of its own")
        try:
            self.config = NetworkConfig.read(values, str(folder / "config.json"))
        except ConfigError as error:
            raise InputError(f"{name}: its configuration (config.json) cannot be read ({error})") from error
        self.tokenizer = PlainTokenizer(folder)
        self.end_ids: frozenset[int] = frozenset()
        if (folder / "generation_config.json").is_file():
            self.end_ids = ids_of(_object(folder / "generation_config.json").get("eos_token_id"))

    @classmethod
    def open(cls, folder: Path, name: str) -> PlainSource | None:
        """Open a folder, or return None where it is not for this way; transformers then says if anything is wrong."""
        try:
            return cls(folder, name)
        except InputError:
            return None

    def load(self, dtype: torch.dtype) -> KimiLinear:
        """See `Source`."""
        try:
            return load_network(self._folder, self.config, dtype, self._name)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise InputError(f"{self._name}: its weights cannot be read ({first_line(error)})") from error


def _object(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: is no JSON object")
    return values
