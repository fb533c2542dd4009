"""Heads-only folders: `config.json` beside one safetensors file, ours and the officially released ones.

Official folders hold the heads alone, or the heads merged into a full copy of the base whose keys carry the prefix
`llm.`; both are read. Ours use the same tensor and field names where the meaning is the same.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tamsa import __version__
from tamsa.decoding.config import FORMAT_VERSION, AutoDecoConfig, BaseIdentity
from tamsa.decoding.heads import NUM_STATISTICS, DecodingHeads
from tamsa.errors import ConfigError, CorruptError, InputError
from tamsa.store import make_folder, read_json, write_atomic, write_json

WEIGHTS = "autodeco_heads.safetensors"
MODEL_TYPE = "autodeco"
MERGED_PREFIX = "llm."

_OWN_FIELDS = (
    "head_size",
    "initial_temperature",
    "initial_top_p",
    "temperature_scale",
    "top_p_scale",
)
_OFFICIAL_NAMES = {
    "statistics": "use_enhanced_features",
    "use_temperature": "enable_temperature_head",
    "use_top_p": "enable_top_p_head",
}


@dataclasses.dataclass(frozen=True, slots=True)
class HeadsFolder:
    """What was read from a folder."""

    config: AutoDecoConfig
    tensors: dict[str, Tensor]
    merged: bool
    """Whether the base's weights lie in the same folder, under `llm.`."""
    raw: Mapping[str, Any]
    """The whole `config.json`."""


def save_heads(folder: Path, heads: DecodingHeads, dtype: torch.dtype) -> None:
    """Write the heads alone: configuration, versions, the base's identity, and one safetensors file.

    Raises:
        StorageError: the folder cannot be written; what it held before is untouched.
    """
    config = heads.config
    make_folder(folder)
    tensors = {name: value.detach().to("cpu", dtype).contiguous() for name, value in heads.state_dict().items()}
    values: dict[str, Any] = {
        "model_type": MODEL_TYPE,
        "format_version": FORMAT_VERSION,
        "tamsa_version": __version__,
        "hidden_size": config.hidden_size,
        "vocab_size": config.vocab_size,
        **{official: getattr(config, ours) for ours, official in _OFFICIAL_NAMES.items()},
        **{name: getattr(config, name) for name in _OWN_FIELDS},
        "cut_shift": config.cut_shift if config.cut_shift < float("inf") else "inf",
        "base_model_name_or_path": config.base.name_or_path,
        "base_model_type": config.base.model_type,
        "base_architecture": config.base.architecture,
        "base_fingerprint": config.base.fingerprint,
    }
    write_atomic(folder / WEIGHTS, save(tensors, metadata={"format": "pt", "tamsa_version": __version__}))
    write_json(folder / "config.json", values)


