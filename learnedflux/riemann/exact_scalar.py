"""Exact Riemann solver for scalar laws."""

from __future__ import annotations

from learnedflux.limiters import median_clip
from learnedflux.ops import Scalar, maximum, minimum, where
from learnedflux.riemann.base import register

__all__ = ["godunov"]


@register(
    "godunov",
    needs=("critical_points",),
    judgement="exact for every scalar law, convex or not",
    reference="Osher, SIAM J. Numer. Anal. 21, 217-235 (1984), doi:10.1137/0721016",
)
def godunov(eq, ql: tuple[Scalar, ...], qr: tuple[Scalar, ...], axis: int):
    """Godunov flux of a scalar law: the flux of the exact entropy solution at the interface.

    The least of the physical flux between the two states if ``ql <= qr``, else the largest. A
    continuous function takes its extremes at the ends or at critical points, so the equation only
    says where :math:`f' = 0`.

    Parameters
    ----------
    eq : Equation
        Scalar law that defines ``critical_points(axis)``: a non-empty tuple of all states at which
        the derivative of the flux changes sign (for a monotone flux any number).
    ql, qr : tuple of one scalar
        States left and right of the interface.
    axis : int
        Normal direction, 0 = x.

    Returns
    -------
    tuple of one scalar
        Numerical flux, positive along ``axis``.

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.riemann.godunov(lf.Burgers(), (-1.0,), (1.0,), axis=0)
    (0.0,)
    """
    a, b = ql[0], qr[0]
    low, high = minimum(a, b), maximum(a, b)
    fa, fb = eq.flux(ql, axis)[0], eq.flux(qr, axis)[0]
    least, largest = minimum(fa, fb), maximum(fa, fb)
    for point in eq.critical_points(axis):
        f = eq.flux((median_clip(point, low, high),), axis)[0]
        least, largest = minimum(least, f), maximum(largest, f)
    return (where(a <= b, least, largest),)
