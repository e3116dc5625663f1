"""Seventh-order weighted essentially non-oscillatory reconstruction."""

from __future__ import annotations

from learnedflux.ops import absolute, dot, larger, pointwise
from learnedflux.reconstruction.base import register
from learnedflux.reconstruction.stencil import roughness

__all__ = ["weno7_z"]


@pointwise
def _beta(slope, second, third):
    """Smoothness of a cubic: its squared derivatives, each integrated over the upwind cell.

    In its mean slope there, its second derivative and its third: three terms, no products.
    """
    return slope * slope + (13.0 / 12.0) * (second * second) + (781.0 / 720.0) * (third * third)


@pointwise
def _smoothness(d):
    """Smoothness indicators of the four sub-stencils of four cells, upwind to downwind.

    Those of Balsara and Shu, J. Comput. Phys. 160, 405-452 (2000), as sums of squares.
    """
    d0, d1, d2, d3, d4, d5 = d
    c0, c1, c2, c3, c4 = d1 - d0, d2 - d1, d3 - d2, d4 - d3, d5 - d4
    return (
        _beta((2.0 * d0 - 7.0 * d1 + 11.0 * d2) * (1.0 / 6.0), 2.0 * c1 - c0, c1 - c0),
        _beta((2.0 * d3 + 5.0 * d2 - d1) * (1.0 / 6.0), c2, c2 - c1),
        _beta((2.0 * d2 + 5.0 * d3 - d4) * (1.0 / 6.0), c2, c3 - c2),
        _beta((2.0 * d5 - 7.0 * d4 + 11.0 * d3) * (1.0 / 6.0), 2.0 * c3 - c4, c4 - c3),
    )


@pointwise
def _increments(d):
    """Increments of the four fourth-order sub-stencils."""
    d0, d1, d2, d3, d4, d5 = d
    return (
        (3.0 * d0 - 10.0 * d1 + 13.0 * d2) * (1.0 / 12.0),
        (3.0 * d3 + 4.0 * d2 - d1) * (1.0 / 12.0),
        (d2 + 6.0 * d3 - d4) * (1.0 / 12.0),
        (9.0 * d3 - 4.0 * d4 + d5) * (1.0 / 12.0),
    )


@pointwise
def _weights(beta):
    """Unnormalised WENO-Z weights, power 2."""
    tau = absolute((beta[0] - beta[3]) + 3.0 * (beta[1] - beta[2]))
    r0, r1, r2, r3 = (
        roughness(tau, beta[0]),
        roughness(tau, beta[1]),
        roughness(tau, beta[2]),
        roughness(tau, beta[3]),
    )
    # Only ratios count: divided by the largest, no square overflows, in single precision either.
    top = 1.0 / larger(larger(larger(r0, r1), larger(r2, r3)), 1.0)
    r0, r1, r2, r3, one = r0 * top, r1 * top, r2 * top, r3 * top, top * top
    return (
        (one + r0 * r0) * (1.0 / 35.0),
        (one + r1 * r1) * (12.0 / 35.0),
        (one + r2 * r2) * (18.0 / 35.0),
        (one + r3 * r3) * (4.0 / 35.0),
    )


@register(
    "weno7-z",
    cells=7,
    order=7,
    judgement="finer waves than weno5-z at twice its cost; more noise at strong shocks",
    reference="Castro, Costa and Don, J. Comput. Phys. 230, 1766-1792 (2011), "
    "doi:10.1016/j.jcp.2010.11.028",
)
def weno7_z(a, b, c, d, e, f, g):
    """Seventh-order WENO-Z, power 2, linear weights 1, 12, 18 and 4 of 35."""
    steps = (b - a, c - b, d - c, e - d, f - e, g - f)
    alpha = _weights(_smoothness(steps))
    total = (alpha[0] + alpha[1]) + (alpha[2] + alpha[3])
    return d + dot(alpha, _increments(steps)) / total
