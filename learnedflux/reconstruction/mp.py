"""Monotonicity-preserving reconstruction of Suresh and Huynh."""

from __future__ import annotations

from learnedflux.limiters import median_clip, minmod4
from learnedflux.ops import larger, pointwise, smaller
from learnedflux.reconstruction.base import register
from learnedflux.reconstruction.stencil import differences, linear5

__all__ = ["mp5", "mp_bounds"]

ALPHA = 4.0  # steepness of the upper limit; monotone in theory up to CFL 1/(1 + alpha)


@pointwise
def mp_bounds(d0, d1, d2, d3, alpha):
    """Bounds of the face increment that keep monotone data monotone and smooth extrema free.

    Suresh and Huynh (1997), eqs. (2.24)-(2.30), relative to the upwind cell.
    """
    s0, s1, s2 = d1 - d0, d2 - d1, d3 - d2
    m_left = minmod4(4.0 * s1 - s0, 4.0 * s0 - s1, s1, s0)
    m_right = minmod4(4.0 * s1 - s2, 4.0 * s2 - s1, s1, s2)
    upper_limit = alpha * d1
    median = 0.5 * (d2 - m_right)
    large_curvature = 0.5 * d1 + (4.0 / 3.0) * m_left
    lower = larger(
        smaller(smaller(d2, 0.0), median), smaller(smaller(upper_limit, 0.0), large_curvature)
    )
    upper = smaller(
        larger(larger(d2, 0.0), median), larger(larger(upper_limit, 0.0), large_curvature)
    )
    return lower, upper


@pointwise
def _increment(d0, d1, d2, d3):
    lower, upper = mp_bounds(d0, d1, d2, d3, ALPHA)
    return median_clip(linear5(d0, d1, d2, d3), lower, upper)


@pointwise
def _both(a, b, c, d, e):
    # Second differences keep their sign in a mirror: the compiler finds what is the same.
    d0, d1, d2, d3 = differences(a, b, c, d, e)
    return c + _increment(d0, d1, d2, d3), c + _increment(-d3, -d2, -d1, -d0)


@register(
    "mp5",
    cells=5,
    order=5,
    judgement="the most accurate classical scheme here; can be noisy behind slow shocks",
    reference="Suresh and Huynh, J. Comput. Phys. 136, 83-99 (1997), doi:10.1006/jcph.1997.5745",
    both=_both,
)
def mp5(a, b, c, d, e):
    """Fifth-order linear scheme within the monotonicity-preserving bounds (alpha = 4)."""
    return c + _increment(*differences(a, b, c, d, e))
