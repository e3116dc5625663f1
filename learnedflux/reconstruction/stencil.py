"""Building blocks on the five-cell stencil a, b, c, d, e around the upwind cell c.

Everything is written in differences of neighbouring cells, ``d0 = b - a ... d3 = e - d``, and face
values as ``c + increment``: adding a constant to the data then changes nothing but the constant.
"""

from __future__ import annotations

from learnedflux.ops import absolute, pointwise, reverse, scale, smaller, subtract

__all__ = [
    "differences", "linear5", "mirrored", "roughness", "smoothness", "substencils", "tau5",
    "weighted", "weighted_both",
]  # fmt: skip

# Only keeps 0/0 away; far below the square of any round-off that matters, but a normal number in
# float32: kernels for a GPU take smaller ones for zero.
EPSILON = 1e-37
ROUGH = 1e18  # a ratio above which nothing is left to tell apart; its square exists in float32


@pointwise
def differences(*cells):
    """Differences of neighbouring cells, left to right."""
    return subtract(cells[1:], cells[:-1])


@pointwise
def mirrored(d):
    """Differences of the same cells seen from the other side."""
    return scale(-1.0, reverse(d))


@pointwise
def linear5(d0, d1, d2, d3):
    """Increment of the fifth-order upwind-biased linear scheme."""
    return (-2.0 * d0 + 11.0 * d1 + 24.0 * d2 - 3.0 * d3) * (1.0 / 60.0)


@pointwise
def _sixfold(d0, d1, d2, d3):
    # In the same first differences as the smoothness indicators, seen from either face.
    return 2.0 * (3.0 * d1 - d0) - d1, (d1 + d2) + d2, (3.0 * d2 - d3) + d2


@pointwise
def substencils(d0, d1, d2, d3):
    """Increments of the three third-order sub-stencils, upwind to downwind."""
    return scale(1.0 / 6.0, _sixfold(d0, d1, d2, d3))


@pointwise
def weighted(d, s):
    """Mean of the sub-stencils' increments by their linear weights times ``s``."""
    v0, v1, v2 = _sixfold(*d)
    w0, w1, w2 = s[0], 6.0 * s[1], 3.0 * s[2]
    return ((w0 * v0 + (w1 * v1 + w2 * v2)) * (1.0 / 6.0)) / (w0 + (w1 + w2))


@pointwise
def weighted_both(c, d, s):
    """Values of cell ``c`` at its right and its left face: :func:`weighted` and its mirror image.

    A cell seen in a mirror has its differences negated and from last to first, and the factors of
    its sub-stencils from last to first too.
    """
    return c + weighted(d, s), c - weighted(reverse(d), reverse(s))


@pointwise
def _beta(second, first):
    return (13.0 / 12.0) * (second * second) + 0.25 * (first * first)


@pointwise
def smoothness(d0, d1, d2, d3):
    """Jiang and Shu's smoothness indicators (1996), eqs. (3.2)-(3.4)."""
    return (
        _beta(d1 - d0, 3.0 * d1 - d0),
        _beta(d2 - d1, d1 + d2),
        _beta(d3 - d2, 3.0 * d2 - d3),
    )


@pointwise
def tau5(beta):
    """Global smoothness of the five cells, Borges et al. (2008), eq. (25)."""
    return absolute(beta[0] - beta[2])


@pointwise
def roughness(tau, beta):
    """Global over local smoothness, ``tau / beta``: how much rougher the whole is than the part.

    Bounded, as an infinite one would give weights of inf / inf next to perfectly flat data.
    """
    return smaller(ROUGH, tau / (beta + EPSILON))
