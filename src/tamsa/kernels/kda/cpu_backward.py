"""The backward pass on the CPU: the adjoint of the recurrence (arXiv 2510.26692, Eq. 1), chunk by chunk in reverse.

With S' the state after the decay, `r = v - S'^T k`, `u = beta r` and `S = S' + k u^T`, the adjoint of a token is

    dS += q do^T             du = dS^T k            dbeta = du·r       dr = beta du       dv = dr
    dq = S' do + k (u·do)    dk = dS u - S' dr      dS' = dS - k dr^T
    dg = rowsum(dS' * S')    dS (of the token before) = Diag(e^g) dS'

No division by a decay occurs anywhere, so saturated gates are harmless. The forward pass saved the state at every
C-th token and r for all; here a chunk's S' are recomputed for a few columns at a time, then the adjoint sweeps back
over them. Vectors run along K: sums over columns (dq, dk, dg) stay in registers and only du needs sums across lanes.
The end of one token's adjoint and the start of the next one's share a sweep.

Columns are summed in `GROUPS` groups whatever the number of threads: a unit of work is (sequence, head) or
(sequence, head, group), and the sums over groups are taken in the same order either way.

Legend: as in `cpu_forward`; Kp is K padded, a tile is one vector of `width` lanes along K, Vp the columns padded.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.cpu_forward import AHEAD, LANES, padded
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
    totals,
    zeros,
)

WIDTH = 8
"""Lanes of a tile; `totals` sums this many columns at once."""

GROUPS = 4
"""Groups of columns that are summed apart."""

COLUMNS = 8
"""Columns are padded to a multiple of this."""


@inner
def group_columns(V):
    """Return the columns of a group."""
    return ((V + GROUPS - 1) // GROUPS + COLUMNS - 1) // COLUMNS * COLUMNS


@inner
def block_columns(C, K, V, size, cache):
    """Return the columns taken at a time: as many as keep a chunk's S' within `cache` bytes."""
    part = group_columns(V)
    M = part
    while M > COLUMNS and (M * C * padded(K) * size > cache or part % M != 0):
        M -= COLUMNS
    return M


def backward_scratch_size(C, K, V):
    """Return the numbers of scratch memory that a unit needs."""
    Kp = padded.py_func(K)
    part = group_columns.py_func(V)
    Vp = GROUPS * part + LANES
    planes = (9 * C + 2) * Kp + (4 * C + 2) * Vp + 3 * padded.py_func(C)
    return planes + (C * part + part + Vp) * Kp + part * LANES


@inner
def recompute(start, sp, kp, ep, up, u_step, m, M, Kp, zero, one):
    """Fill `sp [m, tiles, M, width]` with S' of m tokens; `start [tiles, M, width]` is S before the first."""
    width = lanes_of(zero)
    size = bytes_of(one)
    before = start
    for t in range(m):
        here = sp + t * Kp * M * size
        u = up + t * u_step * size  # of the token before
        for i in range(0, Kp, width):
            k = load(kp, t * Kp + i, zero)
            e = load(ep, t * Kp + i, zero)
            at = i * M
            for j in range(M):
                s = load(before, at + j * width, zero)
                s = mul(e, fma(k, splat(load(u, j, one), zero), s))
                store(here, at + j * width, s)
        before = here


@inner
def enter(ds, q, k, do, du, M, Kp, zero, one):
    """Begin the last token of a chunk: dS += q do^T, du = dS^T k."""
    width = lanes_of(zero)
    for j in range(M):
        x = splat(load(do, j, one), zero)
        d = zero
        for i in range(0, Kp, width):
            s = fma(load(q, i, zero), x, load(ds, i * M + j * width, zero))
            store(ds, i * M + j * width, s)
            d = fma(s, load(k, i, zero), d)
        store(du, j * width, d)


