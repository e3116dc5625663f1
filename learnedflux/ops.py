"""The small vocabulary in which all pointwise physics and numerics is written.

A pointwise function takes scalars, or tuples of scalars, and never branches on data. A scalar is a
Python float, a NumPy array, a Numba scalar or a torch tensor: the same source is compiled by Numba
into CPU loops and runs elementwise on arrays and tensors. Plain arithmetic needs no wrapper; what
differs between these worlds (selection, square roots, tuples of run-time index) is here.

``where`` evaluates both branches. On tensors a non-finite *unused* branch still poisons the
gradient, hence :func:`safe_sqrt` and :func:`safe_div`.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from typing import Any

import numba.extending
import numpy as np
from numba.cpython.unsafe.tuple import tuple_setitem
from numba.extending import register_jitable

from learnedflux.parts import PartCompiler
from learnedflux.tuples import dotted, mapped, mapped_with, reversed_tuple, scaled, selected

__all__ = [
    "Scalar",
    "absolute",
    "add",
    "add_at",
    "dot",
    "exp",
    "fill",
    "larger",
    "least",
    "maximum",
    "minimum",
    "negate_at",
    "pointwise",
    "reverse",
    "safe_div",
    "safe_sqrt",
    "scale",
    "select",
    "set_at",
    "sign",
    "smaller",
    "sqrt",
    "subtract",
    "tmap",
    "tmap_with",
    "where",
]

Scalar = Any  # float, ndarray, tensor or Numba scalar: duck-typed on purpose
TINY = 1e-300  # keeps a quotient of two zeros finite; far below any physical value
FLOOR = 1e-30  # the same where a *gradient* must stay finite too

# Division must not raise (the check is a branch) and pointwise functions must be inlined: one
# branch or call left in a loop keeps LLVM from vectorising it, at ten times the cost.
COMPILE = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": PartCompiler,
}

pointwise = register_jitable(**COMPILE)
"""Decorator: leaves a Python function as it is and lets Numba kernels call it."""

overload = functools.partial(numba.extending.overload, jit_options=COMPILE)


def _library(x: Any) -> Any:
    """Return the array module that owns ``x``: torch, numpy, or None for plain numbers.

    Torch is looked up, never imported: a tensor can only exist once the caller imported it.
    """
    if isinstance(x, (float, int)):
        return None
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        return torch
    return np


def _binary(
    word: str, name: str, bound: str, plain: Callable[[Any, Any], Any], doc: str
) -> Callable[[Any, Any], Any]:
    def function(a: Scalar, b: Scalar) -> Scalar:
        lib = _library(a) or _library(b)
        if lib is None:
            return plain(a, b)
        if lib is np:
            return getattr(np, name)(a, b)
        # torch.minimum takes two tensors; a plain number would have to guess their dtype.
        if not isinstance(a, lib.Tensor):
            return lib.clamp(b, **{bound: a})
        if not isinstance(b, lib.Tensor):
            return lib.clamp(a, **{bound: b})
        return getattr(lib, name)(a, b)

    function.__name__ = function.__qualname__ = word
    function.__doc__ = doc
    return function


# A NaN on either side must come out, as it does of NumPy and torch: it is how a bad state shows.
minimum = _binary(
    "minimum",
    "minimum",
    "max",
    lambda a, b: b if (b < a) | (b != b) else a,
    "Elementwise minimum of two scalars; NaN where one is.",
)
maximum = _binary(
    "maximum",
    "maximum",
    "min",
    lambda a, b: b if (b > a) | (b != b) else a,
    "Elementwise maximum of two scalars; NaN where one is.",
)
# One instruction instead of four, for whoever sees to it that a NaN comes out some other way.
smaller = _binary(
    "smaller",
    "minimum",
    "max",
    lambda a, b: a if a < b else b,
    "Elementwise minimum of two numbers; NaN where ``b`` is, and either where only ``a`` is.",
)
larger = _binary(
    "larger",
    "maximum",
    "min",
    lambda a, b: a if a > b else b,
    "Elementwise maximum of two numbers; NaN where ``b`` is, and either where only ``a`` is.",
)


def where(condition: Scalar, a: Scalar, b: Scalar) -> Scalar:
    """Select ``a`` where ``condition`` holds, else ``b``; both are evaluated."""
    lib = _library(condition)
    if lib is None:
        return a if condition else b
    return lib.where(condition, a, b)


def sqrt(x: Scalar) -> Scalar:
    """Square root; NaN for negative numbers in every world."""
    lib = _library(x)
    if lib is None:
        return math.sqrt(x) if x >= 0 else math.nan
    if lib is np:
        with np.errstate(invalid="ignore"):
            return np.sqrt(x)
    return lib.sqrt(x)


def exp(x: Scalar) -> Scalar:
    """Exponential."""
    lib = _library(x)
    return math.exp(x) if lib is None else lib.exp(x)


def absolute(x: Scalar) -> Scalar:
    """Absolute value."""
    return abs(x)


@pointwise
def sign(x: Scalar) -> Scalar:
    """Return -1, 0 or 1."""
    return where(x > 0, 1.0, where(x < 0, -1.0, 0.0 * x))


@pointwise
def safe_sqrt(x: Scalar) -> Scalar:
    """Square root of ``max(x, 0)`` whose gradient is finite everywhere."""
    return sqrt(maximum(x, FLOOR))


@pointwise
def safe_div(a: Scalar, b: Scalar) -> Scalar:
    """``a / b``, and ``a`` where ``b`` vanishes; its gradient is finite in every precision."""
    return a / where(absolute(b) < FLOOR, 1.0 + 0.0 * b, b)


def tmap(function: Callable[..., Any], *tuples: tuple[Any, ...]) -> tuple[Any, ...]:
    """Apply ``function`` to the entries of tuples of equal length, entry by entry."""
    return tuple(function(*entries) for entries in zip(*tuples, strict=True))


def tmap_with(
    function: Callable[..., Any], eq: Any, face: Any, cells: tuple[Any, ...], axis: int
) -> tuple[Any, ...]:
    """Apply ``function(eq, face, cell, axis)`` to each cell of a stencil."""
    return tuple(function(eq, face, cell, axis) for cell in cells)


def reverse(a: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a tuple from its last entry to its first."""
    return a[::-1]


