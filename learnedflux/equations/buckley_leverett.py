"""Two-phase flow of Buckley and Leverett."""

from __future__ import annotations

from learnedflux.equations.base import Equation
from learnedflux.errors import InputError
from learnedflux.ops import absolute, maximum, minimum

__all__ = ["BuckleyLeverett"]

STEPS = 8  # of Newton's method for the inflection


class BuckleyLeverett(Equation):
    r"""Water that drives oil out of porous rock: a flux that is neither convex nor concave.

    :math:`s_t + \sum_d f(s)_{x_d} = 0` with :math:`f = s^2 / (s^2 + M (1 - s)^2)` for the
    saturation s of water, 0 to 1.

    Parameters
    ----------
    mobility : float
        Mobility M of the oil relative to the water's: the ratio of viscosities water : oil,
        above 0.

    Notes
    -----
    Good values: 1/2 (LeVeque), 1/4 and 1. Expected behaviour: one jump opens into a rarefaction
    *and* a shock at its foot, which moves at the speed of the tangent to the flux; schemes that
    are not entropy satisfying there converge to wrong waves, and those that sharpen (``mp5``)
    find the right one only slowly as the grid is refined. As the fastest wave may lie
    between two states, ``max_speed`` is that of any saturation from 0 to 1.

    References
    ----------
    .. [1] Buckley & Leverett, Trans. AIME 146, 107-116 (1942), doi:10.2118/942107-G.
    .. [2] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, section 16.1.1.

    Examples
    --------
    >>> BuckleyLeverett(mobility=0.5).flux((1.0,), axis=0)
    (1.0,)
    """

    mobility: float = 0.5
    variables = ("saturation",)
    value_range = (0.0, 1.0)

    def __post_init__(self) -> None:
        if not self.mobility > 0:
            raise InputError(f"mobility must be above 0; got {self.mobility!r}.")

    def flux(self, q, axis):
        s, rest = q[0], 1.0 - q[0]
        water = s * s
        return (water / (water + self.mobility * (rest * rest)),)

    def flux_slope(self, q):
        """Derivative of the flux: the speed of small disturbances."""
        s, rest = q[0], 1.0 - q[0]
        total = s * s + self.mobility * (rest * rest)
        return (2.0 * self.mobility) * (s * rest) / (total * total)

    def fastest_saturation(self):
        """Saturation at which disturbances are fastest: the root of 2s^3 - 3s^2 + M / (1 + M)."""
        # With s = 1/2 + t it reads 4t^3 - 3t = w, between the cubic's two extremes.
        w = (1.0 - self.mobility) / (1.0 + self.mobility)
        t = w / -3.0
        for _ in range(STEPS):
            t = t - ((4.0 * t * t - 3.0) * t - w) / (12.0 * t * t - 3.0)
        return 0.5 + t

    def max_speed(self, q, axis):
        return maximum(absolute(self.flux_slope(q)), self.flux_slope((self.fastest_saturation(),)))

    def wave_speeds(self, ql, qr, axis):
        # Water only ever moves on; the slowest waves are those of the two states.
        slow = minimum(self.flux_slope(ql), self.flux_slope(qr))
        return slow, maximum(self.max_speed(ql, axis), self.max_speed(qr, axis))

    def critical_points(self, axis):
        return (0.0, 1.0)

    def eigenvalues(self, frame, axis):
        return (self.flux_slope(frame),)
