"""Roe's Riemann solver with an entropy fix."""

from __future__ import annotations

from learnedflux.ops import (
    Scalar,
    absolute,
    add,
    maximum,
    pointwise,
    safe_div,
    scale,
    subtract,
    tmap,
    where,
)
from learnedflux.riemann.base import register

__all__ = ["roe"]


@pointwise
def _dissipation(amplitude, speed, left, right):
    # Harten and Hyman's second fix: inside a transonic fan |speed| becomes a parabola above zero.
    width = maximum(maximum(speed - left, right - speed), 0.0)
    fixed = 0.5 * (safe_div(speed * speed, width) + width)
    return where(absolute(speed) < width, fixed, absolute(speed)) * amplitude


@register(
    "roe",
    needs=("roe_frame", "eigenvalues", "to_characteristic", "from_characteristic"),
    judgement="sharp on every wave; can go negative in strong rarefactions, where hllc does not",
    reference="Roe, J. Comput. Phys. 43, 357-372 (1981), doi:10.1016/0021-9991(81)90128-5",
)
def roe(eq, ql: tuple[Scalar, ...], qr: tuple[Scalar, ...], axis: int):
    """Roe's linearised Riemann solver with Harten and Hyman's entropy fix.

    Resolves each wave of the linearised problem; use ``hllc`` near vacuum.

    Parameters
    ----------
    eq : Equation
        Must provide ``roe_frame``, ``frame``, ``eigenvalues`` and the characteristic projection.
    ql, qr : tuple of scalars
        Conserved variables left and right of the interface.
    axis : int
        Normal direction, 0 = x.

    Returns
    -------
    tuple of scalars
        Numerical flux, positive along ``axis``.

    References
    ----------
    .. [1] Roe, J. Comput. Phys. 43, 357-372 (1981), doi:10.1016/0021-9991(81)90128-5.
    .. [2] Harten and Hyman, J. Comput. Phys. 50, 235-269 (1983).

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.riemann.roe(lf.Burgers(), (1.0,), (0.0,), axis=0)
    (0.5,)
    """
    mean = eq.roe_frame(ql, qr, axis)
    speed = eq.eigenvalues(mean, axis)
    left = eq.eigenvalues(eq.frame(eq.to_primitive(ql), axis), axis)
    right = eq.eigenvalues(eq.frame(eq.to_primitive(qr), axis), axis)
    dw = eq.linear_primitive(mean, subtract(qr, ql), axis)
    jump = eq.to_characteristic(mean, dw, axis)
    damped = eq.from_characteristic(mean, tmap(_dissipation, jump, speed, left, right), axis)
    damping = eq.linear_conserved(mean, damped, axis)
    return subtract(scale(0.5, add(eq.flux(ql, axis), eq.flux(qr, axis))), scale(0.5, damping))
