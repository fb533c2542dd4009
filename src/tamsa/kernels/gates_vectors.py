"""Sigmoid, softplus and their parts on portable vectors, beside those of `kda.vectors`."""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit
from numba.extending import intrinsic

from tamsa.kernels.kda.vectors import (
    _call,
    _constant,
    add,
    exp_decay,
    fma,
    load,
    load_bf16,
    mul,
    splat,
    store,
    store_bf16,
    sub,
)


def _binary(operation: str, summary: str) -> Any:
    def function(typing: Any, a: Any, b: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, operation)(arguments[0], arguments[1])

        return a(a, b), emit

    function.__doc__ = summary
    return intrinsic(function)


div = _binary("fdiv", "Return a / b.")


@intrinsic
def sqrt(typing: Any, x: Any) -> Any:
    """Return the square root of every lane."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, "sqrt", [arguments[0]])

    return x(x), emit


@intrinsic
def minus_abs(typing: Any, x: Any) -> Any:
    """Return -|x|."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fneg(_call(builder, "fabs", [arguments[0]]))

    return x(x), emit


@intrinsic
def larger(typing: Any, a: Any, b: Any) -> Any:
    """Return the larger of a and b, a where either is NaN."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        less = builder.fcmp_ordered("olt", arguments[0], arguments[1])
        return builder.select(less, arguments[1], arguments[0])

    return a(a, b), emit


@intrinsic
def where_negative(typing: Any, x: Any, a: Any, b: Any) -> Any:
    """Return a in the lanes where x < 0, else b."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        return builder.select(
            builder.fcmp_ordered("olt", arguments[0], _constant(kind, 0.0)), arguments[1], arguments[2]
        )

    return x(x, a, b), emit


@intrinsic
def biggest(typing: Any, x: Any) -> Any:
    """Return the largest lane."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = arguments[0]
        n = value.type.count
        wide = ir.IntType(32)
        while n > 1:
            undefined = ir.Constant(value.type, ir.Undefined)
            n //= 2
            kind = ir.VectorType(wide, n)
            low = builder.shuffle_vector(value, undefined, ir.Constant(kind, list(range(n))))
            high = builder.shuffle_vector(value, undefined, ir.Constant(kind, list(range(n, 2 * n))))
            value = builder.select(builder.fcmp_ordered("olt", low, high), high, low)
        return builder.extract_element(value, ir.Constant(wide, 0))

    return x.real(x), emit


@njit(nogil=True, inline="always")
def read(base, index, bf16, zero):
    """Read a vector in fp32."""
    if bf16:
        return load_bf16(base, index, zero)
    return load(base, index, zero)


@njit(nogil=True, inline="always")
def write(base, index, bf16, value):
    """Write a vector of fp32."""
    if bf16:
        store_bf16(base, index, value)
    else:
        store(base, index, value)


@njit(nogil=True)
def sigmoid(x, one):
    """Return 1 / (1 + e^-x), by e^-|x|, which cannot overflow."""
    e = exp_decay(minus_abs(x))
    ones = splat(one, x)
    return div(where_negative(x, e, ones), add(ones, e))


@njit(nogil=True)
def softplus(x, one):
    """Return log(1 + e^x) as max(x, 0) + 2 atanh(z), z = e / (2 + e) with e = e^-|x| (series to z^17)."""
    e = exp_decay(minus_abs(x))
    two = one + one
    z = div(e, add(e, splat(two, x)))
    zz = mul(z, z)
    series = splat(one / (two * two * two * two + one), x)
    n = two * two * two * two - one
    for _ in range(8):
        series = fma(series, zz, splat(one / n, x))
        n -= two
    return add(larger(x, sub(x, x)), mul(mul(z, splat(two, x)), series))
