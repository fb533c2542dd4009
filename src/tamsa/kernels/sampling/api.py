"""The public entry points of the sampler.

Legend of shapes: N rows, V vocabulary, D width of the model.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tamsa.errors import ConfigError
from tamsa.kernels.sampling import reference
from tamsa.kernels.sampling.arguments import (
    as_logits,
    as_rows,
    as_uniforms,
    check_factors,
    check_heads,
    check_shift,
    check_status,
    row_status,
)
from tamsa.kernels.sampling.definition import (
    MIN_TEMPERATURE,
    Decoded,
    HeadTensors,
    Nucleus,
    Strategy,
    rounding_constant,
)

BACKENDS = ("auto", "reference", "cpu", "gpu")

_HAS_NUMBA = importlib.util.find_spec("numba") is not None
_HAS_TRITON = importlib.util.find_spec("triton") is not None
if _HAS_NUMBA:
    from tamsa.kernels.sampling import cpu
if _HAS_TRITON:
    from tamsa.kernels.sampling import gpu


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


def _temperatures(temperature: float | Tensor, logits: Tensor, low: float = 0.0) -> Tensor:
    bounds = "a finite number >= 0" if low == 0.0 else "a finite number > 0"
    return as_rows("temperature", temperature, logits, low, torch.finfo(torch.float32).max, bounds)


def _top_ps(top_p: float | Tensor, logits: Tensor) -> Tensor:
    return as_rows("top_p", top_p, logits, 0.0, 1.0, "a number in [0, 1]")


def _array(x: Tensor) -> np.ndarray:
    return x.detach().numpy()


def _run_cpu(logits: Tensor, temperature: Tensor, top_p: Tensor | None, **arrays: Any) -> None:
    status = cpu.run(
        _array(logits),
        _array(logits.view(torch.int32)),
        rounding_constant(logits.shape[1]),
        _array(temperature),
        None if top_p is None else _array(top_p),
        num_threads=torch.get_num_threads(),
        **arrays,
    )
    if status.any():
        check_status(torch.from_numpy(status))


def _checked(logits: Tensor) -> None:
    """Check the rows for the plain form; on a GPU too, since it is no fast path."""
    check_status(row_status(logits))


def _checked_heads(hidden: Tensor, logits: Tensor, heads: HeadTensors) -> None:
    """Check the rows of logits, then those of hidden states by what the heads' first layer makes of them."""
    _checked(logits)
    finite = torch.isfinite(reference.first_layers(hidden, heads)).all(-1)
    check_status(torch.where(finite, 0, 4))


def statistics(logits: Tensor, temperature: float | Tensor = 1.0, *, backend: str = "auto") -> Tensor:
    """Measure softmax(logits / T): max probability, entropy (nats), variance, mass of the five likeliest tokens.

    Args:
        logits: `[N, V]`, any floating-point type (read as fp32); -inf marks forbidden tokens.
        temperature: > 0; a number or `[N]`.
        backend: see `choose_backend`.

    Returns:
        `[N, 4]` fp32. The variance is over the V probabilities, with divisor V - 1.

    Raises:
        InputError: a shape, range, NaN, +inf or a row without a finite entry, naming the row.
    """
    logits = as_logits(logits)
    T = _temperatures(temperature, logits, MIN_TEMPERATURE)
    chosen = choose_backend(logits.device, backend)
    if chosen == "cpu":
        out = torch.empty(logits.shape[0], 4)
        _run_cpu(logits, T, None, statistics=_array(out))
        return out
    if chosen == "gpu":
        return gpu.statistics(logits, T)
    _checked(logits)
    return reference.statistics(logits, T)