@pointwise
def _plus(a: Scalar, b: Scalar) -> Scalar:
    return a + b


@pointwise
def _minus(a: Scalar, b: Scalar) -> Scalar:
    return a - b


@pointwise
def _one(a: Scalar) -> Scalar:
    return 1.0


@pointwise
def add(a: tuple[Scalar, ...], b: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """Sum of two tuples, entry by entry."""
    return tmap(_plus, a, b)


@pointwise
def subtract(a: tuple[Scalar, ...], b: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """Difference of two tuples, entry by entry."""
    return tmap(_minus, a, b)


def scale(factor: Scalar, a: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """``factor * a``, entry by entry."""
    return tuple(factor * x for x in a)


@pointwise
def fill(value: Scalar, like: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """Return a tuple as long as ``like`` with every entry ``value``."""
    return scale(value, tmap(_one, like))


def select(condition: Scalar, a: tuple[Scalar, ...], b: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """:func:`where` for tuples."""
    return tuple(where(condition, x, y) for x, y in zip(a, b, strict=True))


def dot(a: tuple[Scalar, ...], b: tuple[Scalar, ...]) -> Scalar:
    """Sum of products; summed from the first entry to the last in every world."""
    total = a[0] * b[0]
    for x, y in zip(a[1:], b[1:], strict=True):
        total = total + x * y
    return total


def least(a: tuple[Scalar, ...]) -> Scalar:
    """Smallest entry of a tuple."""
    return functools.reduce(minimum, a)


def add_at(a: tuple[Scalar, ...], index: int, value: Scalar) -> tuple[Scalar, ...]:
    """Return ``a`` with ``value`` added to entry ``index`` (an axis, say)."""
    return (*a[:index], a[index] + value, *a[index + 1 :])


def set_at(a: tuple[Scalar, ...], index: int, value: Scalar) -> tuple[Scalar, ...]:
    """Return ``a`` with entry ``index`` replaced."""
    return (*a[:index], value, *a[index + 1 :])


def negate_at(a: tuple[Scalar, ...], index: int) -> tuple[Scalar, ...]:
    """Return ``a`` with entry ``index`` negated."""
    return (*a[:index], -a[index], *a[index + 1 :])


# --- the same words for Numba ------------------------------------------------------------------
# Each length of a tuple is a type of its own, so the compiler sees straight-line code and can
# vectorise the loop around it.


@overload(minimum)
def _minimum(a, b):
    return lambda a, b: b if (b < a) | (b != b) else a


@overload(maximum)
def _maximum(a, b):
    return lambda a, b: b if (b > a) | (b != b) else a


@overload(smaller)
def _smaller(a, b):
    return lambda a, b: a if a < b else b


@overload(larger)
def _larger(a, b):
    return lambda a, b: a if a > b else b


@overload(where)
def _where(condition, a, b):
    return lambda condition, a, b: a if condition else b


@overload(sqrt)
def _sqrt(x):
    return lambda x: math.sqrt(x)


@overload(exp)
def _exp(x):
    return lambda x: math.exp(x)


@overload(absolute)
def _absolute(x):
    return lambda x: abs(x)


@overload(tmap)
def _tmap(function, *tuples):
    return lambda function, *tuples: mapped(function, tuples)


@overload(tmap_with)
def _tmap_with(function, eq, face, cells, axis):
    return lambda function, eq, face, cells, axis: mapped_with(function, eq, face, cells, axis)


@overload(reverse)
def _reverse(a):
    return lambda a: reversed_tuple(a)


@overload(scale)
def _scale(factor, a):
    return lambda factor, a: scaled(factor, a)


@overload(select)
def _select(condition, a, b):
    return lambda condition, a, b: selected(condition, a, b)


@overload(dot)
def _dot(a, b):
    return lambda a, b: dotted(a, b)


@overload(least)
def _least(a):
    if len(a) == 1:
        return lambda a: a[0]
    return lambda a: minimum(a[0], least(a[1:]))


@overload(add_at)
def _add_at(a, index, value):
    return lambda a, index, value: tuple_setitem(a, index, a[index] + value)


@overload(set_at)
def _set_at(a, index, value):
    return lambda a, index, value: tuple_setitem(a, index, value)


@overload(negate_at)
def _negate_at(a, index):
    return lambda a, index: tuple_setitem(a, index, -a[index])
