"""Linear advection."""

from __future__ import annotations

from learnedflux.equations.base import Equation
from learnedflux.errors import InputError
from learnedflux.ops import absolute

__all__ = ["Advection"]


class Advection(Equation):
    r"""Linear advection :math:`u_t + a \cdot \nabla u = 0`.

    The purest test of a scheme's dissipation and dispersion: the exact solution is the initial
    state, moved.

    Parameters
    ----------
    velocity : float or tuple of float
        Constant velocity, one number per dimension.

    Notes
    -----
    Good values: ``velocity=1.0`` on a periodic unit interval. Expected behaviour: corners smear
    into layers that widen like :math:`t^{1/(p+1)}` for a scheme of order p.

    Examples
    --------
    >>> Advection(velocity=2.0).flux((3.0,), axis=0)
    (6.0,)
    """

    velocity: tuple[float, ...] = (1.0,)
    variables = ("u",)

    def __post_init__(self) -> None:
        given = self.velocity
        parts = given if isinstance(given, (tuple, list)) else (given,)
        if not 1 <= len(parts) <= 3:
            raise InputError(f"velocity takes one to three numbers, one per axis; got {given!r}.")
        object.__setattr__(self, "velocity", tuple(float(part) for part in parts))

    def linear_fields(self, dimension: int) -> tuple[bool, ...]:
        return (True,)

    def flux(self, q, axis):
        return (self.velocity[axis] * q[0],)

    def max_speed(self, q, axis):
        return absolute(self.velocity[axis]) + 0.0 * q[0]

    def wave_speeds(self, ql, qr, axis):
        return self.velocity[axis] + 0.0 * ql[0], self.velocity[axis] + 0.0 * qr[0]

    def critical_points(self, axis):
        return (0.0,)  # the flux is monotone: any number will do

    def roe_frame(self, ql, qr, axis):
        return (0.5 * (ql[0] + qr[0]),)

    def eigenvalues(self, frame, axis):
        return (self.velocity[axis] + 0.0 * frame[0],)

    def require_dimension(self, dimension: int) -> None:
        if len(self.velocity) != dimension:
            raise InputError(
                f"Advection has a velocity of {len(self.velocity)} numbers {self.velocity}, but "
                f"the grid has {dimension} dimension(s); give one number per axis."
            )
