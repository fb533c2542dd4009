"""What to pass to vLLM so that it serves a base model with heads."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from tamsa.decoding.vllm.plugin import PREFIX
from tamsa.errors import InputError
from tamsa.store import read_json


def engine_arguments(heads: str | PathLike[str], model: str | None = None) -> dict[str, Any]:
    """Return keyword arguments for `vllm.LLM`; as options of `vllm serve` they are named likewise.

    Args:
        heads: a heads-only folder, of `AutoDecoForCausalLM.save_pretrained` or an officially released one.
        model: the base model's folder or id; the one that the heads were made for where None.

    Returns:
        `model`, `hf_overrides` (the architecture with heads, and where they lie) and `generation_config="vllm"`: the
        static defaults that a checkpoint brings (temperature, top-p, top-k) would apply on top of the heads.

    Raises:
        InputError: the folder is no heads folder, or it does not say what base it is for.
    """
    folder = Path(heads).resolve()
    if not (folder / "config.json").is_file():
        raise InputError(f"heads: {folder} has no config.json; expected a heads-only folder")
    config = read_json(folder / "config.json")
    base = model or config.get("base_model_name_or_path")
    if not base:
        raise InputError(f"{folder}: names no base model; pass model=")
    architecture = config.get("base_architecture") or _architecture_of(str(base))
    return {
        "model": str(base),
        "hf_overrides": {"architectures": [PREFIX + architecture], "autodeco_heads": str(folder)},
        "generation_config": "vllm",
    }


def _architecture_of(base: str) -> str:
    path = Path(base) / "config.json"
    if not path.is_file():
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

        try:
            path = Path(hf_hub_download(base, "config.json"))
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"model: the configuration of {base!r} cannot be read ({reason})") from error
    architectures = json.loads(path.read_text(encoding="utf-8")).get("architectures")
    if not architectures:
        raise InputError(f"{path}: names no architecture, expected `architectures`")
    return str(architectures[0])
