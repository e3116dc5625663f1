"""Learned reconstructions, compiled: rows of faces, the network only where it matters.

The formulas are those of :mod:`learnedflux.reconstruction.families`; only the way networks run is
told here. First every face of a row gets the values of smooth flow, which are right where a simple
test says so: almost everywhere. The other stencils of a row, of all variables, are gathered, and
what their family sees in them decides about which the network has to be asked. Those are gathered
once more, and the network runs through them. All loops with arithmetic in them are over neighbours
in memory, or they would not vectorise.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from learnedflux.backends.rows import entries, keep, row_at, rows_at
from learnedflux.ops import pointwise
from learnedflux.policy import Network
from learnedflux.reconstruction.families import UPWIND
from learnedflux.reconstruction.stencil import differences, mirrored

__all__ = ["compiled_network", "gather", "propose", "scratch_size", "settle"]

AROUND = (0.0,) * 6  # as many as there are cells around a face
FACES = 1024  # at least as many as a row of faces has
EPS = float(np.finfo(np.float64).eps)


def compiled_network(network: Network) -> Any:
    """Return a policy's network as kernels take it: settings, and all weights in one array.

    Each layer's matrix (out, in) is followed by its biases.
    """
    parts = [part.ravel() for layer in network.layers for part in layer]
    return np.array(network.settings), np.concatenate(parts)


@pointwise
def _step(variables):
    """Numbers from one row of waiting stencils to the next: room for all, and no power of two."""
    return variables * FACES + 8


def scratch_size(network: Network, variables: int) -> int:
    """How many numbers of scratch the functions below need."""
    rows = 1 + len(AROUND) + 2 * network.family.speeds + 2
    rows += 2 + len(AROUND) + network.family.speeds + 1
    return variables * FACES + rows * _step(variables)


@intrinsic
def _network(typingctx, weights, layers, x):
    """Answers of a network of ReLU layers to the tuple ``x``; all of it is plain arithmetic.

    ``weights`` is a row as :func:`compiled_network` says, ``layers`` a tuple of tuples as long as
    the layers are wide. Instructions, not loops: what runs through a loop over faces whole stays in
    registers.
    """
    widths = [len(x), *map(len, layers)]
    number = ir.DoubleType()

    def generate(context, builder, signature, arguments):
        row, _, given = arguments
        values = [builder.extract_value(given, k) for k in range(len(x))]
        place = itertools.count()

        def weight():
            one = builder.load(builder.gep(row, [ir.IntType(64)(next(place))]))
            # Nobody writes weights: the loop around need not look whether what it writes are some.
            one.set_metadata("invariant.load", builder.module.add_metadata([]))
            return one

        for number_of, (wide, out) in enumerate(itertools.pairwise(widths)):
            matrix = [[weight() for _ in range(wide)] for _ in range(out)]
            totals = []
            for line in matrix:
                total = weight()
                for w, value in zip(line, values, strict=True):
                    total = builder.fadd(total, builder.fmul(w, value))
                totals.append(total)
            if number_of < len(layers) - 1:
                zero = ir.Constant(number, 0.0)
                positive = [builder.fcmp_ordered(">", total, zero) for total in totals]
                totals = [
                    builder.select(yes, total, zero)
                    for yes, total in zip(positive, totals, strict=True)
                ]
            values = totals
        return context.make_tuple(builder, signature.return_type, values)

    return types.UniTuple(types.float64, widths[-1])(weights, layers, x), generate


@pointwise
def _rows(scratch, like, speeds_like):
    """Rows of waiting stencils: places, cells, speeds from both sides, values; what follows."""
    step = _step(len(like))
    places = row_at(scratch, len(like) * FACES)
    cells = row_at(places, step)
    speeds = row_at(cells, len(AROUND) * step)
    others = row_at(speeds, len(speeds_like) * step)
    values = row_at(others, len(speeds_like) * step)
    return places, cells, speeds, others, values, row_at(values, 2 * step), step


@pointwise
def propose(cells, left, right, v, net, scratch, awake, plain):
    """Fill one variable's face values without the network; return how many faces need it.

    ``cells`` are the rows of the cells around faces, ``v`` is the number of the variable.
    """
    settings, n, count = net[0], len(left), 0
    flags = scratch[v * FACES : v * FACES + n].view(np.int64)
    for i in range(n):  # few arrays per loop, or it does not vectorise
        c = entries(cells, i)
        flags[i] = 1 if awake(differences(*c), c[UPWIND], c[UPWIND + 1], settings, EPS) else 0
    for i in range(n):
        c = entries(cells, i)
        d = differences(*c)  # in which the compiler finds what both sides have in common
        left[i] = plain(d, c[UPWIND], settings, EPS)
        right[i] = plain(mirrored(d), c[UPWIND + 1], settings, EPS)
    for i in range(n):
        count += flags[i]
    return count


@pointwise
def gather(cells, speeds, mirrored_speeds, n, v, waiting, scratch, like):
    """Let the stencils of variable ``v`` that need the network wait; return how many do by now.

    ``speeds`` are the rows of the characteristic speeds that a policy sees at the left values, and
    ``mirrored_speeds`` at the right ones but for their sign (none where the family looks at none).
    ``like`` is a tuple as long as the state.
    """
    flags = scratch[v * FACES : v * FACES + n].view(np.int64)
    places, around, fast, others, _, _, step = _rows(scratch, like, speeds)
    for i in range(n):
        if flags[i] > 0:
            places[waiting] = v * FACES + i
            keep(cells, i, 1.0, row_at(around, waiting), step)
            keep(speeds, i, 1.0, row_at(fast, waiting), step)
            keep(mirrored_speeds, i, -1.0, row_at(others, waiting), step)
            waiting += 1
    return waiting


@pointwise
def _one_side(cells, speeds, waiting, values, spare, step, net, layers, rules):
    """Fill the left values of all stencils that wait.

    ``cells`` and ``speeds`` are rows as a policy sees them, ``spare`` a row that others follow.
    """
    look, heeds, decide = rules
    settings, weights, silence, chosen = net[0], row_at(net[1], 0), layers[-1], 0
    flags, places = spare, row_at(spare, step)
    around = row_at(places, step)
    fast = row_at(around, len(cells) * step)
    answered = row_at(fast, len(speeds) * step)
    for i in range((waiting + 7) // 8 * 8):
        c, s = entries(cells, i), entries(speeds, i)
        d = differences(*c)
        _, gates = look(d, c[UPWIND], s, settings, EPS)
        values[i] = decide(d, c[UPWIND], s, gates, silence, settings)
        flags[i] = 1.0 if heeds(s, gates) else 0.0
    for i in range(waiting):
        if flags[i] > 0.0:
            places[chosen] = i
            keep(cells, i, 1.0, row_at(around, chosen), step)
            keep(speeds, i, 1.0, row_at(fast, chosen), step)
            chosen += 1
    cells, speeds = rows_at(around, step, cells), rows_at(fast, step, speeds)
    for i in range((chosen + 7) // 8 * 8):
        c, s = entries(cells, i), entries(speeds, i)
        d = differences(*c)
        seen, gates = look(d, c[UPWIND], s, settings, EPS)
        answers = _network(weights, layers, seen)
        answered[i] = decide(d, c[UPWIND], s, gates, answers, settings)
    for i in range(chosen):
        values[int(places[i])] = answered[i]


@pointwise
def settle(left, right, waiting, net, scratch, like, speeds_like, layers, rules):
    """Fill the face values of all stencils that wait, where they belong.

    ``speeds_like`` is a tuple as long as the family's speeds, ``layers`` is one of tuples of zeros
    as long as the network's layers, ``rules`` are the family's functions but the first two.
    """
    places, around, fast, others, of_left, spare, step = _rows(scratch, like, speeds_like)
    of_right, last = row_at(of_left, step), row_at(around, (len(AROUND) - 1) * step)
    cells, reverse = rows_at(around, step, AROUND), rows_at(last, -step, AROUND)
    speeds, mirrored_speeds = rows_at(fast, step, speeds_like), rows_at(others, step, speeds_like)
    _one_side(cells, speeds, waiting, of_left, spare, step, net, layers, rules)
    _one_side(reverse, mirrored_speeds, waiting, of_right, spare, step, net, layers, rules)
    for i in range(waiting):
        place = int(places[i])
        left[place // FACES, place % FACES] = of_left[i]
        right[place // FACES, place % FACES] = of_right[i]
