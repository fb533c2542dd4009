"""The model and the tokenizer of a run: new, or loaded from a folder; whole, or with adapters."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import peft
import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoModelForCausalLM

import tamsa.models  # noqa: F401  (registers Kimi Linear with transformers)
from tamsa.errors import ConfigError, InputError, TamsaError
from tamsa.llm.about import read_about
from tamsa.models import KimiLinearConfig, KimiLinearForCausalLM
from tamsa.train.recipe import LoraSettings
from tamsa.train.tokenizer import load_tokenizer


def build_tokenizer(tokenizer: Path | None, init: Path | None) -> Any:
    """Load a run's tokenizer: its own, or that of the model it begins from."""
    folder = tokenizer or init
    assert folder is not None
    return load_tokenizer(folder)


def new_model(fields: Mapping[str, Any], tokenizer: Any) -> KimiLinearForCausalLM:
    """Make a Kimi Linear in fp32 for a tokenizer; torch's generator decides its weights.

    Raises:
        ConfigError: a field is unknown or impossible.
    """
    known = set(KimiLinearConfig.__dataclass_fields__)
    for name in fields:
        if name not in known:
            raise ConfigError(f"model: {name} is no field of KimiLinearConfig")
    values = {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        **fields,
    }
    try:
        return KimiLinearForCausalLM(KimiLinearConfig(**values))
    except (TypeError, ValueError, StrictDataclassError) as error:
        raise ConfigError(f"model: {' '.join(str(error).split())}") from error


def load_model(folder: Path, tokenizer: Any) -> Any:
    """Load a causal language model in fp32.

    Raises:
        InputError: there is none, its `tamsa.json` is damaged, or the tokenizer has more tokens than the model.
        ConfigError: its `tamsa.json` holds a wrong value.
    """
    if not (folder / "config.json").is_file():
        raise InputError(f"init = {folder}: no config.json in it; name a model folder, such as RUN/model")
    read_about(folder)  # it is handed on to what is trained; a mistake in it should not be found then
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    except TamsaError:
        raise
    except Exception as error:  # what a damaged file raises has no common base
        raise InputError(
            f"init = {folder}: cannot be loaded ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
        ) from error
    size = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > size:
        raise InputError(
            f"init = {folder}: the tokenizer has {len(tokenizer):,} tokens, the model's vocabulary {size:,}"
        )
    return model


def with_adapters(model: Any, settings: LoraSettings) -> Any:
    """Put low-rank adapters on a model and freeze all else.

    Raises:
        ConfigError: a value is out of range, or no module has such a name.
    """
    try:
        config = peft.LoraConfig(
            task_type="CAUSAL_LM",
            r=settings.rank,
            lora_alpha=settings.alpha,  # type: ignore[arg-type]
            lora_dropout=settings.dropout,
            target_modules=list(settings.targets) or "all-linear",
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft reads a property that transformers has renamed
            return peft.get_peft_model(model, config)
    except ValueError as error:
        raise ConfigError(f"lora: {str(error).splitlines()[0]}") from error
