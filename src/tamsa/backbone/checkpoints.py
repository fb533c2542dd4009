"""The two namings of weights on disk, the official one and transformers' own: state dicts are translated here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from tamsa.errors import InputError

_GATE = ("f_a_proj.weight", "f_b_proj.weight", "dt_bias", "A_log")
_EXPERT = re.compile(r"(.*)\.block_sparse_moe\.experts\.(\d+)\.w([123])\.weight$")
_CONV = re.compile(r"(.*\.self_attn)\.([qkv])_conv1d\.weight$")


def from_official(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename, concatenate and stack a state dict of the official naming into the model's (transformers') naming.

    Raises:
        InputError: an expert or convolution lacks its siblings; the message names them.
    """
    result: dict[str, torch.Tensor] = {}
    experts: dict[str, dict[tuple[int, int], torch.Tensor]] = {}
    convolutions: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if match := _EXPERT.match(name):
            experts.setdefault(match[1], {})[int(match[2]), int(match[3])] = tensor
        elif match := _CONV.match(name):
            convolutions.setdefault(match[1], {})[match[2]] = tensor
        else:
            head, _, tail = name.rpartition("self_attn.")
            if head and tail in _GATE:
                name = f"{head}self_attn.forget_gate.{tail}"
            result[name.replace(".block_sparse_moe.", ".mlp.")] = tensor
    for prefix, parts in convolutions.items():
        if missing := [f"{prefix}.{x}_conv1d.weight" for x in "qkv" if x not in parts]:
            raise InputError(f"checkpoint: missing {', '.join(missing)}")
        result[f"{prefix}.conv1d.weight"] = torch.cat([parts[x] for x in "qkv"])
    for prefix, found in experts.items():
        count = 1 + max(e for e, _ in found)
        names = [(e, w) for e in range(count) for w in (1, 2, 3)]
        if missing := [f"{prefix}.block_sparse_moe.experts.{e}.w{w}.weight" for e, w in names if (e, w) not in found]:
            raise InputError(f"checkpoint: missing {_shortened(missing)}")
        gate_up = [torch.cat([found[e, 1], found[e, 3]]) for e in range(count)]
        result[f"{prefix}.mlp.experts.gate_up_proj"] = torch.stack(gate_up)
        result[f"{prefix}.mlp.experts.down_proj"] = torch.stack([found[e, 2] for e in range(count)])
    return result


def to_official(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Turn a state dict of the model's naming into the official naming; the inverse of `from_official`."""
    result: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        if name.endswith(".mlp.experts.gate_up_proj"):
            prefix = name.removesuffix(".mlp.experts.gate_up_proj") + ".block_sparse_moe.experts"
            for e, both in enumerate(tensor):
                gate, up = both.chunk(2)
                result[f"{prefix}.{e}.w1.weight"] = gate.contiguous()
                result[f"{prefix}.{e}.w3.weight"] = up.contiguous()
        elif name.endswith(".mlp.experts.down_proj"):
            prefix = name.removesuffix(".mlp.experts.down_proj") + ".block_sparse_moe.experts"
            for e, down in enumerate(tensor):
                result[f"{prefix}.{e}.w2.weight"] = down.contiguous()
        elif name.endswith(".self_attn.conv1d.weight"):
            prefix = name.removesuffix(".conv1d.weight")
            for x, part in zip("qkv", tensor.chunk(3), strict=True):
                result[f"{prefix}.{x}_conv1d.weight"] = part.contiguous()
        elif ".mlp.gate." in name or ".mlp.shared_experts." in name:
            result[name.replace(".mlp.", ".block_sparse_moe.")] = tensor
        else:
            result[name.replace(".self_attn.forget_gate.", ".self_attn.")] = tensor
    return result


def explain_loading(name: str, info: Mapping[str, Any]) -> None:
    """Refuse a checkpoint whose weights do not match the model's.

    Args:
        name: the checkpoint's name or path.
        info: what transformers reports with `output_loading_info`.

    Raises:
        InputError: keys are missing or unknown, or shapes differ; the message names them.
    """
    problems = []
    if mismatched := info.get("mismatched_keys"):
        parts = [f"{key} is {list(found)}, expected {list(wanted)}" for key, found, wanted in sorted(mismatched)]
        problems.append("shapes differ: " + _shortened(parts, "; "))
    if missing := sorted(info.get("missing_keys") or ()):
        problems.append(f"missing {_shortened(missing)}")
    if extra := sorted(info.get("unexpected_keys") or ()):
        problems.append(f"unknown {_shortened(extra)}")
    if problems:
        raise InputError(f"checkpoint {name}: {'; '.join(problems)}; check that config.json belongs to these weights")


def _shortened(names: list[str], separator: str = ", ") -> str:
    shown = separator.join(names[:8])
    return shown if len(names) <= 8 else f"{shown}{separator}and {len(names) - 8} more"
