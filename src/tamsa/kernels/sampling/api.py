"""The sampler for given temperatures and top-ps: statistics, kept set, cut logits, draw. (`steps` has the heads.)

Legend of shapes: N rows, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tamsa.kernels.sampling import backends, reference
from tamsa.kernels.sampling.arguments import (
    as_logits,
    as_rows,
    as_uniforms,
    check_shift,
    check_status,
    row_status,
)
from tamsa.kernels.sampling.backends import choose_backend
from tamsa.kernels.sampling.definition import (
    MIN_TEMPERATURE,
    Nucleus,
)


def _temperatures(temperature: float | Tensor, logits: Tensor, low: float = 0.0) -> Tensor:
    """Return T `[N]`; one that would overflow logits, below the smallest of the heads, is 0 where 0 is allowed."""
    bounds = f"a finite number >= {low:.3g}"
    T = as_rows("temperature", temperature, logits, low, torch.finfo(torch.float32).max, bounds)
    return T.masked_fill_(T < MIN_TEMPERATURE, 0.0)


def _top_ps(top_p: float | Tensor, logits: Tensor) -> Tensor:
    return as_rows("top_p", top_p, logits, 0.0, 1.0, "a number in [0, 1]")


def _array(x: Tensor) -> np.ndarray:
    return x.detach().numpy()


def _run_cpu(
    logits: Tensor,
    temperature: Tensor,
    top_p: Tensor | None,
    *,
    uniforms: Tensor | None = None,
    shaped: Tensor | None = None,
    **arrays: Any,
) -> None:
    prepared = backends.cpu.Prepared(_array(temperature), None if top_p is None else _array(top_p), **arrays)
    given = {name: _array(x) for name, x in (("uniforms", uniforms), ("shaped", shaped)) if x is not None}
    if not prepared.run(_array(logits), torch.get_num_threads(), **given):
        check_status(torch.from_numpy(prepared.status))


def _checked(logits: Tensor) -> None:
    """Check the rows for the plain form; on a GPU too, since it is no fast path."""
    check_status(row_status(logits))


def statistics(logits: Tensor, temperature: float | Tensor = 1.0, *, backend: str = "auto") -> Tensor:
    """Measure softmax(logits / T): max probability, entropy (nats), variance, mass of the five likeliest tokens.

    Args:
        logits: `[N, V]`, any floating-point type (read as fp32); -inf marks forbidden tokens.
        temperature: at least 2^-20; a number or `[N]`.
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
        return backends.gpu.statistics(logits, T)
    _checked(logits)
    return reference.statistics(logits, T)


def nucleus(
    logits: Tensor, temperature: float | Tensor = 1.0, top_p: float | Tensor = 1.0, *, backend: str = "auto"
) -> Nucleus:
    """Find which tokens top-p keeps: those with less than P of the mass ranked before them, the first always.

    Tokens are ranked by logit, equal logits by id.

    Args:
        logits: `[N, V]`, any floating-point type (read as fp32); -inf marks forbidden tokens.
        temperature: >= 0; a number or `[N]`. 0, or less than 2^-20, keeps the first token alone.
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
        return backends.gpu.nucleus(logits, T, P)
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

    Where T is 0, or less than 2^-20, nothing is divided and the first of the largest logits alone is kept.

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
        _run_cpu(logits, T, P, cut_shift=cut_shift, shaped=shaped)
        return shaped
    if chosen == "gpu":
        return backends.gpu.shape(logits, T, P, cut_shift)
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
        temperature: >= 0; a number or `[N]`. 0, or less than 2^-20, is greedy.
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
        _run_cpu(logits, T, P, uniforms=u, tokens=_array(tokens))
        return tokens
    if chosen == "gpu":
        return backends.gpu.sample(logits, T, P, u)
    _checked(logits)
    return reference.sample(logits, T, P, u)
