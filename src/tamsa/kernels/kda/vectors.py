"""Portable vectors for numba kernels: a register of lanes as a value, loads and stores at raw addresses.

numba vectorises loops where it can prove enough; here nothing has to be proven. Each function below emits generic
LLVM vector instructions (`<32 x float>` and the like), which LLVM splits into whatever registers the machine has:
AVX-512, AVX2, SSE, NEON. No instruction set is named. A multiply-add is one rounding wherever the machine has it.

Addresses and indices are `intp`; indices count elements. A kernel says which width and precision it means by a
prototype vector (`like`): one Python function compiles for every width it is called with.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

_I16 = ir.IntType(16)
_I32 = ir.IntType(32)


class Vector(types.Type):
    """The numba type of `lanes` numbers of one precision."""

    def __init__(self, real: types.Float, lanes: int) -> None:
        self.real = real
        self.lanes = lanes
        super().__init__(name=f"Vector({real}, {lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Vector) -> None:
        element = manager.lookup(vector.real).get_value_type()
        super().__init__(manager, vector, ir.VectorType(element, vector.lanes))


def _bytes(element: ir.Type) -> int:
    if isinstance(element, ir.DoubleType):
        return 8
    return 2 if element == _I16 else 4


def _address(builder: ir.IRBuilder, base: ir.Value, index: ir.Value, element: ir.Type) -> ir.Value:
    return builder.gep(builder.inttoptr(base, element.as_pointer()), [index])


def _read(builder: ir.IRBuilder, base: ir.Value, index: ir.Value, vector: ir.VectorType) -> ir.Value:
    pointer = builder.bitcast(_address(builder, base, index, vector.element), vector.as_pointer())
    return builder.load(pointer, align=_bytes(vector.element))


def _write(builder: ir.IRBuilder, base: ir.Value, index: ir.Value, value: ir.Value) -> None:
    element = value.type.element if isinstance(value.type, ir.VectorType) else value.type
    pointer = builder.bitcast(_address(builder, base, index, element), value.type.as_pointer())
    builder.store(value, pointer, align=_bytes(element))


def _constant(vector: ir.Type, value: float) -> ir.Constant:
    if isinstance(vector, ir.VectorType):
        return ir.Constant(vector, [value] * vector.count)
    return ir.Constant(vector, value)


def _call(builder: ir.IRBuilder, name: str, arguments: list[ir.Value]) -> ir.Value:
    kind = arguments[0].type
    element = kind.element if isinstance(kind, ir.VectorType) else kind
    suffix = f"{'f64' if isinstance(element, ir.DoubleType) else 'f32'}"
    if isinstance(kind, ir.VectorType):
        suffix = f"v{kind.count}{suffix}"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(kind, [kind] * len(arguments)), f"llvm.{name}.{suffix}"
    )
    return builder.call(function, arguments)


@intrinsic(prefer_literal=True)
def zeros(typing: Any, like: Any, lanes: Any) -> Any:
    """Return a vector of `lanes` (a constant) zeros in the precision of the scalar `like`."""
    vector = Vector(like, lanes.literal_value)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _constant(context.get_value_type(signature.return_type), 0.0)

    return vector(like, lanes), emit


@intrinsic
def wide_zeros(typing: Any, like: Any) -> Any:
    """Return 128 bytes of zeros in the precision of the scalar `like`: eight registers of 16 bytes, four of 32."""
    vector = Vector(like, 1024 // like.bitwidth)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _constant(context.get_value_type(signature.return_type), 0.0)

    return vector(like), emit


@intrinsic
def lanes_of(typing: Any, like: Any) -> Any:
    """Return the number of lanes of a vector."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, like.lanes)

    return types.intp(like), emit


