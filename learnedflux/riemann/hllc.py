"""HLLC Riemann solver."""

from __future__ import annotations

from learnedflux.ops import Scalar, select, where
from learnedflux.riemann.base import register

__all__ = ["hllc"]


@register(
    "hllc",
    needs=("contact", "normal", "star_flux"),
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
        Must provide ``wave_speeds``, ``contact``, ``normal`` and ``star_flux``.
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
    sl, sr = eq.wave_speeds(ql, qr, axis)
    sm, pm = eq.contact(ql, qr, sl, sr, axis)
    # Beside a contact that stands still, the side whose outer wave is farther from it.
    left = where(sm == 0.0, sl + sr < 0.0, sm > 0.0)
    q, s = select(left, ql, qr), where(left, sl, sr)
    w = select(left, eq.to_primitive(ql), eq.to_primitive(qr))
    # Beyond the outer wave the flux is that beside a contact of the state's own speed and pressure.
    beyond, (u, p) = where(left, sl, -sr) >= 0.0, eq.normal(w, axis)
    return eq.star_flux(q, w, s, where(beyond, u, sm), where(beyond, p, pm), axis)
