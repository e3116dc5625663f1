"""Constant and piecewise linear (MUSCL) reconstruction."""

from __future__ import annotations

from learnedflux.limiters import mc, minmod, superbee, van_leer
from learnedflux.ops import pointwise
from learnedflux.reconstruction.base import register

__all__ = ["constant", "muscl_mc", "muscl_minmod", "muscl_superbee", "muscl_van_leer"]

VAN_LEER = "van Leer, J. Comput. Phys. 32, 101-136 (1979), doi:10.1016/0021-9991(79)90145-1"


@pointwise
def _constant_both(c):
    return c, c


@register(
    "constant",
    cells=1,
    order=1,
    aliases=("godunov",),
    judgement="very diffusive; cannot oscillate or go negative",
    reference="Godunov, Mat. Sb. 47, 271-306 (1959)",
    both=_constant_both,
)
def constant(c):
    """Cell average as face value: Godunov's first-order scheme."""
    return c


@pointwise
def _van_leer_both(b, c, d):
    half = 0.5 * van_leer(c - b, d - c)
    return c + half, c - half


@register(
    "muscl",
    cells=3,
    order=2,
    aliases=("muscl-van-leer",),
    judgement="robust and cheap; clips smooth extrema, smears contacts",
    reference=VAN_LEER,
    both=_van_leer_both,
)
def muscl_van_leer(b, c, d):
    """MUSCL with van Leer's harmonic limiter."""
    return c + 0.5 * van_leer(c - b, d - c)


@pointwise
def _minmod_both(b, c, d):
    half = 0.5 * minmod(c - b, d - c)
    return c + half, c - half


@register(
    "muscl-minmod",
    cells=3,
    order=2,
    judgement="the most diffusive second-order scheme; hardest to break",
    reference=VAN_LEER,
    both=_minmod_both,
)
def muscl_minmod(b, c, d):
    """MUSCL with the minmod limiter."""
    return c + 0.5 * minmod(c - b, d - c)


@pointwise
def _mc_both(b, c, d):
    half = 0.5 * mc(c - b, d - c)
    return c + half, c - half


@register(
    "muscl-mc",
    cells=3,
    order=2,
    judgement="sharper than van Leer, slightly squares smooth waves",
    reference=VAN_LEER,
    both=_mc_both,
)
def muscl_mc(b, c, d):
    """MUSCL with the monotonised central limiter."""
    return c + 0.5 * mc(c - b, d - c)


@pointwise
def _superbee_both(b, c, d):
    half = 0.5 * superbee(c - b, d - c)
    return c + half, c - half


@register(
    "muscl-superbee",
    cells=3,
    order=2,
    judgement="keeps contacts sharp, turns smooth waves into squares",
    reference="Roe, Annu. Rev. Fluid Mech. 18, 337 (1986), doi:10.1146/annurev.fl.18.010186.002005",
    both=_superbee_both,
)
def muscl_superbee(b, c, d):
    """MUSCL with Roe's superbee limiter."""
    return c + 0.5 * superbee(c - b, d - c)
