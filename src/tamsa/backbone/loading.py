"""A network from a folder: `config.json` and safetensors, one file or shards, in either naming."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch.overrides import TorchFunctionMode

from tamsa.backbone.checkpoints import explain_loading, from_official
from tamsa.backbone.config import NetworkConfig
from tamsa.backbone.network import KimiLinear

INDEX = "model.safetensors.index.json"


class _Uninitialised(TorchFunctionMode):
    """Leaves out the initialisation of new modules, which costs time and, on the meta device, seconds of imports."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Pass on every call but those of `torch.nn.init`."""
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def weight_files(folder: Path) -> list[Path]:
    """Return the files with weights: those that the index names, else the one file; empty where there is neither."""
    if (folder / INDEX).is_file():
        named = json.loads((folder / INDEX).read_bytes())["weight_map"].values()
        return [folder / name for name in sorted(set(named))]
    single = folder / "model.safetensors"
    return [single] if single.is_file() else []


def load_network(folder: Path, config: NetworkConfig, dtype: torch.dtype, name: str) -> KimiLinear:
    """Build the network with the weights of a folder, on the CPU and for inference.

    Args:
        folder: with the weights.
        config: what the folder's `config.json` says.
        dtype: of the weights in memory.
        name: of the model, for errors.

    Raises:
        InputError: weights are missing, unknown or of another shape; the message names them.
        OSError, SafetensorError, ValueError, KeyError: a file cannot be read.
    """
    stored: dict[str, torch.Tensor] = {}
    for path in weight_files(folder):
        with safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118 - no mapping
                tensor = file.get_tensor(key)
                stored[key] = tensor.to(dtype) if tensor.is_floating_point() else tensor
    tensors = from_official(stored)
    with torch.device("meta"), _Uninitialised():
        network = KimiLinear(config)
    wanted = network.state_dict()
    tied = config.tie_word_embeddings and "lm_head.weight" not in tensors
    if tied:
        wanted.pop("lm_head.weight")
    explain_loading(
        name,
        {
            "missing_keys": [key for key in wanted if key not in tensors],
            "unexpected_keys": [key for key in tensors if key not in wanted],
            "mismatched_keys": [
                (key, tensors[key].shape, expected.shape)
                for key, expected in wanted.items()
                if key in tensors and tensors[key].shape != expected.shape
            ],
        },
    )
    network.load_state_dict(tensors, strict=False, assign=True)
    if tied:
        network.lm_head.weight = network.model.embed_tokens.weight
    for module in network.modules():
        for key, buffer in module._buffers.items():
            if buffer is not None and buffer.is_meta:  # no part of a checkpoint
                module._buffers[key] = torch.zeros(buffer.shape, dtype=buffer.dtype)
    return network.requires_grad_(False).eval()
