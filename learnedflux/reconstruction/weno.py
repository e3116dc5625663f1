"""Weighted essentially non-oscillatory reconstruction."""

from __future__ import annotations

from learnedflux.ops import absolute, pointwise, tmap
from learnedflux.reconstruction.base import register
from learnedflux.reconstruction.stencil import (
    differences,
    roughness,
    smoothness,
    tau5,
    weighted,
    weighted_both,
)

__all__ = [
    "weno3_js_sharp", "weno3_z", "weno5_js", "weno5_js_factors", "weno5_js_sharp", "weno5_z",
    "weno5_z_factors",
]  # fmt: skip

EPSILON_JS = 1e-6  # Jiang and Shu's value; sets the scale below which data count as smooth
EPSILON_SHARP = 1e-16  # no data count as smooth, whatever their scale


@pointwise
def _js(beta):
    s = beta + EPSILON_JS
    return 1.0 / (s * s)


@pointwise
def _js_sharp(beta):
    s = beta + EPSILON_SHARP
    return 1.0 / (s * s)


@pointwise
def _z(tau, beta):
    r = roughness(tau, beta)
    return 1.0 + r * r


@pointwise
def _weno3(d1, d2, s0, s1):
    w0, w1 = (1.0 / 3.0) * s0, (2.0 / 3.0) * s1
    return 0.5 * ((w0 * d1 + w1 * d2) / (w0 + w1))


@pointwise
def _weno3_factors(d1, d2):
    beta0, beta1 = d1 * d1, d2 * d2
    tau = absolute(beta0 - beta1)
    return 1.0 + roughness(tau, beta0), 1.0 + roughness(tau, beta1)


@pointwise
def _weno3_both(b, c, d):
    d1, d2 = c - b, d - c
    s0, s1 = _weno3_factors(d1, d2)
    return c + _weno3(d1, d2, s0, s1), c - _weno3(d2, d1, s1, s0)


@register(
    "weno3-z",
    cells=3,
    order=3,
    aliases=("weno3",),
    judgement="cheap and robust; diffusive at extrema, where it drops to second order",
    reference="Don and Borges, J. Comput. Phys. 250, 347-372 (2013), doi:10.1016/j.jcp.2013.05.018",
    both=_weno3_both,
)
def weno3_z(b, c, d):
    """Third-order WENO-Z, power 1."""
    d1, d2 = c - b, d - c
    return c + _weno3(d1, d2, *_weno3_factors(d1, d2))


@pointwise
def _js_both(a, b, c, d, e):
    steps = differences(a, b, c, d, e)
    return weighted_both(c, steps, tmap(_js, smoothness(*steps)))


@register(
    "weno5-js",
    cells=5,
    order=5,
    judgement="the classic; loses accuracy at extrema, more diffusive than weno5-z",
    reference="Jiang and Shu, J. Comput. Phys. 126, 202-228 (1996), doi:10.1006/jcph.1996.0130",
    both=_js_both,
)
def weno5_js(a, b, c, d, e):
    """Fifth-order WENO of Jiang and Shu (epsilon 1e-6, power 2)."""
    steps = differences(a, b, c, d, e)
    return c + weighted(steps, tmap(_js, smoothness(*steps)))


@pointwise
def weno5_js_factors(beta):
    """What :func:`weno5_js_sharp` multiplies the linear weights by."""
    return tmap(_js_sharp, beta)


@pointwise
def weno5_js_sharp(a, b, c, d, e):
    """:func:`weno5_js` with an epsilon of 1e-16: the one of Way et al., arXiv:2203.08937."""
    steps = differences(a, b, c, d, e)
    return c + weighted(steps, weno5_js_factors(smoothness(*steps)))


@pointwise
def weno3_js_sharp(b, c, d):
    """Third-order WENO of Jiang and Shu with an epsilon of 1e-16, power 2."""
    d1, d2 = c - b, d - c
    return c + _weno3(d1, d2, _js_sharp(d1 * d1), _js_sharp(d2 * d2))


@pointwise
def weno5_z_factors(beta):
    """What WENO-Z multiplies the linear weights by, Borges et al. (2008), eq. (28), power 2."""
    tau = tau5(beta)
    return _z(tau, beta[0]), _z(tau, beta[1]), _z(tau, beta[2])


@pointwise
def _z_both(a, b, c, d, e):
    steps = differences(a, b, c, d, e)
    return weighted_both(c, steps, weno5_z_factors(smoothness(*steps)))


@register(
    "weno5-z",
    cells=5,
    order=5,
    aliases=("weno5",),
    judgement="the usual choice among classical schemes; smears contacts over about six cells",
    reference="Borges et al., J. Comput. Phys. 227, 3191 (2008), doi:10.1016/j.jcp.2007.11.038",
    both=_z_both,
)
def weno5_z(a, b, c, d, e):
    """Fifth-order WENO-Z (power 2)."""
    steps = differences(a, b, c, d, e)
    return c + weighted(steps, weno5_z_factors(smoothness(*steps)))
