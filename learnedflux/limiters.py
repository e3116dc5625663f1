"""Slope limiters: from two neighbouring differences a slope that makes no new extremum."""

from __future__ import annotations

from learnedflux.ops import absolute, larger, pointwise, safe_div, sign, smaller, where

__all__ = ["mc", "median_clip", "minmod", "minmod4", "ramp", "superbee", "van_leer"]


@pointwise
def minmod(a, b):
    """Return the smaller of two differences of one sign, else zero."""
    return 0.5 * (sign(a) + sign(b)) * smaller(absolute(a), absolute(b))


@pointwise
def minmod4(a, b, c, d):
    """Minmod of four differences."""
    lowest = smaller(smaller(a, b), smaller(c, d))
    highest = larger(larger(a, b), larger(c, d))
    return larger(lowest, 0.0) + smaller(highest, 0.0)


@pointwise
def ramp(x):
    """Return x, but 0 below 0 and 1 above 1: how far something counts."""
    return smaller(larger(x, 0.0), 1.0)


@pointwise
def van_leer(a, b):
    """Harmonic mean of two differences of one sign, else zero."""
    return where(a * b > 0.0, safe_div(2.0 * (a * b), a + b), 0.0 * (a + b))


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
    """``value`` moved into ``[lower, upper]``; a NaN stays one."""
    return smaller(upper, larger(lower, value))
