"""Which forms of the sampler can run here, and which one runs on a device."""

from __future__ import annotations

import importlib.util

import torch

from tamsa.errors import ConfigError

BACKENDS = ("auto", "reference", "cpu", "gpu")

_HAS_NUMBA = importlib.util.find_spec("numba") is not None
_HAS_TRITON = importlib.util.find_spec("triton") is not None
if _HAS_NUMBA:
    from tamsa.kernels.sampling import cpu as cpu
if _HAS_TRITON:
    from tamsa.kernels.sampling import gpu as gpu


def choose_backend(device: torch.device, backend: str = "auto") -> str:
    """Return the backend for logits on a device: `reference` (sorting torch), `cpu` (numba) or `gpu` (Triton).

    Raises:
        ConfigError: the name is unknown, or the backend cannot run there.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"backend: {backend!r}, expected one of {', '.join(BACKENDS)}")
    if backend == "cpu" and (device.type != "cpu" or not _HAS_NUMBA):
        reason = "numba is not installed (tamsa[models])" if device.type == "cpu" else f"the logits are on {device}"
        raise ConfigError(f"backend: 'cpu', but {reason}; use backend='auto'")
    if backend == "gpu" and (device.type != "cuda" or not _HAS_TRITON):
        reason = "triton is not installed" if device.type == "cuda" else f"the logits are on {device}"
        raise ConfigError(f"backend: 'gpu', but {reason}; use backend='auto'")
    if backend != "auto":
        return backend
    if device.type == "cuda" and _HAS_TRITON:
        return "gpu"
    return "cpu" if device.type == "cpu" and _HAS_NUMBA else "reference"
