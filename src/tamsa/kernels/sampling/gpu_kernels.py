"""Triton kernels of the sampler. One program reads one block of one row; sums are exact, so their order is free.

Weights must be those of the definition to the bit: divisions are IEEE (`div_rn`), and kernels are launched with
`enable_fp_fusion=False`, since a fused multiply-add rounds once where the definition rounds twice.
"""

# mypy: disable-error-code="no-untyped-def,import-not-found,import-untyped"

from __future__ import annotations

import triton
import triton.language as tl

from tamsa.kernels.sampling.definition import BINS as _BINS
from tamsa.kernels.sampling.definition import LN2_HIGH, LN2_LOW, LOG2E, LOWEST, PER_NAT, POLYNOMIAL

_LOG2E = tl.constexpr(float(LOG2E))
_LN2_HIGH = tl.constexpr(float(LN2_HIGH))
_LN2_LOW = tl.constexpr(float(LN2_LOW))
_LOWEST = tl.constexpr(float(LOWEST))
_PER_NAT = tl.constexpr(float(PER_NAT))
_LAST_BIN = tl.constexpr(float(_BINS - 1))
_C0, _C1, _C2, _C3, _C4, _C5 = (tl.constexpr(float(c)) for c in POLYNOMIAL)


@triton.jit
def _exponents(logits, top, temperature):
    x = tl.div_rn(logits - top, temperature)
    return tl.where(x > _LOWEST, x, _LOWEST)


@triton.jit
def _weights(x, M):
    n = tl.floor(x * _LOG2E + 0.5)
    r = x - n * _LN2_HIGH
    r = r - n * _LN2_LOW
    y = r * _C0 + _C1
    y = y * r + _C2
    y = y * r + _C3
    y = y * r + _C4
    y = y * r + _C5
    y = y * (r * r)
    y = y + r
    y = y + 1.0
    power = ((n.to(tl.int32) + 127) << 23).to(tl.float32, bitcast=True)
    return ((y * power).to(tl.float64) + M) - M


@triton.jit
def _bins(x):
    place = -x * _PER_NAT
    return tl.where(place < _LAST_BIN, place, _LAST_BIN).to(tl.int32)


@triton.jit
def _descending_key(logits):
    """Return int64 in [0, 2^32) that grows as the logit falls; -0.0 is taken as 0.0."""
    bits = (logits + 0.0).to(tl.int32, bitcast=True)
    ordered = tl.where(bits < 0, ~bits, bits ^ -2147483648)  # as unsigned numbers
    return 4294967295 - (ordered.to(tl.int64) & 4294967295)


@triton.jit
def peak_kernel(logits, peaks, V, BLOCK: tl.constexpr):
    """Write the largest logit of each block, `[N, S]`."""
    row, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    i = part * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(logits + row * V + i, mask=i < V, other=float("-inf"))
    tl.store(peaks + row * tl.num_programs(1) + part, tl.max(x, 0))


@triton.jit
def spread_kernel(
    logits, tops, temperatures, masses, first, second, five, V, M, BINS: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    """Add weights to their bins `[N, BINS]`; write sums of w x and w^2 `[N, S]` and five largest logits `[N, S, 5]`."""
    row, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    i = part * BLOCK + tl.arange(0, BLOCK)
    values = tl.load(logits + row * V + i, mask=i < V, other=float("-inf"))
    x = _exponents(values, tl.load(tops + row), tl.load(temperatures + row))
    w = _weights(x, tl.load(M))
    tl.atomic_add(masses + row * BINS + _bins(x), w, mask=(w > 0) & (i < V), sem="relaxed")
    slot = row * tl.num_programs(1) + part
    tl.store(first + slot, tl.sum(w * x.to(tl.float64), 0))
    tl.store(second + slot, tl.sum(w * w, 0))
    for j in range(5):
        best = tl.max(values, 0)
        tl.store(five + slot * 5 + j, best)
        place = tl.min(tl.where(values == best, i, 2147483647), 0)
        values = tl.where(i == place, float("-inf"), values)


@triton.jit
def radix_kernel(
    logits, tops, temperatures, wanted, prefixes, masses, V, M, SHIFT: tl.constexpr, DIGITS: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Add the weights of one bin's tokens under a key prefix to the masses of the next digit, `[N, 2048]`."""
    row, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    i = part * BLOCK + tl.arange(0, BLOCK)
    values = tl.load(logits + row * V + i, mask=i < V, other=float("-inf"))
    x = _exponents(values, tl.load(tops + row), tl.load(temperatures + row))
    key = _descending_key(values)
    chosen = (i < V) & (_bins(x) == tl.load(wanted + row)) & ((key >> (SHIFT + DIGITS)) == tl.load(prefixes + row))
    w = _weights(x, tl.load(M))
    digit = (key >> SHIFT) & ((1 << DIGITS) - 1)
    tl.atomic_add(masses + row * 2048 + digit, w, mask=chosen & (w > 0), sem="relaxed")


@triton.jit
def ties_kernel(logits, thresholds, counts, V, BLOCK: tl.constexpr):
    """Count the entries of each block that equal the row's threshold, `[N, S]`."""
    row, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    i = part * BLOCK + tl.arange(0, BLOCK)
    values = tl.load(logits + row * V + i, mask=i < V, other=float("nan"))
    equal = (values == tl.load(thresholds + row)).to(tl.int64)
    tl.store(counts + row * tl.num_programs(1) + part, tl.sum(equal, 0))


@triton.jit
def nth_kernel(logits, thresholds, parts, ordinals, ids, V, BLOCK: tl.constexpr):
    """Write the id of the n-th entry of one block that equals the row's threshold, `[N]`."""
    row = tl.program_id(0).to(tl.int64)
    i = tl.load(parts + row) * BLOCK + tl.arange(0, BLOCK)
    values = tl.load(logits + row * V + i, mask=i < V, other=float("nan"))
    equal = values == tl.load(thresholds + row)
    rank = tl.cumsum(equal.to(tl.int64), 0)
    tl.store(ids + row, tl.sum(tl.where(equal & (rank == tl.load(ordinals + row)), i.to(tl.int64), 0), 0))


@triton.jit
def write_kernel(logits, temperatures, thresholds, lasts, shaped, V, shift, BLOCK: tl.constexpr):
    """Write the logits divided, and those that are not kept lowered by the shift, `[N, V]`."""
    row, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    i = part * BLOCK + tl.arange(0, BLOCK)
    values = tl.load(logits + row * V + i, mask=i < V, other=0.0)
    threshold = tl.load(thresholds + row)
    divided = tl.div_rn(values, tl.load(temperatures + row))
    keep = (values > threshold) | ((values == threshold) & (i <= tl.load(lasts + row)))
    tl.store(shaped + row * V + i, tl.where(keep, divided, divided - shift), mask=i < V)
