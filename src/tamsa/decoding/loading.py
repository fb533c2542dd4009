"""Find a heads folder and the base model that belongs to it, on this machine or on the Hub."""

from __future__ import annotations

import dataclasses
import warnings
from os import PathLike
from pathlib import Path
from typing import Any

from tamsa.decoding import base as base_model
from tamsa.decoding import checkpoint
from tamsa.decoding.heads import DecodingHeads
from tamsa.errors import InputError


def local_folder(path: str | PathLike[str]) -> Path:
    """Return a folder on this machine, fetched from the Hub where the path is a repository's id.

    Raises:
        InputError: it is neither.
    """
    folder = Path(path)
    text = str(path)
    if folder.exists() or text.count("/") != 1 or text.startswith((".", "/", "~")):
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(text, allow_patterns=["*.json", "*.safetensors"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{text}: neither a folder nor a Hub repository that can be read ({reason})") from error


def load_base(folder: Path, found: checkpoint.HeadsFolder, base: str | None, kwargs: dict[str, Any]) -> Any:
    """Load the base of a heads folder: the one given, the one merged into the folder, or the one that it names.

    Raises:
        InputError: it cannot be loaded, or the folder names none.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    if base is None and found.merged:
        kind = found.config.base.model_type
        if not kind:
            raise InputError(f"{folder / 'config.json'}: base_model_type is missing; pass base=")
        config = AutoConfig.for_model(kind, **checkpoint.base_config_values(found.raw))
        pattern = "^" + checkpoint.MERGED_PREFIX.replace(".", r"\.")
        model = AutoModelForCausalLM.from_pretrained(folder, config=config, key_mapping={pattern: ""}, **kwargs)
        model.config._name_or_path = found.config.base.name_or_path
        return model
    name = base or found.config.base.name_or_path
    if not name:
        raise InputError(f"{folder}: names no base model; pass base=, a model or its path")
    try:
        return AutoModelForCausalLM.from_pretrained(name, **kwargs)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{folder}: its base {name!r} cannot be loaded ({reason}); pass base=") from error


def heads_for(folder: Path, found: checkpoint.HeadsFolder, model: Any) -> DecodingHeads:
    """Build the heads of a folder for a base model; warns where it is not the one that they were made for.

    Args:
        folder: where they were found, for messages.
        found: what was read.
        model: any causal language model with `get_output_embeddings` and `config`.

    Raises:
        InputError: the model does not fit.
    """
    base_model.output_layer(model)
    width, vocabulary = base_model.hidden_size(model), base_model.vocab_size(model)
    warning = checkpoint.check_base(found, folder, base_model.identify(model), width, vocabulary)
    if warning is not None:
        warnings.warn(warning, stacklevel=3)
    config = dataclasses.replace(found.config, vocab_size=vocabulary)
    return checkpoint.build_heads(dataclasses.replace(found, config=config))