@inner
def sweep(sp, ds, k, e, q0, k0, u, dr, do, do0, du, dq, dk, dg, M, Kp, zero, one):
    """End the adjoint of one token and begin that of the token before it (`q0`, `k0`, `do0`).

    `dr` holds -dr. `du` receives the partial sums of dS^T k0, a vector per column.
    """
    width = lanes_of(zero)
    for j in range(M):
        store(du, j * width, zero)
    for i in range(0, Kp, width):
        key = load(k, i, zero)
        decay = load(e, i, zero)
        query0 = load(q0, i, zero)
        key0 = load(k0, i, zero)
        ak = zero
        al = zero
        aq = zero
        ag = zero
        at = i * M
        for j in range(M):
            s = load(sp, at + j * width, zero)
            d = load(ds, at + j * width, zero)
            x = splat(load(dr, j, one), zero)
            ak = fma(d, splat(load(u, j, one), zero), ak)
            al = fma(s, x, al)
            aq = fma(s, splat(load(do, j, one), zero), aq)
            d = fma(key, x, d)
            ag = fma(d, s, ag)
            d = fma(query0, splat(load(do0, j, one), zero), mul(decay, d))
            store(ds, at + j * width, d)
            store(du, j * width, fma(d, key0, load(du, j * width, zero)))
        store(dk, i, add(load(dk, i, zero), add(ak, al)))
        store(dq, i, add(load(dq, i, zero), aq))
        store(dg, i, add(load(dg, i, zero), ag))


@inner
def adjoint(sp, ds, kp, ep, qp, up, rp, gp, xp, bp, dbp, du, aq, ak, ag, m, M, Kp, Vp, zero, one):
    """Sweep one block of columns back over a chunk.

    Planes with a row of zeros before the first token: kp, qp, up, gp (do). `xp` receives -dr.
    """
    size = bytes_of(one)
    width = lanes_of(zero)
    row = Kp * size
    column = Vp * size
    enter(ds, qp + m * row, kp + m * row, gp + m * column, du, M, Kp, zero, one)
    for back in range(m):
        t = m - 1 - back
        here = t + 1  # in planes with a leading row
        beta = splat(load(bp, t, one), zero)
        db = zero
        w = zero
        for j in range(0, M, COLUMNS):
            d = totals(du + j * width * size, zero)
            db = fma(d, load(rp, t * Vp + j, zero), db)
            w = fma(load(up, here * Vp + j, zero), load(gp, here * Vp + j, zero), w)
            store(xp, t * Vp + j, sub(zero, mul(beta, d)))
        store(dbp, t, load(dbp, t, one) + total(db))
        sweep(
            sp + t * M * row,
            ds,
            kp + here * row,
            ep + t * row,
            qp + t * row,
            kp + t * row,
            up + here * column,
            xp + t * column,
            gp + here * column,
            gp + t * column,
            du,
            aq + t * row,
            ak + t * row,
            ag + t * row,
            M,
            Kp,
            zero,
            one,
        )
        factor = splat(total(w), zero)
        for i in range(0, Kp, width):
            x = fma(factor, load(kp + here * row, i, zero), load(aq + t * row, i, zero))
            store(aq + t * row, i, x)


@inner
def read_columns(source, V, first, last, tiles, M, K, Kp, width, one):
    """Copy the columns [first, last) of `[K, V]` to `[tiles, M, width]`, zeros in the padding and for no source."""
    nothing = one - one
    for i in range(Kp * M):
        store(tiles, i, nothing)
    if source != 0:
        for d in range(K):
            at = d // width * width * M + d % width
            for j in range(last - first):
                store(tiles, at + j * width, load(source, d * V + first + j, one))


@inner
def write_columns(tiles, V, first, last, target, M, K, width, one):
    """Copy `[tiles, M, width]` to the columns [first, last) of `[K, V]`."""
    for d in range(K):
        at = d // width * width * M + d % width
        for j in range(last - first):
            store(target, d * V + first + j, load(tiles, at + j * width, one))


@inner
def clear(base, n, zero):
    """Fill n numbers with zeros."""
    for i in range(0, n, lanes_of(zero)):
        store(base, i, zero)


@inner
def accumulate(target, source, n, zero):
    """Add n numbers to others."""
    for i in range(0, n, lanes_of(zero)):
        store(target, i, add(load(target, i, zero), load(source, i, zero)))