@intrinsic
def bytes_of(typing: Any, like: Any) -> Any:
    """Return the bytes of one number of the scalar's precision."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, like.bitwidth // 8)

    return types.intp(like), emit


@intrinsic
def load(typing: Any, base: Any, index: Any, like: Any) -> Any:
    """Read a vector like `like`, or a number where `like` is a scalar, at element `index` of address `base`."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = context.get_value_type(signature.return_type)
        if isinstance(value, ir.VectorType):
            return _read(builder, arguments[0], arguments[1], value)
        return builder.load(_address(builder, arguments[0], arguments[1], value))

    return like(types.intp, types.intp, like), emit


@intrinsic
def store(typing: Any, base: Any, index: Any, value: Any) -> Any:
    """Write a vector or a number at element `index` of address `base`."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _write(builder, arguments[0], arguments[1], arguments[2])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, value), emit


@intrinsic
def prefetch(typing: Any, address: Any) -> Any:
    """Ask for the cache line at an address; harmless where the address is not mapped."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
        kinds = [pointer.type, _I32, _I32, _I32]
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), kinds), "llvm.prefetch.p0"
        )
        builder.call(function, [pointer, ir.Constant(_I32, 0), ir.Constant(_I32, 3), ir.Constant(_I32, 1)])
        return context.get_dummy_value()

    return types.void(types.intp), emit


@intrinsic
def load_bf16(typing: Any, base: Any, index: Any, like: Any) -> Any:
    """Read bf16 numbers as a vector (or scalar) like `like`: exact."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = context.get_value_type(signature.return_type)
        if isinstance(value, ir.VectorType):
            n = value.count
            raw = _read(builder, arguments[0], arguments[1], ir.VectorType(_I16, n))
            wide, single = ir.VectorType(_I32, n), ir.VectorType(ir.FloatType(), n)
        else:
            raw = builder.load(_address(builder, arguments[0], arguments[1], _I16))
            wide, single = _I32, ir.FloatType()
        bits = builder.shl(builder.zext(raw, wide), _constant(wide, 16))
        number = builder.bitcast(bits, single)
        return number if number.type == value else builder.fpext(number, value)

    return like(types.intp, types.intp, like), emit


@intrinsic
def store_bf16(typing: Any, base: Any, index: Any, value: Any) -> Any:
    """Write a vector (or scalar) as bf16, rounded to nearest even."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        base, index, number = arguments
        if isinstance(number.type, ir.VectorType):
            n = number.type.count
            wide, single, narrow = ir.VectorType(_I32, n), ir.VectorType(ir.FloatType(), n), ir.VectorType(_I16, n)
        else:
            wide, single, narrow = _I32, ir.FloatType(), _I16
        if number.type != single:
            number = builder.fptrunc(number, single)
        bits = builder.bitcast(number, wide)
        odd = builder.and_(builder.lshr(bits, _constant(wide, 16)), _constant(wide, 1))
        rounded = builder.lshr(builder.add(builder.add(bits, _constant(wide, 0x7FFF)), odd), _constant(wide, 16))
        # rounding could carry a NaN's mantissa into another number
        is_nan = builder.fcmp_unordered("uno", number, number)
        kept = builder.select(is_nan, _constant(wide, 0x7FC0), rounded)
        _write(builder, base, index, builder.trunc(kept, narrow))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, value), emit


