"""The yardstick: two-dimensional Euler equations, specialised by hand.

What the generic kernels of the library are measured against, and nothing else: ideal gas, periodic
square, HLLC with Einfeldt's speeds, SSPRK3, and one of three reconstructions. The numbers are those
of the library (``tests/parity/test_handwritten.py``), but for round-off.

How it is made fast, with plain IEEE arithmetic (no fast-math, no contraction):

- One sweep over the rows of the grid per Runge-Kutta stage. Six rows of primitive variables are
  kept in a ring; a row's fluxes and its update follow while everything it needs is in the cache. No
  array is transposed: along x the lanes of a vector are the cells of a row.
- Passes over rows, one variable at a time, so that each fits the registers.
- Component-wise schemes go over cells, not faces: a cell's stencil gives its values at both of its
  faces from the same smoothness indicators.
- No branch in a loop: face states next to vacuum are counted, and mended in the rare row with any.
- ``_nrt=False``: without reference counting a slice costs nothing. (A switch of Numba's own.)
- A state updated in place is one argument. As two, they fail the compiler's test for overlap and
  the scalar loop runs.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["KINDS", "Yardstick"]

WENO, MUSCL, CHARACTERISTIC = range(3)
KINDS = {
    ("weno5-z", "primitive"): WENO,
    ("muscl", "primitive"): MUSCL,
    ("weno5-z", "characteristic"): CHARACTERISTIC,
}
GHOST = 3
LEFT, RIGHT = 8, 16  # unused columns beside a row: it is aligned, and may be read past its end
LEAST = 0.01  # share of the cell's density and pressure that a face state must keep
EPSILON, ROUGH = 4e-40, 1e18  # as in the library; smoothness indicators are four times its

row = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)
inlined = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, forceinline=True)


# --- reconstruction -------------------------------------------------------------------------------


@inlined
def _ratio(tau, beta):
    r = tau / beta
    r = ROUGH if r > ROUGH else r
    return 1.0 + r * r


@inlined
def _curvature(e):
    return (13.0 / 3.0) * (e * e) + EPSILON


@row
def _weno(a, b, c, d, e, left, right, n):
    """Values of n cells at their upper (``left``) and lower (``right``) faces."""
    for i in range(n):
        d0, d1, d2, d3 = b[i] - a[i], c[i] - b[i], d[i] - c[i], e[i] - d[i]
        x, y, z = 3.0 * d1 - d0, d1 + d2, 3.0 * d2 - d3
        b0 = _curvature(d1 - d0) + x * x
        b1 = _curvature(d2 - d1) + y * y
        b2 = _curvature(d3 - d2) + z * z
        tau = abs(b0 - b2)
        g0, g1, g2 = _ratio(tau, b0), 6.0 * _ratio(tau, b1), _ratio(tau, b2)
        h0, h2 = 3.0 * g0, 3.0 * g2
        up = g0 * (2.0 * x - d1) + (g1 * (y + d2) + h2 * (z + d2))
        down = g2 * (2.0 * z - d2) + (g1 * (y + d1) + h0 * (x + d1))
        left[i] = c[i] + (up * (1.0 / 6.0)) / (g0 + (g1 + h2))
        right[i] = c[i] - (down * (1.0 / 6.0)) / (g2 + (g1 + h0))


@row
def _muscl(b, c, d, left, right, n):
    """MUSCL with van Leer's limiter, as :func:`_weno`."""
    for i in range(n):
        s, t = c[i] - b[i], d[i] - c[i]
        same = s * t > 0.0
        half = s * t / (s + t if same else 1.0)
        half = half if same else 0.0
        left[i] = c[i] + half
        right[i] = c[i] - half


@inlined
def _increment(d0, d1, d2, d3, k0, k1, k2):
    """Increment of WENO5-Z from the cell to its upper face; k are curvatures."""
    x, y, z = 3.0 * d1 - d0, d1 + d2, 3.0 * d2 - d3
    b0, b1, b2 = k0 + x * x, k1 + y * y, k2 + z * z
    tau = abs(b0 - b2)
    g0, g1, h2 = _ratio(tau, b0), 6.0 * _ratio(tau, b1), 3.0 * _ratio(tau, b2)
    up = g0 * (2.0 * x - d1) + (g1 * (y + d2) + h2 * (z + d2))
    return (up * (1.0 / 6.0)) / (g0 + (g1 + h2))


