"""Learned reconstructions, compiled: rows of faces, the network only where it matters.

The formulas are those of :mod:`learnedflux.reconstruction.families`; only the way networks run is
told here. First every face of a row gets the values of the smooth scheme, which are right almost
everywhere. The other faces of a row, of all variables, are gathered and looked at: most of them
only have narrower bounds. Where the network has a say, it is asked about left and right values in
one loop that vectorises, and its values take the place of the first ones.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from learnedflux.backends.rows import entries, keep, row_at, rows_at
from learnedflux.ops import overload, pointwise, reverse, scale
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
    rows = 4 + 3 * (len(AROUND) + network.family.speeds) + 2
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
    """Rows of faces that wait: places, left and right values, flags, cells and speeds.

    Then rows twice as long of what the network is asked: cells, speeds and values, alternately of
    the left and the right value of a face.
    """
    step, twice = _step(len(like)), 2 * _step(len(like))
    places = row_at(scratch, len(like) * FACES)
    flags, left, right = row_at(places, step), row_at(places, 2 * step), row_at(places, 3 * step)
    cells = row_at(places, 4 * step)
    speeds = row_at(cells, len(AROUND) * step)
    asked = row_at(speeds, len(speeds_like) * step)
    seen = row_at(asked, len(AROUND) * twice)
    values = row_at(seen, len(speeds_like) * twice)
    return places, flags, left, right, cells, speeds, asked, seen, values, step


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
def gather(cells, speeds, n, v, waiting, scratch, like):
    """Let the faces of variable ``v`` that are awake wait; return how many do by now.

    ``speeds`` are the rows of the characteristic speeds that a policy sees at the left values (none
    where the family looks at none), and ``like`` is a tuple as long as the state.
    """
    flags = scratch[v * FACES : v * FACES + n].view(np.int64)
    places, _, _, _, around, fast, _, _, _, step = _rows(scratch, like, speeds)
    for i in range(n):
        if flags[i] > 0:
            places[waiting] = v * FACES + i
            keep(cells, i, 1.0, row_at(around, waiting), step)
            keep(speeds, i, 1.0, row_at(fast, waiting), step)
            waiting += 1
    return waiting


def _from_right(speeds):
    raise TypeError("only for compiled code")


@overload(_from_right)
def _from_right_compiled(speeds):
    """Speeds as a right value sees them, but for their signs: sides and the order of fields."""
    if len(speeds) == 0:
        return lambda speeds: speeds
    return lambda speeds: (speeds[1], speeds[0], speeds[5], speeds[4], speeds[3], speeds[2])


@pointwise
def _unasked(d, c, speeds, settings, answers, look, heard, decide):
    """Left-biased value of a face by any answers; and whether those make a difference."""
    _, gates = look(d, c, speeds, settings, EPS)
    return decide(d, c, speeds, gates, answers, settings), heard(speeds, gates)


@pointwise
def _asked(d, c, speeds, settings, weights, layers, look, decide):
    """Left-biased value of a face by the network."""
    seen, gates = look(d, c, speeds, settings, EPS)
    return decide(d, c, speeds, gates, _network(weights, layers, seen), settings)


@pointwise
def settle(left, right, waiting, net, scratch, like, speeds_like, layers, look, heard, decide):
    """Write the values of all faces that wait where they belong; ask the network where it counts.

    ``speeds_like`` is a tuple as long as the family's speeds, and ``layers`` is one of tuples as
    long as the network's layers.
    """
    settings, weights, silence = net[0], row_at(net[1], 0), layers[-1]
    places, flags, of_left, of_right, around, fast, asked, seen, values, step = _rows(
        scratch, like, speeds_like
    )
    cells, speeds = rows_at(around, step, AROUND), rows_at(fast, step, speeds_like)
    for i in range((waiting + 7) // 8 * 8):
        c, s = entries(cells, i), entries(speeds, i)
        d, others = differences(*c), scale(-1.0, _from_right(s))
        of_left[i], one = _unasked(d, c[UPWIND], s, settings, silence, look, heard, decide)
        of_right[i], other = _unasked(
            mirrored(d), c[UPWIND + 1], others, settings, silence, look, heard, decide
        )
        flags[i] = 1.0 if one | other else 0.0
    count = 0
    for i in range(waiting):
        place = int(places[i])
        left[place // FACES, place % FACES] = of_left[i]
        right[place // FACES, place % FACES] = of_right[i]
        if flags[i] > 0.0:
            places[count] = places[i]
            one, other = 2 * count, 2 * count + 1
            keep(cells, i, 1.0, row_at(asked, one), 2 * step)
            keep(speeds, i, 1.0, row_at(seen, one), 2 * step)
            keep(reverse(cells), i, 1.0, row_at(asked, other), 2 * step)
            keep(_from_right(speeds), i, -1.0, row_at(seen, other), 2 * step)
            count += 1
    cells, speeds = rows_at(asked, 2 * step, AROUND), rows_at(seen, 2 * step, speeds_like)
    for i in range((2 * count + 7) // 8 * 8):
        c, s = entries(cells, i), entries(speeds, i)
        values[i] = _asked(differences(*c), c[UPWIND], s, settings, weights, layers, look, decide)
    for i in range(count):
        place = int(places[i])
        left[place // FACES, place % FACES] = values[2 * i]
        right[place // FACES, place % FACES] = values[2 * i + 1]
