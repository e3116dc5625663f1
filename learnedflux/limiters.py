"""Slope limiters: from two neighbouring differences a slope that makes no new extremum."""

from __future__ import annotations

from learnedflux.ops import absolute, maximum, minimum, pointwise, safe_div, sign, where

__all__ = ["mc", "median_clip", "minmod", "minmod4", "superbee", "van_leer"]


@pointwise
def minmod(a, b):
    """Return the smaller of two differences of one sign, else zero."""
    return 0.5 * (sign(a) + sign(b)) * minimum(absolute(a), absolute(b))


@pointwise
def minmod4(a, b, c, d):
    """Minmod of four differences."""
    lowest = minimum(minimum(a, b), minimum(c, d))
    highest = maximum(maximum(a, b), maximum(c, d))
    return maximum(lowest, 0.0) + minimum(highest, 0.0)


@pointwise
def van_leer(a, b):
    """Harmonic mean of two differences of one sign, else zero."""
    return where(a * b > 0.0, safe_div(2.0 * (a * b), a + b), 0.0 * a)


@pointwise
def mc(a, b):
    """Monotonised central: the mean slope within twice the one-sided ones."""
    return minmod(0.5 * (a + b), 2.0 * minmod(a, b))


@pointwise
def superbee(a, b):
    """Roe's superbee: the steepest slope that stays TVD."""
    one, two = minmod(a, 2.0 * b), minmod(2.0 * a, b)
    return where(absolute(one) > absolute(two), one, two)


@pointwise
def median_clip(value, lower, upper):
    """``value`` moved into ``[lower, upper]``."""
    return minimum(maximum(value, lower), upper)
