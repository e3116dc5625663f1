"""The steered learned reconstruction: everything of the family ``steered6`` but its network.

Beyond :mod:`~learnedflux.reconstruction.bounded` it looks at all six cells around a face and at how
fast waves run in the two beside it, which tells contacts, shocks, fans and shocks that stand nearly
still apart: the first can be kept sharp while others get the dissipation they need.

- The scheme that remains in smooth flow is fitted to waves. Exact interpolation of a sine wave adds
  to the fourth-order central value the fourth differences with a weight that depends on k alone,
  B = (x / sin x - 1 - k / 6) / (2 k^2), where x is the wavenumber and k = 2 - 2 cos x; k is read
  off the differences. Waves of four cells and more keep their speed by it, and dissipation fades
  with k.
- The network sees the five differences, normalised and without signs, and six speeds; it answers
  with five actions, by which the differences enter, and one damping.
- It is asked only where the data are no sine wave; in fields that are merely carried along (equal
  speeds on both sides), none on any slope either, but for short waves. The flank of one looks like
  a contact. Where sound is faster on one side it is taken for one, if the wave is shorter than six
  cells or so; elsewhere only a share of its roughness, ``short``, counts, and wakes for shorter
  waves yet.
- Shocks that run over the grid have bounds of their own, wider ones. Within those of contacts they
  shed noise for as long as they run, longer than training can follow gradients. Shocks that stand
  nearly still keep those of contacts, and so, in part, do strong ones that run into gas at rest:
  there one of the two speeds is small.
- Where the differences have both signs there is a wave, and none may be pumped: actions fade out,
  and only the damping remains, which takes the face value towards the upwind cell, and only in flow
  that is being compressed.
- Beside jumps that are carried along the bounds are narrow enough for monotone data to stay so at
  usual CFL numbers; in smooth flow they are wide, for the sake of the order at flat extrema. Steps
  above CFL 0.42 would let jumps overshoot by what smooth flow is granted, and are granted less.

``d`` is the tuple of five differences, ``c`` the upwind cell, ``eps`` the spacing of floating-point
numbers at one, and ``speeds`` six characteristic speeds over the fastest: of the field itself, of
the first and of the last field, each in the upwind and in the downwind cell. ``settings`` are named
in ``SETTINGS``: threshold and softness of the sensor, the share ``short``, ``theta``, and the
steepness of the bounds: where the network acts in full (``alpha``), in smooth flow (``loose``), and
where it acts in full in a running shock (``shock``).
``theta`` is the share of the central value in the value of a wave of four cells, the rest is the
upwind one's.
"""

from __future__ import annotations

from learnedflux.limiters import median_clip, ramp
from learnedflux.ops import absolute, dot, larger, pointwise, reverse, smaller
from learnedflux.reconstruction.mp import mp_bounds

__all__ = [
    "ANSWERS",
    "CELLS",
    "FAMILY",
    "INPUTS",
    "SETTINGS",
    "SPEEDS",
    "awake",
    "decide",
    "for_steps",
    "heard",
    "look",
    "plain",
]

FAMILY = "steered6"
CELLS = 6
DIFFERENCES = 5
SPEEDS = 6
INPUTS = DIFFERENCES + SPEEDS  # what the network sees
ANSWERS = DIFFERENCES + 1  # actions and damping
SETTINGS = ("threshold", "softness", "short", "theta", "alpha", "loose", "shock")
FLOOR = 1e-30  # keeps 0/0 away where all cells are zero; its inverse exists in float32
ROUND_OFF = 64.0  # differences below so many units in the last place of the cell are no signal
GUARD = 20.0  # scaled differences of both signs whose product is above a twentieth are a wave
COMPRESSED = 0.02  # loss of speed across a face from which on flow counts as being compressed
RAMP = 10.0  # inverse of the loss of speed over which damping sets in
UNEQUAL = 80.0  # inverse of the difference in speed from which on a field counts as nonlinear
ONE_WAY = 3.0  # inverse of the product of both speeds from which on waves run one way
LONG = 0.7  # k = 2 - 2 cos(wavenumber) from which on waves on a slope begin to count as rough
FAINT = 0.03  # change over the sum of both spreads of speeds up to which a jump is no contact
DISTINCT = 40.0  # inverse of the change from there to a jump that certainly is one
WIDE = 0.42  # CFL number up to which bounds in smooth flow may be wide
NEAR = 1.0  # steepness of the bounds beside jumps: monotone up to CFL 1/2 by forward Euler steps
STEEPER = 4.0  # differences that grow by more than that from one to the next lead into a jump
ONSET = 20.0  # inverse of the share of the jump over which the bounds there set in


