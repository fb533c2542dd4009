"""Any causal language model by transformers: from a folder, or from the Hugging Face hub and its cache.

Importing this module takes seconds; `tamsa.llm.local.folder` does so only for models that need it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging as transformers_logging

import tamsa.models  # noqa: F401 - Auto classes then load our Kimi Linear
from tamsa.errors import InputError
from tamsa.llm.local.source import first_line, ids_of


class HubSource:
    """Opens the model; nothing is fetched that is there already.

    Args:
        path: a folder, or the id of a model on the hub.
        name: the spec, for errors.

    Raises:
        InputError: there is no such model, or a file of it is damaged.
    """

    def __init__(self, path: str, name: str) -> None:
        self._path, self._name = path, name
        quiet: Any = transformers_logging
        quiet.disable_progress_bar()
        self._offline = Path(path).is_dir() or self._is_cached()
        self.config = self._read("configuration (config.json)", AutoConfig)
        self.tokenizer = self._read("tokenizer", AutoTokenizer)
        self.end_ids = self._read_end_ids()

    def _is_cached(self) -> bool:
        try:
            AutoConfig.from_pretrained(self._path, local_files_only=True)
        except (OSError, ValueError):
            return False
        return True

    def _read(self, what: str, auto: Any) -> Any:
        try:
            return auto.from_pretrained(self._path, local_files_only=self._offline, trust_remote_code=False)
        except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
            raise InputError(f"{self._name}: its {what} cannot be read ({first_line(error)})") from error

    def _read_end_ids(self) -> frozenset[int]:
        """Return the tokens that `generation_config.json` ends on, if there is one."""
        try:
            found = GenerationConfig.from_pretrained(self._path, local_files_only=self._offline)
        except (OSError, ValueError):
            return frozenset()
        return ids_of(found.eos_token_id)

    def load(self, dtype: torch.dtype) -> Any:
        """See `Source`."""
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(
                self._path, dtype=dtype, local_files_only=self._offline, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
            raise InputError(f"{self._name}: its weights cannot be read ({first_line(error)})") from error
        return model.requires_grad_(False).eval()