@intrinsic
def splat(typing: Any, x: Any, like: Any) -> Any:
    """Return a vector like `like` with the number `x` in every lane."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = context.get_value_type(signature.return_type)
        undefined = ir.Constant(value, ir.Undefined)
        first = builder.insert_element(undefined, arguments[0], ir.Constant(_I32, 0))
        return builder.shuffle_vector(
            first, undefined, ir.Constant(ir.VectorType(_I32, value.count), [0] * value.count)
        )

    return like(x, like), emit


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a·b + c, in one rounding where the machine can."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, "fmuladd", list(arguments))

    return a(a, b, c), emit


def _binary(operation: str, summary: str) -> Any:
    def function(typing: Any, a: Any, b: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, operation)(arguments[0], arguments[1])

        return a(a, b), emit

    function.__doc__ = summary
    return intrinsic(function)


add = _binary("fadd", "Return a + b.")
sub = _binary("fsub", "Return a - b.")
mul = _binary("fmul", "Return a·b.")


@intrinsic
def total(typing: Any, x: Any) -> Any:
    """Return the sum of the lanes, by halves: the same order on every machine."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = arguments[0]
        n = value.type.count
        while n > 1:
            undefined = ir.Constant(value.type, ir.Undefined)
            n //= 2
            kind = ir.VectorType(_I32, n)
            low = builder.shuffle_vector(value, undefined, ir.Constant(kind, list(range(n))))
            high = builder.shuffle_vector(value, undefined, ir.Constant(kind, list(range(n, 2 * n))))
            value = builder.fadd(low, high)
        return builder.extract_element(value, ir.Constant(_I32, 0))

    return x.real(x), emit


@intrinsic
def totals(typing: Any, base: Any, like: Any) -> Any:
    """Return the sums of the eight vectors of eight lanes that stand one behind the other at `base`."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        rows = [_read(builder, arguments[0], ir.Constant(ir.IntType(64), 8 * i), kind) for i in range(8)]
        # pairs of vectors are shuffled together and added: sums of 2, of 4, of 8 lanes
        for step in (1, 2, 4):
            low = [lane if lane & step == 0 else 8 + lane - step for lane in range(8)]
            high = [lane + step if lane & step == 0 else 8 + lane for lane in range(8)]
            masks = [ir.Constant(ir.VectorType(_I32, 8), lanes) for lanes in (low, high)]
            rows = [
                builder.fadd(builder.shuffle_vector(a, b, masks[0]), builder.shuffle_vector(a, b, masks[1]))
                for a, b in zip(rows[::2], rows[1::2], strict=True)
            ]
        return rows[0]

    return like(types.intp, like), emit


@intrinsic
def above_zero(typing: Any, x: Any) -> Any:
    """Return 1 in the lanes that are > 0 or NaN and 0 elsewhere."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        bad = builder.fcmp_unordered("ugt", arguments[0], _constant(kind, 0.0))
        return builder.select(bad, _constant(kind, 1.0), _constant(kind, 0.0))

    return x(x), emit


@intrinsic
def exp_decay(typing: Any, x: Any) -> Any:
    """Return e^x for x <= 0 (`-inf` included); in fp32 to about one unit in the last place, 0 below -87.3."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (value,) = arguments
        if isinstance(value.type.element, ir.DoubleType):
            return _call(builder, "exp", [value])
        return _exp_single(builder, value)

    return x(x), emit


def _exp_single(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln(2) / 2, e^r by its Taylor series to r^7 (error < 6e-9)."""
    kind = x.type
    integers = ir.VectorType(_I32, kind.count)
    floor = _constant(kind, -87.30000305175781)
    tiny = builder.fcmp_ordered("olt", x, floor)
    x = builder.select(tiny, floor, x)
    # adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits
    magic = _constant(kind, 12582912.0)
    shifted = _call(builder, "fmuladd", [x, _constant(kind, 1.4426950216293335), magic])
    n = builder.fsub(shifted, magic)
    # ln 2 in two parts, the first with trailing zeros, so that n times it is exact
    r = _call(builder, "fmuladd", [n, _constant(kind, -0.693145751953125), x])
    r = _call(builder, "fmuladd", [n, _constant(kind, -1.428606765330187e-06), r])
    series = _constant(kind, 1 / 5040)
    for factorial in (720, 120, 24, 6, 2, 1, 1):
        series = _call(builder, "fmuladd", [series, r, _constant(kind, 1 / factorial)])
    power = builder.shl(builder.bitcast(shifted, integers), _constant(integers, 23))
    scaled = builder.bitcast(builder.add(builder.bitcast(series, integers), power), kind)
    return builder.select(tiny, _constant(kind, 0.0), scaled)
