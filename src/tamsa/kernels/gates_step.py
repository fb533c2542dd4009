"""One token through a KDA layer, from the joined projections to the gated output, in one compiled pass.

Decoding is many small operations on few numbers: one call per layer instead of about thirty keeps it at the speed of
memory. The arithmetic is that of `short_conv`, `log_decay`, `kda` and `gated_rms_norm`, in fp32.

Shapes: B batch, H heads, K channels per head (keys and values), C = 3HK, P width of the joined projections.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tamsa.kernels.gates import is_compiled
from tamsa.kernels.gates_cpu import LANES, address, entries, run
from tamsa.kernels.gates_vectors import read, sigmoid, softplus, write
from tamsa.kernels.kda.compiling import compiled
from tamsa.kernels.kda.threads import scratch
from tamsa.kernels.kda.vectors import add, exp_decay, fma, load, load_bf16, mul, splat, store, sub, total, zeros

CONV_EPS = 1e-6


@compiled
def _number(base, index, bf, one):
    if bf:
        return load_bf16(base, index, one)
    return load(base, index, one)


@compiled
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


@compiled
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


@compiled
def _low_rank(row, weight, low, h, K, bf, w_bf, zero, one):
    """Write one head of a low-rank projection's second half to `row`."""
    for i in range(K):
        dot = zero
        for j in range(0, K, LANES):
            dot = fma(read(low, j, bf, zero), read(weight, (h * K + i) * K + j, w_bf, zero), dot)
        store(row, i, total(dot))


def step(first, last, a, eps):
    """Advance state and window by one token and write the gated, normalised output; a unit is (head, sequence)."""
    x, window, state, taps, rate, dt, f_b, g_b, z, gate, norm, out, B, H, K, P, bf, w_bf, bound, lowest, memory = a
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
        h = unit // B
        b = unit % B
        row = x + b * P * size
        past = window + b * 3 * C * size
        _normalised(q, row, past, taps, h * K, C, K, bf, one / np.sqrt(np.float32(K)), zero, one)
        _normalised(k, row, past, taps, (H + h) * K, C, K, bf, one, zero, one)
        mix = zero
        for i in range(0, K, LANES):
            mix = fma(load(q, i, zero), load(k, i, zero), mix)
        near = total(mix)
        # forget gate
        if z == 0:
            _low_rank(e, f_b, row + C * size, h, K, bf, w_bf, zero, one)
        else:
            for i in range(0, K, LANES):
                store(e, i, read(z, (b * H + h) * K + i, bf, zero))
        speed = load(rate, h, one)
        for i in range(0, K, LANES):
            pre = add(load(e, i, zero), load(dt, h * K + i, zero))
            if bound == 0:
                g = mul(splat(-speed, zero), softplus(pre, one))
            else:
                g = mul(splat(load(lowest, 0, one), zero), sigmoid(mul(splat(speed, zero), pre), one))
            store(e, i, exp_decay(g))
        logit = _number(row, C + 2 * K + h, bf, one)
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
        if gate == 0:
            _low_rank(e, g_b, row + (C + K) * size, h, K, bf, w_bf, zero, one)
        else:
            for i in range(0, K, LANES):
                store(e, i, read(gate, (b * H + h) * K + i, bf, zero))
        factor = splat(one / np.sqrt(total(squares) / np.float32(K) + eps), zero)
        for i in range(0, K, LANES):
            value = mul(mul(load(o, i, zero), factor), load(norm, i, zero))
            write(out, (b * H + h) * K + i, bf, mul(value, sigmoid(load(e, i, zero), one)))
    return 0


_STEP = entries(__file__, step)["step"]


class StepWeights:
    """What a step reads besides the projections: small tensors in the form that the kernel wants.

    Args:
        conv: `[3HK, 1, 4]`.
        A_log, dt_bias, f_b, g_b, norm: the layer's parameters.
        lower_bound: of the forget gate, or None.
    """

    def __init__(
        self,
        conv: Tensor,
        A_log: Tensor,
        dt_bias: Tensor,
        f_b: Tensor,
        g_b: Tensor,
        norm: Tensor,
        lower_bound: float | None,
        eps: float,
    ) -> None:
        self.sources = (conv, A_log, dt_bias, f_b, g_b, norm)
        self.version = self._version()
        with torch.inference_mode(False), torch.no_grad():
            self.taps = conv.detach().squeeze(1).float().t().contiguous()
            self.rate = A_log.detach().float().flatten().exp()
            self.dt = dt_bias.detach().float().contiguous().clone()
            self.norm = norm.detach().float().contiguous().clone()
            self.lowest = torch.tensor([lower_bound or 0.0])
        self.lower_bound, self.eps = lower_bound, eps

    def _version(self) -> tuple[tuple[int, int], ...]:
        return tuple((x.data_ptr(), 0 if x.is_inference() else x._version) for x in self.sources)

    @property
    def is_current(self) -> bool:
        """True while no parameter was replaced or changed."""
        return self.version == self._version()

    @property
    def fits(self) -> bool:
        """True where the compiled step takes these weights."""
        conv, A_log, _, f_b, g_b, _ = self.sources
        K = f_b.shape[1]
        alike = f_b.dtype == g_b.dtype and f_b.is_contiguous() and g_b.is_contiguous()
        return alike and conv.shape == (3 * A_log.numel() * K, 1, 4) and is_compiled(K, *self.sources)


def kda_step(
    x: Tensor, window: Tensor, state: Tensor, weights: StepWeights, z: Tensor | None = None, gate: Tensor | None = None
) -> Tensor:
    """Take one token through a KDA layer; `window` and `state` are advanced in place.

    Args:
        x: `[B, P]` joined projections: q, k, v, forget gate's and output gate's low-rank inputs, beta; contiguous rows.
        window: `[B, 3, C]` inputs of the convolution, in x's dtype.
        state: `[B, H, K, K]` fp32.
        weights: the layer's.
        z, gate: `[B, HK]`, the gates' second projections where they were made outside (worth it for larger batches).

    Returns:
        `[B, HK]`, ready for the output projection.
    """
    B, P = x.shape
    H, K = state.shape[1], state.shape[2]
    out = x.new_empty(B, H * K)
    _, _, _, f_b, g_b, _ = weights.sources
    a = (address(x), address(window), address(state), address(weights.taps), address(weights.rate))
    a += (
        address(weights.dt),
        address(f_b),
        address(g_b),
        address(z),
        address(gate),
        address(weights.norm),
        address(out),
    )
    a += (B, H, K, P, int(x.dtype == torch.bfloat16), int(f_b.dtype == torch.bfloat16))
    a += (int(weights.lower_bound is not None), address(weights.lowest))
    size = (4 * K + K * LANES) * 4

    def body(first: int, last: int, a: tuple[int, ...], eps: Any) -> int:
        return int(_STEP(first, last, (*a, scratch(size)), eps))

    run(body, B * H, a, weights.eps, B * H * K * K // 4)
    return out
