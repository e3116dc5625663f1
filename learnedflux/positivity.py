"""Positivity-preserving flux limiter of Hu, Adams and Shu.

A step of the finite-volume scheme is a mean of the states ``q - f / s`` and ``q + f / s`` that a
cell's faces would leave it with, where ``s`` is the largest wave speed along the axis: so it
is for every CFL number up to 1/2, in any dimension. If both neighbours of a face keep positive
density and pressure in that sense, so does the step. The first-order Rusanov flux guarantees it;
any other flux is moved towards it just as far as needed, which in smooth flow is not at all.

References
----------
.. [1] Hu, Adams and Shu, J. Comput. Phys. 242, 169-180 (2013), doi:10.1016/j.jcp.2013.01.024.
"""

from __future__ import annotations

from learnedflux.ops import add, maximum, minimum, pointwise, safe_div, scale, subtract, where
from learnedflux.riemann import rusanov

__all__ = ["limit_flux", "violates"]

SHARE = 1e-3  # of the quantity under the Rusanov flux, which the limited flux must leave


@pointwise
def _left_with(q, f, s):
    return subtract(q, scale(safe_div(1.0, s), f))


@pointwise
def _taken_to(q, f, s):
    return add(q, scale(safe_div(1.0, s), f))


@pointwise
def violates(eq, ql, qr, f, s):
    """Whether flux ``f`` would leave one of the cells beside a face inadmissible."""
    left, right = eq.admissible(_left_with(ql, f, s)), eq.admissible(_taken_to(qr, f, s))
    return (left & right) == False  # noqa: E712 - "not" would branch on an array


@pointwise
def _share(low, high):
    """Largest step from ``low`` towards ``high`` that leaves SHARE of ``low``."""
    least = SHARE * low
    return where(high < least, safe_div(low - least, low - high), 1.0 + 0.0 * low)


@pointwise
def limit_flux(eq, ql, qr, f, axis, s):
    """Return ``f`` moved towards the Rusanov flux as far as positivity needs.

    ``ql, qr`` are the cells on the two sides (not the reconstructed states), ``s`` the largest
    wave speed along the axis.
    """
    low = rusanov(eq, *eq.balance(ql, qr, axis), axis)
    safe_left, safe_right = eq.positive(_left_with(ql, low, s)), eq.positive(_taken_to(qr, low, s))
    # One quantity after the other: pressure means something only once density is positive.
    for k in range(len(safe_left)):
        left, right = eq.positive(_left_with(ql, f, s)), eq.positive(_taken_to(qr, f, s))
        theta = minimum(_share(safe_left[k], left[k]), _share(safe_right[k], right[k]))
        theta = maximum(theta, 0.0)
        f = add(low, scale(theta, subtract(f, low)))
    return f
