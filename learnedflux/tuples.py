"""Words for tuples in compiled code, emitted as instructions.

A function of tuples that calls itself on the rest of one is compiled once per length, and each
compilation takes some 30 ms. These are what :mod:`learnedflux.ops` means by its words in a kernel,
one after the other and in the same order; they exist for the compiler alone.
"""

from __future__ import annotations

import functools
from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["dotted", "heads", "reversed_tuple", "scaled", "selected", "tails"]


def _numbers(context: Any, builder: Any, kind: Any, value: Any) -> list[Any]:
    """Entries of a tuple as float64."""
    return [
        context.cast(builder, builder.extract_value(value, k), entry, types.float64)
        for k, entry in enumerate(kind)
    ]


@intrinsic
def heads(typingctx, tuples):
    """First entries of tuples."""
    found = types.Tuple([one[0] for one in tuples])

    def generate(context, builder, signature, arguments):
        entries = [builder.extract_value(arguments[0], (k, 0)) for k in range(len(tuples))]
        return context.make_tuple(builder, found, entries)

    return found(tuples), generate


@intrinsic
def tails(typingctx, tuples):
    """Tuples without their first entries."""
    found = types.Tuple([types.Tuple(list(one)[1:]) for one in tuples])

    def generate(context, builder, signature, arguments):
        rest = []
        for k, one in enumerate(tuples):
            entries = [builder.extract_value(arguments[0], (k, j)) for j in range(1, len(one))]
            rest.append(context.make_tuple(builder, found[k], entries))
        return context.make_tuple(builder, found, rest)

    return found(tuples), generate


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
