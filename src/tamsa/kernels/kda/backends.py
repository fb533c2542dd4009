"""Which implementation of KDA runs, and why."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

import torch
from torch import Tensor

from tamsa.errors import ConfigError

BACKENDS = ("auto", "reference", "chunk", "cpu", "gpu")


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """The backend that runs and the reason, for people."""

    name: str
    reason: str


INSTALLED = {module: importlib.util.find_spec(module) is not None for module in ("numba", "fla")}
"""Which optional modules can be imported; looked up once, without importing them."""


def choose_backend(device: torch.device, dtype: torch.dtype, backend: str) -> BackendChoice:
    """Return the backend for inputs on a device.

    Raises:
        ConfigError: the name is unknown, or the backend cannot run there.
    """
    if backend not in BACKENDS:
        raise ConfigError(f"backend: {backend!r}, expected one of {', '.join(BACKENDS)}")
    if backend == "cpu" and device.type != "cpu":
        raise ConfigError(f"backend: 'cpu' with tensors on {device}; move them to the CPU or use backend='auto'")
    if backend == "cpu" and not INSTALLED["numba"]:
        raise ConfigError("backend: 'cpu' needs numba; install tamsa[models] or use backend='chunk'")
    if backend == "gpu":
        if device.type != "cuda":
            raise ConfigError(f"backend: 'gpu' with tensors on {device}; move them to a GPU or use backend='auto'")
        if not INSTALLED["fla"]:
            raise ConfigError("backend: 'gpu' needs flash-linear-attention; install tamsa[gpu] or use backend='chunk'")
        if dtype == torch.float64:
            raise ConfigError("backend: 'gpu' with fp64 inputs; use backend='reference' or 'chunk'")
    if backend != "auto":
        return BackendChoice(backend, f"asked for by backend={backend!r}")
    return _automatic(device.type, dtype)


def _automatic(device: str, dtype: torch.dtype) -> BackendChoice:
    if device == "cuda":
        if dtype == torch.float64:
            return BackendChoice("chunk", "fp64 tensors on a GPU: fla has no fp64 kernel")
        if INSTALLED["fla"]:
            return BackendChoice("gpu", "tensors on a GPU and flash-linear-attention is installed")
        return BackendChoice("chunk", "tensors on a GPU, but flash-linear-attention is missing (install tamsa[gpu])")
    if device == "cpu":
        if INSTALLED["numba"]:
            return BackendChoice("cpu", "tensors on the CPU and numba is installed")
        return BackendChoice("chunk", "tensors on the CPU, but numba is missing (install tamsa[models])")
    return BackendChoice("chunk", f"tensors on {device}: plain torch chunk form")


def explain_backend(q: Tensor, backend: str = "auto") -> BackendChoice:
    """Say which backend `kda` takes for these queries and why.

    Args:
        q: `[B, T, H, K]`; only its device and dtype matter.
        backend: as in `kda`.

    Raises:
        ConfigError: the name is unknown, or the backend cannot run there.
    """
    return choose_backend(q.device, q.dtype, backend)
