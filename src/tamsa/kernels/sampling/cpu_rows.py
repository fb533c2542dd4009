"""The sampler's row kernel on a CPU, compiled by numba: a row is read once for its peak and once for its weights.

The second reading spreads the weights over bins of 1/64 nat below the peak. Walking the bins finds the one in which the
cut (or the draw) falls; only that bin's tokens are ranked, by splitting their range of logits until few are left. Sums
are exact (see `definition`), so the bins cannot be told from the result. Types are numba's, inferred at the first call.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import partial

import numpy as np
from numba import njit

from tamsa.kernels.kda.compiling import compiled
from tamsa.kernels.sampling.definition import (
    BINS,
    LN2_HIGH,
    LN2_LOW,
    LOG2E,
    LOWEST,
    MIN_TEMPERATURE,
    PER_NAT,
    POLYNOMIAL,
)

BLOCK = 1024
SUB_BINS = 64
FEW = 48

OK, NAN, INFINITE, EMPTY, BAD_STATE = 0, 1, 2, 3, 4

_C0, _C1, _C2, _C3, _C4, _C5 = POLYNOMIAL
_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)
_COLDEST = np.float32(MIN_TEMPERATURE)
_HALF = np.float32(0.5)
_LAST_BIN = np.float32(BINS - 1)
_TINY = float(np.finfo(np.float64).tiny)


@njit(nogil=True, error_model="numpy", inline="always")
def _exponential(x):
    """Return e^x for x in [LOWEST, 0]; the operations and their order are the definition."""
    n = np.floor(x * LOG2E + _HALF)
    r = x - n * LN2_HIGH
    r = r - n * LN2_LOW
    y = _C0
    y = y * r + _C1
    y = y * r + _C2
    y = y * r + _C3
    y = y * r + _C4
    y = y * r + _C5
    y = y * (r * r)
    y = y + r
    y = y + _ONE
    power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)
    return y * power


@njit(nogil=True, error_model="numpy")
def _weight(logit, top, temperature, M):
    x = (logit - top) / temperature
    x = x if x > LOWEST else LOWEST
    return (np.float64(_exponential(x)) + M) - M


@njit(nogil=True, error_model="numpy")
def _quantum(V):
    """Return the definition's rounding constant."""
    M = 1.0
    while M <= V:
        M *= 2.0
    return M


@njit(nogil=True, error_model="numpy")
def _peak(bits, keys):
    """Fill the largest ordering key of each block and return the row's largest and its largest magnitude bits.

    Floats are compared as integers: integer maxima vectorise, and a NaN cannot hide.
    """
    highest = np.int32(-2147483648)
    magnitude = np.int32(0)
    V = bits.shape[0]
    for b in range(keys.shape[0]):
        start = b * BLOCK
        stop = min(start + BLOCK, V)
        top = np.int32(-2147483648)
        for i in range(start, stop):
            bit = bits[i]
            size = bit & np.int32(0x7FFFFFFF)
            magnitude = max(magnitude, size)
            top = max(top, bit ^ ((bit >> np.int32(31)) & np.int32(0x7FFFFFFF)))
        keys[b] = top
        highest = max(highest, top)
    return highest, magnitude


@njit(nogil=True, error_model="numpy", inline="always")
def _key_to_float(key):
    return np.int32(key ^ ((key >> np.int32(31)) & np.int32(0x7FFFFFFF))).view(np.float32)


@njit(nogil=True, error_model="numpy", fastmath={"reassoc", "nsz"})
def _sums(w, x, n):
    total, first, second = 0.0, 0.0, 0.0
    for i in range(n):
        total += w[i]
        first += w[i] * x[i]
        second += w[i] * w[i]
    return total, first, second


@njit(nogil=True, error_model="numpy")
def _spread(logits, top, temperature, M, keys, w, x, bins, masses):
    """Bin every token, sum the weights by bin, and return the sums of w, w x and w^2."""
    V = logits.shape[0]
    total, first, second = 0.0, 0.0, 0.0
    masses[:] = 0.0
    for b in range(keys.shape[0]):
        start = b * BLOCK
        n = min(BLOCK, V - start)
        best = (_key_to_float(keys[b]) - top) / temperature
        if not best > np.float32(-39.0):  # every weight of this block rounds to zero
            for i in range(n):
                bins[start + i] = np.int16(BINS - 1)
            continue
        for i in range(n):
            v = (logits[start + i] - top) / temperature
            v = v if v > LOWEST else LOWEST
            x[i] = v
            w[i] = (np.float64(_exponential(v)) + M) - M
            place = -v * PER_NAT
            place = place if place < _LAST_BIN else _LAST_BIN
            bins[start + i] = np.int16(np.int32(place))
        t, f, s = _sums(w, x, n)
        total += t
        first += f
        second += s
        for i in range(n):
            masses[bins[start + i]] += w[i]
    return total, first, second