def load_heads(folder: Path) -> HeadsFolder:
    """Read a heads-only or merged folder, ours or official.

    Raises:
        InputError: the folder is missing, is no heads folder, or was written by a newer version.
        CorruptError: a file is damaged, or tensors and configuration contradict each other.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected one written by AutoDecoForCausalLM.save_pretrained")
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: config.json is missing; expected a folder with AutoDeco heads")
    raw = read_json(folder / "config.json")
    if not isinstance(raw, dict) or raw.get("model_type") != MODEL_TYPE:
        kind = raw.get("model_type") if isinstance(raw, dict) else type(raw).__name__
        raise InputError(f"{folder / 'config.json'}: model_type {kind!r}, expected {MODEL_TYPE!r}")
    version = raw.get("format_version", 0)  # official folders have none
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise InputError(
            f"{folder / 'config.json'}: format_version {version!r}, written by Tamsa {raw.get('tamsa_version', '?')}; "
            f"this is Tamsa {__version__}, which reads up to {FORMAT_VERSION}; install a newer one"
        )
    tensors, merged = _read_tensors(folder)
    return HeadsFolder(_config(folder, raw, tensors), tensors, merged, raw)


def _read_tensors(folder: Path) -> tuple[dict[str, Tensor], bool]:
    tensors: dict[str, Tensor] = {}
    merged = False
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt") as file:
                for key in file.keys():  # noqa: SIM118 - no mapping
                    if key.startswith(("temp_head.", "top_p_head.")):
                        tensors[key] = file.get_tensor(key)
                    merged = merged or key.startswith(MERGED_PREFIX)
        except (SafetensorError, OSError) as error:
            raise CorruptError(f"{path}: damaged ({error}); copy or download the folder anew") from error
    if not tensors:
        raise InputError(f"{folder}: no *.safetensors file with temp_head.* and top_p_head.* tensors")
    return tensors, merged


def _config(folder: Path, raw: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> AutoDecoConfig:
    """Build the configuration, with shapes taken from the tensors and checked against the file."""
    where = folder / "config.json"
    expected = {
        f"{head}.mlp.{i}.{part}" for head in ("temp_head", "top_p_head") for i in (0, 2) for part in ("weight", "bias")
    }
    if set(tensors) != expected:
        missing, extra = sorted(expected - set(tensors)), sorted(set(tensors) - expected)
        raise CorruptError(f"{folder}: head tensors missing {missing}, unexpected {extra}")
    if [tensor.dim() for _, tensor in sorted(tensors.items())] != [1, 2] * 4:  # bias, weight
        raise CorruptError(f"{folder}: head tensors are no vectors (bias) and matrices (weight)")
    head_size, width = tensors["temp_head.mlp.0.weight"].shape
    top_p_width = tensors["top_p_head.mlp.0.weight"].shape[1]
    if top_p_width not in (width + 1, width + 1 + NUM_STATISTICS):
        raise CorruptError(
            f"{folder}: top_p_head is {top_p_width} wide, expected {width + 1} or {width + 1 + NUM_STATISTICS} beside "
            f"a temp_head of {width}"
        )
    statistics = top_p_width == width + 1 + NUM_STATISTICS
    for name, value in (("hidden_size", width), ("head_size", head_size), ("use_enhanced_features", statistics)):
        if raw.get(name, value) != value:
            raise CorruptError(f"{where}: {name} = {raw[name]!r}, but the head tensors say {value!r}")
    base = BaseIdentity(
        name_or_path=str(raw.get("base_model_name_or_path") or ""),
        model_type=str(raw.get("base_model_type") or ""),
        architecture=str(raw.get("base_architecture") or ""),
        fingerprint=str(raw.get("base_fingerprint") or ""),
    )
    own = {name: raw[name] for name in _OWN_FIELDS if name in raw}
    own["head_size"] = head_size
    vocab_size = raw.get("vocab_size")
    try:
        if "cut_shift" in raw:
            own["cut_shift"] = float(raw["cut_shift"])
        if "format_version" in raw:
            # In official files these two say what was trained, not what is used.
            own.update(use_temperature=bool(raw["enable_temperature_head"]), use_top_p=bool(raw["enable_top_p_head"]))
        return AutoDecoConfig(hidden_size=width, vocab_size=vocab_size, statistics=statistics, base=base, **own)
    except KeyError as error:
        raise CorruptError(f"{where}: {error.args[0]} is missing") from error
    except (TypeError, ValueError, ConfigError) as error:
        raise CorruptError(f"{where}: {error}") from error


def build_heads(found: HeadsFolder) -> DecodingHeads:
    """Build heads from what was read, in fp32.

    Raises:
        CorruptError: a tensor has not the shape that the others ask for.
    """
    heads = DecodingHeads(found.config)
    try:
        heads.load_state_dict({name: value.float() for name, value in found.tensors.items()})
    except RuntimeError as error:
        raise CorruptError(f"head tensors: {str(error).splitlines()[-1].strip()}") from error
    return heads


def check_base(
    found: HeadsFolder, folder: Path, identity: BaseIdentity, hidden_size: int, vocab_size: int
) -> str | None:
    """Check that a base model fits the heads; return a warning where it fits but is not the one they were made for.

    Raises:
        InputError: width, vocabulary or model type differ; the message names both sides.
    """
    config = found.config
    if hidden_size != config.hidden_size:
        raise InputError(
            f"{folder}: heads for a width of {config.hidden_size} ({config.base.name_or_path or 'base unknown'}), "
            f"but the base {identity.name_or_path or identity.architecture} has {hidden_size}"
        )
    own = "format_version" in found.raw
    # The base's configuration in official files can count other than the padded rows of the output layer.
    if own and config.vocab_size is not None and vocab_size != config.vocab_size:
        raise InputError(
            f"{folder}: heads for a vocabulary of {config.vocab_size} ({config.base.name_or_path or 'base unknown'}), "
            f"but the base {identity.name_or_path or identity.architecture} has {vocab_size}"
        )
    if config.base.model_type and identity.model_type and config.base.model_type != identity.model_type:
        raise InputError(
            f"{folder}: heads for a base of type {config.base.model_type!r}, but this one is {identity.model_type!r}"
        )
    theirs, ours = config.base.fingerprint, identity.fingerprint
    if theirs and ours and theirs != ours:
        return (
            f"{folder}: the heads were made for {config.base.name_or_path or 'a base'} with fingerprint {theirs}, "
            f"this base has {ours}; their predictions may not suit it"
        )
    return None


def base_config_values(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the base's own configuration fields out of a merged official `config.json`."""
    own = {"model_type", "base_model_type", "base_model_name_or_path", "architectures", *_OFFICIAL_NAMES.values()}
    own |= {"top_p_hidden_size", "temperature_hidden_size", "auto_map", "transformers_version"}
    return json.loads(json.dumps({key: value for key, value in raw.items() if key not in own}))
