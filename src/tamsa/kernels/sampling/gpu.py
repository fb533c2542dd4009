"""The sampler on a GPU: a few Triton passes over the logits and small tensor operations; no sort, no synchronisation.

The same numbers as on a CPU: weights are equal to the bit and their sums exact, so even atomic additions in any order
give the reference's kept set and draws. Nothing is read back, so values are not checked (a NaN row gives some token),
and the whole step can be captured in a CUDA graph.

Legend of shapes: N rows, V vocabulary, S blocks of a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tamsa.kernels.sampling import reference
from tamsa.kernels.sampling.definition import BINS, Decoded, HeadTensors, Nucleus, Strategy, rounding_constant
from tamsa.kernels.sampling.gpu_kernels import (
    nth_kernel,
    peak_kernel,
    radix_kernel,
    spread_kernel,
    ties_kernel,
    write_kernel,
)

BLOCK = 2048
_PASSES = ((21, 11), (10, 11), (0, 10))  # shift and width of the digits of a 32-bit key, highest first
_DIGITS = 2048


@dataclass(slots=True)
class _Rows:
    """Logits with what one reading of them at a temperature gave."""

    logits: Tensor
    top: Tensor
    """`[N]` largest logit."""
    temperature: Tensor
    """`[N]`, 1 where greedy."""
    greedy: Tensor
    """`[N]` bool."""
    M: Tensor
    """`[1]` fp64 rounding constant."""
    masses: Tensor
    """`[N, BINS]` fp64 weight by bin."""
    statistics: Tensor
    """`[N, 4]` fp32."""

    @property
    def grid(self) -> tuple[int, int]:
        return self.logits.shape[0], -(-self.logits.shape[1] // BLOCK)


def _read(logits: Tensor, temperature: Tensor) -> _Rows:
    """Read rows twice: for the peak, then for bins and statistics."""
    N, V = logits.shape
    S = -(-V // BLOCK)
    greedy = temperature == 0
    T = torch.where(greedy, 1.0, temperature)
    peaks = logits.new_empty(N, S)
    peak_kernel[(N, S)](logits, peaks, V, BLOCK=BLOCK)
    top = peaks.amax(-1)
    M = torch.full((1,), rounding_constant(V), dtype=torch.float64, device=logits.device)
    masses = torch.zeros(N, BINS, dtype=torch.float64, device=logits.device)
    first = torch.empty(N, S, dtype=torch.float64, device=logits.device)
    second = torch.empty_like(first)
    five = logits.new_empty(N, S, 5)
    spread_kernel[(N, S)](
        logits, top, T, masses, first, second, five, V, M, BINS=BINS, BLOCK=BLOCK, enable_fp_fusion=False
    )  # fmt: skip
    total = masses.sum(-1)
    best = five.view(N, -1).topk(min(5, V), dim=-1).values
    heaviest = torch.exp((best.double() - top.double()[:, None]) / T.double()[:, None]).sum(-1)
    statistics = torch.stack(
        [
            1.0 / total,
            (torch.log(total) - first.sum(-1) / total).clamp_min(0),
            (second.sum(-1) / total**2 - 1.0 / V).clamp_min(0) / max(V - 1, 1),
            (heaviest / total).clamp_max(1.0),
        ],
        dim=-1,
    ).float()
    return _Rows(logits, top, T, greedy, M, masses, statistics)


def _reach(masses: Tensor, before: Tensor, target: Tensor, strict: bool) -> tuple[Tensor, Tensor]:
    """Find the slot in which the cumulative mass reaches (or exceeds) the target, and the mass before it.

    Where rounding put the target beyond the whole mass, the last slot that has any.
    """
    cumulative = before[:, None] + masses.cumsum(-1)
    slot = torch.searchsorted(cumulative, target[:, None], right=strict)
    order = torch.arange(masses.shape[1], device=masses.device)
    last = torch.where(masses > 0, order, 0).amax(-1, keepdim=True)
    slot = torch.minimum(slot, last)
    return slot.squeeze(-1), (cumulative.gather(1, slot) - masses.gather(1, slot)).squeeze(-1)


def _locate(rows: _Rows, target: Tensor, strict: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Find the first ranked token whose cumulative weight reaches (or exceeds) the target.

    Returns its id, its logit, and the cumulative weight with it, each `[N]`.
    """
    V = rows.logits.shape[1]
    wanted, before = _reach(rows.masses, torch.zeros_like(target), target, strict)
    wanted = wanted.to(torch.int32)
    key = torch.zeros_like(wanted, dtype=torch.int64)
    for shift, digits in _PASSES:
        masses = rows.masses.new_zeros(key.shape[0], _DIGITS)
        radix_kernel[rows.grid](
            rows.logits, rows.top, rows.temperature, wanted, key, masses, V, rows.M,
            SHIFT=shift, DIGITS=digits, BLOCK=BLOCK, enable_fp_fusion=False,
        )  # fmt: skip
        digit, before = _reach(masses, before, target, strict)
        key = (key << digits) | digit
    logit = _logit_of(key)
    weight = reference.rounded_weights(logit, rows.top, rows.temperature, V)
    counts = torch.empty(rows.grid, dtype=torch.int64, device=key.device)
    ties_kernel[rows.grid](rows.logits, logit, counts, V, BLOCK=BLOCK)
    cumulative = counts.cumsum(-1)
    ordinal = torch.floor((target - before) / weight) - 1  # at most this many too few; products and sums are exact
    for _ in range(3):
        sum_with = before + ordinal * weight
        ordinal = torch.where(sum_with <= target if strict else sum_with < target, ordinal + 1, ordinal)
    ordinal = torch.minimum(ordinal.clamp_min(1).to(torch.int64), cumulative[:, -1])
    part = torch.searchsorted(cumulative, ordinal[:, None])
    within = ordinal - (cumulative.gather(1, part) - counts.gather(1, part)).squeeze(-1)
    ids = torch.empty_like(key)
    nth_kernel[(key.shape[0],)](rows.logits, logit, part.squeeze(-1).contiguous(), within, ids, V, BLOCK=BLOCK)
    return ids, logit, before + ordinal * weight