@njit(nogil=True, error_model="numpy")
def _five_largest(logits, keys, five):
    """Fill the five largest logits, opening only blocks whose peak can still contribute."""
    five[:] = np.float32(-np.inf)
    V = logits.shape[0]
    for b in range(keys.shape[0]):
        if not _key_to_float(keys[b]) > five[4]:
            continue
        for i in range(b * BLOCK, min(b * BLOCK + BLOCK, V)):
            value = logits[i]
            if value > five[4]:
                j = 4
                while j > 0 and value > five[j - 1]:
                    five[j] = five[j - 1]
                    j -= 1
                five[j] = value


@njit(nogil=True, error_model="numpy")
def _walk(masses, before, target, strict):
    """Return the bin in which the cumulative weight, from `before` on, reaches (or exceeds) the target.

    And the cumulative weight before that bin.
    """
    last, before_last = 0, before
    for b in range(masses.shape[0]):
        mass = masses[b]
        if mass > 0.0:
            last, before_last = b, before
            reached = before + mass
            if reached > target or (not strict and reached == target):
                return b, before
            before = reached
    return last, before_last


@njit(nogil=True, error_model="numpy")
def _locate(logits, top, temperature, M, bins, wanted, before, target, strict, values, ids):
    """Rank one bin's tokens as far as needed: the first whose cumulative weight reaches (or exceeds) the target.

    Returns its id, and the cumulative weight with it. Rounding of the target can put it beyond the mass of the bin;
    then the last token that has any weight is returned.
    """
    count = 0
    for i in range(bins.shape[0]):
        if bins[i] == wanted:
            values[count] = logits[i]
            ids[count] = i
            count += 1
    sub = np.empty(SUB_BINS, np.float64)
    while count > FEW:
        low, high = values[0], values[0]
        for i in range(count):
            low = min(low, values[i])
            high = max(high, values[i])
        if low == high:
            break
        scale = SUB_BINS / (np.float64(high) - np.float64(low))
        sub[:] = 0.0
        for i in range(count):
            place = min(int((np.float64(high) - np.float64(values[i])) * scale), SUB_BINS - 1)
            sub[place] += _weight(values[i], top, temperature, M)
        chosen, before = _walk(sub, before, target, strict)
        left = 0
        for i in range(count):
            place = min(int((np.float64(high) - np.float64(values[i])) * scale), SUB_BINS - 1)
            if place == chosen:
                values[left] = values[i]
                ids[left] = ids[i]
                left += 1
        count = left
    if count <= FEW:  # insertion sort by logit; ids came in order and stay so among equals
        for i in range(1, count):
            value, token = values[i], ids[i]
            j = i
            while j > 0 and values[j - 1] < value:
                values[j] = values[j - 1]
                ids[j] = ids[j - 1]
                j -= 1
            values[j] = value
            ids[j] = token
    found = ids[0]
    for i in range(count):
        mass = _weight(values[i], top, temperature, M)
        if mass > 0.0:
            before += mass
            found = ids[i]
            if before > target or (not strict and before == target):
                break
    return found, before


@njit(nogil=True, error_model="numpy")
def _predict_temperature(first, out, bias):
    """Run the rest of the temperature head: ReLU, dot and sigmoid, times 2; NaN where the first layer is not finite.

    The first layer `[2H]` of both heads is looked at, the temperature head's half read.
    """
    astray = _ZERO
    for j in range(first.shape[0]):
        astray += first[j] * _ZERO
    z = np.float64(bias)
    for j in range(out.shape[0]):
        z += np.float64(max(first[j], _ZERO)) * np.float64(out[j])
    return max(np.float32(2.0 / (1.0 + np.exp(-z))), _COLDEST) + astray


@njit(nogil=True, error_model="numpy")
def _predict_top_p(first, extra, out, bias, temperature, statistics, use_statistics):
    """Run the rest of the top-p head: add T and the statistics to its first layer, then ReLU, dot and sigmoid."""
    z = np.float64(bias)
    for j in range(out.shape[0]):
        a = first[out.shape[0] + j] + extra[j, 0] * temperature
        if use_statistics:
            a += extra[j, 1] * statistics[0] + extra[j, 2] * statistics[1]
            a += extra[j, 3] * statistics[2] + extra[j, 4] * statistics[3]
        z += np.float64(max(a, _ZERO)) * np.float64(out[j])
    return np.float32(1.0 / (1.0 + np.exp(-z)))


