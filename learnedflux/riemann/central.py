"""Riemann solvers that need bounds of the wave speeds only."""

from __future__ import annotations

from learnedflux.ops import Scalar, fill, maximum, minimum, pointwise, safe_div, tmap, where
from learnedflux.riemann.base import register

__all__ = ["hll", "rusanov"]


@pointwise
def _rusanov(fl, fr, ql, qr, s):
    return 0.5 * (fl + fr) - 0.5 * (s * (qr - ql))


@register(
    "rusanov",
    judgement="works for every equation; smears contacts and slow waves",
    reference="Rusanov, USSR Comput. Math. Math. Phys. 1, 304-320 (1961)",
)
def rusanov(eq, ql: tuple[Scalar, ...], qr: tuple[Scalar, ...], axis: int):
    """Rusanov (local Lax-Friedrichs) flux.

    The safest choice, for any equation that can bound its wave speed; every wave is smeared as if
    it were the fastest. Use ``hllc`` or ``godunov`` where the equation allows.

    Parameters
    ----------
    eq : Equation
        Any equation.
    ql, qr : tuple of scalars
        Conserved variables left and right of the interface.
    axis : int
        Normal direction, 0 = x.

    Returns
    -------
    tuple of scalars
        Numerical flux, positive along ``axis``.

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.riemann.rusanov(lf.Burgers(), (1.0,), (0.0,), axis=0)
    (0.75,)
    """
    s = maximum(eq.max_speed(ql, axis), eq.max_speed(qr, axis))
    return tmap(_rusanov, eq.flux(ql, axis), eq.flux(qr, axis), ql, qr, fill(s, ql))


@pointwise
def _hll(fl, fr, ql, qr, sl, sr):
    # Grouped so that swapping left and right negates or keeps the flux exactly.
    middle = safe_div((sr * fl - sl * fr) + (sl * sr) * (qr - ql), sr - sl)
    return where(sr - sl > 0.0, middle, 0.5 * (fl + fr))


@register(
    "hll",
    judgement="robust, never makes carbuncles; smears contacts and shear layers",
    reference="Harten, Lax and van Leer, SIAM Rev. 25, 35-61 (1983), doi:10.1137/1025002",
)
def hll(eq, ql: tuple[Scalar, ...], qr: tuple[Scalar, ...], axis: int):
    """HLL flux: one mean state between the slowest and the fastest wave.

    Use it where grid-aligned strong shocks make ``hllc`` carbuncle; it smears contacts.

    Parameters
    ----------
    eq : Equation
        Any equation; sharper where it defines ``wave_speeds``.
    ql, qr : tuple of scalars
        Conserved variables left and right of the interface.
    axis : int
        Normal direction, 0 = x.

    Returns
    -------
    tuple of scalars
        Numerical flux, positive along ``axis``.

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.riemann.hll(lf.Euler(), (1.0, 0.0, 2.5), (1.0, 0.0, 2.5), axis=0)
    (0.0, 1.0, 0.0)
    """
    sl, sr = eq.wave_speeds(ql, qr, axis)
    sl, sr = minimum(sl, 0.0), maximum(sr, 0.0)
    return tmap(_hll, eq.flux(ql, axis), eq.flux(qr, axis), ql, qr, fill(sl, ql), fill(sr, ql))
