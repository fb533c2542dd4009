"""Tiles of a product `x w^T`: the dot products of a few rows of x with a few rows of w, sixteen at a time.

Each dot product has a vector of sums of its own, so that weights are read as they lie in memory, nothing is packed, and
a row's result is the same whatever other rows are in the call. With 32 registers of 16 numbers (AVX-512) all sixteen
are made in one pass; with 16 of eight (AVX2) in two passes of eight, so that the sums stay in registers. bf16 numbers
are multiplied in pairs, by one instruction where the processor has it (AVX-512 BF16), else as two fp32 products.
"""
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tamsa.kernels.kda.vectors import Vector, _call, _constant, _read

TILE = 16
"""Dot products in a tile."""

LINE = 64
"""Bytes of a line of memory, and of a row that a step of the loop takes."""

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)


class _Bfloat(ir.types.Type):
    """LLVM's bfloat, which llvmlite does not name."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bfloat)

    def __hash__(self) -> int:
        return hash(_Bfloat)


def _features(context: Any) -> str:
    """Return what the target's processor has."""
    found: str = context.codegen().magic_tuple()[2]
    return found


def _lanes(context: Any) -> int:
    """Return how many numbers a vector of sums has, which is also how many such vectors a pass has."""
    return 16 if "+avx512f" in _features(context) else 8


class _Single:
    """fp32: a step of the loop takes as many numbers of each row as a vector has."""

    BYTES = 4

    def __init__(self, context: Any, builder: ir.IRBuilder) -> None:
        self.builder = builder
        self.step = self.lanes = _lanes(context)
        self.sums = ir.VectorType(ir.FloatType(), self.lanes)

    def read(self, base: ir.Value, index: ir.Value) -> Any:
        return _read(self.builder, base, index, self.sums)

    def multiply(self, a: Any, b: Any, sums: ir.Value) -> ir.Value:
        return _call(self.builder, "fmuladd", [a, b, sums])


class _Pairs:
    """bf16: a step of the loop takes twice as many numbers of each row as a vector has, as pairs."""

    BYTES = 2

    def __init__(self, context: Any, builder: ir.IRBuilder) -> None:
        # the compiler names the instruction as below from version 17 on
        self.native = "+avx512bf16" in _features(context) and llvmlite.binding.llvm_version_info[0] >= 17
        self.builder, self.lanes = builder, _lanes(context)
        self.step = 2 * self.lanes
        self.sums = ir.VectorType(ir.FloatType(), self.lanes)

    def read(self, base: ir.Value, index: ir.Value) -> Any:
        return self._prepared(_read(self.builder, base, index, ir.VectorType(_I16, self.step)))

    def read_half(self, base: ir.Value, index: ir.Value) -> Any:
        """Read the last numbers of a row, half as many, and zeros behind them."""
        half = ir.VectorType(_I16, self.lanes)
        raw = _read(self.builder, base, index, half)
        places = ir.Constant(ir.VectorType(_I32, self.step), list(range(self.step)))
        return self._prepared(self.builder.shuffle_vector(raw, ir.Constant(half, [0] * self.lanes), places))

    def _prepared(self, raw: ir.Value) -> Any:
        builder = self.builder
        if self.native:
            return builder.bitcast(raw, ir.VectorType(_Bfloat(), self.step))
        wide = ir.VectorType(_I32, self.lanes)
        pairs = builder.bitcast(raw, wide)
        even = builder.shl(pairs, _constant(wide, 16))
        odd = builder.and_(pairs, _constant(wide, -65536))
        return builder.bitcast(even, self.sums), builder.bitcast(odd, self.sums)

    def multiply(self, a: Any, b: Any, sums: ir.Value) -> ir.Value:
        builder = self.builder
        if not self.native:
            return _call(builder, "fmuladd", [a[1], b[1], _call(builder, "fmuladd", [a[0], b[0], sums])])
        kind = ir.FunctionType(self.sums, [self.sums, a.type, a.type])
        name = "llvm.x86.avx512bf16.dpbf16ps.512"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [sums, a, b])


def _totals(builder: ir.IRBuilder, vectors: list[ir.Value]) -> ir.Value:
    """Return the sums of the lanes of as many vectors as each has lanes; made by halves, as `vectors.total` does it."""
    lanes = len(vectors)
    step = lanes // 2
    while step:
        low = [lane if lane & step == 0 else lanes + lane - step for lane in range(lanes)]
        high = [lane + step if lane & step == 0 else lanes + lane for lane in range(lanes)]
        masks = [ir.Constant(ir.VectorType(_I32, lanes), places) for places in (low, high)]
        vectors = [
            builder.fadd(builder.shuffle_vector(a, b, masks[0]), builder.shuffle_vector(a, b, masks[1]))
            for a, b in zip(vectors[:step], vectors[step:], strict=True)
        ]
        step //= 2
    return vectors[0]


