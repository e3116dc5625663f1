"""Targeted essentially non-oscillatory reconstruction."""

from __future__ import annotations

from learnedflux.ops import maximum, pointwise, where
from learnedflux.reconstruction.base import register
from learnedflux.reconstruction.stencil import (
    differences,
    roughness,
    smoothness,
    substencils,
    tau5,
)

__all__ = ["teno5"]

CUTOFF = 1e-5  # C_T: a sub-stencil whose relative smoothness is below it is left out


@pointwise
def _power6(x):
    cube = x * x * x
    return cube * cube


@register(
    "teno5",
    cells=5,
    order=5,
    judgement="sharper than weno5-z at little cost; keeps small waves",
    reference="Fu, Hu, Adams, J. Comput. Phys. 305, 333-359 (2016), doi:10.1016/j.jcp.2015.10.037",
)
def teno5(a, b, c, d, e):
    """Fifth-order TENO (C_T = 1e-5, q = 6, linear weights 0.1, 0.6, 0.3)."""
    d0, d1, d2, d3 = differences(a, b, c, d, e)
    beta0, beta1, beta2 = smoothness(d0, d1, d2, d3)
    tau = tau5((beta0, beta1, beta2))
    s0, s1, s2 = (
        1.0 + roughness(tau, beta0),
        1.0 + roughness(tau, beta1),
        1.0 + roughness(tau, beta2),
    )
    # Only ratios count: divided by the largest, the sixth power cannot overflow.
    top = 1.0 / maximum(maximum(s0, s1), s2)
    g0, g1, g2 = _power6(s0 * top), _power6(s1 * top), _power6(s2 * top)
    least = CUTOFF * ((g0 + g1) + g2)
    w0 = where(g0 < least, 0.0 * g0, 0.1)
    w1 = where(g1 < least, 0.0 * g1, 0.6)
    w2 = where(g2 < least, 0.0 * g2, 0.3)
    v0, v1, v2 = substencils(d0, d1, d2, d3)
    return c + (w0 * v0 + w1 * v1 + w2 * v2) / ((w0 + w1) + w2)
