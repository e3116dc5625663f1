"""Rows of numbers for compiled kernels: plain pointers, and tuples of them.

A slice of a Numba array is a structure of seven words that is clamped to its bounds and counted;
a row is one pointer. Kernels of rows compile in half the time and start their loops at once, no
index of theirs can wrap, and where two rows lie in one buffer the compiler sees by how much they
differ. Whoever makes a row answers for its length.

The words below are emitted as instructions. Written as recursive functions on tuples, each would be
compiled once per length.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from learnedflux.ops import pointwise

__all__ = [
    "array_at", "cells_of", "column", "entries", "keep", "moved", "row_at", "rows_at", "rows_of",
    "stencil", "store",
]  # fmt: skip

ROW = types.CPointer(types.float64)
INDEX = ir.IntType(64)


def _tuple(kind: Any, count: int) -> Any:
    return types.UniTuple(kind, count) if count else types.Tuple(())


def _offset(builder: Any, row: Any, *offsets: Any) -> Any:
    """Pointer moved by the sum of offsets."""
    for offset in offsets:
        row = builder.gep(row, [offset])
    return row


def _load(builder: Any, row: Any, i: Any) -> Any:
    return builder.load(_offset(builder, row, i))


@intrinsic
def row_at(typingctx, base, offset):
    """Row that begins at an entry of a contiguous array, or of another row."""

    def generate(context, builder, signature, arguments):
        kind, (given, shift) = signature.args[0], arguments
        if isinstance(kind, types.Array):
            given = context.make_array(kind)(context, builder, given).data
        return _offset(builder, given, shift)

    return ROW(base, types.intp), generate


@intrinsic
def rows_at(typingctx, base, step, like):
    """As many rows as ``like`` has entries, the first at ``base`` and each ``step`` further on."""
    count = len(like)

    def generate(context, builder, signature, arguments):
        row, step, _ = arguments
        rows = [_offset(builder, row, builder.mul(step, INDEX(k))) for k in range(count)]
        return context.make_tuple(builder, signature.return_type, rows)

    return _tuple(ROW, count)(base, types.intp, like), generate


@pointwise
def rows_of(array, start, n, like):
    """Rows over the variables of an array (variable, lane), from lane ``start`` on."""
    return rows_at(row_at(array, start), array.shape[1], like)


@intrinsic
def stencil(typingctx, base, slot, ring, size, step, offsets):
    """Rows of the neighbours of cells: ``offsets`` further along the axis than the first.

    Neighbours are slots of a ring of ``ring`` slots of ``size`` numbers, and entries ``step`` apart
    within a slot: one of the two is nothing.
    """
    count = len(offsets)

    def generate(context, builder, signature, arguments):
        row, slot, ring, size, step, offsets = arguments
        rows = []
        for j in range(count):
            offset = builder.extract_value(offsets, j)
            at = builder.mul(builder.urem(builder.add(slot, offset), ring), size)
            rows.append(_offset(builder, row, at, builder.mul(step, offset)))
        return context.make_tuple(builder, signature.return_type, rows)

    kinds = (base, types.intp, types.intp, types.intp, types.intp, offsets)
    return _tuple(ROW, count)(*kinds), generate


@intrinsic
def array_at(typingctx, row, height, width):
    """Array (height, width) of what begins at a row, for code that wants arrays."""

    def generate(context, builder, signature, arguments):
        row, height, width = arguments
        size = context.get_constant(types.intp, 8)
        array = context.make_array(signature.return_type)(context, builder)
        populate_array(
            array,
            data=row,
            shape=[height, width],
            strides=[builder.mul(width, size), size],
            itemsize=size,
            meminfo=None,
        )
        return array._getvalue()

    return types.Array(types.float64, 2, "C")(row, types.intp, types.intp), generate


@intrinsic
def moved(typingctx, rows, offset):
    """Rows that begin ``offset`` entries later."""

    def generate(context, builder, signature, arguments):
        rows, offset = arguments
        found = [
            _offset(builder, builder.extract_value(rows, k), offset)
            for k in range(len(signature.args[0]))
        ]
        return context.make_tuple(builder, signature.return_type, found)

    return rows(rows, types.intp), generate


@intrinsic
def entries(typingctx, rows, i):
    """Tuple of the entries at index i, one per row: a state, or the values of a stencil."""
    count = len(rows)

    def generate(context, builder, signature, arguments):
        rows, i = arguments
        found = [_load(builder, builder.extract_value(rows, k), i) for k in range(count)]
        return context.make_tuple(builder, signature.return_type, found)

    return _tuple(types.float64, count)(rows, types.intp), generate


@intrinsic
def cells_of(typingctx, rows, i, step, like):
    """Tuple over rows of the states at index i, whose variables are ``step`` apart."""
    state = _tuple(types.float64, len(like))
    kind = _tuple(state, len(rows))

    def generate(context, builder, signature, arguments):
        rows, i, step, _ = arguments
        found = []
        for k in range(len(kind)):
            row = builder.extract_value(rows, k)
            shifts = [builder.mul(step, INDEX(v)) for v in range(len(state))]
            values = [_load(builder, _offset(builder, row, s), i) for s in shifts]
            found.append(context.make_tuple(builder, state, values))
        return context.make_tuple(builder, kind, found)

    return kind(rows, types.intp, types.intp, like), generate


@intrinsic
def column(typingctx, states, rest):
    """Tuple of one entry of each state: the one with which ``rest``, the end of a state, begins."""
    which, count = len(states[0]) - len(rest), len(states)

    def generate(context, builder, signature, arguments):
        found = [builder.extract_value(arguments[0], (k, which)) for k in range(count)]
        return context.make_tuple(builder, signature.return_type, found)

    return _tuple(types.float64, count)(states, rest), generate


@intrinsic
def store(typingctx, rows, i, values):
    """Write a state at index i."""

    def generate(context, builder, signature, arguments):
        rows, i, values = arguments
        for k, kind in enumerate(signature.args[2]):
            value = context.cast(builder, builder.extract_value(values, k), kind, types.float64)
            builder.store(value, _offset(builder, builder.extract_value(rows, k), i))
        return context.get_dummy_value()

    return types.none(rows, types.intp, values), generate


@intrinsic
def keep(typingctx, rows, i, factor, to, step):
    """Write the entries at index i, times a factor, into a row, each ``step`` further on."""

    def generate(context, builder, signature, arguments):
        rows, i, factor, to, step = arguments
        for k in range(len(signature.args[0])):
            value = _load(builder, builder.extract_value(rows, k), i)
            at = _offset(builder, to, builder.mul(step, INDEX(k)))
            builder.store(builder.fmul(factor, value), at)
        return context.get_dummy_value()

    return types.none(rows, types.intp, types.float64, to, types.intp), generate