@inner
def backward_units(first, last, plan, memory, scale):
    """Compute the gradients of the units [first, last); return the flags of bad arguments (see `staging.FLAGS`).

    Args:
        first, last: range of units, of N · H · splits, where splits is 1 or the number of groups that hold columns.
        plan: addresses, dtype codes, strides and sizes, in the order below. With one split, dq, dk, dg and db are
            written in the dtypes of the inputs; else in the precision of the kernel, one slice
            per split, dq without its factor `scale`.
        memory: address of scratch memory of `backward_scratch_size` numbers, aligned to 64 bytes.
        scale: factor of the queries; its type is the precision of the kernel.
    """
    tensors, codes, strides, sizes = plan
    q, k, g, b, s0, residual, saved, bounds, do, ds1, dq, dk, dv, dg, db, ds0 = tensors
    code, g_code, b_code, do_code = codes
    q_b, q_t, q_h, k_b, k_t, k_h, g_b, g_t, g_h, b_b, b_t, b_h, do_b, do_t, do_h = strides
    B, T, H, K, V, splits, C, cache = sizes
    size = bytes_of(scale)
    zero = zeros(scale, LANES)
    tile = zeros(scale, WIDTH)
    Kp = padded(K)
    part = group_columns(V)
    M = block_columns(C, K, V, size, cache)
    Vp = GROUPS * part + LANES
    # planes with a row of zeros before them
    kp = memory
    qp = kp + (C + 1) * Kp * size
    up = qp + (C + 1) * Kp * size
    gp = up + (C + 1) * Vp * size
    # planes
    ep = gp + (C + 1) * Vp * size
    aq = ep + C * Kp * size  # one group
    ak = aq + C * Kp * size
    ag = ak + C * Kp * size
    tq = ag + C * Kp * size  # all groups
    tk = tq + C * Kp * size
    tg = tk + C * Kp * size
    rp = tg + C * Kp * size
    xp = rp + C * Vp * size
    bp = xp + C * Vp * size
    dbp = bp + padded(C) * size
    tb = dbp + padded(C) * size
    du = tb + padded(C) * size
    start_tiles = du + M * LANES * size
    ds = start_tiles + M * Kp * size
    sp = ds + Vp * Kp * size
    clear(kp, Kp, zero)
    clear(qp, Kp, zero)
    clear(up, (C + 1) * Vp, zero)
    clear(gp, (C + 1) * Vp, zero)
    clear(rp, 2 * C * Vp, zero)
    flags = 0
    for unit in range(first, last):
        split = unit % splits
        h = unit // splits % H
        n = unit // splits // H
        v0 = split * part if splits > 1 else 0
        v1 = min(v0 + part, V) if splits > 1 else V
        out = split * B * T  # rows of gradients that are summed over splits
        out_code = code if splits == 1 else NATIVE
        out_g_code = g_code if splits == 1 else NATIVE
        out_b_code = b_code if splits == 1 else NATIVE
        batch = n
        begin = 0
        end = T
        if bounds != 0:
            batch = 0
            begin = load(bounds, n, T)
            end = load(bounds, n + 1, T)
        state = (n * H + h) * K * V * size
        columns = padded((v1 - v0 + M - 1) // M * M)  # whole blocks: the padding must hold zeros
        c = v0
        while c < v1:
            final = ds1 + state if ds1 != 0 else ds1
            read_columns(final, V, c, min(c + M, v1), ds + (c - v0) * Kp * size, M, K, Kp, WIDTH, scale)
            c += M
        chunks = (end - begin + C - 1) // C
        for number in range(chunks):
            chunk = chunks - 1 - number
            start = begin + chunk * C
            m = min(C, end - start)
            for back in range(m):
                t = m - 1 - back
                at = start + t
                soon = max(at - AHEAD, begin)
                fetch_row(k, batch * k_b + soon * k_t + h * k_h, code, K, scale)
                fetch_row(q, batch * q_b + soon * q_t + h * q_h, code, K, scale)
                fetch_row(g, batch * g_b + soon * g_t + h * g_h, g_code, K, scale)
                fetch_row(do, batch * do_b + soon * do_t + h * do_h + v0, do_code, v1 - v0, scale)
                fetch_row(residual, ((batch * T + soon) * H + h) * V + v0, NATIVE, v1 - v0, scale)
                here = (t + 1) * Kp * size
                read_row(k, batch * k_b + at * k_t + h * k_h, code, kp + here, K, Kp, zero, scale)
                read_row(q, batch * q_b + at * q_t + h * q_h, code, qp + here, K, Kp, zero, scale)
                factor = splat(scale, zero)
                for i in range(0, Kp, LANES):
                    store(qp + here, i, mul(factor, load(qp + here, i, zero)))
                read_row(g, batch * g_b + at * g_t + h * g_h, g_code, ep + t * Kp * size, K, Kp, zero, scale)
                decay_row(ep + t * Kp * size, K, Kp, zero, scale)
                beta = read_number(b, batch * b_b + at * b_t + h * b_h, b_code, scale)
                store(bp, t, beta)
                row = gp + (t + 1) * Vp * size
                x = batch * do_b + at * do_t + h * do_h + v0
                if read_row(do, x, do_code, row, v1 - v0, columns, zero, scale) != 0:
                    flags |= 64
                row = rp + t * Vp * size
                read_row(residual, ((batch * T + at) * H + h) * V + v0, NATIVE, row, v1 - v0, columns, zero, scale)
                factor = splat(beta, zero)
                for i in range(0, columns, LANES):
                    store(up + (t + 1) * Vp * size, i, mul(factor, load(row, i, zero)))
            clear(tq, 3 * C * Kp, zero)
            clear(tb, padded(C), zero)
            source = s0 + state if s0 != 0 else s0
            if chunk > 0:
                slot = batch * ((T - 1) // C) + begin // C + chunk - 1
                source = saved + (slot * H + h) * K * V * size
            for group in range(v0, v1, part):
                clear(aq, 3 * C * Kp, zero)
                clear(dbp, padded(C), zero)
                group_end = min(group + part, v1)
                for c in range(group, group_end, M):
                    shift = (c - v0) * size
                    read_columns(source, V, c, min(c + M, group_end), start_tiles, M, K, Kp, WIDTH, scale)
                    recompute(start_tiles, sp, kp, ep, up + shift, Vp, m, M, Kp, tile, scale)
                    adjoint(
                        sp,
                        ds + (c - v0) * Kp * size,
                        kp,
                        ep,
                        qp,
                        up + shift,
                        rp + shift,
                        gp + shift,
                        xp + shift,
                        bp,
                        dbp,
                        du,
                        aq,
                        ak,
                        ag,
                        m,
                        M,
                        Kp,
                        Vp,
                        tile,
                        scale,
                    )
                accumulate(tq, aq, 3 * C * Kp, zero)
                accumulate(tb, dbp, padded(C), zero)
            for t in range(m):
                at = batch * T + start + t
                factor = splat(scale, zero)
                if splits == 1:
                    for i in range(0, Kp, LANES):
                        store(tq + t * Kp * size, i, mul(factor, load(tq + t * Kp * size, i, zero)))
                row = ((out + at) * H + h) * K
                write_row(tq + t * Kp * size, dq, row, out_code, K, zero, scale)
                write_row(tk + t * Kp * size, dk, row, out_code, K, zero, scale)
                write_row(tg + t * Kp * size, dg, row, out_g_code, K, zero, scale)
                write_row(tb + t * size, db, (out + at) * H + h, out_b_code, 1, zero, scale)
                x = xp + t * Vp * size
                for i in range(0, columns, LANES):
                    store(x, i, sub(zero, load(x, i, zero)))
                write_row(x, dv, (at * H + h) * V + v0, code, v1 - v0, zero, scale)
        if ds0 != 0:
            c = v0
            while c < v1:
                write_columns(ds + (c - v0) * Kp * size, V, c, min(c + M, v1), ds0 + state, M, K, WIDTH, scale)
                c += M
    return flags