def _together(builder: ir.IRBuilder, passes: list[ir.Value], count: int) -> ir.Value:
    """Return the dot products of all passes as one vector, row by row; each pass has some rows of w."""
    if len(passes) == 1:
        return passes[0]
    a, b = passes
    half = TILE // 2 // count
    places = [(i // half) * (TILE // 2) + row * half + i % half for row in range(count) for i in range(2 * half)]
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_I32, TILE), places))


def _fetch(builder: ir.IRBuilder, place: ir.Value) -> None:
    """Ask for a line of memory, into the second cache."""
    pointer = builder.inttoptr(place, ir.IntType(8).as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, _I32, _I32, _I32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [pointer, ir.Constant(_I32, 0), ir.Constant(_I32, 2), ir.Constant(_I32, 1)])


def _tile(form: Any, summary: str) -> Any:
    def function(
        typing: Any, x: Any, x_step: Any, w: Any, w_step: Any, size: Any, ahead: Any, like: Any, rows: Any, lines: Any
    ) -> Any:
        count, lines_a_step = rows.literal_value, lines.literal_value

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            x, x_step, w, w_step, size, ahead, _, _, _ = arguments
            numbers = form(context, builder)
            width = ir.Constant(_I64, form.BYTES)

            def starts(base: ir.Value, step: ir.Value, n: int) -> list[ir.Value]:
                stride = builder.mul(step, width)
                return [builder.add(base, builder.mul(stride, ir.Constant(_I64, i))) for i in range(n)]

            xs, ws = starts(x, x_step, count), starts(w, w_step, TILE // count)
            step = ir.Constant(_I64, numbers.step)
            whole = builder.sub(size, builder.srem(size, step))
            share = numbers.lanes // count
            passes = []
            for first in range(0, len(ws), share):
                zero = _constant(numbers.sums, 0.0)
                sums = [cgutils.alloca_once_value(builder, zero) for _ in range(numbers.lanes)]

                def advance(read: Any, index: ir.Value, first: int = first, sums: list[ir.Value] = sums) -> None:
                    theirs = [read(base, index) for base in ws[first : first + share]]
                    if not first:
                        far = builder.add(ahead, builder.mul(index, ir.Constant(_I64, form.BYTES * lines_a_step)))
                        for line in range(lines_a_step * numbers.lanes // TILE):
                            _fetch(builder, builder.add(far, ir.Constant(_I64, LINE * line)))
                    for row, base in enumerate(xs):
                        own = read(base, index)
                        for i, weight in enumerate(theirs):
                            place = sums[row * share + i]
                            builder.store(numbers.multiply(own, weight, builder.load(place)), place)

                with cgutils.for_range_slice(builder, ir.Constant(_I64, 0), whole, step, _I64) as (index, _):
                    advance(numbers.read, index)
                if form is _Pairs and numbers.lanes == TILE:
                    with builder.if_then(builder.icmp_signed("<", whole, size)):
                        advance(numbers.read_half, whole)
                passes.append(_totals(builder, [builder.load(place) for place in sums]))
            return _together(builder, passes, count)

        whole = types.intp
        return Vector(like, TILE)(whole, whole, whole, whole, whole, whole, like, rows, lines), emit

    function.__doc__ = summary
    return intrinsic(prefer_literal=True)(function)


single_tile = _tile(
    _Single,
    """Return the dot products of `rows` (a constant: 1, 2 or 4) rows of x with 16 / rows rows of w, row by row.

    Rows are `x_step` and `w_step` numbers apart and `size` long, a multiple of 16; `like` is a number in fp32. With
    every 64 bytes of a row, `lines` (a constant) lines of memory from `ahead` on are asked for.
    """,
)
paired_tile = _tile(_Pairs, "Do the same for rows of bf16; sums are fp32.")


@intrinsic(prefer_literal=True)
def part(typing: Any, x: Any, number: Any, lanes: Any) -> Any:
    """Return the part of that number of a vector cut into parts of `lanes` (a constant)."""
    first, count = number.literal_value * lanes.literal_value, lanes.literal_value

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        picked = ir.Constant(ir.VectorType(_I32, count), list(range(first, first + count)))
        return builder.shuffle_vector(arguments[0], ir.Constant(arguments[0].type, ir.Undefined), picked)

    return Vector(x.real, count)(x, number, lanes), emit