@inlined
def _both(d0, d1, d2, d3, d4):
    """Increments to a face from its left and its right cell, from the differences around it."""
    k0, k1, k2, k3 = (
        _curvature(d1 - d0),
        _curvature(d2 - d1),
        _curvature(d3 - d2),
        _curvature(d4 - d3),
    )
    return _increment(d0, d1, d2, d3, k0, k1, k2), -_increment(d4, d3, d2, d1, k3, k2, k1)


@row
def _frame(ra, pa, rb, pb, c2, ic2, roc, cor, n, gamma):
    """c^2, its inverse, rho / c and c / rho of the mean state of n faces."""
    for i in range(n):
        r, p = 0.5 * (ra[i] + rb[i]), 0.5 * (pa[i] + pb[i])
        x = 1.0 / (r * p)
        square, inverse = gamma * (p * (p * x)), (r * (r * x)) * (1.0 / gamma)
        c = math.sqrt(square)
        c2[i], ic2[i], roc[i], cor[i] = square, inverse, r * (c * inverse), c * (p * x)


@inlined
def _acoustic(u0, u1, u2, u3, u4, u5, p0, p1, p2, p3, p4, p5, c2, ic2, roc, cor,
              ul, pl, sl, ur, pr, sr, n):  # fmt: skip
    """Face states of normal velocity and pressure from the two acoustic fields.

    ``sl, sr`` receive the acoustic part of the density increments.
    """
    for i in range(n):
        f, g = ic2[i], roc[i]
        a0, a1, a2 = f * (p1[i] - p0[i]), f * (p2[i] - p1[i]), f * (p3[i] - p2[i])
        a3, a4 = f * (p4[i] - p3[i]), f * (p5[i] - p4[i])
        b0, b1, b2 = g * (u1[i] - u0[i]), g * (u2[i] - u1[i]), g * (u3[i] - u2[i])
        b3, b4 = g * (u4[i] - u3[i]), g * (u5[i] - u4[i])
        xl, xr = _both(a0 - b0, a1 - b1, a2 - b2, a3 - b3, a4 - b4)
        yl, yr = _both(a0 + b0, a1 + b1, a2 + b2, a3 + b3, a4 + b4)
        sl[i], sr[i] = 0.5 * (xl + yl), 0.5 * (xr + yr)
        ul[i], ur[i] = u2[i] + 0.5 * (cor[i] * (yl - xl)), u3[i] + 0.5 * (cor[i] * (yr - xr))
        pl[i], pr[i] = p2[i] + c2[i] * sl[i], p3[i] + c2[i] * sr[i]


@inlined
def _entropy(r0, r1, r2, r3, r4, r5, p0, p1, p2, p3, p4, p5, ic2, sl, sr, rl, rr, n):
    """Face densities from the entropy field and the acoustic parts ``sl, sr``."""
    for i in range(n):
        f = ic2[i]
        d0, d1 = (r1[i] - r0[i]) - f * (p1[i] - p0[i]), (r2[i] - r1[i]) - f * (p2[i] - p1[i])
        d2, d3 = (r3[i] - r2[i]) - f * (p3[i] - p2[i]), (r4[i] - r3[i]) - f * (p4[i] - p3[i])
        d4 = (r5[i] - r4[i]) - f * (p5[i] - p4[i])
        left, right = _both(d0, d1, d2, d3, d4)
        rl[i], rr[i] = r2[i] + (left + sl[i]), r3[i] + (right + sr[i])


# --- everything else on rows ----------------------------------------------------------------------


@row
def _primitive(r, mx, my, e, w, o, step, n, gamma):
    w0, w1, w2, w3 = w[o:], w[o + step :], w[o + 2 * step :], w[o + 3 * step :]
    for i in range(n):
        inverse = 1.0 / r[i]
        u, v = mx[i] * inverse, my[i] * inverse
        w0[i], w1[i], w2[i] = r[i], u, v
        w3[i] = (gamma - 1.0) * (e[i] - 0.5 * (mx[i] * u + my[i] * v))


@inlined
def _fine(r, u, v, p, rc, uc, vc, pc, k):
    """Whether q - LEAST * cell has positive density and pressure, without a division."""
    rho, pressure, du, dv = r - LEAST * rc, p - LEAST * pc, u - uc, v - vc
    return (rho > 0.0) & (pressure * rho > k * ((r * rc) * (du * du + dv * dv)))


