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

    def random_states(self, rng, shape):
        density, pressure = 10.0 ** rng.uniform(-0.6, 0.6, (2, *shape))
        return density, rng.normal(0.0, 0.7, shape), pressure

    # --- thermodynamics and flux ----------------------------------------------------------------

    def pressure(self, q):
        m = q[1:-1]
        return (self.gamma - 1.0) * (q[-1] - 0.5 * dot(m, m) / q[0])

    def sound_speed(self, q):
        return sqrt(self.gamma * self.pressure(q) / q[0])

    def to_primitive(self, q):
        return (q[0], *scale(1.0 / q[0], q[1:-1]), self.pressure(q))

    def to_conserved(self, w):
        v = w[1:-1]
        return (
            w[0],
            *scale(w[0], v),
            w[-1] / (self.gamma - 1.0) + 0.5 * (w[0] * dot(v, v)),
        )

    def positive(self, q):
        return (q[0], self.pressure(q))

    def admissible(self, q):
        """As by :meth:`positive`, without its divisions: every face of every stage asks."""
        m = q[1:-1]
        return (q[0] > 0.0) & (q[0] * q[-1] > 0.5 * dot(m, m))

    def flux(self, q, axis):
        m = q[1:-1]
        u = m[axis] / q[0]
        p = self.pressure(q)
        return (m[axis], *add_at(scale(u, m), axis, p), u * (q[-1] + p))

    def max_speed(self, q, axis):
        return absolute(q[1 + axis] / q[0]) + self.sound_speed(q)

    def mirror(self, q, axis):
        return negate_at(q, 1 + axis)

    # --- for Riemann solvers --------------------------------------------------------------------

    def wave_speeds(self, ql, qr, axis):
        """Einfeldt's speeds: the extreme of each side's own wave and the Roe mean's."""
        frame = self.roe_frame(ql, qr, axis)
        u, c = frame[2 + axis], frame[0]
        ul, ur = ql[1 + axis] / ql[0], qr[1 + axis] / qr[0]
        cl, cr = self.sound_speed(ql), self.sound_speed(qr)
        return minimum(ul - cl, u - c), maximum(ur + cr, u + c)

    def contact_speed(self, ql, qr, sl, sr, axis):
        """Speed of the middle wave, Toro eq. (10.37)."""
        ml, mr = ql[1 + axis], qr[1 + axis]
        ul, ur = ml / ql[0], mr / qr[0]
        dl, dr = sl - ul, sr - ur
        dp = self.pressure(qr) - self.pressure(ql)
        return (dp + (ml * dl - mr * dr)) / (ql[0] * dl - qr[0] * dr)

    def star_state(self, q, s, sm, axis):
        """State between the outer wave ``s`` and the contact ``sm``, Toro eq. (10.39)."""
        rho, m = q[0], q[1:-1]
        u = m[axis] / rho
        d = s - u
        factor = d / (s - sm)
        star = rho * factor
        return (
            star,
            *add_at(scale(factor, m), axis, star * (sm - u)),
            factor * q[-1] + star * ((sm - u) * (sm + self.pressure(q) / (rho * d))),
        )

    # --- characteristic projection --------------------------------------------------------------
    # A frame is (sound speed, density, velocities, |velocity|^2 / 2). Mirrored data swap the two
    # acoustic amplitudes exactly, bit for bit.

    def frame(self, w, axis):
        v = w[1:-1]
        return (safe_sqrt(self.gamma * w[-1] / w[0]), w[0], *v, 0.5 * dot(v, v))

    def roe_frame(self, ql, qr, axis):
        al, ar = sqrt(ql[0]), sqrt(qr[0])
        total = al + ar
        # sqrt(rho) u = m / sqrt(rho)
        v = scale(1.0 / total, add(scale(1.0 / al, ql[1:-1]), scale(1.0 / ar, qr[1:-1])))
        hl = (ql[-1] + self.pressure(ql)) / al
        hr = (qr[-1] + self.pressure(qr)) / ar
        half = 0.5 * dot(v, v)
        c = safe_sqrt((self.gamma - 1.0) * ((hl + hr) / total - half))
        return (c, al * ar, *v, half)

    def eigenvalues(self, frame, axis):
        v = frame[2:-1]
        u = v[axis]
        return (u - frame[0], *fill(u, v), u + frame[0])

    def to_characteristic(self, frame, w, axis):
        """Amplitudes (left acoustic; entropy and transverse velocities; right acoustic)."""
        c, rho, v = frame[0], frame[1], w[1:-1]
        p = w[-1] / (c * c)
        u = (rho / c) * v[axis]
        return (0.5 * (p - u), *set_at(v, axis, w[0] - p), 0.5 * (p + u))

    def from_characteristic(self, frame, a, axis):
        c, rho, middle = frame[0], frame[1], a[1:-1]
        p = a[0] + a[-1]
        u = (c / rho) * (a[-1] - a[0])
        return (middle[axis] + p, *set_at(middle, axis, u), (c * c) * p)

    def linear_primitive(self, frame, q, axis):
        rho, v, half = frame[1], frame[2:-1], frame[-1]
        m = q[1:-1]
        dp = (self.gamma - 1.0) * ((q[-1] - dot(v, m)) + half * q[0])
        return (q[0], *scale(1.0 / rho, subtract(m, scale(q[0], v))), dp)

    def linear_conserved(self, frame, w, axis):
        rho, v, half = frame[1], frame[2:-1], frame[-1]
        dv = w[1:-1]
        energy = w[-1] / (self.gamma - 1.0) + (rho * dot(v, dv) + half * w[0])
        return (w[0], *add(scale(rho, dv), scale(w[0], v)), energy)
