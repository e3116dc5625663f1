"""Linear acoustics."""

from __future__ import annotations

from learnedflux.equations.base import Equation
from learnedflux.errors import InputError
from learnedflux.ops import add_at, fill, negate_at, scale, set_at, sqrt

__all__ = ["Acoustics"]

AXES = ("x", "y", "z")


class Acoustics(Equation):
    r"""Linear acoustics: small disturbances of a gas at rest, in one, two or three dimensions.

    :math:`p_t + K \nabla \cdot u = 0` and :math:`u_t + \nabla p / \rho = 0`. Pressure and velocity
    are both conserved and primitive.

    Parameters
    ----------
    density : float
        Density of the gas at rest, above 0.
    bulk_modulus : float
        Bulk modulus K, above 0; sound travels at :math:`c = \sqrt{K / \rho}`.

    Notes
    -----
    Good values: 1 and 1. Expected behaviour: in one dimension each disturbance splits into two
    that move apart, unchanged, at the speed of sound (d'Alembert); in more, it spreads in circles
    or spheres. Nothing steepens. Both ``hllc`` and ``roe`` are the exact Riemann solver; ``hll``
    smears shear in two and three dimensions, which should stand still.

    References
    ----------
    .. [1] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, sections 2.7, 3.9 and
       18.2.

    Examples
    --------
    >>> Acoustics(density=2.0, bulk_modulus=8.0).flux((1.0, 0.5), axis=0)
    (4.0, 0.5)
    """

    density: float = 1.0
    bulk_modulus: float = 1.0

    def __post_init__(self) -> None:
        for name in ("density", "bulk_modulus"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be above 0; got {getattr(self, name)!r}.")

    # --- names ----------------------------------------------------------------------------------

    def conserved_names(self, dimension: int) -> tuple[str, ...]:
        return ("pressure", *(f"velocity_{axis}" for axis in AXES[:dimension]))

    def linear_fields(self, dimension: int) -> tuple[bool, ...]:
        return (True,) * (dimension + 1)

    def random_states(self, rng, shape):
        return rng.normal(0.0, 1.0, shape), rng.normal(0.0, 1.0 / self.impedance(), shape)

    # --- flux -----------------------------------------------------------------------------------

    def speed_of_sound(self):
        return sqrt(self.bulk_modulus / self.density)

    def impedance(self):
        return sqrt(self.bulk_modulus * self.density)

    def flux(self, q, axis):
        u = q[1 + axis]
        still = scale(0.0, q[1:])
        return (self.bulk_modulus * u, *add_at(still, axis, q[0] / self.density))

    def max_speed(self, q, axis):
        return self.speed_of_sound() + 0.0 * q[0]

    def mirror(self, q, axis):
        return negate_at(q, 1 + axis)

    # --- for Riemann solvers --------------------------------------------------------------------

    def wave_speeds(self, ql, qr, axis):
        return 0.0 * ql[0] - self.speed_of_sound(), 0.0 * qr[0] + self.speed_of_sound()

    def outer_speeds(self, wl, wr, axis):
        return self.wave_speeds(wl, wr, axis)

    def contact(self, wl, wr, sl, sr, axis):
        """Velocity and pressure between the two waves, LeVeque eq. (3.32).

        Particles there move at it, if by less than the linear theory can see: the shear wave
        itself stands still, and the fluxes on its two sides are the same.
        """
        z, dp, du = self.impedance(), wr[0] - wl[0], wr[1 + axis] - wl[1 + axis]
        velocity = 0.5 * ((wl[1 + axis] + wr[1 + axis]) - dp / z)
        return velocity, 0.5 * ((wl[0] + wr[0]) - z * du)

    def normal(self, w, axis):
        return w[1 + axis], w[0]

    def star_flux(self, w, s, sm, pm, axis):
        """Flux of the state between the waves."""
        return (self.bulk_modulus * sm, *add_at(scale(0.0, w[1:]), axis, pm / self.density))

    def roe_frame(self, ql, qr, axis):
        return ql

    def eigenvalues(self, frame, axis):
        v = frame[1:]
        c = self.max_speed(frame, axis)
        return (-c, *set_at(fill(0.0 * c, v), axis, c))

    # --- characteristic projection --------------------------------------------------------------
    # Amplitudes: the wave to the left; then one per axis, along which stands the wave to the
    # right, and transverse velocities elsewhere.

    def to_characteristic(self, frame, w, axis):
        p, u = 0.5 * w[0], (0.5 * self.impedance()) * w[1 + axis]
        return (p - u, *set_at(w[1:], axis, p + u))

    def from_characteristic(self, frame, a, axis):
        right = a[1 + axis]
        return (a[0] + right, *set_at(a[1:], axis, (right - a[0]) / self.impedance()))
