"""Shallow water over a bottom."""

from __future__ import annotations

from typing import ClassVar

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
    safe_div,
    safe_sqrt,
    scale,
    set_at,
    subtract,
    where,
)

__all__ = ["ShallowWater"]

AXES = ("x", "y", "z")
MOST = 6.0  # times the cell's depth: all that Simpson's rule allows a face, if none is negative


class ShallowWater(Equation):
    r"""Shallow water (Saint-Venant) equations over a bottom, dry land included.

    :math:`h_t + \nabla \cdot (h u) = 0` and
    :math:`(h u)_t + \nabla \cdot (h u \otimes u + g h^2 / 2) = -g h \nabla b` for the depth h, the
    velocity u and the height b of the bottom, which stays as it is. Conserved: depth, momentum
    (one per axis), bottom. Primitive: depth, velocity, bottom; a bottom that is not given is 0.

    Parameters
    ----------
    gravity : float
        Acceleration by gravity, above 0.
    dry_depth : float
        Depth below which water slows down and stands: the velocity is momentum by depth above it,
        and falls to zero with the depth below. Choose about 1e-8 of the depth of the water.

    Notes
    -----
    Good values: gravity 9.81, or 1 where all is non-dimensional. Expected behaviour: a lake at
    rest stays at rest to round-off, whatever its bottom, whether or not parts of it are dry; a
    dam break makes a rarefaction into the deep water and a bore into the shallow, or on dry land
    a rarefaction that ends in a front of twice the speed of its waves. Depth is zero or above.

    The bottom is carried as a variable without flux. At faces hydrostatic reconstruction [1]_
    cuts off what stands behind the higher of the two bottoms, and inside a cell the slope of the
    bottom acts through :meth:`inner`, exact for parabolas. What is reconstructed is the surface
    depth + bottom, so that it stays flat where it is.

    References
    ----------
    .. [1] Audusse, Bouchut, Bristeau, Klein & Perthame, SIAM J. Sci. Comput. 25, 2050-2065 (2004),
       doi:10.1137/S1064827503431090.
    .. [2] Toro, *Shock-Capturing Methods for Free-Surface Shallow Flows*, 2001.
    .. [3] Kurganov & Petrova, Commun. Math. Sci. 5, 133-160 (2007), eq. (2.17): the velocity of
       next to no water.

    Examples
    --------
    >>> ShallowWater(gravity=10.0).flux((2.0, 4.0, 0.0), axis=0)
    (4.0, 28.0, 0.0)
    """

    gravity: float = 9.81
    dry_depth: float = 1e-10
    defaults: ClassVar[dict[str, float]] = {"bottom": 0.0}

    def __post_init__(self) -> None:
        for name in ("gravity", "dry_depth"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be above 0; got {getattr(self, name)!r}.")

    # --- names ----------------------------------------------------------------------------------

    def conserved_names(self, dimension: int) -> tuple[str, ...]:
        return ("depth", *(f"momentum_{axis}" for axis in AXES[:dimension]), "bottom")

    def primitive_names(self, dimension: int) -> tuple[str, ...]:
        return ("depth", *(f"velocity_{axis}" for axis in AXES[:dimension]), "bottom")

    def linear_fields(self, dimension: int) -> tuple[bool, ...]:
        return (False, *(True,) * dimension, False)

    def random_states(self, rng, shape):
        """Depths over two decades, flows from still to about critical, over a flat bottom."""
        depth = 10.0 ** rng.uniform(-1.0, 1.0, shape)
        speed = rng.normal(0.0, 0.6 * self.gravity**0.5, shape)
        return depth, speed, 0.0 * depth

    # --- state and flux -------------------------------------------------------------------------

    def wet_depth(self, q):
        return maximum(q[0], 0.0)

    def wet_momentum(self, q):
        """Momentum, faded out where there is next to no water: h times :meth:`velocities`."""
        h = self.wet_depth(q)
        low = maximum(h, self.dry_depth)
        return scale(2.0 * (h * h) / (h * h + low * low), q[1:-1])

    def velocities(self, q):
        h = self.wet_depth(q)
        low = maximum(h, self.dry_depth)
        return scale(2.0 * h / (h * h + low * low), q[1:-1])

    def pressure(self, q):
        """Pressure on a wall, over the density and the whole depth."""
        h = self.wet_depth(q)
        return (0.5 * self.gravity) * (h * h)

    def celerity(self, q):
        """Speed of long waves on still water."""
        return safe_sqrt(self.gravity * q[0])

    def to_primitive(self, q):
        return (q[0], *self.velocities(q), q[-1])

    def to_conserved(self, w):
        return (w[0], *scale(w[0], w[1:-1]), w[-1])

    def positive(self, q):
        return (q[0],)

    def admissible(self, q):
        return q[0] >= 0.0

    def represents(self, w, cell):
        """A face of dry land stays dry; one of water is much like its cell.

        A share of the depth is left and not more than a parabola without dry parts can have; and
        the velocity differs by less than would open dry land between face and cell: more comes of
        dividing by next to no water.
        """
        h, dv = w[0], subtract(w[1:-1], cell[1:-1])
        deep = (h >= LEAST * cell[0]) & (h <= MOST * cell[0])
        calm = dot(dv, dv) <= (4.0 * self.gravity) * (h + cell[0])
        return (cell[0] > self.dry_depth) & deep & calm

    def flux(self, q, axis):
        m, u = self.wet_momentum(q), self.velocities(q)[axis]
        return (m[axis], *add_at(scale(u, m), axis, self.pressure(q)), 0.0 * q[-1])

    def max_speed(self, q, axis):
        return absolute(self.velocities(q)[axis]) + self.celerity(q)

    def mirror(self, q, axis):
        return negate_at(q, 1 + axis)

    # --- bottom ---------------------------------------------------------------------------------

    def balance(self, ql, qr, axis):
        """Water above the higher of the two bottoms, Audusse et al. eqs. (2.9) to (2.11)."""
        top = maximum(ql[-1], qr[-1])
        return self.above(ql, top), self.above(qr, top)

    def above(self, q, bottom):
        """Water above a bottom that is no lower, at its own velocity."""
        h = maximum(q[0] - (bottom - q[-1]), 0.0)
        return (h, *scale(safe_div(h, q[0]), q[1:-1]), bottom)

    def jump(self, q, star, axis):
        """Push of the water against the step up to the higher bottom, Audusse et al. eq. (2.16)."""
        push = (0.5 * self.gravity) * ((q[0] - star[0]) * (q[0] + star[0]))
        return add_at(scale(0.0, q), 1 + axis, push)

    def inner(self, lower, upper, cell, axis):
        r"""Integral of :math:`-g h b_x` with parabolas through faces and average: fourth order.

        Where the surface is flat it is :math:`g/2` times the difference of depth squared, exactly
        what the fluxes of water at rest leave.
        """
        dh, db = upper[0] - lower[0], upper[-1] - lower[-1]
        bend = (lower[-1] + upper[-1]) - 2.0 * cell[-1]
        pull = -self.gravity * (cell[0] * db + 0.5 * (dh * bend))
        return add_at(scale(0.0, cell), 1 + axis, pull)

    # --- for Riemann solvers --------------------------------------------------------------------

    def wave_speeds(self, ql, qr, axis):
        return self.outer_speeds(self.to_primitive(ql), self.to_primitive(qr), axis)

    def outer_speeds(self, wl, wr, axis):
        """Einfeldt's speeds; beside dry land the front's, Toro eqs. (10.22) to (10.25)."""
        ul, ur, cl, cr = wl[1 + axis], wr[1 + axis], self.celerity(wl), self.celerity(wr)
        mean = self.roe_mean(wl, wr)
        u, c = mean[2 + axis], mean[0]
        slow = where(wl[0] > self.dry_depth, u - c, ur - 2.0 * cr)
        fast = where(wr[0] > self.dry_depth, u + c, ul + 2.0 * cl)
        return minimum(ul - cl, slow), maximum(ur + cr, fast)

    def contact(self, wl, wr, sl, sr, axis):
        """Speed and pressure of the middle wave, as for a gas of pressure g h^2 / 2.

        Toro (2009) eqs. (10.37) and (10.36).
        """
        ul, ur = wl[1 + axis], wr[1 + axis]
        ml, mr = wl[0] * (sl - ul), wr[0] * (sr - ur)
        dp = (0.5 * self.gravity) * ((wr[0] - wl[0]) * (wr[0] + wl[0]))
        sm = safe_div(dp + (ul * ml - ur * mr), ml - mr)
        pl, pr = self.pressure(wl), self.pressure(wr)
        return sm, 0.5 * ((pl + ml * (sm - ul)) + (pr + mr * (sm - ur)))

    def normal(self, w, axis):
        return w[1 + axis], self.pressure(w)

    def star_flux(self, w, s, sm, pm, axis):
        """Flux of the state of Toro (2009) eq. (10.39)."""
        v = w[1:-1]
        mass = (self.wet_depth(w) * sm) * safe_div(s - v[axis], s - sm)
        return (mass, *set_at(scale(mass, v), axis, mass * sm + pm), 0.0 * w[-1])

    def roe_mean(self, wl, wr):
        """Roe's mean: celerity, depth and velocities."""
        cl, cr = self.celerity(wl), self.celerity(wr)
        total = cl + cr
        v = add(scale(cl / total, wl[1:-1]), scale(cr / total, wr[1:-1]))
        c = safe_sqrt((0.5 * self.gravity) * (wl[0] + wr[0]))
        return (c, maximum(cl * cr / self.gravity, self.dry_depth), *v)

    def roe_frame(self, ql, qr, axis):
        surface = 0.5 * ((ql[0] + ql[-1]) + (qr[0] + qr[-1]))
        return (*self.roe_mean(self.to_primitive(ql), self.to_primitive(qr)), surface)

    def eigenvalues(self, frame, axis):
        v = frame[2:-1]
        u = v[axis]
        return (u - frame[0], *set_at(fill(u, v), axis, 0.0 * u), u + frame[0])

    # --- characteristic projection --------------------------------------------------------------
    # A frame is (celerity, depth, velocities, surface). Amplitudes: the wave to the left;
    # transverse velocities, with the bottom along the axis itself; the wave to the right. Waves are
    # those of the surface, depth + bottom, so that still water has none.

    def frame(self, w, axis):
        h = maximum(w[0], self.dry_depth)
        return (safe_sqrt(self.gravity * h), h, *w[1:-1], w[0] + w[-1])

    def face_frame(self, a, b, axis):
        """Frame of the mean, but for the surface, which is that of the water beside the face."""
        mean = self.frame(scale(0.5, add(a, b)), axis)
        left, right = a[0] + a[-1], b[0] + b[-1]
        ashore = where(b[0] > self.dry_depth, right, left)
        level = where(a[0] > self.dry_depth, left, ashore)
        both = (a[0] > self.dry_depth) & (b[0] > self.dry_depth)
        return (*mean[:-1], where(both, 0.5 * (left + right), level))

    def beside(self, frame, cell):
        """Land that rises out of the water is seen as if the water went on beneath it.

        So a surface stays flat up to the shore. Seen as part of it, the slope of the land would
        bend and steepen it there, and what is round-off at first would grow.
        """
        beneath = minimum(cell[0], frame[-1] - cell[-1])
        return (where(cell[0] > self.dry_depth, cell[0], beneath), *cell[1:])

    def to_characteristic(self, frame, w, axis):
        surface = w[0] + w[-1]
        u = (frame[1] / frame[0]) * w[1 + axis]
        return (0.5 * (surface - u), *set_at(w[1:-1], axis, w[-1]), 0.5 * (surface + u))

    def from_characteristic(self, frame, a, axis):
        bottom, u = a[1 + axis], (frame[0] / frame[1]) * (a[-1] - a[0])
        return ((a[0] + a[-1]) - bottom, *set_at(a[1:-1], axis, u), bottom)

    def linear_primitive(self, frame, q, axis):
        v = frame[2:-1]
        return (q[0], *scale(1.0 / frame[1], subtract(q[1:-1], scale(q[0], v))), q[-1])

    def linear_conserved(self, frame, w, axis):
        v = frame[2:-1]
        return (w[0], *add(scale(frame[1], w[1:-1]), scale(w[0], v)), w[-1])
