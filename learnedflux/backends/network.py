"""Learned reconstructions, compiled: rows of faces, the network only where it matters.

The formulas are those of :mod:`learnedflux.reconstruction.families`; only the way networks run is
told here. First every face of a row gets the values without a network, which are right where the
sensor is zero: almost everywhere. The other stencils of a row, of all variables, are gathered, the
network runs through them in one loop over faces that vectorises, and its values take the place of
the first ones.
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
    """Rows of waiting stencils: their places, cells, speeds seen from both sides, and values."""
    step = _step(len(like))
    places = row_at(scratch, len(like) * FACES)
    cells = row_at(places, step)
    speeds = row_at(cells, len(AROUND) * step)
    others = row_at(speeds, len(speeds_like) * step)
    values = row_at(others, len(speeds_like) * step)
    return places, cells, speeds, others, values, step


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
    places, around, fast, others, _, step = _rows(scratch, like, speeds)
    for i in range(n):
        if flags[i] > 0:
            places[waiting] = v * FACES + i
            keep(cells, i, 1.0, row_at(around, waiting), step)
            keep(speeds, i, 1.0, row_at(fast, waiting), step)
            keep(mirrored_speeds, i, -1.0, row_at(others, waiting), step)
            waiting += 1
    return waiting


@pointwise
def _asked(d, c, speeds, settings, weights, layers, look, decide):
    """Left-biased value of a face by the network."""
    seen, gates = look(d, c, speeds, settings, EPS)
    return decide(d, c, speeds, gates, _network(weights, layers, seen), settings)


@pointwise
def settle(left, right, waiting, net, scratch, like, speeds_like, layers, look, decide):
    """Ask the network about all stencils that wait; write their face values where they belong.

    ``speeds_like`` is a tuple as long as the family's speeds, and ``layers`` is one of tuples as
    long as the network's layers.
    """
    settings, weights = net[0], row_at(net[1], 0)
    places, around, fast, others, of_left, step = _rows(scratch, like, speeds_like)
    of_right, lanes = row_at(of_left, step), (waiting + 7) // 8 * 8
    cells = rows_at(around, step, AROUND)
    speeds, mirrored_speeds = rows_at(fast, step, speeds_like), rows_at(others, step, speeds_like)
    for i in range(lanes):
        c, s = entries(cells, i), entries(speeds, i)
        d = differences(*c)
        of_left[i] = _asked(d, c[UPWIND], s, settings, weights, layers, look, decide)
    for i in range(lanes):
        c, s = entries(cells, i), entries(mirrored_speeds, i)
        d = mirrored(differences(*c))
        of_right[i] = _asked(d, c[UPWIND + 1], s, settings, weights, layers, look, decide)
    for i in range(waiting):
        place = int(places[i])
        left[place // FACES, place % FACES] = of_left[i]
        right[place // FACES, place % FACES] = of_right[i]
