"""Targeted essentially non-oscillatory reconstruction."""

from __future__ import annotations

from learnedflux.ops import larger, pointwise, where
from learnedflux.reconstruction.base import register
from learnedflux.reconstruction.stencil import (
    differences,
    roughness,
    smoothness,
    tau5,
    weighted,
    weighted_both,
)

__all__ = ["teno5"]

CUTOFF = 1e-5  # C_T: a sub-stencil whose relative smoothness is below it is left out


@pointwise
def _power6(x):
    cube = x * x * x
    return cube * cube


@pointwise
def _factors(beta):
    """One for each sub-stencil that takes part, zero for the others."""
    tau = tau5(beta)
    s0, s1, s2 = (
        1.0 + roughness(tau, beta[0]),
        1.0 + roughness(tau, beta[1]),
        1.0 + roughness(tau, beta[2]),
    )
    # Only ratios count: divided by the largest, the sixth power cannot overflow. Sums keep the
    # outer two together, so that nothing changes in a mirror.
    top = 1.0 / larger(larger(s0, s2), s1)
    g0, g1, g2 = _power6(s0 * top), _power6(s1 * top), _power6(s2 * top)
    least = CUTOFF * ((g0 + g2) + g1)
    return (
        where(g0 < least, 0.0 * g0, 1.0),
        where(g1 < least, 0.0 * g1, 1.0),
        where(g2 < least, 0.0 * g2, 1.0),
    )


@pointwise
def _both(a, b, c, d, e):
    steps = differences(a, b, c, d, e)
    return weighted_both(c, steps, _factors(smoothness(*steps)))


@register(
    "teno5",
    cells=5,
    order=5,
    judgement="sharper than weno5-z at little cost; keeps small waves",
    reference="Fu, Hu, Adams, J. Comput. Phys. 305, 333-359 (2016), doi:10.1016/j.jcp.2015.10.037",
    both=_both,
)
def teno5(a, b, c, d, e):
    """Fifth-order TENO (C_T = 1e-5, q = 6, linear weights 0.1, 0.6, 0.3)."""
    steps = differences(a, b, c, d, e)
    return c + weighted(steps, _factors(smoothness(*steps)))
