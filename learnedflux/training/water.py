"""Training problems of shallow water over a flat bottom: Riemann problems, exact."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from learnedflux.equations import Equation, ShallowWater
from learnedflux.exact.shallow_water import riemann, star_region
from learnedflux.training.distributions import Batch, Size, distribution
from learnedflux.training.profiles import cell_means

__all__ = ["water_riemann"]

POINTS = 32  # per cell, where a sampled jump must land well inside its cell
MARGIN = 6.0  # cells kept free between the waves of neighbouring Riemann problems
DECADES = (-0.7, 0.7)  # of the depths
NEAREST = 0.9  # of the parting that leaves dry land: problems beyond are not drawn
STILL = 0.3  # share of problems of which one wave stands nearly still on the grid


def _is_water(equation: Equation) -> bool:
    return isinstance(equation, ShallowWater)


@distribution("water_riemann", supports=_is_water, needs="shallow water")
def water_riemann(equation: ShallowWater, rng: Generator, size: Size) -> Batch:
    """Two Riemann problems, left | right | left, until their waves would meet; exact."""
    rows, cells, steps, g = size.rows, size.cells, size.steps, equation.gravity
    left, right = _sides(rng, 8 * rows + 16, g)
    reach = NEAREST * 2.0 * np.sqrt(g) * (np.sqrt(left[0]) + np.sqrt(right[0]))
    keep = np.abs(right[1] - left[1]) < reach
    left, right = _from_a_frame(rng, left[:, keep][:, :rows], right[:, keep][:, :rows], g)
    one, two = _outer_waves(left, right, g), _outer_waves(right, left, g)
    top = np.abs([one, two]).max(axis=(0, 1))
    for a, b in ((left, right), (right, left)):
        star = star_region(tuple(a), tuple(b), g)
        for h, u in (a, b, (star.depth, star.velocity)):
            top = np.maximum(top, np.abs(u) + np.sqrt(g * h))
    closing = np.maximum(one[1] - two[0], two[1] - one[0])
    longest = (cells / 2 - MARGIN) / np.maximum(closing, 1e-6)
    dt = np.minimum(rng.uniform(*size.cfl, rows) / top, longest / steps)
    first = cells / 4 + rng.uniform(-0.5, 0.5, rows)
    t = dt * steps
    middle = 0.5 * ((first + one[1] * t) + (first + cells / 2 + two[0] * t))
    other = 0.5 * ((first + cells / 2 + two[1] * t) + (first + cells + one[0] * t))
    x = (np.arange(cells * POINTS) + 0.5) / POINTS
    ends = []
    for time, cuts in ((0.0 * t, (first + cells / 4, first + 0.75 * cells)), (t, (middle, other))):
        w = _two_fans(x, time, first, cuts, left, right, cells, g)
        q = np.stack(equation.to_conserved((*w, np.zeros_like(w[0]))))
        ends.append(cell_means(q.reshape(3, rows, cells, POINTS)))
    beyond = (np.arange(cells) + 0.5 - middle[:, None]) % cells
    parts = (beyond >= (other - middle)[:, None]).astype(np.float64)
    return Batch(equation, ends[0], ends[1], dt[:, None], steps, first=parts)


def _sides(rng: Generator, rows: int, gravity: float) -> tuple[np.ndarray, np.ndarray]:
    """Left and right depth and velocity (2, row)."""
    h = 10.0 ** rng.uniform(*DECADES, (2, rows))
    u = rng.normal(0.0, 0.6, (2, rows)) * np.sqrt(gravity * h) * (rng.random(rows) < 0.7)
    return np.stack((h[0], u[0])), np.stack((h[1], u[1]))


def _from_a_frame(
    rng: Generator, left: np.ndarray, right: np.ndarray, gravity: float
) -> tuple[np.ndarray, np.ndarray]:
    """Seen from random frames: in a share of them one wave stands still, or creeps."""
    rows = left.shape[1]
    ends, c = _outer_waves(left, right, gravity), np.sqrt(gravity * np.maximum(left[0], right[0]))
    chosen = np.where(rng.random(rows) < 0.5, ends[0], ends[1])
    creep = c * rng.choice([-1, 1], rows) * 10.0 ** rng.uniform(-2.5, -0.5, rows)
    other = np.where(rng.random(rows) < 0.6, rng.normal(0, 1, rows) * c, 0.0)
    shift = np.where(rng.random(rows) < STILL, creep - chosen, other)
    return tuple(np.stack((side[0], side[1] + shift)) for side in (left, right))  # type: ignore[return-value]


def _outer_waves(left: np.ndarray, right: np.ndarray, gravity: float) -> np.ndarray:
    """Slowest and fastest wave (2, row)."""
    h = star_region(tuple(left), tuple(right), gravity).depth
    ends = []
    for (depth, velocity), sign in ((left, -1.0), (right, 1.0)):
        shock = np.sqrt(0.5 * np.maximum((h + depth) * h / (depth * depth), 2.0))
        ends.append(velocity + sign * np.sqrt(gravity * depth) * shock)
    return np.stack(ends)


def _two_fans(
    x: np.ndarray,
    t: np.ndarray,
    first: np.ndarray,
    cuts: tuple[np.ndarray, np.ndarray],
    left: np.ndarray,
    right: np.ndarray,
    cells: int,
    gravity: float,
) -> np.ndarray:
    """Depth and velocity (2, row, point) of both problems; the circle is cut between them."""
    middle, other = (cut[:, None] for cut in cuts)
    start, age = first[:, None], np.maximum(t, 1e-12)[:, None]
    beyond = (x[None] - middle) % cells
    l_, r_ = (tuple(v[:, None] for v in side) for side in (left, right))
    a = riemann(l_, r_, (beyond + middle - cells - start) / age, gravity)
    b = riemann(r_, l_, (beyond + middle - cells / 2 - start) / age, gravity)
    return np.stack([np.where(beyond < other - middle, v, u) for u, v in zip(a, b, strict=True)])
