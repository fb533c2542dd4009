"""A decoded token's operations as a table that one compiled call works through.

Decoding is many small operations on few numbers. As calls of their own they cost more for being called than the
memory they read; here a row of a table names one, its sizes and where its numbers are, and one call without the
interpreter works through all rows. Several threads may make that call at once: they take units of the present
operation by tickets and begin the next one when all its units are done.
"""
# mypy: ignore-errors
# numba infers the types of what it compiles

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tamsa.kernels.absorbed import absorbed_attention, append_latents
from tamsa.kernels.few_rows import few_rows_product
from tamsa.kernels.gates_cpu import entries, norm_forward, swiglu_forward
from tamsa.kernels.gates_step import step
from tamsa.kernels.kda.compiling import inner
from tamsa.kernels.kda.threads import run_units, scratch
from tamsa.kernels.kda.vectors import load

NORM, PRODUCT, SWIGLU, KDA, APPEND, ATTEND = range(6)
"""The operations: `norm_forward`, `few_rows_product`, `swiglu_forward`, `step`, `append_latents`,
`absorbed_attention`."""

KIND, UNITS, AT_ONCE, CONSTANT, FIRST = range(5)
"""Columns of the table: the operation, its units, how many a ticket takes, its constant (fp32 bits), its arguments."""
TAKEN, DONE, COLUMNS = 24, 25, 32
"""Columns of the tickets, in a cache line of their own, and columns in all."""

_norm, _product, _swiglu = inner(norm_forward), inner(few_rows_product), inner(swiglu_forward)
_kda, _append, _attend = inner(step), inner(append_latents), inner(absorbed_attention)


@intrinsic(prefer_literal=True)
def arguments(typing: Any, row: Any, count: Any) -> Any:
    """Return the first `count` (a constant) arguments of a row as a tuple."""
    kind = types.UniTuple(types.intp, count.literal_value)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = context.get_value_type(types.intp)
        base = builder.inttoptr(arguments[0], whole.as_pointer())
        places = [builder.gep(base, [ir.Constant(whole, FIRST + i)]) for i in range(kind.count)]
        return context.make_tuple(builder, kind, [builder.load(place) for place in places])

    return kind(types.intp, count), emit


@intrinsic
def take(typing: Any, address: Any, count: Any) -> Any:
    """Add to a counter that threads share; return what it was."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], arguments[1].type.as_pointer())
        return builder.atomic_rmw("add", pointer, arguments[1], "seq_cst")

    return types.intp(types.intp, types.intp), emit


@intrinsic
def look(typing: Any, address: Any) -> Any:
    """Read a counter that threads share; what they wrote before counting is seen after."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = context.get_value_type(types.intp)
        return builder.load_atomic(builder.inttoptr(arguments[0], whole.as_pointer()), "seq_cst", 8)

    return types.intp(types.intp), emit


@inner
def _perform(row, first, last, eps, memory):
    """Do some units of an operation."""
    kind = load(row, KIND, first)
    if kind == PRODUCT:
        _product(first, last, arguments(row, 10), eps)
    elif kind == NORM:
        _norm(first, last, arguments(row, 8), eps)
    elif kind == SWIGLU:
        _swiglu(first, last, arguments(row, 6), eps)
    elif kind == KDA:
        _kda(first, last, (*arguments(row, 17), memory), eps)
    elif kind == APPEND:
        _append(first, last, arguments(row, 10), eps)
    else:
        _attend(first, last, (*arguments(row, 17), memory), eps)


def work_through(first, last, a, eps):
    """Do the operations from `first` to `last`, alone or together with others that were called alike."""
    table, alone, memory = a
    for operation in range(first, last):
        row = table + operation * COLUMNS * 8
        units = load(row, UNITS, first)
        constant = load(row, 2 * CONSTANT, eps)
        if alone:
            _perform(row, 0, units, constant, memory)
            continue
        at_once = load(row, AT_ONCE, first)
        while True:
            begin = take(row + TAKEN * 8, at_once)
            if begin >= units:
                break
            end = min(begin + at_once, units)
            _perform(row, begin, end, constant, memory)
            take(row + DONE * 8, end - begin)
        while look(row + DONE * 8) < units:
            pass
    return 0


_PARTS = ("tiles.py", "few_rows.py", "gates_step.py", "absorbed.py")
_WORK = entries(__file__, work_through, also=_PARTS)["work_through"]


class Program:
    """Operations on numbers at fixed places, in order.

    Args:
        rows: of the table: operation, units, constant, arguments.
        memory: bytes of scratch memory that a thread needs.
        threads: that will work through it.
    """

    def __init__(self, rows: list[tuple[int, int, float, tuple[int, ...]]], memory: int, threads: int) -> None:
        self.table = np.zeros((len(rows), COLUMNS), dtype=np.int64)
        """What is called; cells may be changed between calls."""
        for cells, (kind, units, constant, values) in zip(self.table, rows, strict=True):
            cells[:CONSTANT] = kind, units, max(1, units // (4 * threads))
            cells[CONSTANT] = np.float32(constant).view(np.uint32)
            cells[FIRST : FIRST + len(values)] = values
        self._memory, self._threads = memory, threads

    def run(self, first: int, last: int) -> None:
        """Do the operations from `first` to `last`; one caller at a time."""
        table, one = self.table.ctypes.data, np.float32(1.0)
        if self._threads == 1:
            _WORK(first, last, (table, 1, scratch(self._memory)), one)
            return
        self.table[first:last, TAKEN : DONE + 1] = 0

        def join(ticket: int, _: int) -> int:
            return int(_WORK(first, last, (table, 0, scratch(self._memory)), one))

        run_units(self._threads, 1, self._threads, join)
