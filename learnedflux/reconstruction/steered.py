"""The steered learned reconstruction: everything of the family ``steered6`` but its network.

Beyond :mod:`~learnedflux.reconstruction.bounded` it looks at all six cells around a face and at how
fast waves run in the two beside it, which tells contacts, shocks, fans and shocks that stand nearly
still apart: the first can be kept sharp while others get the dissipation they need.

- The linear scheme that remains in smooth flow is a share ``theta`` of the way from the fifth-order
  upwind to the sixth-order central one: of order five, with a fraction of its dissipation.
- The network sees the five differences, normalised and without signs, and six speeds; it answers
  with five actions, by which the differences enter, and one damping.
- Where the differences have both signs there is a wave, and none may be pumped: actions fade out,
  and only the damping remains, which takes the face value towards the upwind cell, and only in flow
  that is being compressed.

``d`` is the tuple of five differences, ``c`` the upwind cell, ``eps`` the spacing of floating-point
numbers at one, and ``speeds`` six characteristic speeds over the fastest: of the field itself, of
the first and of the last field, each in the upwind and in the downwind cell. ``settings`` are named
in ``SETTINGS``: threshold and softness of the sensor, ``theta``, and the steepness of the bounds
where the network acts in full (``alpha``) and where it does not (``loose``).
"""

from __future__ import annotations

from learnedflux.limiters import median_clip
from learnedflux.ops import absolute, dot, maximum, minimum, pointwise
from learnedflux.reconstruction.mp import mp_bounds
from learnedflux.reconstruction.stencil import linear5

__all__ = [
    "ANSWERS",
    "CELLS",
    "FAMILY",
    "INPUTS",
    "SETTINGS",
    "SPEEDS",
    "awake",
    "decide",
    "look",
    "plain",
]

FAMILY = "steered6"
CELLS = 6
DIFFERENCES = 5
SPEEDS = 6
INPUTS = DIFFERENCES + SPEEDS  # what the network sees
ANSWERS = DIFFERENCES + 1  # actions and damping
SETTINGS = ("threshold", "softness", "theta", "alpha", "loose")
FLOOR = 1e-30  # keeps 0/0 away where all cells are zero; its inverse exists in float32
ROUND_OFF = 64.0  # differences below so many units in the last place of the cell are no signal
GUARD = 20.0  # scaled differences of both signs whose product is above a twentieth are a wave
COMPRESSED = 0.02  # loss of speed across a face from which on flow counts as being compressed
RAMP = 10.0  # inverse of the loss of speed over which damping sets in


@pointwise
def _differences(a, b, c, d, e, f):
    """Differences of neighbouring cells, left to right."""
    return b - a, c - b, d - c, e - d, f - e


@pointwise
def _range(d):
    """Smallest and largest difference, and the largest size."""
    low = minimum(minimum(minimum(d[0], d[1]), minimum(d[2], d[3])), d[4])
    high = maximum(maximum(maximum(d[0], d[1]), maximum(d[2], d[3])), d[4])
    return low, high, maximum(-low, high)


@pointwise
def _scaled(d, c, eps):
    """Differences over the largest, and their range so scaled."""
    low, high, size = _range(d)
    inverse = 1.0 / maximum(maximum(size, ROUND_OFF * eps * absolute(c)), FLOOR)
    f = (d[0] * inverse, d[1] * inverse, d[2] * inverse, d[3] * inverse, d[4] * inverse)
    return f, low * inverse, high * inverse


@pointwise
def _bend(f0, f1, f2):
    return (f2 - f1) - (f1 - f0)


@pointwise
def _roughness(f):
    """How far the differences are from those of a parabola or of any sine wave about a constant.

    Such differences f obey bend(f) = -k f with one k, so that f[i] bend[j] - f[j] bend[i] vanishes,
    whatever wavelength, amplitude and phase; at jumps it is of the order of one.
    """
    f1, f2, f3 = f[1], f[2], f[3]
    left, middle, right = _bend(f[0], f1, f2), _bend(f1, f2, f3), _bend(f2, f3, f[4])
    near = absolute(f1 * middle - f2 * left)
    far = absolute(f2 * right - f3 * middle)
    return maximum(maximum(near, far), absolute(f1 * right - f3 * left))


@pointwise
def _monotone(low, high):
    """How far all differences have one sign, from their scaled range."""
    return minimum(maximum(1.0 + GUARD * (low * high), 0.0), 1.0)


@pointwise
def _base(d, theta):
    """Increment of the linear scheme."""
    d0, d1, d2, d3, d4 = d
    fifth = ((d4 + d0) - 4.0 * (d3 + d1)) + 6.0 * d2
    return linear5(d0, d1, d2, d3) + (theta * (1.0 / 60.0)) * fifth


@pointwise
def _clipped(increment, d, alpha):
    lower, upper = mp_bounds(d[0], d[1], d[2], d[3], alpha)
    return median_clip(increment, lower, upper)


@pointwise
def awake(cells, settings, eps):
    """Whether the sensor is above zero (to round-off), without its divisions."""
    d = _differences(*cells)
    size = maximum(maximum(_range(d)[2], ROUND_OFF * eps * absolute(cells[2])), FLOOR)
    return _roughness(d) > settings[0] * (size * size)


@pointwise
def plain(cells, settings, eps):
    """Return the left-biased face value where the sensor is zero."""
    d = _differences(*cells)
    return cells[2] + _clipped(_base(d, settings[2]), d, settings[4])


@pointwise
def look(cells, speeds, settings, eps):
    """Return what the network sees; and the sensor, and how far all differences have one sign."""
    threshold, softness = settings[0], settings[1]
    f, low, high = _scaled(_differences(*cells), cells[2], eps)
    rough = _roughness(f)
    squared = rough * rough
    sensor = maximum(squared - threshold * threshold, 0.0) / (squared + softness * softness)
    f0, f1, f2, f3, f4 = f
    sizes = (absolute(f0), absolute(f1), absolute(f2), absolute(f3), absolute(f4))
    return (*sizes, *speeds), (sensor, _monotone(low, high))


@pointwise
def decide(cells, speeds, gates, answers, settings):
    """Return the left-biased face value that the network's five actions and damping lead to."""
    d, sensor, monotone = _differences(*cells), gates[0], gates[1]
    acting, alpha, loose = monotone * sensor, settings[3], settings[4]
    increment = _base(d, settings[2]) + acting * dot(answers[:5], d)
    increment = _clipped(increment, d, loose + (alpha - loose) * acting)
    compressed = minimum(maximum(((speeds[0] - speeds[1]) - COMPRESSED) * RAMP, 0.0), 1.0)
    damping = minimum(maximum(answers[5], 0.0), 1.0) * (sensor * compressed)
    return cells[2] + increment * (1.0 - (1.0 - monotone) * damping)