def for_steps(settings: tuple[float, ...], cfl: float) -> tuple[float, ...]:
    """Return the settings for steps of a CFL number, in fields that are carried along.

    Six cells do not always tell the foot of a jump from a flat minimum. Up to the default CFL
    number the wide bounds of smooth flow do no harm; above, jumps overshoot by them. The numbers
    are from pulses.
    """
    if cfl <= WIDE:
        return settings
    steepest = min(NEAR, max(2.4 - 2.0 * cfl, 2.0 / 3.0))
    return (*settings[:5], min(settings[5], steepest), *settings[6:])


@pointwise
def _range(d):
    """Smallest and largest difference, and the largest size."""
    low = smaller(smaller(smaller(d[0], d[1]), smaller(d[2], d[3])), d[4])
    high = larger(larger(larger(d[0], d[1]), larger(d[2], d[3])), d[4])
    return low, high, larger(-low, high)


@pointwise
def _scaled(d, c, eps):
    """Differences over the largest, their range so scaled, and that of round-off."""
    low, high, size = _range(d)
    noise = ROUND_OFF * eps * absolute(c)
    inverse = 1.0 / larger(larger(size, noise), FLOOR)
    f = (d[0] * inverse, d[1] * inverse, d[2] * inverse, d[3] * inverse, d[4] * inverse)
    return f, low * inverse, high * inverse, noise * inverse


@pointwise
def _bend(f0, f1, f2):
    return (f2 - f1) - (f1 - f0)


@pointwise
def _curvatures(d):
    """Second differences of the two cells in the middle, and fourth differences there."""
    s0, s1, s2, s3 = d[1] - d[0], d[2] - d[1], d[3] - d[2], d[4] - d[3]
    return s1, s2, (s0 + s2) - 2.0 * s1, (s1 + s3) - 2.0 * s2


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
    return larger(larger(near, far), absolute(f1 * right - f3 * left))


@pointwise
def _roughness_on_slopes(f):
    """Two roughnesses that vanish in waves on any slope, the second in long ones only."""
    s1, s2, q1, q2 = _curvatures(f)
    short = -(q1 * s1 + q2 * s2) - LONG * (s1 * s1 + s2 * s2)
    return absolute(q1 * s2 - q2 * s1), short


@pointwise
def _sensor(rough, settings):
    """From which roughness on the network is awake: 0 below the threshold, to 1."""
    threshold, softness = settings[0], settings[1]
    squared = rough * rough
    return larger(squared - threshold * threshold, 0.0) / (squared + softness * softness)


@pointwise
def _nonlinear(speeds):
    """How far waves run at different speeds on both sides: 0, as in contacts, to 1."""
    return smaller(absolute(speeds[0] - speeds[1]) * UNEQUAL, 1.0)


@pointwise
def _running(speeds):
    """How far waves run towards each other and over the grid one way, as in shocks: 0 to 1."""
    return ramp((speeds[0] - speeds[1]) * UNEQUAL) * ramp(speeds[0] * speeds[1] * ONE_WAY)


@pointwise
def _contrast(speeds):
    """How much faster sound, or what corresponds to it, is on one side: 0 to 1, 0 in scalar laws.

    It tells contacts from waves of density, in any frame.
    """
    below, above = speeds[4] - speeds[2], speeds[5] - speeds[3]
    change = absolute(above - below) / larger(absolute(above) + absolute(below), FLOOR)
    return ramp((change - FAINT) * DISTINCT)


@pointwise
def _compressed(speeds):
    """How far flow is being compressed at the face: 0 to 1."""
    return ramp(((speeds[0] - speeds[1]) - COMPRESSED) * RAMP)


@pointwise
def _monotone(low, high):
    """How far all differences have one sign, from their scaled range."""
    return ramp(1.0 + GUARD * (low * high))


@pointwise
def _rise(d):
    """By how much the last difference, downwind, exceeds the fourfold of the one before."""
    return absolute(d[4]) - STEEPER * absolute(d[3])


@pointwise
def _beside(f, noise, monotone):
    """How far monotone data, in scaled differences, end in a jump: 0 to 1.

    Away from extrema no smooth function grows so fast, not even out of the flat foot of x^4.
    """
    return ramp(ONSET * (_rise(f) - noise)) * monotone