@njit(nogil=True, error_model="numpy")
def _write(logits, divisor, threshold, last, shift, shaped):
    """Write the logits divided, and those that are not kept lowered by the shift."""
    for i in range(last + 1):
        value = logits[i]
        divided = value / divisor
        shaped[i] = divided if value >= threshold else divided - shift
    for i in range(last + 1, logits.shape[0]):
        value = logits[i]
        divided = value / divisor
        shaped[i] = divided if value > threshold else divided - shift


@partial(compiled, error_model="numpy")
def sample_rows(
    start, stop, logits, uniforms, shaped, temperatures, top_ps, heads, first_layers, temperature_out,
    temperature_bias, extra, top_p_out, top_p_bias, use_statistics, temperature_scale, top_p_scale, want_statistics,
    want_cut, tokens, thresholds, lasts, statistics, cut_shift, status,
):  # fmt: skip
    """Do rows `start` to `stop`: peak, T, weights, statistics, P, cut, draw, writing; returns how many are bad.

    Arguments as in `cpu.Prepared` and its `run`.
    """
    V = logits.shape[1]
    M = _quantum(V)
    bad = 0
    keys = np.empty((V + BLOCK - 1) // BLOCK, np.int32)
    bins = np.empty(V, np.int16)
    w = np.empty(BLOCK, np.float64)
    x = np.empty(BLOCK, np.float32)
    masses = np.empty(BINS, np.float64)
    values = np.empty(V, np.float32)
    ids = np.empty(V, np.int32)
    five = np.empty(5, np.float32)
    for r in range(start, stop):
        row = logits[r]
        highest, magnitude = _peak(row.view(np.int32), keys)
        top = _key_to_float(highest)
        if magnitude > np.int32(0x7F800000):
            status[r] = NAN
            bad += 1
            continue
        if top == np.inf:
            status[r] = INFINITE
            bad += 1
            continue
        if top == -np.inf:
            status[r] = EMPTY
            bad += 1
            continue
        status[r] = OK
        if heads:
            temperatures[r] = _predict_temperature(first_layers[r], temperature_out, temperature_bias[0])
            if np.isnan(temperatures[r]):
                status[r] = BAD_STATE
                bad += 1
                continue
        temperature = temperatures[r]
        greedy = temperature == 0
        divisor = _ONE if greedy else temperature
        total, first, second = _spread(row, top, divisor, M, keys, w, x, bins, masses)
        if want_statistics:
            _five_largest(row, keys, five)
            mass = 0.0
            for j in range(min(5, V)):
                mass += _weight(five[j], top, divisor, M)
            statistics[r, 0] = 1.0 / total
            statistics[r, 1] = max(np.log(total) - first / total, 0.0)
            statistics[r, 2] = max(second / (total * total) - 1.0 / V, 0.0) / max(V - 1, 1)
            statistics[r, 3] = min(mass / total, 1.0)
        if heads:
            p = _predict_top_p(
                first_layers[r], extra, top_p_out, top_p_bias[0], temperature, statistics[r], use_statistics
            )
            top_ps[r] = min(p * top_p_scale, _ONE)
            if temperature_scale != _ONE:
                temperature = np.float32(temperature * temperature_scale)
                temperature = temperature if temperature >= _COLDEST else _ZERO
                temperatures[r] = temperature
                greedy = temperature == 0
                divisor = _ONE if greedy else temperature
                total, first, second = _spread(row, top, divisor, M, keys, w, x, bins, masses)
        if not want_cut:
            continue
        share = 0.0 if greedy else np.float64(top_ps[r])
        if share >= 1.0:
            kept = total
            thresholds[r] = -np.inf
            lasts[r] = -1
        else:
            target = max(share * total, _TINY)
            limit, before = _walk(masses, 0.0, target, False)
            last, kept = _locate(row, top, divisor, M, bins, limit, before, target, False, values, ids)
            thresholds[r] = row[last]
            lasts[r] = last
        if uniforms.shape[0] > 0:
            target = uniforms[r] * kept
            if target >= kept:  # u so near 1 that the product rounded up
                target = np.nextafter(kept, 0.0)
            chosen, before = _walk(masses, 0.0, target, True)
            tokens[r], _ = _locate(row, top, divisor, M, bins, chosen, before, target, True, values, ids)
        if shaped.shape[0] > 0:
            _write(row, divisor, thresholds[r], lasts[r], cut_shift, shaped[r])
    return bad