@row
def _mend(f, shift, w, o, step, n, gamma):
    """Replace face states that lost density or pressure by the cells' own."""
    r, u, v, p = f[0, shift:], f[1, shift:], f[2, shift:], f[3, shift:]
    rc, uc, vc, pc = w[o:], w[o + step :], w[o + 2 * step :], w[o + 3 * step :]
    k, bad = 0.5 * (gamma - 1.0) * LEAST, 0
    for i in range(n):
        bad += 0 if _fine(r[i], u[i], v[i], p[i], rc[i], uc[i], vc[i], pc[i], k) else 1
    if bad > 0:
        for i in range(n):
            if not _fine(r[i], u[i], v[i], p[i], rc[i], uc[i], vc[i], pc[i], k):
                r[i], u[i], v[i], p[i] = rc[i], uc[i], vc[i], pc[i]


@row
def _hllc(rl, ul, vl, pl, rr, ur, vr, pr, f0, f1, f2, f3, n, gamma):
    """HLLC fluxes of n faces; u is the velocity normal to them, f1 its flux."""
    g1, ig1 = gamma - 1.0, 1.0 / (gamma - 1.0)
    for i in range(n):
        al, ar = math.sqrt(rl[i]), math.sqrt(rr[i])
        inverse = gamma / (rl[i] * rr[i])
        cl2, cr2 = (pl[i] * rr[i]) * inverse, (pr[i] * rl[i]) * inverse
        total = 1.0 / (al + ar)
        xl, xr = al * total, ar * total
        du, dv = ur[i] - ul[i], vr[i] - vl[i]
        # Roe's sound speed: the mean of c^2 and what the velocities differ by.
        c = math.sqrt((xl * cl2 + xr * cr2) + (0.5 * g1) * ((xl * xr) * (du * du + dv * dv)))
        u = xl * ul[i] + xr * ur[i]
        cl, cr = ul[i] - math.sqrt(cl2), ur[i] + math.sqrt(cr2)
        sl, sr = (u - c if u - c < cl else cl), (u + c if u + c > cr else cr)
        ml, mr = rl[i] * (sl - ul[i]), rr[i] * (sr - ur[i])
        sm = ((pr[i] - pl[i]) + (ul[i] * ml - ur[i] * mr)) / (ml - mr)
        star = 0.5 * ((pl[i] + ml * (sm - ul[i])) + (pr[i] + mr * (sm - ur[i])))
        # Choose the side, then the flux of it: half the work of the fluxes of both.
        left = sm > 0.0
        r, a, v = (rl[i], ul[i], vl[i]) if left else (rr[i], ur[i], vr[i])
        p, s, m = (pl[i], sl, ml) if left else (pr[i], sr, mr)
        beyond = sl >= 0.0 if left else sr <= 0.0
        energy = p * ig1 + 0.5 * (r * (a * a + v * v))
        d = 1.0 / (s - sm)
        mass = r * a if beyond else m * sm * d
        energy = energy if beyond else ((s - a) * energy - p * a + star * sm) * d
        p, a = (p, a) if beyond else (star, sm)
        f0[i], f1[i], f2[i], f3[i] = mass, mass * a + p, mass * v, a * (energy + p)


@row
def _first(q, new, fx0, fx1, fy, cx, cy, n):
    """Forward Euler step of a row."""
    fy1 = fy[1:]
    for i in range(n):
        new[i] = q[i] + (cx * (fx0[i] - fx1[i]) + cy * (fy[i] - fy1[i]))


@row
def _combine(q0, q, fx0, fx1, fy, a, b, cx, cy, n):
    """Forward Euler step of a row, averaged with ``q0``, in place."""
    fy1 = fy[1:]
    for i in range(n):
        q[i] = a * q0[i] + b * (q[i] + (cx * (fx0[i] - fx1[i]) + cy * (fy[i] - fy1[i])))


@row
def _speeds(r, mx, my, e, sx, sy, n, gamma):
    """Raise the fastest speeds met in each column; a NaN stays."""
    for i in range(n):
        inverse = 1.0 / r[i]
        u, v = mx[i] * inverse, my[i] * inverse
        p = (gamma - 1.0) * (e[i] - 0.5 * (mx[i] * u + my[i] * v))
        c = math.sqrt(gamma * (p * inverse))
        x, y = abs(u) + c, abs(v) + c
        sx[i] = sx[i] if x <= sx[i] else x
        sy[i] = sy[i] if y <= sy[i] else y


