"""Rows of cells as tuples of arrays, for compiled kernels only.

Tuples are unrolled by recursion at compile time; see the end of :mod:`learnedflux.ops`.
"""

# ruff: noqa: D103 - the module's text says what these are; they exist for the compiler alone
from __future__ import annotations

from learnedflux.ops import overload

__all__ = ["load", "rows_of", "store", "windows"]


def rows_of(array, row, like):
    raise TypeError("only for compiled code")


def windows(rows, offsets, n):
    raise TypeError("only for compiled code")


def load(windows, i):
    raise TypeError("only for compiled code")


def store(rows, i, values):
    raise TypeError("only for compiled code")


def _rows_from(array, row, first, like):
    raise TypeError("only for compiled code")


@overload(_rows_from)
def _rows_from_compiled(array, row, first, like):
    if len(like) == 1:
        return lambda array, row, first, like: (array[first, row],)
    return lambda array, row, first, like: (
        array[first, row],
        *_rows_from(array, row, first + 1, like[1:]),
    )


@overload(rows_of)
def _rows_of(array, row, like):
    """Tuple over variables of contiguous 1D rows."""
    return lambda array, row, like: _rows_from(array, row, 0, like)


def _window(rows, offset, n):
    raise TypeError("only for compiled code")


@overload(_window)
def _window_compiled(rows, offset, n):
    if len(rows) == 1:
        return lambda rows, offset, n: (rows[0][offset : offset + n],)
    return lambda rows, offset, n: (
        rows[0][offset : offset + n],
        *_window(rows[1:], offset, n),
    )


@overload(windows)
def _windows(rows, offsets, n):
    """Tuple over stencil offsets of the rows, shifted, so that index i is face i everywhere."""
    if len(offsets) == 1:
        return lambda rows, offsets, n: (_window(rows, offsets[0], n),)
    return lambda rows, offsets, n: (
        _window(rows, offsets[0], n),
        *windows(rows, offsets[1:], n),
    )


def _at(rows, i):
    raise TypeError("only for compiled code")


@overload(_at)
def _at_compiled(rows, i):
    if len(rows) == 1:
        return lambda rows, i: (rows[0][i],)
    return lambda rows, i: (rows[0][i], *_at(rows[1:], i))


@overload(load)
def _load(windows, i):
    """Tuple over windows of the state (a tuple over variables) at index i."""
    if len(windows) == 1:
        return lambda windows, i: (_at(windows[0], i),)
    return lambda windows, i: (_at(windows[0], i), *load(windows[1:], i))


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
