"""The safeguard of learned schemes in scalar laws whose flux is neither convex nor concave.

Waves of such laws are compound: shocks with fans attached. Schemes that keep jumps sharp, MP5 among
them, can hold a jump together that must open, and so stay at a weak solution that is not the
entropy solution [1]_, [2]_. A policy knows of the flux what the speeds in two cells tell; those in
all six around a face tell whether it bends both ways between them. Where it does, and a single
shock could not join the outermost two [3]_, the face values are WENO5-Z's, whatever a policy says.

References
----------
.. [1] Qiu & Shu, SIAM J. Sci. Comput. 31, 584-607 (2008), doi:10.1137/070687487.
.. [2] Kurganov, Petrova & Popov, SIAM J. Sci. Comput. 29, 2381-2401 (2007),
   doi:10.1137/040614189.
.. [3] Oleinik, Usp. Mat. Nauk 14, 165-170 (1959): the flux must lie on one side of its chord.
"""

from __future__ import annotations

from learnedflux.limiters import ramp
from learnedflux.ops import absolute, larger, pointwise, smaller, where
from learnedflux.reconstruction.stencil import differences
from learnedflux.reconstruction.weno import weno5_z

__all__ = ["RADIUS", "bent", "safeguarded", "unjoined"]

RADIUS = 3  # cells on each side of a face that are looked at
STILL = 1e-30  # keeps 0/0 away where states or speeds are all the same
NOISE = 1e-6  # of the fastest speed: a spread of speeds below it is round-off
LEAST = 1e-3  # change of speed, over the spread, that is none: slopes by differences have noise
BENT = 80.0  # inverse of the change beyond that from which on a bend counts in full
WRONG = 1e3  # inverse of the distance from the chord from which on that counts in full
TURN = 20.0  # inverse of a difference, over all, from which on it counts as one of another sign


@pointwise
def _extremes(x):
    """Smallest and largest of six, the same for the six from last to first."""
    low = smaller(smaller(smaller(x[0], x[5]), smaller(x[1], x[4])), smaller(x[2], x[3]))
    high = larger(larger(larger(x[0], x[5]), larger(x[1], x[4])), larger(x[2], x[3]))
    return low, high


@pointwise
def _speeds(eq, cells, axis):
    a, b, c, d, e, f = cells
    return (
        eq.eigenvalues(a, axis)[0], eq.eigenvalues(b, axis)[0], eq.eigenvalues(c, axis)[0],
        eq.eigenvalues(d, axis)[0], eq.eigenvalues(e, axis)[0], eq.eigenvalues(f, axis)[0],
    )  # fmt: skip


@pointwise
def _spread(slowest, fastest):
    size = larger(absolute(slowest), absolute(fastest))
    return larger(larger(fastest - slowest, NOISE * size), STILL)


@pointwise
def _bend(d, change):
    """Change of speed along rising states."""
    return where(d < 0.0, -change, change)


@pointwise
def _wrong(eq, u, chord, axis):
    """How far the flux of a state is on the wrong side of a shock's chord, times its length."""
    below, above, f_below, f_above = chord
    f = eq.flux((u,), axis)[0]
    return (f_above - f) * (u - below) - (f - f_below) * (above - u)


@pointwise
def bent(eq, cells, axis):
    """How far the flux of a scalar law bends both ways among six cells, states: 0 to 1."""
    speeds = _speeds(eq, cells, axis)
    a, b, c, d, e, f = cells
    d0, d1, d2, d3, d4 = differences(a[0], b[0], c[0], d[0], e[0], f[0])
    s0, s1, s2, s3, s4 = differences(*speeds)
    bends = (_bend(d0, s0), _bend(d1, s1), _bend(d2, s2), _bend(d3, s3), _bend(d4, s4), 0.0)
    (concave, convex), (slowest, fastest) = _extremes(bends), _extremes(speeds)
    change = smaller(-concave, convex) / _spread(slowest, fastest)
    return ramp((change - LEAST) * BENT)


@pointwise
def unjoined(eq, cells, axis):
    """How far no single shock can join the outermost of six cells, or they go up and down: 0 to 1.

    Of a flux that bends both ways alone: single fans are not joined by a shock either.
    """
    slowest, fastest = _extremes(_speeds(eq, cells, axis))
    a, b, c, d, e, f = cells[0][0], cells[1][0], cells[2][0], cells[3][0], cells[4][0], cells[5][0]
    chord = (a, f, eq.flux((a,), axis)[0], eq.flux((f,), axis)[0])
    _, at_cells = _extremes((
        _wrong(eq, b, chord, axis), _wrong(eq, c, chord, axis), 0.0,
        0.0, _wrong(eq, d, chord, axis), _wrong(eq, e, chord, axis),
    ))  # fmt: skip
    _, between = _extremes((
        _wrong(eq, 0.5 * (a + b), chord, axis), _wrong(eq, 0.5 * (b + c), chord, axis),
        _wrong(eq, 0.5 * (c + d), chord, axis), 0.0,
        _wrong(eq, 0.5 * (d + e), chord, axis), _wrong(eq, 0.5 * (e + f), chord, axis),
    ))  # fmt: skip
    length = f - a
    size = larger(_spread(slowest, fastest) * (length * length), STILL)
    distance = larger(at_cells, between) / size
    d0, d1, d2, d3, d4 = differences(a, b, c, d, e, f)
    falling, rising = _extremes((d0, d1, d2, d2, d3, d4))
    turns = smaller(-falling, rising) / larger(larger(-falling, rising), STILL)
    return larger(ramp(turns * TURN), ramp(distance * WRONG))


@pointwise
def safeguarded(value, cells, share):
    """Return a left-biased face value, moved to WENO5-Z's of the six cells by a share."""
    return value + share * (weno5_z(*cells[:5]) - value)
