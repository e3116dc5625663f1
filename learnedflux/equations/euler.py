"""Compressible Euler equations of an ideal gas."""

from __future__ import annotations

from learnedflux.equations.base import Equation
from learnedflux.errors import InputError
from learnedflux.ops import (
    absolute,
    add,
    add_at,
    dot,
    fill,
    maximum,
    minimum,
    negate_at,
    safe_sqrt,
    scale,
    set_at,
    sqrt,
    subtract,
)

__all__ = ["Euler"]

AXES = ("x", "y", "z")


class Euler(Equation):
    r"""Compressible Euler equations of an ideal gas in one, two or three dimensions.

    Conserved: density, momentum (one per axis) and total energy per volume
    :math:`E = p/(\gamma-1) + \rho|u|^2/2`. Primitive: density, velocity, pressure.

    Parameters
    ----------
    gamma : float
        Ratio of specific heats, above 1.

    Notes
    -----
    Good values: 1.4 (air), 5/3 (monatomic gas). Expected behaviour: each jump splits into two
    acoustic waves (shocks or rarefactions) and a contact between them. Below gamma = 1.2 the wave
    speeds of ``hll`` and ``hllc`` may underestimate very strong shocks; use ``rusanov`` there.

    References
    ----------
    .. [1] Toro, *Riemann Solvers and Numerical Methods for Fluid Dynamics*, 3rd ed., 2009, ch. 3.

    Examples
    --------
    >>> Euler().to_primitive((1.0, 2.0, 4.5))
    (1.0, 2.0, 1.0)
    """

    gamma: float = 1.4

    def __post_init__(self) -> None:
        if not self.gamma > 1:
            raise InputError(f"gamma must be above 1; got {self.gamma!r}.")

    # --- names ----------------------------------------------------------------------------------

    def conserved_names(self, dimension: int) -> tuple[str, ...]:
        return ("density", *(f"momentum_{axis}" for axis in AXES[:dimension]), "energy")

    def primitive_names(self, dimension: int) -> tuple[str, ...]:
        return ("density", *(f"velocity_{axis}" for axis in AXES[:dimension]), "pressure")

    def linear_fields(self, dimension: int) -> tuple[bool, ...]:
        return (False, *(True,) * dimension, False)

    # --- thermodynamics and flux ----------------------------------------------------------------

    # A kernel divides by a density once, as long as everything is written with its inverse.

    def velocities(self, q):
        return scale(1.0 / q[0], q[1:-1])

    def pressure(self, q):
        return (self.gamma - 1.0) * (q[-1] - 0.5 * dot(q[1:-1], self.velocities(q)))

    def sound_speed(self, q):
        return sqrt(self._sound_speed_squared(q))

    def _sound_speed_squared(self, q):
        return self.gamma * (self.pressure(q) * (1.0 / q[0]))

    def to_primitive(self, q):
        return (q[0], *self.velocities(q), self.pressure(q))

    def to_conserved(self, w):
        v = w[1:-1]
        return (
            w[0],
            *scale(w[0], v),
            w[-1] * (1.0 / (self.gamma - 1.0)) + 0.5 * (w[0] * dot(v, v)),
        )

    def positive(self, q):
        return (q[0], self.pressure(q))

    def admissible(self, q):
        """As by :meth:`positive`, without its divisions: every face of every stage asks."""
        m = q[1:-1]
        return (q[0] > 0.0) & (q[0] * q[-1] > 0.5 * dot(m, m))

    def flux(self, q, axis):
        m, p = q[1:-1], self.pressure(q)
        u = self.velocities(q)[axis]
        return (m[axis], *add_at(scale(u, m), axis, p), u * (q[-1] + p))

    def max_speed(self, q, axis):
        return absolute(self.velocities(q)[axis]) + self.sound_speed(q)

    def mirror(self, q, axis):
        return negate_at(q, 1 + axis)

    # --- for Riemann solvers --------------------------------------------------------------------

    def wave_speeds(self, ql, qr, axis):
        """Einfeldt's speeds: the extreme of each side's own wave and the Roe mean's."""
        frame = self.roe_frame(ql, qr, axis)
        u, c = frame[4 + axis], frame[0]
        ul, ur = self.velocities(ql)[axis], self.velocities(qr)[axis]
        cl, cr = self.sound_speed(ql), self.sound_speed(qr)
        return minimum(ul - cl, u - c), maximum(ur + cr, u + c)

    def contact(self, ql, qr, sl, sr, axis):
        """Speed and pressure of the middle wave, Toro eqs. (10.37) and (10.36)."""
        ul, ur = self.velocities(ql)[axis], self.velocities(qr)[axis]
        pl, pr = self.pressure(ql), self.pressure(qr)
        ml, mr = ql[0] * (sl - ul), qr[0] * (sr - ur)
        sm = ((pr - pl) + (ul * ml - ur * mr)) / (ml - mr)
        return sm, 0.5 * ((pl + ml * (sm - ul)) + (pr + mr * (sm - ur)))

    def normal(self, w, axis):
        """Velocity along ``axis`` and pressure of a primitive state."""
        return w[1 + axis], w[-1]

    def star_flux(self, q, w, s, sm, pm, axis):
        """Flux between the outer wave ``s`` and the contact: of the state of Toro eq. (10.39)."""
        v = w[1:-1]
        u, widening = v[axis], 1.0 / (s - sm)
        mass = (q[0] * (s - u)) * (sm * widening)
        energy = (((s - u) * q[-1] - w[-1] * u) + pm * sm) * widening
        return (mass, *set_at(scale(mass, v), axis, mass * sm + pm), sm * (energy + pm))

    # --- characteristic projection --------------------------------------------------------------
    # A frame is (sound speed, its inverse, density, its inverse, velocities, |velocity|^2 / 2).
    # Mirrored data swap the two acoustic amplitudes exactly, bit for bit.

    def frame(self, w, axis):
        v, inverse = w[1:-1], 1.0 / w[0]
        c = safe_sqrt(self.gamma * (w[-1] * inverse))
        return (c, 1.0 / c, w[0], inverse, *v, 0.5 * dot(v, v))

    def roe_frame(self, ql, qr, axis):
        """Roe's mean; its sound speed is the mean of c^2 and what the velocities differ by."""
        vl, vr = self.velocities(ql), self.velocities(qr)
        # The weights sqrt(rl) / (sqrt(rl) + sqrt(rr)) and its like, by one root instead of two.
        rho, dv = sqrt(ql[0] * qr[0]), subtract(vr, vl)
        total = 1.0 / ((ql[0] + qr[0]) + 2.0 * rho)
        xl, xr = (ql[0] + rho) * total, (qr[0] + rho) * total
        v = add(scale(xl, vl), scale(xr, vr))
        mean = xl * self._sound_speed_squared(ql) + xr * self._sound_speed_squared(qr)
        apart = (0.5 * (self.gamma - 1.0)) * ((rho * total) * dot(dv, dv))
        c = safe_sqrt(mean + apart)
        return (c, 1.0 / c, rho, 1.0 / rho, *v, 0.5 * dot(v, v))

    def eigenvalues(self, frame, axis):
        v = frame[4:-1]
        u = v[axis]
        return (u - frame[0], *fill(u, v), u + frame[0])

    def to_characteristic(self, frame, w, axis):
        """Amplitudes (left acoustic; entropy and transverse velocities; right acoustic)."""
        inverse, rho, v = frame[1], frame[2], w[1:-1]
        p = (inverse * inverse) * w[-1]
        u = (rho * inverse) * v[axis]
        return (0.5 * (p - u), *set_at(v, axis, w[0] - p), 0.5 * (p + u))

    def from_characteristic(self, frame, a, axis):
        c, inverse, middle = frame[0], frame[3], a[1:-1]
        p = a[0] + a[-1]
        u = (c * inverse) * (a[-1] - a[0])
        return (middle[axis] + p, *set_at(middle, axis, u), (c * c) * p)

    def linear_primitive(self, frame, q, axis):
        inverse, v, half = frame[3], frame[4:-1], frame[-1]
        m = q[1:-1]
        dp = (self.gamma - 1.0) * ((q[-1] - dot(v, m)) + half * q[0])
        return (q[0], *scale(inverse, subtract(m, scale(q[0], v))), dp)

    def linear_conserved(self, frame, w, axis):
        rho, v, half = frame[2], frame[4:-1], frame[-1]
        dv = w[1:-1]
        energy = w[-1] * (1.0 / (self.gamma - 1.0)) + (rho * dot(v, dv) + half * w[0])
        return (w[0], *add(scale(rho, dv), scale(w[0], v)), energy)
