"""Training problems of gas dynamics: Riemann problems, exact, and interacting waves."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from learnedflux.equations import Equation, Euler
from learnedflux.exact.euler import riemann, star_region
from learnedflux.training.distributions import Batch, Size, distribution, fine_grid
from learnedflux.training.profiles import cell_means, random_profiles

__all__ = ["fastest_states", "gas_riemann", "gas_states", "outer_waves", "two_fans"]

POINTS = 64  # per cell, where a sampled jump must land well inside its cell


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


def _is_gas(equation: Equation) -> bool:
    return isinstance(equation, Euler)


@distribution("gas_riemann", supports=_is_gas, needs="the Euler equations")
def gas_riemann(equation: Euler, rng: Generator, size: Size) -> Batch:
    """Two Riemann problems, left | right | left, until their waves would meet; exact."""
    rows, cells, steps, cfl = size
    gamma = equation.gamma
    left, right = _gas_sides(rng, 8 * rows + 16)
    keep = ~(_vacuum(left, right, gamma) | _vacuum(right, left, gamma))
    left, right = left[:, keep][:, :rows], right[:, keep][:, :rows]
    first = cells / 4 + rng.uniform(-0.5, 0.5, rows) * rng.integers(0, 2, rows)
    second = first + cells / 2
    one, two = outer_waves(left, right, gamma), outer_waves(right, left, gamma)
    closing = np.maximum(one[1] - two[0], two[1] - one[0])
    # Inside a fan, and on a side that moves fast itself, |u| + c may exceed the outer waves' speed.
    fastest = np.max([np.abs(one), np.abs(two), fastest_states(left, right, gamma)], axis=(0, 1))
    # A margin of six cells keeps the numerical waves apart too.
    longest = (cells / 2 - 6.0) / np.maximum(closing, 1e-6)
    dt = np.minimum(rng.uniform(*cfl, rows) / fastest, longest / steps)
    x = (np.arange(cells * POINTS) + 0.5) / POINTS
    averages = []
    for t in (np.zeros(rows), dt * steps):
        w = two_fans(x, t, first, second, one, two, left, right, cells, gamma)
        q = np.stack(equation.to_conserved(tuple(w)))
        averages.append(cell_means(q.reshape(3, rows, cells, POINTS)))
    return Batch(equation, averages[0], averages[1], dt[:, None], steps)


def _vacuum(left: np.ndarray, right: np.ndarray, gamma: float) -> np.ndarray:
    """Whether the sides part fast enough to leave next to nothing between them."""
    cl, cr = np.sqrt(gamma * left[2] / left[0]), np.sqrt(gamma * right[2] / right[0])
    return np.asarray(right[1] - left[1] > 0.7 * (2.0 / (gamma - 1.0)) * (cl + cr))


def outer_waves(left: np.ndarray, right: np.ndarray, gamma: float) -> np.ndarray:
    """Slowest and fastest wave (2, row)."""
    star = star_region(tuple(left), tuple(right), gamma)
    ends = []
    for side, sign in ((left, -1.0), (right, 1.0)):
        rho, u, p = side
        c = np.sqrt(gamma * p / rho)
        shock = c * np.sqrt(
            1.0 + ((gamma + 1.0) / (2.0 * gamma)) * np.maximum(star.pressure / p - 1.0, 0.0)
        )
        ends.append(u + sign * shock)
    return np.stack(ends)


def fastest_states(left: np.ndarray, right: np.ndarray, gamma: float) -> np.ndarray:
    """Largest |u| + c of the constant states of both problems (2, row)."""
    tops = []
    for a, b in ((left, right), (right, left)):
        star = star_region(tuple(a), tuple(b), gamma)
        near_left = (star.density_left, star.velocity, star.pressure)
        near_right = (star.density_right, star.velocity, star.pressure)
        states = (tuple(a), tuple(b), near_left, near_right)
        tops.append(np.max([np.abs(u) + np.sqrt(gamma * p / rho) for rho, u, p in states], axis=0))
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
    gamma: float,
) -> np.ndarray:
    """Primitive point values (variable, row, point) of both Riemann problems on the circle."""
    middle = (0.5 * ((first + one[1] * t) + (second + two[0] * t)))[:, None]
    other = 0.5 * ((second + two[1] * t) + (first + cells + one[0] * t))[:, None]
    beyond = (x[None] - middle) % cells  # distance to the right of the point between the fans
    age = np.maximum(t, 1e-12)[:, None]
    l_, r_ = (tuple(v[:, None] for v in side) for side in (left, right))
    a = riemann(l_, r_, (beyond + middle - cells - first[:, None]) / age, gamma)
    b = riemann(r_, l_, (beyond + middle - second[:, None]) / age, gamma)
    # The circle is cut midway between the fans: there the first ends and the second begins.
    return np.stack([np.where(beyond < other - middle, v, u) for u, v in zip(a, b, strict=True)])


@fine_grid("gas_states", supports=_is_gas, needs="the Euler equations")
def gas_states(
    equation: Equation, rng: Generator, rows: int, cells: int, points: int
) -> np.ndarray:
    """Pieces of constant state, two to four, with density or velocity waves on them."""
    x = (np.arange(cells * points) + 0.5) / points
    w = np.empty((3, rows, len(x)))
    for row in range(rows):
        jumps = np.sort(rng.uniform(0, cells, rng.integers(2, 5)))
        piece = np.searchsorted(jumps, x) % len(jumps)
        w[0, row] = (10.0 ** rng.uniform(-0.5, 0.5, len(jumps)))[piece]
        w[1, row] = rng.normal(0, 0.6, len(jumps))[piece] + rng.normal(0, 0.7)
        w[2, row] = (10.0 ** rng.uniform(-0.6, 0.6, len(jumps)))[piece]
    wave = random_profiles(rng, rows, cells, points).reshape(rows, -1)
    wave /= np.abs(wave).max(axis=1, keepdims=True) + 1e-12
    size = rng.uniform(0.02, 0.35, (rows, 1)) * (rng.random((rows, 1)) < 0.7)
    w[0] *= 1.0 + size * wave
    w[1] += 0.3 * size * wave * (rng.random((rows, 1)) < 0.3)
    return np.stack(equation.to_conserved(tuple(w)))
