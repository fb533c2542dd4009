"""The forward pass on the CPU: one merged pass over the state per token (arXiv 2510.26692, Eq. 1).

The columns of the state are independent of one another. A block of columns is kept in a small buffer, and for each
token one sweep over its K rows does four multiply-adds per element: apply the update of the token before, decay,
accumulate S^T k and S^T q. Then `r = v - S^T k`, `u = beta r` and `o = S^T q + (q·k) u`.

A unit of work is (sequence, head, range of columns). What a unit computes for a column does not depend on the range,
on the tokens that follow or on how a sequence is cut into calls: results are bitwise the same for any of these.

Legend: K, V widths; Kp, Vp the same padded to whole vectors; C tokens staged at a time. A plane is `[C, Kp]` or
`[C, Vp]` in scratch memory, the plane of keys with a row of zeros before it.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.staging import NATIVE, decay_row, fetch_row, read_number, read_row, write_row
from tamsa.kernels.kda.vectors import (
    add,
    bytes_of,
    fma,
    lanes_of,
    load,
    mul,
    splat,
    store,
    sub,
    total,
    wide_zeros,
    zeros,
)

LANES = 16
"""Vectors of staged rows; rows are padded to whole ones."""

NARROW = 8
"""Columns of the narrow block that takes what wide blocks leave over."""

AHEAD = 8
"""Tokens between asking for a row and reading it."""


@inner
def padded(n):
    """Round up to whole vectors."""
    return (n + LANES - 1) // LANES * LANES


def scratch_size(C, K, V):
    """Return the numbers of scratch memory that a unit needs."""
    Kp = -(-K // LANES) * LANES
    Vp = -(-V // LANES) * LANES
    return (3 * C + 1) * Kp + 2 * C * Vp + 2 * (C + LANES) + K * 32 + K * NARROW


@inner
def advance(source, source_step, target, target_step, block, kp, ep, qp, vp, op, bp, wp, n, K, Kp, Vp, zero, one):
    """Take one block of columns through n tokens.

    `source` and `target` address the block in the state before and after, rows `*_step` apart; they may be equal.
    A source of 0 is a state of zeros. `vp` holds v and receives r; `op` receives o.
    """
    lanes = lanes_of(zero)
    size = bytes_of(one)
    rows = source
    step = source_step
    if source == 0:
        for d in range(K):
            store(block, d * lanes, zero)
        rows = block
        step = lanes
    u = zero
    for t in range(n):
        k0 = kp + t * Kp * size  # the key of the token before
        k1 = k0 + Kp * size
        e1 = ep + t * Kp * size
        q1 = qp + t * Kp * size
        sk = zero
        sq = zero
        for d in range(K):
            s = load(rows, d * step, zero)
            s = fma(splat(load(k0, d, one), zero), u, s)
            s = mul(splat(load(e1, d, one), zero), s)
            store(block, d * lanes, s)
            sk = fma(splat(load(k1, d, one), zero), s, sk)
            sq = fma(splat(load(q1, d, one), zero), s, sq)
        rows = block
        step = lanes
        r = sub(load(vp, t * Vp, zero), sk)
        store(vp, t * Vp, r)
        u = mul(splat(load(bp, t, one), zero), r)
        store(op, t * Vp, fma(splat(load(wp, t, one), zero), u, sq))
    k0 = kp + n * Kp * size
    for d in range(K):
        s = load(block, d * lanes, zero)
        store(target, d * target_step, fma(splat(load(k0, d, one), zero), u, s))


@inner
def advance_columns(source, target, v0, v1, V, block, spare, kp, ep, qp, vp, op, bp, wp, n, K, Kp, Vp, one):
    """Take the columns [v0, v1) of a state `[K, V]` through n tokens, block by block; planes start at v0."""
    size = bytes_of(one)
    wide = wide_zeros(one)
    narrow = zeros(one, NARROW)
    lanes = lanes_of(wide)
    c = v0
    while c + lanes <= v1:
        shift = (c - v0) * size
        before = source + c * size if source != 0 else source
        after = target + c * size
        advance(before, V, after, V, block, kp, ep, qp, vp + shift, op + shift, bp, wp, n, K, Kp, Vp, wide, one)
        c += lanes
    while c + NARROW <= v1:
        shift = (c - v0) * size
        before = source + c * size if source != 0 else source
        advance(
            before,
            V,
            target + c * size,
            V,
            block,
            kp,
            ep,
            qp,
            vp + shift,
            op + shift,
            bp,
            wp,
            n,
            K,
            Kp,
            Vp,
            narrow,
            one,
        )
        c += NARROW
    if c < v1:  # fewer columns than a block: through a padded copy
        shift = (c - v0) * size
        nothing = one - one
        for d in range(K):
            for j in range(NARROW):
                x = nothing
                if source != 0 and c + j < v1:
                    x = load(source, d * V + c + j, one)
                store(spare, d * NARROW + j, x)
        advance(
            spare, NARROW, spare, NARROW, block, kp, ep, qp, vp + shift, op + shift, bp, wp, n, K, Kp, Vp, narrow, one
        )
        for d in range(K):
            for j in range(v1 - c):
                store(target, d * V + c + j, load(spare, d * NARROW + j, one))


@inner
def forward_units(first, last, plan, memory, scale):
    """Compute the units [first, last); return the flags of bad arguments (see `staging.FLAGS`).

    Args:
        first, last: range of units, of N · H · splits.
        plan: addresses, dtype codes, strides and sizes, in the order below.
        memory: address of scratch memory of `scratch_size(C, K, V)` numbers, aligned to 64 bytes.
        scale: factor of the queries; its type is the precision of the kernel.
    """
    tensors, codes, strides, sizes = plan
    q, k, v, g, b, s0, o, s1, residual, saved, bounds = tensors
    code, g_code, b_code = codes
    q_b, q_t, q_h, k_b, k_t, k_h, v_b, v_t, v_h, g_b, g_t, g_h, b_b, b_t, b_h = strides
    T, H, K, V, splits, part, C = sizes
    size = bytes_of(scale)
    zero = zeros(scale, LANES)
    Kp = padded(K)
    Vp = padded(min(part, V))
    # scratch memory: the planes, then the block of columns
    kp = memory
    ep = kp + (C + 1) * Kp * size
    qp = ep + C * Kp * size
    vp = qp + C * Kp * size
    op = vp + C * Vp * size
    bp = op + C * Vp * size
    wp = bp + padded(C) * size
    spare = wp + padded(C) * size
    block = spare + K * NARROW * size
    for i in range(0, Kp, LANES):
        store(kp, i, zero)
    flags = 0
    for unit in range(first, last):
        v0 = unit % splits * part
        v1 = min(v0 + part, V)
        h = unit // splits % H
        n = unit // splits // H
        batch = n
        begin = 0
        end = T
        if bounds != 0:
            batch = 0
            begin = load(bounds, n, T)
            end = load(bounds, n + 1, T)
        state = ((n * H) + h) * K * V * size
        target = s0
        if s0 != 0:
            target = s0 + state
        for start in range(begin, end, C):
            m = min(C, end - start)
            for t in range(m):
                at = start + t
                soon = min(at + AHEAD, end - 1)
                fetch_row(k, batch * k_b + soon * k_t + h * k_h, code, K, scale)
                fetch_row(q, batch * q_b + soon * q_t + h * q_h, code, K, scale)
                fetch_row(g, batch * g_b + soon * g_t + h * g_h, g_code, K, scale)
                fetch_row(v, batch * v_b + soon * v_t + h * v_h + v0, code, v1 - v0, scale)
                row = (t * Kp) * size
                kr = kp + row + Kp * size
                if read_row(k, batch * k_b + at * k_t + h * k_h, code, kr, K, Kp, zero, scale) != 0:
                    flags |= 2
                if read_row(q, batch * q_b + at * q_t + h * q_h, code, qp + row, K, Kp, zero, scale) != 0:
                    flags |= 1
                read_row(g, batch * g_b + at * g_t + h * g_h, g_code, ep + row, K, Kp, zero, scale)
                if decay_row(ep + row, K, Kp, zero, scale) != 0:
                    flags |= 8
                column = batch * v_b + at * v_t + h * v_h + v0
                if read_row(v, column, code, vp + t * Vp * size, v1 - v0, Vp, zero, scale) != 0:
                    flags |= 4
                beta = read_number(b, batch * b_b + at * b_t + h * b_h, b_code, scale)
                if beta - beta != 0:
                    flags |= 16
                store(bp, t, beta)
                factor = splat(scale, zero)
                dot = zero
                for i in range(0, Kp, LANES):
                    x = mul(factor, load(qp + row, i, zero))
                    store(qp + row, i, x)
                    dot = fma(x, load(kr, i, zero), dot)
                store(wp, t, total(dot))
            source = target
            target = s1 + state
            if saved != 0 and start + m < end:
                slot = batch * ((T - 1) // C) + begin // C + (start - begin) // C
                target = saved + (slot * H + h) * K * V * size
            advance_columns(source, target, v0, v1, V, block, spare, kp, ep, qp, vp, op, bp, wp, m, K, Kp, Vp, scale)
            check = zero
            for t in range(m):
                out = ((batch * T + start + t) * H + h) * V + v0
                write_row(op + t * Vp * size, o, out, code, v1 - v0, zero, scale)
                if residual != 0:
                    write_row(vp + t * Vp * size, residual, out, NATIVE, v1 - v0, zero, scale)
                for i in range(0, Vp, LANES):
                    check = add(check, mul(load(vp + t * Vp * size, i, zero), zero))
            if total(check) != 0:
                flags |= 32
    return flags
