"""The bounded learned reconstruction, compiled: rows of faces, the network only where it matters.

The formula is that of :mod:`learnedflux.reconstruction.bounded`; only the way the network runs is
told here. First every face of a row gets the value without a network, which is right where the
sensor is zero: almost everywhere. The other stencils of a row, of all variables and both sides, are
gathered, the network runs through them in loops over faces that vectorise, and their values take
the place of the first ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from learnedflux.backends.rows import entries, rows_of
from learnedflux.ops import pointwise
from learnedflux.policy import Network
from learnedflux.reconstruction.bounded import CELLS, INPUTS, active, face_value, features
from learnedflux.reconstruction.stencil import differences

__all__ = ["compiled_network", "propose", "scratch_size", "settle"]

FACES = 1024  # at least as many as a row of faces has
BLOCK = 128  # faces for which the network runs at once
ENTRY = CELLS + 1  # numbers kept of a stencil that waits: its place and its cells
FIVE = (0.0,) * CELLS
EPS = float(np.finfo(np.float64).eps)
IDLE = (0.0,) * INPUTS


def compiled_network(network: Network) -> Any:
    """Return a policy's network as kernels take it: settings, weights and biases."""
    settings = np.array([network.config[key] for key in ("threshold", "softness", "alpha")])
    weights = tuple(np.ascontiguousarray(weight) for weight, _ in network.layers)
    return settings, weights, tuple(np.ascontiguousarray(bias) for _, bias in network.layers)


def scratch_size(net: Any, variables: int) -> int:
    """How many numbers of scratch :func:`propose` and :func:`settle` need."""
    widest = max(INPUTS, *(len(bias) for bias in net[2]))
    return FACES + 2 * variables * FACES * ENTRY + (2 * widest + CELLS + 2) * BLOCK


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
def propose(cells, out, row, waiting, net, scratch):
    """Fill one row's face values without the network; gather the stencils that need it.

    ``cells`` are the rows of the five-cell stencils, ``row`` is the number by which :func:`settle`
    knows ``out`` again. Returns how many stencils wait for the network now.
    """
    settings, n = net[0], len(out)
    threshold, alpha = settings[0], settings[2]
    flags, queue, count = scratch[:n].view(np.int64), scratch[FACES:], 0
    for i in range(n):  # one array written per loop, or it does not vectorise
        stencil = entries(cells, i)
        flags[i] = 1 if active(differences(*stencil), stencil[2], threshold, EPS) else 0
    for i in range(n):
        stencil = entries(cells, i)
        out[i] = face_value(stencil[2], differences(*stencil), 0.0, IDLE, alpha)
    for i in range(n):
        count += flags[i]
    if count == 0:
        return waiting
    for i in range(n):
        if flags[i] > 0:
            stencil, at = entries(cells, i), waiting * ENTRY
            queue[at] = row * FACES + i
            for k in range(CELLS):
                queue[at + 1 + k] = stencil[k]
            waiting += 1
    return waiting


@pointwise
def settle(left, right, waiting, net, scratch):
    """Ask the network about all stencils that wait; write their face values where they belong."""
    settings, weights, biases = net
    threshold, softness, alpha = settings[0], settings[1], settings[2]
    queue = scratch[FACES:]
    room = queue[2 * left.shape[0] * FACES * ENTRY :]
    widest = INPUTS
    for bias in biases:
        widest = max(widest, len(bias))
    x = room[: widest * BLOCK].reshape((widest, BLOCK))
    y = room[widest * BLOCK : 2 * widest * BLOCK].reshape((widest, BLOCK))
    stencils = room[2 * widest * BLOCK : (2 * widest + CELLS + 2) * BLOCK]
    stencils = stencils.reshape((CELLS + 2, BLOCK))
    for first in range(0, waiting, BLOCK):
        n = min(BLOCK, waiting - first)
        for i in range(n):
            for k in range(CELLS):
                stencils[k, i] = queue[(first + i) * ENTRY + 1 + k]
        cells, sensor = rows_of(stencils, 0, n, FIVE), stencils[CELLS, :n]
        for k in range(INPUTS):
            to = x[k, :n]
            for i in range(n):
                stencil = entries(cells, i)
                seen, s = features(differences(*stencil), stencil[2], threshold, softness, EPS)
                to[i] = seen[k]
                sensor[i] = s
        given, asked = x, y
        for layer in range(len(weights)):
            last = layer == len(weights) - 1
            _layer(weights[layer], biases[layer], given, asked, n, last)
            given, asked = asked, given
        actions, value = rows_of(given, 0, n, IDLE), stencils[CELLS + 1, :n]
        for i in range(n):
            stencil = entries(cells, i)
            d = differences(*stencil)
            value[i] = face_value(stencil[2], d, sensor[i], entries(actions, i), alpha)
        for i in range(n):
            place = int(queue[(first + i) * ENTRY])
            row, face = place // FACES, place % FACES
            if row % 2:
                right[row // 2, face] = value[i]
            else:
                left[row // 2, face] = value[i]
