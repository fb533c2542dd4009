"""Checks of the arguments of `kda`: every message names the argument, what it is and what it should be.

Legend of shapes: B batch, T tokens, H heads, K key width, V value width, N sequences (B, or those of `cu_seqlens`).
Shapes, dtypes and devices are checked here, without reading any value. Values (NaN, `g > 0`) are checked where they
are read anyway: inside the CPU kernel while it stages its inputs, and by one pass in the slow reference forms.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from tamsa.errors import InputError

DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def state_dtype(q: Tensor) -> torch.dtype:
    """Return the dtype in which the state is kept: fp64 for fp64 inputs, else fp32."""
    return torch.float64 if q.dtype == torch.float64 else torch.float32


def _shape(x: Tensor) -> str:
    return "[" + ", ".join(str(int(n)) for n in x.shape) + "]"


def _want(name: str, x: Tensor, letters: str, sizes: tuple[int, ...]) -> None:
    if tuple(x.shape) != sizes:
        expected = "[" + ", ".join(str(int(n)) for n in sizes) + "]"
        raise InputError(f"{name}: shape {_shape(x)}, expected {letters} = {expected}")


def check_arguments(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
) -> int:
    """Check shapes, dtypes and devices and return N, the number of sequences.

    Raises:
        InputError: naming the argument, its shape or dtype and the expected one.
    """
    for name, x in (("q", q), ("k", k), ("v", v), ("g", g), ("beta", beta)):
        if not isinstance(x, Tensor):
            raise InputError(f"{name}: {type(x).__name__}, expected a torch.Tensor")
    if q.dim() != 4:
        raise InputError(f"q: shape {_shape(q)}, expected four dimensions [B, T, H, K]")
    B, T, H, K = q.shape
    if v.dim() != 4:
        raise InputError(f"v: shape {_shape(v)}, expected four dimensions [B, T, H, V]")
    V = v.shape[3]
    if k.shape != q.shape or g.shape != q.shape or v.shape[:3] != q.shape[:3] or beta.shape != q.shape[:3]:
        _want("k", k, "[B, T, H, K]", (B, T, H, K))
        _want("g", g, "[B, T, H, K]", (B, T, H, K))
        _want("v", v, "[B, T, H, V]", (B, T, H, V))
        _want("beta", beta, "[B, T, H]", (B, T, H))
    if B * T * H * K * V == 0:
        _refuse_empty(q, v)
    _check_dtypes(q, k, v, g, beta)
    if not (k.device == v.device == g.device == beta.device == q.device):
        for name, x in (("k", k), ("v", v), ("g", g), ("beta", beta)):
            _same_device(name, x, q)
    N = B
    if cu_seqlens is not None:
        N = _check_cu_seqlens(cu_seqlens, B)
    if initial_state is not None:
        _same_device("initial_state", initial_state, q)
        _want("initial_state", initial_state, "[N, H, K, V]", (N, H, K, V))
        if initial_state.dtype != state_dtype(q):
            raise InputError(f"initial_state: {initial_state.dtype}, expected {state_dtype(q)} for q in {q.dtype}")
    return N


def _refuse_empty(q: Tensor, v: Tensor) -> None:
    for letter, size in zip("BTHK", q.shape, strict=True):
        if size == 0:
            raise InputError(f"q: {letter} = 0 in shape {_shape(q)}, expected at least 1")
    raise InputError(f"v: V = 0 in shape {_shape(v)}, expected at least 1")


def _same_device(name: str, x: Tensor, q: Tensor) -> None:
    if x.device != q.device:
        raise InputError(f"{name}: on {x.device}, expected {q.device}, where q is")


def _check_dtypes(q: Tensor, k: Tensor, v: Tensor, g: Tensor, beta: Tensor) -> None:
    if q.dtype == k.dtype == v.dtype == g.dtype == beta.dtype and q.dtype in DTYPES:
        return
    if q.dtype not in DTYPES:
        raise InputError(f"q: {q.dtype}, expected one of {', '.join(str(d) for d in DTYPES)}")
    for name, x in (("k", k), ("v", v)):
        if x.dtype != q.dtype:
            raise InputError(f"{name}: {x.dtype}, expected {q.dtype} as q")
    wide = torch.float64 if q.dtype == torch.float64 else torch.float32
    for name, x in (("g", g), ("beta", beta)):
        if x.dtype not in (q.dtype, wide):
            either = f"{q.dtype}" if q.dtype == wide else f"{q.dtype} or {wide}"
            raise InputError(f"{name}: {x.dtype}, expected {either} for q in {q.dtype}")


def _check_cu_seqlens(cu_seqlens: Tensor, B: int) -> int:
    if not isinstance(cu_seqlens, Tensor) or cu_seqlens.dtype not in (torch.int32, torch.int64):
        kind = cu_seqlens.dtype if isinstance(cu_seqlens, Tensor) else type(cu_seqlens).__name__
        raise InputError(f"cu_seqlens: {kind}, expected an int32 or int64 tensor of shape [N + 1]")
    if cu_seqlens.dim() != 1 or cu_seqlens.shape[0] < 2:
        raise InputError(f"cu_seqlens: shape {_shape(cu_seqlens)}, expected [N + 1] with N at least 1")
    if B != 1:
        raise InputError(f"q: B = {B}, expected 1 with cu_seqlens (pack the sequences along T)")
    return int(cu_seqlens.shape[0]) - 1


def boundaries(cu_seqlens: Tensor, T: int) -> list[int]:
    """Return the sequence boundaries `0 = b_0 < b_1 < … < b_N = T` as integers.

    Raises:
        InputError: they do not start at 0, do not end at T, or a sequence is empty or negative.
    """
    bounds: list[int] = cu_seqlens.tolist()
    if bounds[0] != 0:
        raise InputError(f"cu_seqlens: starts at {bounds[0]}, expected 0")
    if bounds[-1] != T:
        raise InputError(f"cu_seqlens: ends at {bounds[-1]}, expected T = {T}")
    for i, (start, end) in enumerate(pairwise(bounds)):
        if end <= start:
            raise InputError(f"cu_seqlens: sequence {i} is [{start}, {end}), expected at least one token in each")
    return bounds


def check_values(q: Tensor, k: Tensor, v: Tensor, g: Tensor, beta: Tensor, initial_state: Tensor | None) -> None:
    """Check by reading them that all inputs are finite and `g <= 0` (`-inf` is allowed: a full reset).

    Raises:
        InputError: naming the argument.
    """
    named = {"q": q, "k": k, "v": v, "beta": beta, "initial_state": initial_state}
    for name, x in named.items():
        if x is not None and not bool(torch.isfinite(x).all()):
            raise not_finite(name)
    if not bool((g <= 0).all()):
        raise bad_gate()


def not_finite(name: str) -> InputError:
    """Build the error for an argument that holds NaN or infinity."""
    return InputError(f"{name}: holds NaN or infinity, expected finite values")


def bad_gate() -> InputError:
    """Build the error for a log-decay outside [-inf, 0]."""
    return InputError("g: holds NaN or a value > 0, expected log-decays <= 0")
