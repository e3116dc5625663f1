"""HLLC Riemann solver."""

from __future__ import annotations

from learnedflux.ops import Scalar, add, fill, pointwise, scale, select, tmap
from learnedflux.riemann.base import register

__all__ = ["hllc"]


@pointwise
def _star_flux(f, q, star, s):
    return f + s * (star - q)


@register(
    "hllc",
    needs=("contact_speed", "star_state"),
    judgement="sharp contacts and shear layers; may carbuncle at grid-aligned strong shocks",
    reference="Toro, Spruce and Speares, Shock Waves 4, 25-34 (1994), doi:10.1007/BF01414629",
)
def hllc(eq, ql: tuple[Scalar, ...], qr: tuple[Scalar, ...], axis: int):
    r"""HLLC approximate Riemann solver.

    Restores the contact wave missing in HLL. Resolves isolated contacts and shear layers exactly;
    may show carbuncles at grid-aligned strong shocks (use ``hll`` or ``rusanov`` there).

    Parameters
    ----------
    eq : Equation
        Must provide ``wave_speeds``, ``contact_speed`` and ``star_state``.
    ql, qr : tuple of scalars
        Conserved variables left and right of the interface, in the equation's order.
    axis : int
        Normal direction, 0 = x.

    Returns
    -------
    tuple of scalars
        Numerical flux through the interface, positive along ``axis``.

    Notes
    -----
    Positivity preserving for CFL numbers up to 1 with Einfeldt's speeds [2]_. Where the contact
    stands exactly still the two star fluxes are averaged, which keeps mirror symmetry exact.

    References
    ----------
    .. [1] Toro, Spruce and Speares, Shock Waves 4, 25-34 (1994), doi:10.1007/BF01414629.
    .. [2] Batten et al., SIAM J. Sci. Comput. 18, 1553-1570 (1997), doi:10.1137/S1064827593260140.

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.riemann.hllc(lf.Euler(), (1.0, 0.0, 2.5), (1.0, 0.0, 2.5), axis=0)
    (0.0, 1.0, 0.0)
    """
    fl, fr = eq.flux(ql, axis), eq.flux(qr, axis)
    sl, sr = eq.wave_speeds(ql, qr, axis)
    sm = eq.contact_speed(ql, qr, sl, sr, axis)
    left = tmap(_star_flux, fl, ql, eq.star_state(ql, sl, sm, axis), fill(sl, ql))
    right = tmap(_star_flux, fr, qr, eq.star_state(qr, sr, sm, axis), fill(sr, qr))
    left = select(sl >= 0.0, fl, left)
    right = select(sr <= 0.0, fr, right)
    return select(sm > 0.0, left, select(sm < 0.0, right, scale(0.5, add(left, right))))