# --- the sweep ------------------------------------------------------------------------------------


@inlined
def _whole(n):
    """Round up to whole vectors: no scalar remainder, and what is beyond is not used."""
    return (n + 7) // 8 * 8


@row
def _fluxes(kind, normal, w, at, step, shift, before, left, right, f, s, n, gamma):
    """Numerical fluxes of n faces.

    ``w`` holds rows of cells, variable k of six neighbouring ones from ``at[.] + k * step`` on. The
    five around the cell at ``at[3]`` give its values ``left`` at its upper face and ``right`` at
    its lower one; ``before`` are the left states of the lower face. Along x they are of six rows of
    the grid. Along y they are one row, ``before`` is ``left``, and a face is the lower one of the
    next cell: hence ``shift``.
    """
    a, b, c, d, e, g = at[0], at[1], at[2], at[3], at[4], at[5]
    t, m, n8 = 3 - normal, _whole(n + shift), _whole(n)
    for k in range(4):
        o = k * step
        if kind == MUSCL:
            _muscl(w[c + o :], w[d + o :], w[e + o :], left[k], right[k], m)
        elif kind == WENO or k == t:
            _weno(w[b + o :], w[c + o :], w[d + o :], w[e + o :], w[g + o :], left[k], right[k], m)
    a, b, c, d, e, g = a + shift, b + shift, c + shift, d + shift, e + shift, g + shift
    if kind == CHARACTERISTIC:
        u, p = normal * step, 3 * step
        _frame(w[c:], w[c + p :], w[d:], w[d + p :], s[0], s[1], s[2], s[3], n8, gamma)
        _acoustic(
            w[a + u :], w[b + u :], w[c + u :], w[d + u :], w[e + u :], w[g + u :],
            w[a + p :], w[b + p :], w[c + p :], w[d + p :], w[e + p :], w[g + p :],
            s[0], s[1], s[2], s[3], before[normal], before[3], s[4],
            right[normal, shift:], right[3, shift:], s[5], n8,
        )  # fmt: skip
        _entropy(
            w[a:], w[b:], w[c:], w[d:], w[e:], w[g:],
            w[a + p :], w[b + p :], w[c + p :], w[d + p :], w[e + p :], w[g + p :],
            s[1], s[4], s[5], before[0], right[0, shift:], n8,
        )  # fmt: skip
    _mend(before, 0, w, c, step, n, gamma)
    _mend(right, shift, w, d, step, n, gamma)
    _hllc(
        before[0], before[normal], before[t], before[3],
        right[0, shift:], right[normal, shift:], right[t, shift:], right[3, shift:],
        f[0], f[normal], f[t], f[3], n8, gamma,
    )  # fmt: skip


@row
def _sweep(kind, q0, q, new, stage, dt, dx, dy, gamma, w, lefts, ly, right, fx, fy, s, top):
    """One Runge-Kutta stage; the last one finds the fastest speeds of each column, ``top``."""
    nx, ny, step = q.shape[1] - 2 * GHOST, q.shape[2] - LEFT - RIGHT, q.shape[2]
    cx, cy, slot = dt / dx, dt / dy, 4 * step
    a, b = (0.75, 0.25) if stage == 1 else (1.0 / 3.0, 2.0 / 3.0)
    start, inside = LEFT - GHOST, slice(LEFT, LEFT + ny)
    for i in range(nx + 2 * GHOST):
        _primitive(
            q[0, i, start:], q[1, i, start:], q[2, i, start:], q[3, i, start:],
            w, i % 6 * slot + start, step, ny + 2 * GHOST, gamma,
        )  # fmt: skip
        j = i - 2  # the row whose stencil is complete
        if j < GHOST - 1:
            continue
        o = LEFT
        at = (
            (j - 3) % 6 * slot + o, (j - 2) % 6 * slot + o, (j - 1) % 6 * slot + o,
            j % 6 * slot + o, (j + 1) % 6 * slot + o, (j + 2) % 6 * slot + o,
        )  # fmt: skip
        now, old = j % 2, 1 - j % 2
        _fluxes(kind, 1, w, at, step, 0, lefts[old], lefts[now], right, fx[now], s, ny, gamma)
        r = j - 1  # the row that has all its fluxes along x
        if r < GHOST:
            continue
        o = r % 6 * slot + LEFT
        at = (o - 4, o - 3, o - 2, o - 1, o, o + 1)
        _fluxes(kind, 2, w, at, step, 1, ly, ly, right, fy, s, ny + 1, gamma)
        for k in range(4):
            low, high, along = fx[old, k], fx[now, k], fy[k]
            if stage == 0:
                _first(q[k, r, inside], new[k, r, inside], low, high, along, cx, cy, ny)
            else:
                _combine(q0[k, r, inside], q[k, r, inside], low, high, along, a, b, cx, cy, ny)
        if stage == 2:
            _speeds(
                q[0, r, inside], q[1, r, inside], q[2, r, inside], q[3, r, inside],
                top[0], top[1], ny, gamma,
            )  # fmt: skip


