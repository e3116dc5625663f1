"""Random training problems with exact or fine-grid answers, one distribution per equation.

All live on periodic rows of cells of width one. A distribution is a function
``(rng, rows, cells, steps) -> Batch``: it draws states, chooses each row's step so that ``steps``
of them stay within its CFL number, and gives the cell averages to be reached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from learnedflux.equations import Advection, Burgers, Equation, Euler
from learnedflux.exact.euler import riemann, star_region
from learnedflux.training.profiles import cell_means, random_profiles
from learnedflux.training.reference import FinePool

__all__ = [
    "Batch",
    "Distribution",
    "advected_profiles",
    "burgers_profiles",
    "euler_riemann",
    "euler_states",
    "fastest_states",
    "outer_waves",
    "two_fans",
]

CFL = (0.1, 0.6)
POINTS = 64  # per cell, where a sampled jump must land well inside its cell


@dataclass(frozen=True)
class Batch:
    """Problems to be solved together.

    Parameters
    ----------
    equation : Equation
        Conservation law.
    initial, target : ndarray, shape (variable, row, cell)
        Conserved cell averages at the start and exact ones at the end.
    dt : ndarray, shape (row, 1)
        Step of each row.
    steps : int
        Steps from start to end.
    """

    equation: Equation
    initial: np.ndarray
    target: np.ndarray
    dt: np.ndarray
    steps: int


Distribution = Callable[[Generator, int, int, int], Batch]


def _scales(rng: Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude and offset of each row (row, 1, 1)."""
    size = 10.0 ** rng.uniform(-2, 1, (rows, 1, 1))
    return size, size * rng.normal(0, 1.5, (rows, 1, 1))


def advected_profiles(rng: Generator, rows: int, cells: int, steps: int) -> Batch:
    """Profiles moved by whole cells under linear advection; exact."""
    size, offset = _scales(rng, rows)
    start = cell_means(offset + size * random_profiles(rng, rows, cells))
    lowest = max(round(CFL[0] * steps), 1)
    shift = rng.integers(lowest, max(int(CFL[1] * steps), lowest) + 1, rows)
    end = np.stack([np.roll(u, k) for u, k in zip(start, shift, strict=True)])
    return Batch(Advection(), start[None], end[None], (shift / steps)[:, None], steps)


def burgers_profiles(rng: Generator, rows: int, cells: int, steps: int) -> Batch:
    """Profiles under Burgers' equation, through shocks and fans; exact by Lax and Oleinik."""
    values = random_profiles(rng, rows, cells)
    # Offsets of all sizes: shocks that run, creep and stand.
    values += rng.normal(0, 1.0, (rows, 1, 1)) * rng.integers(0, 2, (rows, 1, 1))
    top = np.abs(values).max(axis=(1, 2))
    dt = rng.uniform(*CFL, rows) / top
    end = np.stack([_lax_oleinik(u, t) for u, t in zip(values, dt * steps, strict=True)])
    return Batch(Burgers(), cell_means(values)[None], end[None], dt[:, None], steps)


def _lax_oleinik(u: np.ndarray, t: float) -> np.ndarray:
    """Exact cell averages at time ``t`` of Burgers data constant on sub-cells (cell, point).

    The potential is the least over y of U(y) + (x - y)^2 / 2t; on a sub-cell, where U is linear,
    its minimum is known in closed form. Cell averages are differences of the potential.
    """
    cells, fine = u.shape
    values, h = u.ravel(), 1.0 / fine
    reach = int(np.ceil(np.abs(values).max() * t)) + 1
    periods = int(np.ceil(reach / cells)) + 1
    wide = np.tile(values, 2 * periods + 1)
    left = (np.arange(len(wide)) - periods * len(values)) * h
    potential = np.concatenate(([0.0], np.cumsum(wide) * h))[:-1]
    potential -= potential[periods * len(values)]
    window = np.arange(-reach * fine, reach * fine)
    face = np.arange(cells + 1)
    at = face[:, None] * fine + periods * len(values) + window
    y0, slope = left[at], wide[at]
    y = np.clip(face[:, None] - slope * t, y0, y0 + h)
    cost = potential[at] + slope * (y - y0) + (face[:, None] - y) ** 2 / (2 * t)
    return np.diff(cost.min(axis=1))


