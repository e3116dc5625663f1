"""Rows of cells as tuples of arrays, for compiled kernels only.

Tuples are unrolled by recursion at compile time; see the end of :mod:`learnedflux.ops`.
"""

# ruff: noqa: D103 - the module's text says what these are; they exist for the compiler alone
from __future__ import annotations

from learnedflux.ops import overload

__all__ = ["entries", "keep", "load", "rows_of", "stencil_of", "store"]


def rows_of(array, start, n, like):
    raise TypeError("only for compiled code")


def stencil_of(buffer, v, slot, start, n, offsets, slot_step, start_step):
    raise TypeError("only for compiled code")


def entries(rows, i):
    raise TypeError("only for compiled code")


def load(groups, i):
    raise TypeError("only for compiled code")


def store(rows, i, values):
    raise TypeError("only for compiled code")


def keep(rows, i, factor, to, at):
    raise TypeError("only for compiled code")


def _rows_from(array, first, start, n, like):
    raise TypeError("only for compiled code")


@overload(_rows_from)
def _rows_from_compiled(array, first, start, n, like):
    if len(like) == 1:
        return lambda array, first, start, n, like: (array[first, start : start + n],)
    return lambda array, first, start, n, like: (
        array[first, start : start + n],
        *_rows_from(array, first + 1, start, n, like[1:]),
    )


@overload(rows_of)
def _rows_of(array, start, n, like):
    """Tuple over variables of ``n`` lanes of an array (variable, lane)."""
    if len(like) == 0:
        return lambda array, start, n, like: ()
    return lambda array, start, n, like: _rows_from(array, 0, start, n, like)


@overload(stencil_of)
def _stencil_of(buffer, v, slot, start, n, offsets, slot_step, start_step):
    """Tuple over stencil offsets of ``n`` lanes of variable ``v`` in (slot, variable, lane).

    Slots are a ring; lane i of every row belongs to face i.
    """

    def one(buffer, v, slot, start, n, offsets, slot_step, start_step):
        s = start + offsets[0] * start_step
        return (buffer[(slot + offsets[0] * slot_step) % buffer.shape[0], v, s : s + n],)

    if len(offsets) == 1:
        return one

    def more(buffer, v, slot, start, n, offsets, slot_step, start_step):
        s = start + offsets[0] * start_step
        return (
            buffer[(slot + offsets[0] * slot_step) % buffer.shape[0], v, s : s + n],
            *stencil_of(buffer, v, slot, start, n, offsets[1:], slot_step, start_step),
        )

    return more


@overload(entries)
def _entries(rows, i):
    """Tuple of the entries at index i, one per row: a state, or the values of a stencil."""
    if len(rows) == 0:
        return lambda rows, i: ()
    if len(rows) == 1:
        return lambda rows, i: (rows[0][i],)
    return lambda rows, i: (rows[0][i], *entries(rows[1:], i))


@overload(load)
def _load(groups, i):
    """Tuple over groups of rows of the entries at index i."""
    if len(groups) == 1:
        return lambda groups, i: (entries(groups[0], i),)
    return lambda groups, i: (entries(groups[0], i), *load(groups[1:], i))


@overload(store)
def _store(rows, i, values):
    """Write a state at index i."""
    if len(rows) == 1:

        def last(rows, i, values):
            rows[0][i] = values[0]

        return last

    def one(rows, i, values):
        rows[0][i] = values[0]
        store(rows[1:], i, values[1:])

    return one


@overload(keep)
def _keep(rows, i, factor, to, at):
    """Write the entries at index i, times a factor, one after the other into a flat array."""
    if len(rows) == 0:
        return lambda rows, i, factor, to, at: None

    def one(rows, i, factor, to, at):
        to[at] = factor * rows[0][i]
        keep(rows[1:], i, factor, to, at + 1)

    return one