@pointwise
def _wave(s1, s2, q1, q2):
    """Which sine wave two neighbouring cells are nearest to: t = k / (1 + k^2 / 16), 0 to 2.

    ``s`` and ``q`` are second and fourth differences. A sine wave on any slope has q = -k s, with
    k = 2 - 2 cos(its wavenumber), up to 4; where curvature vanishes and no wave fits, t does too.
    """
    size = (absolute(s1) + absolute(s2)) + (absolute(q1) + absolute(q2))
    inverse = 1.0 / larger(size, FLOOR)
    s1, s2, q1, q2 = s1 * inverse, s2 * inverse, q1 * inverse, q2 * inverse
    fits = larger(-(q1 * s1 + q2 * s2), 0.0)
    return fits / larger((s1 * s1 + s2 * s2) + (q1 * q1 + q2 * q2) * (1.0 / 16.0), FLOOR)


@pointwise
def _fit(t):
    """1 / B of the wave t: a polynomial, within 0.2 % for waves of four cells and more."""
    tt = t * t
    return 60.0 - t * (90.0 / 7.0 + tt * (0.8 + 0.23 * tt))


@pointwise
def _base(d, theta):
    """Increment of the scheme that remains in smooth flow.

    The sixth-order central value with its last term fitted to the local wave, and dissipation.
    """
    s1, s2, q1, q2 = _curvatures(d)
    t = _wave(s1, s2, q1, q2)
    fourth = 0.5 * d[2] + (d[1] - d[3]) * (1.0 / 12.0)
    fitted = (q1 + q2) / _fit(t)
    return (fourth + fitted) - ((1.0 - theta) * (1.0 / 96.0)) * (t * (q2 - q1))


@pointwise
def _clipped(increment, d, alpha):
    lower, upper = mp_bounds(d[0], d[1], d[2], d[3], alpha)
    return median_clip(increment, lower, upper)


@pointwise
def awake(d, below, above, settings, eps):
    """Whether the network or narrow bounds may have a say at a face, told without divisions."""
    noise = ROUND_OFF * eps * smaller(absolute(below), absolute(above))
    low, high, largest = _range(d)
    size = larger(larger(largest, noise), FLOOR)
    rough = _roughness(d) - settings[0] * (size * size)
    monotone = size * size + GUARD * (low * high)
    rise = larger(_rise(d), _rise(reverse(d)))
    return larger(rough, smaller((rise - noise) * size, monotone)) > 0.0


@pointwise
def plain(d, c, settings, eps):
    """Return the left-biased face value of smooth flow."""
    return c + _clipped(_base(d, settings[3]), d, settings[5])


@pointwise
def look(d, c, speeds, settings, eps):
    """Return what the network sees; and three gates.

    They are the sensor, how far all differences have one sign, and how far the bounds are narrow.
    """
    f, low, high, noise = _scaled(d, c, eps)
    rough, nonlinear = _roughness(f), _nonlinear(speeds)
    long, short = _roughness_on_slopes(f)
    share = settings[2] + (1.0 - settings[2]) * _contrast(speeds)
    least = larger(long, nonlinear * rough)
    sensor = _sensor(smaller(rough, larger(least, share * short)), settings)
    alert = _sensor(smaller(rough, larger(least, short)), settings)
    f0, f1, f2, f3, f4 = f
    sizes = (absolute(f0), absolute(f1), absolute(f2), absolute(f3), absolute(f4))
    monotone = _monotone(low, high)
    # Only in what is carried along: shocks steepen by themselves. What may be a contact will do.
    narrow = larger(_beside(f, noise, monotone), alert) * (1.0 - nonlinear)
    return (*sizes, *speeds), (sensor, monotone, narrow)


@pointwise
def heard(speeds, gates):
    """Whether it makes a difference what the network answers: to actions, or to damping."""
    sensor, monotone, _ = gates
    return sensor * larger(monotone, _compressed(speeds)) > 0.0


@pointwise
def decide(d, c, speeds, gates, answers, settings):
    """Return the left-biased face value that the network's five actions and damping lead to."""
    sensor, monotone, narrow = gates
    acting, alpha, loose = monotone * sensor, settings[4], settings[5]
    steep = alpha + (settings[6] - alpha) * _running(speeds)
    resting = loose - larger(loose - NEAR, 0.0) * narrow
    increment = _base(d, settings[3]) + acting * dot(answers[:5], d)
    increment = _clipped(increment, d, resting + (steep - resting) * acting)
    damping = ramp(answers[5]) * (sensor * _compressed(speeds))
    return c + increment * (1.0 - (1.0 - monotone) * damping)
