"""The bounded learned reconstruction: everything of the family ``bounded5`` but its network.

Five cells around the upwind one give four differences and, normalised, what a network sees; the
network answers with four actions; structure and bounds turn them into a face value. Training, the
torch backend and the compiled kernels share these pieces and differ in how they run the network.
Where the sensor is exactly zero the actions do not matter, and the network need not be asked.

``d`` are differences of neighbouring cells, from upwind to downwind, of which it uses the first
four, ``c`` is the upwind cell and ``eps`` the spacing of floating-point numbers at one in the
precision used.
``awake``, ``plain``, ``look``, ``heard`` and ``decide`` are what a family consists of, see
:mod:`~learnedflux.reconstruction.families`; ``settings`` are threshold, softness and alpha.
"""

from __future__ import annotations

from learnedflux.limiters import median_clip
from learnedflux.ops import absolute, dot, larger, pointwise, smaller, where
from learnedflux.reconstruction.mp import mp_bounds
from learnedflux.reconstruction.stencil import linear5, mirrored, smoothness, tau5

__all__ = ["CELLS", "FAMILY", "INPUTS", "SETTINGS", "awake", "decide", "heard", "look", "plain"]

FAMILY = "bounded5"
CELLS = 5
INPUTS = 4  # differences that the network sees, and actions by which it answers
SETTINGS = ("threshold", "softness", "alpha")
FLOOR = 1e-30  # keeps 0/0 away where all cells are zero; its inverse exists in float32
ROUND_OFF = 64.0  # differences below so many units in the last place of the cell are no signal
REGULAR = 1e-6  # of the normalised stencil: round-off on flat data is no signal


@pointwise
def _range(d):
    """Smallest and largest difference, and the size of the largest."""
    lowest = smaller(smaller(d[0], d[1]), smaller(d[2], d[3]))
    highest = larger(larger(d[0], d[1]), larger(d[2], d[3]))
    return lowest, highest, larger(-lowest, highest)


@pointwise
def _awake(d, c, settings, eps):
    threshold = settings[0]
    lowest, highest, size = _range(d)
    size = larger(size, larger(ROUND_OFF * eps * absolute(c), FLOOR))
    beta = smoothness(d[0], d[1], d[2], d[3])
    least = threshold * ((beta[0] + beta[1]) + beta[2] + REGULAR * (size * size))
    return (tau5(beta) > least) & (lowest * highest >= 0.0)


@pointwise
def awake(d, below, above, settings, eps):
    """Whether the sensor of either side is above zero (to round-off), without its divisions."""
    return _awake(d, below, settings, eps) | _awake(mirrored(d), above, settings, eps)


@pointwise
def plain(d, c, settings, eps):
    """Return the left-biased face value where the sensor is zero."""
    d0, d1, d2, d3 = d[:4]
    lower, upper = mp_bounds(d0, d1, d2, d3, settings[2])
    return c + median_clip(linear5(d0, d1, d2, d3), lower, upper)


@pointwise
def look(d, c, speeds, settings, eps):
    """Return the absolute normalised differences, which the network sees, and the sensor."""
    threshold, softness = settings[0], settings[1]
    d0, d1, d2, d3 = d[:4]
    lowest, highest, size = _range(d)
    least = larger(ROUND_OFF * eps * absolute(c), FLOOR)
    inverse = 1.0 / larger(size, least)
    f0, f1, f2, f3 = d0 * inverse, d1 * inverse, d2 * inverse, d3 * inverse
    beta = smoothness(f0, f1, f2, f3)
    r = tau5(beta) / ((beta[0] + beta[1]) + beta[2] + REGULAR)
    sensor = larger(r * r - threshold * threshold, 0.0) / (r * r + softness * softness)
    # Where the differences have both signs there is a wave, and none may be pumped.
    sensor = where(lowest * highest >= 0.0, sensor, 0.0 * sensor)
    return (absolute(f0), absolute(f1), absolute(f2), absolute(f3)), (sensor,)


@pointwise
def heard(speeds, gates):
    """Whether it makes a difference what the network answers."""
    return gates[0] > 0.0


@pointwise
def decide(d, c, speeds, gates, answers, settings):
    """Return the left-biased face value that the network's four actions lead to."""
    d0, d1, d2, d3 = d[:4]
    lower, upper = mp_bounds(d0, d1, d2, d3, settings[2])
    proposal = linear5(d0, d1, d2, d3) + gates[0] * dot(answers, d[:4])
    return c + median_clip(proposal, lower, upper)
