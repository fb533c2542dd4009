"""Rows in and out of a kernel's scratch memory: conversion, padding, and the checks that ride along.

Every row is padded with zeros to whole vectors. `code` names the dtype in memory: `NATIVE` (the precision of the
kernel) or `BF16`. Flags name the arguments that hold bad values; see `FLAGS`.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.vectors import (
    above_zero,
    add,
    bytes_of,
    exp_decay,
    lanes_of,
    load,
    load_bf16,
    mul,
    prefetch,
    store,
    store_bf16,
    total,
)

NATIVE = 0
BF16 = 1

FLAGS = ("q", "k", "v", "g", "beta", "initial_state", "grad_o", "grad_state")
"""Bit i of a kernel's answer is set where the argument i holds NaN, infinity or (g) a value above 0."""


@inner
def read_number(base, index, code, one):
    """Read one number."""
    if code == BF16:
        return load_bf16(base, index, one)
    return load(base, index, one)


@inner
def fetch_row(base, index, code, n, one):
    """Ask for n numbers that will be read soon: rows lie far apart, which hardware does not foresee."""
    size = bytes_of(one)
    if code == BF16:
        size = 2
    for i in range(0, n * size, 64):
        prefetch(base + index * size + i)


@inner
def read_row(base, index, code, row, n, padded, zero, one):
    """Copy n numbers to `row`, zeros up to `padded`; return x * 0 summed up: 0, or NaN where one is not finite."""
    lanes = lanes_of(zero)
    whole = n - n % lanes
    check = zero
    if code == BF16:
        for i in range(0, whole, lanes):
            x = load_bf16(base, index + i, zero)
            check = add(check, mul(x, zero))
            store(row, i, x)
    else:
        for i in range(0, whole, lanes):
            x = load(base, index + i, zero)
            check = add(check, mul(x, zero))
            store(row, i, x)
    if whole < padded:
        for i in range(whole, padded, lanes):
            store(row, i, zero)
        for i in range(whole, n):
            store(row, i, read_number(base, index + i, code, one))
        for i in range(whole, padded, lanes):
            check = add(check, mul(load(row, i, zero), zero))
    return total(check)


@inner
def write_row(row, base, index, code, n, zero, one):
    """Copy n numbers of `row` to memory."""
    lanes = lanes_of(zero)
    whole = n - n % lanes
    if code == BF16:
        for i in range(0, whole, lanes):
            store_bf16(base, index + i, load(row, i, zero))
        for i in range(whole, n):
            store_bf16(base, index + i, load(row, i, one))
    else:
        for i in range(0, whole, lanes):
            store(base, index + i, load(row, i, zero))
        for i in range(whole, n):
            store(base, index + i, load(row, i, one))


@inner
def decay_row(row, n, padded, zero, one):
    """Replace log-decays by decays, 0 in the padding; return how many were NaN or above 0."""
    lanes = lanes_of(zero)
    bad = zero
    for i in range(0, padded, lanes):
        x = load(row, i, zero)
        bad = add(bad, above_zero(x))
        store(row, i, exp_decay(x))
    nothing = one - one
    for i in range(n, padded):
        store(row, i, nothing)
    return total(bad)