def _logit_of(key: Tensor) -> Tensor:
    """Return the fp32 numbers that descending keys stand for."""
    ordered = 4294967295 - key
    bits = torch.where(ordered >= 2**31, ordered - 2**31, ordered.bitwise_not() & 4294967295)
    bits = torch.where(bits >= 2**31, bits - 2**32, bits)
    return bits.to(torch.int32).view(torch.float32)


def _cut(rows: _Rows, top_p: Tensor) -> tuple[Nucleus, Tensor]:
    """Return the kept set and its mass."""
    total = rows.masses.sum(-1)
    share = torch.where(rows.greedy, 0.0, top_p).double()
    whole = share >= 1
    target = (share * total).clamp_min(torch.finfo(torch.float64).tiny)
    last, threshold, mass = _locate(rows, torch.where(whole, total, target), strict=False)
    cut = Nucleus(torch.where(whole, float("-inf"), threshold), torch.where(whole, -1, last))
    return cut, torch.where(whole, total, mass)


def _draw(rows: _Rows, top_p: Tensor, uniforms: Tensor) -> Tensor:
    _, kept = _cut(rows, top_p)
    target = torch.minimum(uniforms * kept, torch.nextafter(kept, torch.zeros_like(kept)))
    return _locate(rows, target, strict=True)[0]


def statistics(logits: Tensor, temperature: Tensor) -> Tensor:
    """Measure softmax(logits / T); arguments as in `tamsa.kernels.sampling.statistics`, all fp32."""
    return _read(logits, temperature).statistics


def nucleus(logits: Tensor, temperature: Tensor, top_p: Tensor) -> Nucleus:
    """Find the kept set of each row; arguments as in `tamsa.kernels.sampling.nucleus`, all fp32."""
    return _cut(_read(logits, temperature), top_p)[0]


def sample(logits: Tensor, temperature: Tensor, top_p: Tensor, uniforms: Tensor) -> Tensor:
    """Draw one token a row; arguments as in `tamsa.kernels.sampling.sample`."""
    return _draw(_read(logits, temperature), top_p, uniforms)


def shape(logits: Tensor, temperature: Tensor, top_p: Tensor, cut_shift: float) -> Tensor:
    """Divide and cut; arguments as in `tamsa.kernels.sampling.shape`, all fp32."""
    return _shape(_read(logits, temperature), top_p, cut_shift)


def _shape(rows: _Rows, top_p: Tensor, cut_shift: float) -> Tensor:
    cut, _ = _cut(rows, top_p)
    shaped = torch.empty_like(rows.logits)
    V = rows.logits.shape[1]
    write_kernel[rows.grid](
        rows.logits, rows.temperature, cut.threshold, cut.last, shaped, V, cut_shift, BLOCK=BLOCK,
        enable_fp_fusion=False,
    )  # fmt: skip
    return shaped


def _predict(
    hidden: Tensor, logits: Tensor, heads: HeadTensors, temperature_scale: float, top_p_scale: float
) -> tuple[_Rows, Tensor, Tensor]:
    """Return the rows read at the user's temperature, T and P."""
    first = reference.first_layers(hidden, heads)
    raw = reference.predict_temperature(first, heads)
    rows = _read(logits, raw)
    top_p = reference.predict_top_p(first, heads, raw, rows.statistics if heads.statistics else None, top_p_scale)
    if temperature_scale == 1.0:
        return rows, raw, top_p
    temperature = reference.scaled(raw, temperature_scale)
    return _read(logits, temperature), temperature, top_p


def decode(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    temperature_scale: float,
    top_p_scale: float,
    uniforms: Tensor,
) -> Decoded:
    """Predict T and P, cut and draw; arguments as in `tamsa.kernels.sampling.decode`."""
    rows, temperature, top_p = _predict(hidden, logits, heads, temperature_scale, top_p_scale)
    return Decoded(_draw(rows, top_p, uniforms), temperature, top_p)


def apply(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    temperature_scale: float,
    top_p_scale: float,
    cut_shift: float,
) -> Strategy:
    """Predict T and P, divide and cut; arguments as in `tamsa.kernels.sampling.apply`."""
    rows, temperature, top_p = _predict(hidden, logits, heads, temperature_scale, top_p_scale)
    return Strategy(_shape(rows, top_p, cut_shift), temperature, top_p)