def nucleus(
    logits: Tensor, temperature: float | Tensor = 1.0, top_p: float | Tensor = 1.0, *, backend: str = "auto"
) -> Nucleus:
    """Find which tokens top-p keeps: those with less than P of the mass ranked before them, the first always.

    Tokens are ranked by logit, equal logits by id.

    Args:
        logits: `[N, V]`, any floating-point type (read as fp32); -inf marks forbidden tokens.
        temperature: >= 0; a number or `[N]`. 0 keeps the first token alone.
        top_p: in [0, 1]; a number or `[N]`. 1 keeps every finite entry, 0 the first token.
        backend: see `choose_backend`.

    Raises:
        InputError: a shape, range, NaN, +inf or a row without a finite entry, naming the row.
    """
    logits = as_logits(logits)
    T, P = _temperatures(temperature, logits), _top_ps(top_p, logits)
    chosen = choose_backend(logits.device, backend)
    if chosen == "cpu":
        cut = Nucleus(torch.empty(logits.shape[0]), torch.empty(logits.shape[0], dtype=torch.int64))
        _run_cpu(logits, T, P, thresholds=_array(cut.threshold), lasts=_array(cut.last))
        return cut
    if chosen == "gpu":
        return gpu.nucleus(logits, T, P)
    _checked(logits)
    return reference.nucleus(logits, T, P)


def kept(logits: Tensor, cut: Nucleus) -> Tensor:
    """Return the mask `[N, V]` of the tokens that a cut keeps.

    Args:
        logits: `[N, V]`, those of `nucleus`.
        cut: what `nucleus` returned for them.
    """
    return reference.kept(logits.float(), cut)


def shape(
    logits: Tensor,
    temperature: float | Tensor = 1.0,
    top_p: float | Tensor = 1.0,
    *,
    cut_shift: float = 1000.0,
    backend: str = "auto",
) -> Tensor:
    """Divide logits by T and lower those that top-p cuts: a softmax of the result is the distribution of `sample`.

    Where T = 0 nothing is divided and the first of the largest logits alone is kept.

    Args:
        logits: `[N, V]`, any floating-point type (read as fp32); -inf marks forbidden tokens and stays.
        temperature: >= 0; a number or `[N]`.
        top_p: in [0, 1]; a number or `[N]`.
        cut_shift: how far cut logits are lowered, at least 100; `inf` sets them to -inf.
        backend: see `choose_backend`.

    Returns:
        `[N, V]` fp32.

    Raises:
        InputError: a shape, range, NaN, +inf or a row without a finite entry, naming the row.
    """
    logits = as_logits(logits)
    T, P = _temperatures(temperature, logits), _top_ps(top_p, logits)
    check_shift(cut_shift)
    chosen = choose_backend(logits.device, backend)
    if chosen == "cpu":
        shaped = torch.empty_like(logits)
        _run_cpu(logits, T, P, cut_shift=cut_shift, shaped=_array(shaped))
        return shaped
    if chosen == "gpu":
        return gpu.shape(logits, T, P, cut_shift)
    _checked(logits)
    return reference.shape(logits, T, P, cut_shift)


def sample(
    logits: Tensor,
    temperature: float | Tensor = 1.0,
    top_p: float | Tensor = 1.0,
    *,
    generator: torch.Generator | None = None,
    uniforms: Tensor | None = None,
    backend: str = "auto",
) -> Tensor:
    """Draw one token a row from softmax(logits / T), cut at P.

    All backends, and any number of threads, draw the same tokens from the same uniform numbers.

    Args:
        logits: `[N, V]`, any floating-point type (read as fp32); -inf marks forbidden tokens.
        temperature: >= 0; a number or `[N]`. 0 is greedy.
        top_p: in [0, 1]; a number or `[N]`.
        generator: source of one fp64 uniform number a row; torch's default where None.
        uniforms: `[N]` in [0, 1), in place of a generator (a seed per request, say).
        backend: see `choose_backend`.

    Returns:
        Token ids `[N]` int64.

    Raises:
        InputError: a shape, range, NaN, +inf or a row without a finite entry, naming the row.
    """
    logits = as_logits(logits)
    T, P = _temperatures(temperature, logits), _top_ps(top_p, logits)
    u = as_uniforms(uniforms, generator, logits)
    chosen = choose_backend(logits.device, backend)
    if chosen == "cpu":
        tokens = torch.empty(logits.shape[0], dtype=torch.int64)
        _run_cpu(logits, T, P, uniforms=_array(u), tokens=_array(tokens))
        return tokens
    if chosen == "gpu":
        return gpu.sample(logits, T, P, u)
    _checked(logits)
    return reference.sample(logits, T, P, u)


