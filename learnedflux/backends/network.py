"""The bounded learned reconstruction, compiled: rows of faces, the network only where it matters.

The formula is that of :mod:`learnedflux.reconstruction.bounded`; only the way the network runs is
told here. First every face of a row gets its sensor and the value without a network. Most sensors
are exactly zero; the stencils of the rest are gathered, their actions computed by loops over faces
that vectorise, and their values written over the first ones.
"""

from __future__ import annotations

import numpy as np

from learnedflux.backends.rows import entries
from learnedflux.ops import pointwise
from learnedflux.reconstruction.bounded import INPUTS, face_value, features
from learnedflux.reconstruction.stencil import differences

__all__ = ["compiled_network", "propose", "scratch_lanes"]

EPS = float(np.finfo(np.float64).eps)
IDLE = (0.0,) * INPUTS


def compiled_network(network):
    """Return a policy's network as kernels take it: settings, weights and biases."""
    settings = np.array([network.config[key] for key in ("threshold", "softness", "alpha")])
    weights = tuple(np.ascontiguousarray(weight) for weight, _ in network.layers)
    return settings, weights, tuple(np.ascontiguousarray(bias) for _, bias in network.layers)


def scratch_lanes(net):
    """Rows of scratch that :func:`propose` needs."""
    return 2 + 2 * max(len(bias) for bias in net[2])


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
def propose(cells, out, v, net, scratch):
    """Fill the face values of one row from the rows of its five-cell stencils."""
    settings, weights, biases = net
    threshold, softness, alpha = settings[0], settings[1], settings[2]
    n = len(out)
    sensors = scratch[:n]
    for i in range(n):  # one array written per loop, or it does not vectorise
        stencil = entries(cells, i)
        _, sensor = features(differences(*stencil), stencil[2], threshold, softness, EPS)
        sensors[i] = sensor
    for i in range(n):
        stencil = entries(cells, i)
        out[i] = face_value(stencil[2], differences(*stencil), 0.0, IDLE, alpha)
    active = 0
    places = scratch[n : 2 * n]
    for i in range(n):
        places[active] = i
        active += sensors[i] > 0.0
    if active == 0:
        return
    widest = 0
    for bias in biases:
        widest = max(widest, len(bias))
    x = scratch[2 * n : (2 + widest) * n].reshape((widest, n))
    y = scratch[(2 + widest) * n : (2 + 2 * widest) * n].reshape((widest, n))
    for i in range(active):
        stencil = entries(cells, int(places[i]))
        seen, _ = features(differences(*stencil), stencil[2], threshold, softness, EPS)
        for k in range(INPUTS):
            x[k, i] = seen[k]
    for layer in range(len(weights)):
        _layer(weights[layer], biases[layer], x, y, active, layer == len(weights) - 1)
        x, y = y, x
    for i in range(active):
        place = int(places[i])
        stencil = entries(cells, place)
        action = (x[0, i], x[1, i], x[2, i], x[3, i])
        d = differences(*stencil)
        out[place] = face_value(stencil[2], d, sensors[place], action, alpha)
