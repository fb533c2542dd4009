"""One token through the middle of a KDA layer, from its projections to the gated output, in one compiled pass.

The arithmetic is that of `short_conv`, `log_decay`, `kda` and `gated_rms_norm`, in fp32.

Shapes: B batch, H heads, K channels per head (keys and values), C = 3HK, P width of the joined projections.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tamsa.kernels.gates_cpu import LANES, address
from tamsa.kernels.gates_vectors import read, sigmoid, softplus, write
from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.vectors import (
    add,
    exp_decay,
    fma,
    load,
    load_bf16,
    mul,
    prefetch,
    splat,
    store,
    sub,
    total,
    zeros,
)

CONV_EPS = 1e-6


@inner
def _number(base, index, bf, one):
    if bf:
        return load_bf16(base, index, one)
    return load(base, index, one)


@inner
def _convolve(x, window, taps, c, C, bf, zero, one):
    """Return 16 channels of SiLU(conv) of the newest token and move their window on."""
    w0 = read(window, c, bf, zero)
    w1 = read(window, C + c, bf, zero)
    w2 = read(window, 2 * C + c, bf, zero)
    new = read(x, c, bf, zero)
    pre = mul(w0, load(taps, c, zero))
    pre = fma(w1, load(taps, C + c, zero), pre)
    pre = fma(w2, load(taps, 2 * C + c, zero), pre)
    pre = fma(new, load(taps, 3 * C + c, zero), pre)
    write(window, c, bf, w1)
    write(window, C + c, bf, w2)
    write(window, 2 * C + c, bf, new)
    return mul(pre, sigmoid(pre, one))


@inner
def _normalised(row, x, window, taps, c0, C, K, bf, scale, zero, one):
    """Write one head's normalised queries or keys, times `scale`, to `row`."""
    squares = zero
    for i in range(0, K, LANES):
        value = _convolve(x, window, taps, c0 + i, C, bf, zero, one)
        squares = fma(value, value, squares)
        store(row, i, value)
    factor = splat(scale / np.sqrt(total(squares) + np.float32(CONV_EPS)), zero)
    for i in range(0, K, LANES):
        store(row, i, mul(load(row, i, zero), factor))


def step(first, last, a, eps):
    """Advance state and window by one token and write the gated, normalised output; a unit is (sequence, head).

    `x` `[B, P]` holds q, k, v and, from `at` on, beta; `z` and `gate` `[B, HK]` are the gates' projections; `window`
    `[B, 3, C]` has x's precision, `state` `[B, H, K, K]` and the layer's small weights are fp32.
    """
    x, window, state, taps, rate, dt, norm, lowest, z, gate, out, H, K, P, at, bf, bound, memory = a
    one = eps / eps
    zero = zeros(one, 16)
    C = 3 * H * K
    size = 2 if bf else 4
    q = memory
    k = q + K * 4
    e = k + K * 4
    o = e + K * 4
    s = o + K * 4
    for unit in range(first, last):
        b = unit // H
        h = unit % H
        row = x + b * P * size
        past = window + b * 3 * C * size
        _normalised(q, row, past, taps, h * K, C, K, bf, one / np.sqrt(np.float32(K)), zero, one)
        _normalised(k, row, past, taps, (H + h) * K, C, K, bf, one, zero, one)
        mix = zero
        for i in range(0, K, LANES):
            mix = fma(load(q, i, zero), load(k, i, zero), mix)
        near = total(mix)
        # forget gate
        speed = load(rate, h, one)
        for i in range(0, K, LANES):
            pre = add(read(z, (b * H + h) * K + i, bf, zero), load(dt, h * K + i, zero))
            if bound == 0:
                g = mul(splat(-speed, zero), softplus(pre, one))
            else:
                g = mul(splat(load(lowest, 0, one), zero), sigmoid(mul(splat(speed, zero), pre), one))
            store(e, i, exp_decay(g))
        logit = _number(row, at + h, bf, one)
        if logit < 0:
            small = np.exp(logit)
            beta = small / (one + small)
        else:
            beta = one / (one + np.exp(-logit))
        # the delta rule, column block by column block
        S = state + (b * H + h) * K * K * 4
        squares = zero
        for c in range(0, K, LANES):
            v = _convolve(row, past, taps, (2 * H + h) * K + c, C, bf, zero, one)
            sk = zero
            sq = zero
            for d in range(K):
                prefetch(S + (K * K + d * K + c) * 4)  # the next unit's
                value = mul(splat(load(e, d, one), zero), load(S, d * K + c, zero))
                store(s, d * LANES, value)
                sk = fma(splat(load(k, d, one), zero), value, sk)
                sq = fma(splat(load(q, d, one), zero), value, sq)
            u = mul(splat(beta, zero), sub(v, sk))
            for d in range(K):
                store(S, d * K + c, fma(splat(load(k, d, one), zero), u, load(s, d * LANES, zero)))
            value = fma(splat(near, zero), u, sq)
            squares = fma(value, value, squares)
            store(o, c, value)
        # output gate
        factor = splat(one / np.sqrt(total(squares) / np.float32(K) + eps), zero)
        for i in range(0, K, LANES):
            value = mul(mul(load(o, i, zero), factor), load(norm, i, zero))
            open_ = sigmoid(read(gate, (b * H + h) * K + i, bf, zero), one)
            write(out, (b * H + h) * K + i, bf, mul(value, open_))
    return 0


def memory_of(K: int) -> int:
    """Return the bytes of scratch memory that a thread needs for `step`."""
    return (4 * K + K * LANES) * 4


class StepWeights:
    """A layer's small weights in the form that `step` wants.

    Args:
        conv: `[3HK, 1, 4]`.
        A_log, dt_bias, norm: the layer's parameters.
        lower_bound: of the forget gate, or None.
    """

    def __init__(self, conv: Tensor, A_log: Tensor, dt_bias: Tensor, norm: Tensor, lower_bound: float | None) -> None:
        self._sources = (conv, A_log, dt_bias, norm)
        self._version = self._versions()
        with torch.inference_mode(False), torch.no_grad():
            self.taps = conv.detach().squeeze(1).float().t().contiguous()
            self.rate = A_log.detach().float().flatten().exp()
            self.dt = dt_bias.detach().float().contiguous().clone()
            self.norm = norm.detach().float().contiguous().clone()
            self.lowest = torch.tensor([lower_bound or 0.0])
        self.is_bounded = lower_bound is not None

    def _versions(self) -> list[int]:
        return [0 if x.is_inference() else x._version for x in self._sources]

    @property
    def is_current(self) -> bool:
        """True while no parameter was changed in place."""
        return self._version == self._versions()

    def addresses(self) -> tuple[int, ...]:
        """Return where the weights are, in the kernel's order."""
        return tuple(map(address, (self.taps, self.rate, self.dt, self.norm, self.lowest)))
