"""Weighted essentially non-oscillatory reconstruction."""

from __future__ import annotations

from learnedflux.ops import absolute, dot, pointwise
from learnedflux.reconstruction.base import register
from learnedflux.reconstruction.stencil import (
    differences,
    roughness,
    smoothness,
    substencils,
    tau5,
)

__all__ = ["weno3_z", "weno5_js", "weno5_z", "weno5_z_weights"]

EPSILON_JS = 1e-6  # Jiang and Shu's value; sets the scale below which data count as smooth


@pointwise
def _convex(alpha, values):
    return dot(alpha, values) / ((alpha[0] + alpha[1]) + alpha[2])


@pointwise
def _js(weight, beta):
    s = beta + EPSILON_JS
    return weight / (s * s)


@pointwise
def _z(weight, beta, tau):
    r = roughness(tau, beta)
    return weight * (1.0 + r * r)


@register(
    "weno3-z",
    cells=3,
    order=3,
    aliases=("weno3",),
    judgement="cheap and robust; diffusive at extrema, where it drops to second order",
    reference="Don and Borges, J. Comput. Phys. 250, 347-372 (2013), doi:10.1016/j.jcp.2013.05.018",
)
def weno3_z(b, c, d):
    """Third-order WENO-Z, power 1."""
    d1, d2 = c - b, d - c
    beta0, beta1 = d1 * d1, d2 * d2
    tau = absolute(beta0 - beta1)
    alpha0 = (1.0 / 3.0) * (1.0 + roughness(tau, beta0))
    alpha1 = (2.0 / 3.0) * (1.0 + roughness(tau, beta1))
    return c + 0.5 * ((alpha0 * d1 + alpha1 * d2) / (alpha0 + alpha1))


@register(
    "weno5-js",
    cells=5,
    order=5,
    judgement="the classic; loses accuracy at extrema, more diffusive than weno5-z",
    reference="Jiang and Shu, J. Comput. Phys. 126, 202-228 (1996), doi:10.1006/jcph.1996.0130",
)
def weno5_js(a, b, c, d, e):
    """Fifth-order WENO of Jiang and Shu (epsilon 1e-6, power 2)."""
    d0, d1, d2, d3 = differences(a, b, c, d, e)
    beta = smoothness(d0, d1, d2, d3)
    alpha = (_js(0.1, beta[0]), _js(0.6, beta[1]), _js(0.3, beta[2]))
    return c + _convex(alpha, substencils(d0, d1, d2, d3))


@pointwise
def weno5_z_weights(beta):
    """Unnormalised WENO-Z weights, Borges et al. (2008), eq. (28) with power 2."""
    tau = tau5(beta)
    return (_z(0.1, beta[0], tau), _z(0.6, beta[1], tau), _z(0.3, beta[2], tau))


@register(
    "weno5-z",
    cells=5,
    order=5,
    aliases=("weno5",),
    judgement="the usual choice among classical schemes; smears contacts over about six cells",
    reference="Borges et al., J. Comput. Phys. 227, 3191 (2008), doi:10.1016/j.jcp.2007.11.038",
)
def weno5_z(a, b, c, d, e):
    """Fifth-order WENO-Z (power 2)."""
    d0, d1, d2, d3 = differences(a, b, c, d, e)
    alpha = weno5_z_weights(smoothness(d0, d1, d2, d3))
    return c + _convex(alpha, substencils(d0, d1, d2, d3))