def _gas_sides(rng: Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Random left and right primitive states (variable, row), seen from random frames."""
    rho = 10.0 ** rng.uniform(-0.7, 0.7, (2, rows))
    p = 10.0 ** rng.uniform(-0.8, 0.8, (2, rows))
    u = rng.normal(0, 0.6, (2, rows))
    alike = rng.random(rows)
    p[1] = np.where(alike < 0.15, p[0], p[1])  # contacts
    u[1] = np.where(alike < 0.15, u[0], u[1])
    u += rng.normal(0, 1.0, rows) * (rng.random(rows) < 0.6)
    return np.stack((rho[0], u[0], p[0])), np.stack((rho[1], u[1], p[1]))


def euler_riemann(rng: Generator, rows: int, cells: int, steps: int) -> Batch:
    """Two Riemann problems, left | right | left, until their waves would meet; exact."""
    equation = Euler()
    left, right = _gas_sides(rng, 4 * rows)
    keep = ~(_vacuum(left, right) | _vacuum(right, left))
    left, right = left[:, keep][:, :rows], right[:, keep][:, :rows]
    first = cells / 4 + rng.uniform(-0.5, 0.5, rows) * rng.integers(0, 2, rows)
    second = first + cells / 2
    one, two = outer_waves(left, right), outer_waves(right, left)
    closing = np.maximum(one[1] - two[0], two[1] - one[0])
    # Inside a fan, and on a side that moves fast itself, |u| + c may exceed the outer waves' speed.
    fastest = np.max([np.abs(one), np.abs(two), fastest_states(left, right)], axis=(0, 1))
    # A margin of six cells keeps the numerical waves apart too.
    longest = (cells / 2 - 6.0) / np.maximum(closing, 1e-6)
    dt = np.minimum(rng.uniform(*CFL, rows) / fastest, longest / steps)
    x = (np.arange(cells * POINTS) + 0.5) / POINTS
    averages = []
    for t in (np.zeros(rows), dt * steps):
        w = two_fans(x, t, first, second, one, two, left, right, cells)
        q = np.stack(equation.to_conserved(tuple(w)))
        averages.append(cell_means(q.reshape(3, rows, cells, POINTS)))
    return Batch(equation, averages[0], averages[1], dt[:, None], steps)


def _vacuum(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether the sides part fast enough to leave next to nothing between them."""
    cl, cr = np.sqrt(1.4 * left[2] / left[0]), np.sqrt(1.4 * right[2] / right[0])
    return np.asarray(right[1] - left[1] > 0.7 * 5.0 * (cl + cr))


def outer_waves(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Slowest and fastest wave (2, row)."""
    star = star_region(tuple(left), tuple(right), 1.4)
    ends = []
    for side, sign in ((left, -1.0), (right, 1.0)):
        rho, u, p = side
        c = np.sqrt(1.4 * p / rho)
        shock = c * np.sqrt(1.0 + (2.4 / 2.8) * np.maximum(star.pressure / p - 1.0, 0.0))
        ends.append(u + sign * shock)
    return np.stack(ends)


def fastest_states(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Largest |u| + c of the constant states of both problems (2, row)."""
    tops = []
    for a, b in ((left, right), (right, left)):
        star = star_region(tuple(a), tuple(b), 1.4)
        near_left = (star.density_left, star.velocity, star.pressure)
        near_right = (star.density_right, star.velocity, star.pressure)
        states = (tuple(a), tuple(b), near_left, near_right)
        tops.append(np.max([np.abs(u) + np.sqrt(1.4 * p / rho) for rho, u, p in states], axis=0))
    return np.stack(tops)


def two_fans(
    x: np.ndarray,
    t: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    one: np.ndarray,
    two: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    cells: int,
) -> np.ndarray:
    """Primitive point values (variable, row, point) of both Riemann problems on the circle."""
    middle = (0.5 * ((first + one[1] * t) + (second + two[0] * t)))[:, None]
    other = 0.5 * ((second + two[1] * t) + (first + cells + one[0] * t))[:, None]
    beyond = (x[None] - middle) % cells  # distance to the right of the point between the fans
    age = np.maximum(t, 1e-12)[:, None]
    l_, r_ = (tuple(v[:, None] for v in side) for side in (left, right))
    a = riemann(l_, r_, (beyond + middle - cells - first[:, None]) / age, 1.4)
    b = riemann(r_, l_, (beyond + middle - second[:, None]) / age, 1.4)
    # The circle is cut midway between the fans: there the first ends and the second begins.
    return np.stack([np.where(beyond < other - middle, v, u) for u, v in zip(a, b, strict=True)])


def euler_states(pool: FinePool) -> Distribution:
    """Interacting waves of random periodic states; targets from runs on a finer grid."""

    def draw(rng: Generator, rows: int, cells: int, steps: int) -> Batch:
        start, end, dt = pool.draw(rng, rows, steps, CFL)
        return Batch(Euler(), start, end, dt, steps)

    return draw