@njit(error_model="numpy", nogil=True, cache=True)
def _wrap(q):
    """Fill the ghost cells of a periodic rectangle."""
    nx, ny, o = q.shape[1] - 2 * GHOST, q.shape[2] - LEFT - RIGHT, LEFT
    for k in range(4):
        for i in range(GHOST, nx + GHOST):
            for j in range(GHOST):
                q[k, i, o - 1 - j] = q[k, i, o + ny - 1 - j]
                q[k, i, o + ny + j] = q[k, i, o + j]
        for i in range(GHOST):
            q[k, i], q[k, nx + GHOST + i] = q[k, nx + i], q[k, GHOST + i]


def _aligned(*shape: int) -> np.ndarray:
    """Array of ones on a cache line."""
    size = math.prod(shape)
    raw = np.ones(size + 8)
    first = -raw.ctypes.data // 8 % 8
    return raw[first : first + size].reshape(shape)


class Yardstick:
    """A run of the hand-written solver.

    Parameters
    ----------
    q : ndarray
        Conserved cell averages (density, momentum, energy; x, y) on a periodic rectangle.
    spacing : tuple of float
        Width of a cell along x and y.
    reconstruction, variables : str
        One of ``KINDS``.
    gamma : float
        Ratio of specific heats.
    """

    def __init__(
        self,
        q: np.ndarray,
        spacing: tuple[float, ...],
        reconstruction: str = "weno5-z",
        variables: str = "primitive",
        gamma: float = 1.4,
    ) -> None:
        _, nx, ny = q.shape
        self.kind, self.gamma = KINDS[reconstruction, variables], gamma
        self.dx, self.dy = spacing
        step = ny + LEFT + RIGHT
        self.inside = np.s_[:, GHOST : GHOST + nx, LEFT : LEFT + ny]
        self.old, self.new = (_aligned(4, nx + 2 * GHOST, step) for _ in range(2))
        self.old[self.inside] = q
        self.top = _aligned(2, step)
        # Ring of rows, left states of two rows and along y, right states, fluxes, frames.
        shapes = ((6 * 4 * step,), (2, 4, step), (4, step), (4, step), (2, 4, step), (4, step))
        self.scratch = [_aligned(*shape) for shape in (*shapes, (6, step))]
        u, v = q[1] / q[0], q[2] / q[0]
        c = np.sqrt(gamma * (gamma - 1) * (q[3] - 0.5 * (q[1] * u + q[2] * v)) / q[0])
        self.speeds = float((abs(u) + c).max()), float((abs(v) + c).max())

    @property
    def state(self) -> np.ndarray:
        """Cell averages now."""
        return self.old[self.inside]

    def step(self, dt: float | None = None, cfl: float = 0.4) -> float:
        """Take one step of SSPRK3, of length ``dt`` or by CFL number; return its length."""
        if dt is None:
            dt = cfl / (self.speeds[0] / self.dx + self.speeds[1] / self.dy)
        self.top[:] = 0.0
        for stage in range(3):
            q = self.new if stage else self.old
            _wrap(q)
            _sweep(
                self.kind, self.old, q, self.new, stage, dt, self.dx, self.dy, self.gamma,
                *self.scratch, self.top,
            )  # fmt: skip
        self.old, self.new = self.new, self.old
        self.speeds = float(self.top[0].max()), float(self.top[1].max())
        if not math.isfinite(sum(self.speeds)):
            raise FloatingPointError("the state is not finite any more")
        return dt
