"""Checks of the sampler's arguments: every message names the argument, the row, and what was expected.

Legend of shapes: N rows, V vocabulary, D width of the model.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tamsa.errors import InputError
from tamsa.kernels.sampling.definition import HeadTensors

MAX_VOCABULARY = 2**24


def _shape(x: Tensor) -> str:
    return "[" + ", ".join(str(int(n)) for n in x.shape) + "]"


def as_logits(logits: Tensor) -> Tensor:
    """Return the logits as contiguous fp32 `[N, V]`.

    Raises:
        InputError: not a floating-point tensor of two dimensions, or one of them is 0.
    """
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
        raise InputError(f"logits: {kind}, expected a floating-point tensor [N, V]")
    if logits.dim() != 2:
        raise InputError(f"logits: shape {_shape(logits)}, expected two dimensions [N, V]")
    if logits.shape[0] == 0:
        raise InputError(f"logits: shape {_shape(logits)} is an empty batch, expected at least one row")
    if logits.shape[1] == 0:
        raise InputError(f"logits: shape {_shape(logits)} has an empty vocabulary, expected at least one entry")
    if logits.shape[1] > MAX_VOCABULARY:
        raise InputError(f"logits: vocabulary of {logits.shape[1]:,}, expected at most {MAX_VOCABULARY:,}")
    return logits.detach().float().contiguous()


def as_rows(name: str, value: float | Tensor, logits: Tensor, low: float, high: float, bounds: str) -> Tensor:
    """Return a value per row as a fresh fp32 `[N]`.

    Raises:
        InputError: a wrong shape or device, or (on a CPU, where looking costs nothing) a value outside its range.
    """
    N = logits.shape[0]
    if isinstance(value, Tensor):
        if value.dim() == 0:
            value = value.expand(N)
        if value.shape != (N,):
            raise InputError(f"{name}: shape {_shape(value)}, expected [N] = [{N}] as the rows of logits")
        if value.device != logits.device:
            raise InputError(f"{name}: on {value.device}, expected {logits.device}, where the logits are")
        rows = value.detach().to(torch.float32, copy=True).contiguous()
    else:
        if not low <= value <= high:
            raise InputError(f"{name}: {value}, expected {bounds}")
        return torch.full((N,), float(value), dtype=torch.float32, device=logits.device)
    if rows.device.type == "cpu":
        wrong = ~((rows >= low) & (rows <= high))
        if bool(wrong.any()):
            row = int(wrong.nonzero()[0])
            raise InputError(f"{name}: {rows[row].item()} in row {row}, expected {bounds}")
    return rows


def as_uniforms(uniforms: Tensor | None, generator: torch.Generator | None, logits: Tensor) -> Tensor:
    """Return the uniform numbers of the draw as fp64 `[N]`, drawn from the generator where None is given.

    Raises:
        InputError: both are given, a wrong shape, or a number outside [0, 1).
    """
    N = logits.shape[0]
    if uniforms is None:
        return torch.rand(N, dtype=torch.float64, device=logits.device, generator=generator)
    if generator is not None:
        raise InputError("uniforms and generator: both given, expected one of them")
    if uniforms.shape != (N,):
        raise InputError(f"uniforms: shape {_shape(uniforms)}, expected [N] = [{N}] as the rows of logits")
    u = uniforms.detach().to(logits.device, torch.float64).contiguous()
    if u.device.type == "cpu" and not bool(((u >= 0) & (u < 1)).all()):
        raise InputError("uniforms: holds a value outside [0, 1)")
    return u


def check_factors(temperature_scale: float, top_p_scale: float) -> None:
    """Check the user's factors on T and P.

    Raises:
        InputError: one is negative or not finite.
    """
    for name, scale in (("temperature_scale", temperature_scale), ("top_p_scale", top_p_scale)):
        if not 0 <= scale < float("inf"):
            raise InputError(f"{name}: {scale}, expected a finite number >= 0")


def check_shift(cut_shift: float) -> None:
    """Check how far cut logits are lowered.

    Raises:
        InputError: it is below 100, so that their probability would not be 0 in fp32.
    """
    if not cut_shift >= 100:
        raise InputError(f"cut_shift: {cut_shift}, expected at least 100 (cut tokens must have probability 0)")


def check_heads(hidden: Tensor, logits: Tensor, heads: HeadTensors) -> None:
    """Check that hidden states fit the logits' rows and the heads' width.

    Raises:
        InputError: naming both sides.
    """
    if hidden.dim() != 2 or hidden.shape[0] != logits.shape[0]:
        raise InputError(f"hidden: shape {_shape(hidden)}, expected [N, D] with N = {logits.shape[0]} as the logits")
    if hidden.shape[1] != heads.weight.shape[1]:
        raise InputError(f"hidden: width {hidden.shape[1]}, the heads were made for {heads.weight.shape[1]}")
    if hidden.device != logits.device or heads.weight.device != logits.device:
        raise InputError(
            f"hidden: on {hidden.device}, heads on {heads.weight.device}, logits on {logits.device}; "
            "expected one device"
        )


_FAULTS = {
    1: "logits: row {} holds NaN; the model's forward pass failed for it",
    2: "logits: row {} holds +inf; at most -inf is allowed, for forbidden tokens",
    3: "logits: row {} has no finite entry; every token is forbidden",
    4: "hidden: row {} holds NaN or infinity, expected finite values",
}


def check_status(status: Tensor) -> None:
    """Raise for the first row that could not be sampled.

    Raises:
        InputError: naming the row and what it holds.
    """
    bad = status.nonzero()
    if bad.numel():
        row = int(bad[0])
        raise InputError(_FAULTS[int(status[row])].format(row))


def row_status(logits: Tensor) -> Tensor:
    """Return 0 for a good row, else the fault's number (see `check_status`), `[N]` int64."""
    top = logits.amax(-1)
    status = torch.zeros(logits.shape[0], dtype=torch.int64, device=logits.device)
    status[top == float("-inf")] = 3
    status[top == float("inf")] = 2
    status[torch.isnan(logits).any(-1)] = 1
    return status
