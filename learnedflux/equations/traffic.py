"""Traffic flow of Lighthill, Whitham and Richards."""

from __future__ import annotations

from learnedflux.equations.base import Equation
from learnedflux.errors import InputError
from learnedflux.ops import absolute, maximum, minimum

__all__ = ["LighthillWhithamRichards"]


class LighthillWhithamRichards(Equation):
    r"""Traffic on a road: :math:`\rho_t + (v \rho (1 - \rho / \rho_{jam}))_x = 0`.

    Cars drive the slower the denser they stand (Greenshields' law). A concave flux: the mirror
    image of Burgers, with shocks where density *rises* along the road.

    Parameters
    ----------
    free_speed : float
        Speed of a car on an empty road, above 0.
    jam_density : float
        Density at which cars stand, above 0.

    Notes
    -----
    Good values: 1 and 1, density being the share of the road that is covered. Expected behaviour:
    disturbances travel backwards against traffic denser than ``critical_density()``, forwards
    against thinner; cars brake in shocks (the tail of a queue) and set off in rarefactions (a
    light that turns green). A scheme that overshoots can leave the range from 0 to the jam
    density slightly.

    References
    ----------
    .. [1] Lighthill & Whitham, Proc. R. Soc. A 229, 317-345 (1955), doi:10.1098/rspa.1955.0089.
    .. [2] Richards, Oper. Res. 4, 42-51 (1956), doi:10.1287/opre.4.1.42.
    .. [3] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, section 11.1.

    Examples
    --------
    >>> LighthillWhithamRichards(free_speed=2.0).flux((0.5,), axis=0)
    (0.5,)
    """

    free_speed: float = 1.0
    jam_density: float = 1.0
    variables = ("density",)
    convex = True

    def __post_init__(self) -> None:
        for name in ("free_speed", "jam_density"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be above 0; got {getattr(self, name)!r}.")

    @property
    def value_range(self) -> tuple[float, float]:
        return 0.0, self.jam_density

    def critical_density(self):
        """Density of the largest flux, half the jam's: the capacity of the road."""
        return 0.5 * self.jam_density

    def car_speed(self, q):
        """Speed of the cars."""
        return self.free_speed * (1.0 - q[0] / self.jam_density)

    def signal_speed(self, q):
        """Derivative of the flux: the speed of small disturbances."""
        return self.free_speed * (1.0 - 2.0 * (q[0] / self.jam_density))

    def flux(self, q, axis):
        return (q[0] * self.car_speed(q),)

    def max_speed(self, q, axis):
        return absolute(self.signal_speed(q))

    def wave_speeds(self, ql, qr, axis):
        a, b = self.signal_speed(ql), self.signal_speed(qr)
        return minimum(a, b), maximum(a, b)

    def critical_points(self, axis):
        return (self.critical_density(),)

    def roe_frame(self, ql, qr, axis):
        return (0.5 * (ql[0] + qr[0]),)

    def eigenvalues(self, frame, axis):
        return (self.signal_speed(frame),)
