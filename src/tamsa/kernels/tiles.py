"""Tiles of a product `x w^T`: the dot products of a few rows of x with a few rows of w, sixteen at a time.

Each dot product has a vector of sums of its own, so that weights are read as they lie in memory, nothing is packed, and
a row's result is the same whatever other rows are in the call. bf16 numbers are multiplied in pairs, by one instruction
where the processor has it (AVX-512 BF16), else as two fp32 products.
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
"""Dot products in a tile, and lanes of fp32 in a vector."""

LINE = 64
"""Bytes of a line of memory, and of a row that a step of the loop takes."""

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_SINGLE = ir.VectorType(ir.FloatType(), TILE)


class _Bfloat(ir.types.Type):
    """LLVM's bfloat, which llvmlite does not name."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bfloat)

    def __hash__(self) -> int:
        return hash(_Bfloat)


def _multiplies_pairs(context: Any) -> bool:
    """True where the target multiplies pairs of bf16 and the compiler names the instruction as below."""
    _, _, features = context.codegen().magic_tuple()
    return "+avx512bf16" in features and llvmlite.binding.llvm_version_info[0] >= 17


class _Single:
    """fp32: a step of the loop takes 16 numbers of each row."""

    STEP, BYTES = TILE, 4

    def __init__(self, context: Any, builder: ir.IRBuilder) -> None:
        self.builder = builder

    def read(self, base: ir.Value, index: ir.Value) -> Any:
        return _read(self.builder, base, index, _SINGLE)

    def multiply(self, a: Any, b: Any, sums: ir.Value) -> ir.Value:
        return _call(self.builder, "fmuladd", [a, b, sums])


class _Pairs:
    """bf16: a step of the loop takes 32 numbers of each row, as 16 pairs."""

    STEP, BYTES = 2 * TILE, 2

    def __init__(self, context: Any, builder: ir.IRBuilder) -> None:
        self.builder, self.native = builder, _multiplies_pairs(context)
        self.kind = ir.VectorType(_I16, 2 * TILE)

    def read(self, base: ir.Value, index: ir.Value) -> Any:
        raw = _read(self.builder, base, index, self.kind)
        return self._prepared(raw)

    def read_half(self, base: ir.Value, index: ir.Value) -> Any:
        """Read the last 16 numbers of a row and zeros behind them."""
        half = ir.VectorType(_I16, TILE)
        raw = _read(self.builder, base, index, half)
        lanes = ir.Constant(ir.VectorType(_I32, 2 * TILE), list(range(2 * TILE)))
        return self._prepared(self.builder.shuffle_vector(raw, ir.Constant(half, [0] * TILE), lanes))

    def _prepared(self, raw: ir.Value) -> Any:
        builder = self.builder
        if self.native:
            return builder.bitcast(raw, ir.VectorType(_Bfloat(), 2 * TILE))
        wide = ir.VectorType(_I32, TILE)
        pairs = builder.bitcast(raw, wide)
        even = builder.shl(pairs, _constant(wide, 16))
        odd = builder.and_(pairs, _constant(wide, -65536))
        return builder.bitcast(even, _SINGLE), builder.bitcast(odd, _SINGLE)

    def multiply(self, a: Any, b: Any, sums: ir.Value) -> ir.Value:
        builder = self.builder
        if not self.native:
            return _call(builder, "fmuladd", [a[1], b[1], _call(builder, "fmuladd", [a[0], b[0], sums])])
        kind = ir.FunctionType(_SINGLE, [_SINGLE, a.type, a.type])
        name = "llvm.x86.avx512bf16.dpbf16ps.512"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [sums, a, b])


def _totals(builder: ir.IRBuilder, vectors: list[ir.Value]) -> ir.Value:
    """Return the sums of the lanes of 16 vectors as one vector; each is made by halves, as `vectors.total` makes it."""
    step = TILE // 2
    while step:
        low = [lane if lane & step == 0 else TILE + lane - step for lane in range(TILE)]
        high = [lane + step if lane & step == 0 else TILE + lane for lane in range(TILE)]
        masks = [ir.Constant(ir.VectorType(_I32, TILE), lanes) for lanes in (low, high)]
        vectors = [
            builder.fadd(builder.shuffle_vector(a, b, masks[0]), builder.shuffle_vector(a, b, masks[1]))
            for a, b in zip(vectors[:step], vectors[step:], strict=True)
        ]
        step //= 2
    return vectors[0]


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
            sums = [cgutils.alloca_once_value(builder, _constant(_SINGLE, 0.0)) for _ in range(TILE)]

            def advance(read: Any, index: ir.Value) -> None:
                theirs = [read(base, index) for base in ws]
                far = builder.add(ahead, builder.mul(index, ir.Constant(_I64, form.BYTES * lines_a_step)))
                for line in range(lines_a_step):
                    _fetch(builder, builder.add(far, ir.Constant(_I64, LINE * line)))
                for row, base in enumerate(xs):
                    own = read(base, index)
                    for i, weight in enumerate(theirs):
                        place = sums[row * len(ws) + i]
                        builder.store(numbers.multiply(own, weight, builder.load(place)), place)

            step = ir.Constant(_I64, form.STEP)
            whole = builder.sub(size, builder.srem(size, step))
            with cgutils.for_range_slice(builder, ir.Constant(_I64, 0), whole, step, _I64) as (index, _):
                advance(numbers.read, index)
            if form is _Pairs:
                with builder.if_then(builder.icmp_signed("<", whole, size)):
                    advance(numbers.read_half, whole)
            return _totals(builder, [builder.load(place) for place in sums])

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
