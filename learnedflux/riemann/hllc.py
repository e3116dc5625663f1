"""HLLC Riemann solver."""

from __future__ import annotations

from learnedflux.ops import Scalar, pointwise, select, where
from learnedflux.riemann.base import register

__all__ = ["hllc"]


@pointwise
def hllc_of_primitive(eq, wl, wr, axis):
    """HLLC flux between primitive states."""
    sl, sr = eq.outer_speeds(wl, wr, axis)
    sm, pm = eq.contact(wl, wr, sl, sr, axis)
    # Beside a contact that stands still, the side whose outer wave is farther from it.
    left = where(sm == 0.0, sl + sr < 0.0, sm > 0.0)
    w, s = select(left, wl, wr), where(left, sl, sr)
    # Beyond the outer wave the flux is that beside a contact of the state's own speed and pressure.
    beyond, (u, p) = where(left, sl, -sr) >= 0.0, eq.normal(w, axis)
    return eq.star_flux(w, s, where(beyond, u, sm), where(beyond, p, pm), axis)


@register(
    "hllc",
    needs=("outer_speeds", "contact", "normal", "star_flux"),
    primitive=hllc_of_primitive,
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
        Must provide, of primitive states: ``outer_speeds(wl, wr, axis)``, the slowest and the
        fastest wave; ``contact(wl, wr, sl, sr, axis)``, speed and pressure of the middle one;
        ``normal(w, axis)``, velocity and pressure of a state; ``star_flux(w, s, sm, pm, axis)``,
        the flux between the outer wave of speed ``s`` and the middle one.
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
    Positivity preserving for CFL numbers up to 1 with Einfeldt's speeds [2]_. The side of the
    contact on which the face lies is chosen first, then the flux there: half the work of both. The
    flux beside the contact is written in its speed and in the mean of what the two sides say of
    its pressure, so that nothing but that pressure passes a contact that stands exactly still,
    whichever side is chosen: mirror symmetry is exact.

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
    return hllc_of_primitive(eq, eq.to_primitive(ql), eq.to_primitive(qr), axis)