@torch.no_grad()
def decode(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    *,
    temperature_scale: float = 1.0,
    top_p_scale: float = 1.0,
    generator: torch.Generator | None = None,
    uniforms: Tensor | None = None,
    backend: str = "auto",
) -> Decoded:
    """Go from hidden state and logits to the drawn token: heads, statistics, T, P, cut and draw.

    Args:
        hidden: `[N, D]` last hidden states after the final norm.
        logits: `[N, V]`, of the same positions.
        heads: parameters of both heads, fp32, on the same device.
        temperature_scale: factor of the predicted temperature, >= 0; 0 is greedy.
        top_p_scale: factor of the predicted top-p, >= 0; the product is capped at 1.
        generator: source of one fp64 uniform number a row; torch's default where None.
        uniforms: `[N]` in [0, 1), in place of a generator.
        backend: see `choose_backend`.

    Raises:
        InputError: a shape, range or device is wrong, or a row of logits is bad, naming both sides or the row.
    """
    logits = as_logits(logits)
    check_heads(hidden, logits, heads)
    check_factors(temperature_scale, top_p_scale)
    u = as_uniforms(uniforms, generator, logits)
    chosen = choose_backend(logits.device, backend)
    if chosen == "gpu":
        return gpu.decode(hidden, logits, heads, temperature_scale, top_p_scale, u)
    if chosen == "reference":
        _checked_heads(hidden, logits, heads)
        return reference.decode(hidden, logits, heads, temperature_scale, top_p_scale, u)
    tokens = torch.empty(logits.shape[0], dtype=torch.int64)
    T, P = _run_heads(hidden, logits, heads, temperature_scale, top_p_scale, uniforms=_array(u), tokens=_array(tokens))
    return Decoded(tokens, T, P)


@torch.no_grad()
def apply(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    *,
    temperature_scale: float = 1.0,
    top_p_scale: float = 1.0,
    cut_shift: float = 1000.0,
    backend: str = "auto",
) -> Strategy:
    """Go from hidden state and logits to the logits that carry out the strategy: heads, statistics, T, P, cut.

    A softmax of the result is the distribution that `decode` draws from; its argmax is that of the logits.

    Args:
        hidden: `[N, D]` last hidden states after the final norm.
        logits: `[N, V]`, of the same positions; -inf marks forbidden tokens and stays.
        heads: parameters of both heads, fp32, on the same device.
        temperature_scale: factor of the predicted temperature, >= 0; at 0 nothing is divided and the first of the
            largest logits alone is kept.
        top_p_scale: factor of the predicted top-p, >= 0; the product is capped at 1.
        cut_shift: how far cut logits are lowered, at least 100; `inf` sets them to -inf.
        backend: see `choose_backend`.

    Raises:
        InputError: a shape, range or device is wrong, or a row of logits is bad, naming both sides or the row.
    """
    logits = as_logits(logits)
    check_heads(hidden, logits, heads)
    check_factors(temperature_scale, top_p_scale)
    check_shift(cut_shift)
    chosen = choose_backend(logits.device, backend)
    if chosen == "gpu":
        return gpu.apply(hidden, logits, heads, temperature_scale, top_p_scale, cut_shift)
    if chosen == "reference":
        _checked_heads(hidden, logits, heads)
        T, P = reference.predict(hidden, logits, heads, temperature_scale, top_p_scale)
        return Strategy(reference.shape(logits, T, P, cut_shift), T, P)
    shaped = torch.empty_like(logits)
    T, P = _run_heads(hidden, logits, heads, temperature_scale, top_p_scale, cut_shift=cut_shift, shaped=_array(shaped))
    return Strategy(shaped, T, P)


def _run_heads(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    temperature_scale: float,
    top_p_scale: float,
    **arrays: Any,
) -> tuple[Tensor, Tensor]:
    """Run the CPU kernel with heads; return T and P."""
    T, P = torch.empty(2, logits.shape[0])
    _run_cpu(
        logits,
        T,
        P,
        heads=cpu.HeadArrays(
            _array(reference.first_layers(hidden, heads)),
            _array(heads.temperature_out),
            _array(heads.temperature_bias),
            _array(heads.top_p_extra),
            _array(heads.top_p_out),
            _array(heads.top_p_bias),
        ),
        use_statistics=heads.statistics,
        temperature_scale=temperature_scale,
        top_p_scale=top_p_scale,
        **arrays,
    )
    return T, P
