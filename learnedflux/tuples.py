"""Words for tuples in compiled code, emitted as instructions.

A function of tuples that calls itself on the rest of one is compiled once per length, and each
compilation takes some 20 ms. These are what :mod:`learnedflux.ops` means by its words in a kernel,
one after the other and in the same order; they exist for the compiler alone.
"""

from __future__ import annotations

import functools
from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["dotted", "mapped", "mapped_with", "reversed_tuple", "scaled", "selected"]


def _numbers(context: Any, builder: Any, kind: Any, value: Any) -> list[Any]:
    """Entries of a tuple as float64."""
    return [
        context.cast(builder, builder.extract_value(value, k), entry, types.float64)
        for k, entry in enumerate(kind)
    ]


def _calls(typingctx, function, lists):
    """Type of a tuple of results of a function, one per list of arguments, and their code."""
    signatures = [typingctx.resolve_function_type(function, kinds, {}) for kinds in lists]
    found = types.Tuple([one.return_type for one in signatures])

    def generate(context, builder, given):
        results = []
        for kinds, one, values in zip(lists, signatures, given, strict=True):
            call = context.get_function(function, one)
            context.add_linking_libs(getattr(call, "libs", ()))
            pairs = zip(values, kinds, one.args, strict=True)
            results.append(call(builder, [context.cast(builder, *pair) for pair in pairs]))
        return context.make_tuple(builder, found, results)

    return found, generate


@intrinsic
def mapped(typingctx, function, tuples):
    """Results of a function of all first entries, of all second entries, and so on."""
    lists = list(zip(*tuples, strict=True))
    found, calls = _calls(typingctx, function, lists)

    def generate(context, builder, signature, arguments):
        given = [
            [builder.extract_value(arguments[1], (j, k)) for j in range(len(tuples))]
            for k in range(len(lists))
        ]
        return calls(context, builder, given)

    return found(function, tuples), generate


@intrinsic
def mapped_with(typingctx, function, eq, face, cells, axis):
    """Results of a function of an equation, a frame, each of several cells, and an axis."""
    found, calls = _calls(typingctx, function, [(eq, face, cell, axis) for cell in cells])

    def generate(context, builder, signature, arguments):
        _, e, f, states, a = arguments
        given = [(e, f, builder.extract_value(states, k), a) for k in range(len(cells))]
        return calls(context, builder, given)

    return found(function, eq, face, cells, axis), generate


@intrinsic
def reversed_tuple(typingctx, a):
    """Entries from the last to the first."""
    found = types.Tuple(list(a)[::-1])

    def generate(context, builder, signature, arguments):
        entries = [builder.extract_value(arguments[0], k) for k in range(len(a))]
        return context.make_tuple(builder, found, entries[::-1])

    return found(a), generate


@intrinsic
def scaled(typingctx, factor, a):
    """``factor`` times each entry."""
    found = types.UniTuple(types.float64, len(a))

    def generate(context, builder, signature, arguments):
        by = context.cast(builder, arguments[0], factor, types.float64)
        entries = [builder.fmul(by, x) for x in _numbers(context, builder, a, arguments[1])]
        return context.make_tuple(builder, found, entries)

    return found(factor, a), generate


@intrinsic
def selected(typingctx, condition, a, b):
    """Entries of ``a`` where ``condition`` holds, else of ``b``."""
    found = types.UniTuple(types.float64, len(a))

    def generate(context, builder, signature, arguments):
        chosen = context.cast(builder, arguments[0], condition, types.boolean)
        one = _numbers(context, builder, a, arguments[1])
        other = _numbers(context, builder, b, arguments[2])
        entries = [builder.select(chosen, x, y) for x, y in zip(one, other, strict=True)]
        return context.make_tuple(builder, found, entries)

    return found(condition, a, b), generate


@intrinsic
def dotted(typingctx, a, b):
    """Sum of products, from the first to the last."""

    def generate(context, builder, signature, arguments):
        one = _numbers(context, builder, a, arguments[0])
        other = _numbers(context, builder, b, arguments[1])
        products = [builder.fmul(x, y) for x, y in zip(one, other, strict=True)]
        return functools.reduce(builder.fadd, products)

    return types.float64(a, b), generate
