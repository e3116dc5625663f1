"""Compressible Euler equations of an ideal gas."""

from __future__ import annotations

from learnedflux.equations.base import LEAST, Equation
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

    def random_states(self, rng, shape):
        density, pressure = 10.0 ** rng.uniform(-0.6, 0.6, (2, *shape))
        return density, rng.normal(0.0, 0.7, shape), pressure

    # --- thermodynamics and flux ----------------------------------------------------------------

    def velocities(self, q):
        return scale(1.0 / q[0], q[1:-1])

    def pressure(self, q):
        return (self.gamma - 1.0) * (q[-1] - 0.5 * dot(q[1:-1], self.velocities(q)))

    def sound_speed(self, q):
        return sqrt(self.gamma * (self.pressure(q) * (1.0 / q[0])))

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

    def represents(self, w, cell):
        """As in general, in primitive variables: less arithmetic, for every face of every stage."""
        rho, p, dv = w[0] - LEAST * cell[0], w[-1] - LEAST * cell[-1], subtract(w[1:-1], cell[1:-1])
        lost = (0.5 * (self.gamma - 1.0) * LEAST) * ((w[0] * cell[0]) * dot(dv, dv))
        return (rho > 0.0) & (rho * p > lost)

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
        return self.outer_speeds(self.to_primitive(ql), self.to_primitive(qr), axis)

    def outer_speeds(self, wl, wr, axis):
        """Einfeldt's speeds: the extreme of each side's own wave and the Roe mean's."""
        mean = self.roe_mean(wl, wr)
        u, c = mean[2 + axis], sqrt(mean[0])
        cl, cr = sqrt(self.sound_speed_squared(wl)), sqrt(self.sound_speed_squared(wr))
        return minimum(wl[1 + axis] - cl, u - c), maximum(wr[1 + axis] + cr, u + c)

    def sound_speed_squared(self, w):
        return self.gamma * (w[-1] * (1.0 / w[0]))

    def roe_mean(self, wl, wr):
        """Roe's mean: sound speed squared, density and velocities.

        The first is the mean of both sides' and what the velocities differ by. The weights
        sqrt(rl) / (sqrt(rl) + sqrt(rr)) and its like take one root.
        """
        rho, dv = sqrt(wl[0] * wr[0]), subtract(wr[1:-1], wl[1:-1])
        total = 1.0 / ((wl[0] + wr[0]) + 2.0 * rho)
        xl, xr = (wl[0] + rho) * total, (wr[0] + rho) * total
        mean = xl * self.sound_speed_squared(wl) + xr * self.sound_speed_squared(wr)
        apart = (0.5 * (self.gamma - 1.0)) * ((rho * total) * dot(dv, dv))
        return (mean + apart, rho, *add(scale(xl, wl[1:-1]), scale(xr, wr[1:-1])))

    def contact(self, wl, wr, sl, sr, axis):
        """Speed and pressure of the middle wave, Toro eqs. (10.37) and (10.36)."""
        ul, ur, pl, pr = wl[1 + axis], wr[1 + axis], wl[-1], wr[-1]
        ml, mr = wl[0] * (sl - ul), wr[0] * (sr - ur)
        sm = ((pr - pl) + (ul * ml - ur * mr)) / (ml - mr)
        return sm, 0.5 * ((pl + ml * (sm - ul)) + (pr + mr * (sm - ur)))

    def normal(self, w, axis):
        return w[1 + axis], w[-1]

    def star_flux(self, w, s, sm, pm, axis):
        """Flux of the state of Toro eq. (10.39)."""
        v, total = w[1:-1], self.to_conserved(w)[-1]
        u, widening = v[axis], 1.0 / (s - sm)
        mass = (w[0] * (s - u)) * (sm * widening)
        energy = (((s - u) * total - w[-1] * u) + pm * sm) * widening
        return (mass, *set_at(scale(mass, v), axis, mass * sm + pm), sm * (energy + pm))

    # --- characteristic projection --------------------------------------------------------------
    # A frame is (sound speed, its inverse, density, its inverse, velocities, |velocity|^2 / 2).
    # Mirrored data swap the two acoustic amplitudes exactly, bit for bit.

    def frame(self, w, axis):
        v, inverse = w[1:-1], 1.0 / w[0]
        c = safe_sqrt(self.gamma * (w[-1] * inverse))
        return (c, 1.0 / c, w[0], inverse, *v, 0.5 * dot(v, v))

    def roe_frame(self, ql, qr, axis):
        mean = self.roe_mean(self.to_primitive(ql), self.to_primitive(qr))
        c, rho, v = safe_sqrt(mean[0]), mean[1], mean[2:]
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
