"""Learned reconstructions, compiled: rows of faces, the network only where it matters.

The formulas are those of :mod:`learnedflux.reconstruction.families`; only the way networks run is
told here. First every face of a row gets the value without a network, which is right where the
sensor is zero: almost everywhere. The other stencils of a row, of all variables and both sides, are
gathered, the network runs through them in loops over faces that vectorise, and their values take
the place of the first ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from learnedflux.backends.rows import entries, keep, row_at, rows_of, store
from learnedflux.ops import pointwise
from learnedflux.policy import Network

__all__ = ["compiled_network", "propose", "scratch_size", "settle"]

FACES = 1024  # at least as many as a row of faces has
BLOCK = 128  # faces for which the network runs at once
EPS = float(np.finfo(np.float64).eps)


def compiled_network(network: Network) -> Any:
    """Return a policy's network as kernels take it: settings, weights and biases."""
    weights = tuple(np.ascontiguousarray(weight) for weight, _ in network.layers)
    biases = tuple(np.ascontiguousarray(bias) for _, bias in network.layers)
    return np.array(network.settings), weights, biases


def scratch_size(network: Network, variables: int) -> int:
    """How many numbers of scratch :func:`propose` and :func:`settle` need."""
    family = network.family
    kept = family.cells + family.speeds
    widest = max(family.inputs, *(len(bias) for _, bias in network.layers))
    queue = 2 * variables * FACES * (kept + 1)
    return FACES + queue + (2 * widest + kept + family.gates + 1) * BLOCK


@pointwise
def _layer(weight, bias, x, y, n, last):
    """One layer for ``n`` faces: y = weight x + bias, and ReLU but for the last."""
    for o in range(weight.shape[0]):
        to = y[o, :n]
        b = bias[o]
        for i in range(n):
            to[i] = b
        for k in range(0, weight.shape[1] - 3, 4):  # four at a time: fewer passes over ``to``
            w0, w1, w2, w3 = weight[o, k], weight[o, k + 1], weight[o, k + 2], weight[o, k + 3]
            x0, x1, x2, x3 = x[k, :n], x[k + 1, :n], x[k + 2, :n], x[k + 3, :n]
            for i in range(n):
                to[i] = to[i] + w0 * x0[i] + w1 * x1[i] + w2 * x2[i] + w3 * x3[i]
        for k in range(weight.shape[1] // 4 * 4, weight.shape[1]):
            w0, x0 = weight[o, k], x[k, :n]
            for i in range(n):
                to[i] = to[i] + w0 * x0[i]
        if not last:
            for i in range(n):
                to[i] = to[i] if to[i] > 0.0 else 0.0


@pointwise
def propose(cells, speeds, sign, out, row, waiting, net, scratch, awake, plain):
    """Fill one row's face values without the network; gather the stencils that need it.

    ``cells`` are the rows of the stencils, ``speeds`` those of characteristic speeds (none where
    the family looks at none) and ``sign`` is what to multiply these by; ``row`` is the number by
    which :func:`settle` knows ``out`` again. Returns how many stencils wait for the network now.
    """
    settings, n, entry = net[0], len(out), 1 + len(cells) + len(speeds)
    flags, queue, count = scratch[:n].view(np.int64), scratch[FACES:], 0
    for i in range(n):  # one array written per loop, or it does not vectorise
        flags[i] = 1 if awake(entries(cells, i), settings, EPS) else 0
    for i in range(n):
        out[i] = plain(entries(cells, i), settings, EPS)
    for i in range(n):
        count += flags[i]
    if count == 0:
        return waiting
    for i in range(n):
        if flags[i] > 0:
            at = waiting * entry
            queue[at] = row * FACES + i
            keep(cells, i, 1.0, row_at(queue, at + 1))
            keep(speeds, i, sign, row_at(queue, at + 1 + len(cells)))
            waiting += 1
    return waiting


@pointwise
def settle(left, right, waiting, net, scratch, like, look, decide):
    """Ask the network about all stencils that wait; write their face values where they belong.

    ``like`` is a tuple of tuples as long as the family's cells, speeds, inputs, gates and answers.
    """
    settings, weights, biases = net
    cells_like, speeds_like, inputs_like, gates_like, answers_like = like
    kept, gates = len(cells_like) + len(speeds_like), len(gates_like)
    entry = kept + 1
    queue = scratch[FACES:]
    room = queue[2 * left.shape[0] * FACES * entry :]
    widest = len(inputs_like)
    for bias in biases:
        widest = max(widest, len(bias))
    x = room[: widest * BLOCK].reshape((widest, BLOCK))
    y = room[widest * BLOCK : 2 * widest * BLOCK].reshape((widest, BLOCK))
    held = room[2 * widest * BLOCK : (2 * widest + kept + gates + 1) * BLOCK]
    held = held.reshape((kept + gates + 1, BLOCK))
    for first in range(0, waiting, BLOCK):
        n = min(BLOCK, waiting - first)
        for i in range(n):
            for k in range(kept):
                held[k, i] = queue[(first + i) * entry + 1 + k]
        cells = rows_of(held, 0, n, cells_like)
        speeds = rows_of(held[len(cells_like) :], 0, n, speeds_like)
        seen_at, gates_at = rows_of(x, 0, n, inputs_like), rows_of(held[kept:], 0, n, gates_like)
        for i in range(n):
            seen, opened = look(entries(cells, i), entries(speeds, i), settings, EPS)
            store(seen_at, i, seen)
            store(gates_at, i, opened)
        given, asked = x, y
        for layer in range(len(weights)):
            last = layer == len(weights) - 1
            _layer(weights[layer], biases[layer], given, asked, n, last)
            given, asked = asked, given
        answers, value = rows_of(given, 0, n, answers_like), held[kept + gates, :n]
        for i in range(n):
            opened, answer = entries(gates_at, i), entries(answers, i)
            value[i] = decide(entries(cells, i), entries(speeds, i), opened, answer, settings)
        for i in range(n):
            place = int(queue[(first + i) * entry])
            row, face = place // FACES, place % FACES
            if row % 2:
                right[row // 2, face] = value[i]
            else:
                left[row // 2, face] = value[i]
