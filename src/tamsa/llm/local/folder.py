"""A model's folder: what is read before the weights (configuration, tokenizer, `tamsa.json`), and the weights."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging as transformers_logging

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.errors import ConfigError, InputError
from tamsa.llm.about import read_about
from tamsa.llm.local.engine import Network

log = logging.getLogger(__name__)
HEADS = "heads"
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Folder:
    """A model on disk, or in the cache of the Hugging Face hub; nothing is fetched that is there already.

    Args:
        path: a folder, or the id of a model on the hub.
        name: the spec, for errors.

    Raises:
        InputError: there is no such folder or model, or a file in it is damaged.
        ConfigError: `tamsa.json` holds a wrong value.
    """

    def __init__(self, path: str | Path, name: str) -> None:
        self.name = name
        self.path, self._offline = self._locate(str(path))
        quiet: Any = transformers_logging
        quiet.disable_progress_bar()
        self.config = self._read("configuration (config.json)", AutoConfig)
        self.tokenizer = self._read("tokenizer", AutoTokenizer)
        self.about = read_about(Path(self.path))
        self.end_ids = self._read_end_ids()

    def _locate(self, path: str) -> tuple[str, bool]:
        folder = Path(path).expanduser()
        if folder.is_dir():
            if not (folder / "config.json").is_file():
                raise InputError(f"{self.name}: {folder} holds no model (config.json is missing)")
            return str(folder), True
        if folder.exists() or path.startswith((".", "/", "~")) or path.count("/") != 1:
            raise InputError(f"{self.name}: no such folder; give a folder of transformers, or a hub id as OWNER/NAME")
        try:
            AutoConfig.from_pretrained(path, local_files_only=True)
        except (OSError, ValueError):
            return path, False
        return path, True

    def _read(self, what: str, auto: Any) -> Any:
        try:
            return auto.from_pretrained(self.path, local_files_only=self._offline, trust_remote_code=False)
        except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
            raise InputError(f"{self.name}: its {what} cannot be read ({_reason(error)})") from error

    def _read_end_ids(self) -> frozenset[int]:
        """Return the tokens that `generation_config.json` ends on, if there is one."""
        try:
            found = GenerationConfig.from_pretrained(self.path, local_files_only=self._offline)
        except (OSError, ValueError):
            return frozenset()
        return ids_of(found.eos_token_id)

    # ------------------------------------------------------------------ weights

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
        kind = choose_dtype(dtype, where)
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(
                self.path, dtype=kind, local_files_only=self._offline, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
            raise InputError(f"{self.name}: its weights cannot be read ({_reason(error)})") from error
        model = model.to(where).eval()
        model.requires_grad_(False)
        folder = Path(self.path) / HEADS
        if not (heads and folder.is_dir()):
            return Network(model)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = AutoDecoForCausalLM.from_pretrained(folder, base=model).decoding_heads
        for warning in caught:
            log.warning("%s", warning.message)
        return Network(model, found.to(where).eval())


def ids_of(value: Any) -> frozenset[int]:
    """Return token ids that configurations give as one number, a list or None."""
    return (
        frozenset(value) if isinstance(value, list | tuple) else frozenset() if value is None else frozenset((value,))
    )


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
        raise ConfigError(f"device = {device!r}: not available here ({_reason(error)}); choose auto or cpu") from error
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


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return " ".join(lines[0].split())[:200] if lines else type(error).__name__
