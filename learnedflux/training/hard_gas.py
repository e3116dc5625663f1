"""Random gas problems of the kinds that schemes find hard, for policies that see wave speeds.

All live on periodic rows of cells of width one, like those of :mod:`~learnedflux.training.gas`:
pairs of Riemann problems (ordinary ones, sides that hardly differ, pressure ratios up to 1e7, sides
that part nearly to vacuum, single waves), many of them seen from a frame in which one wave stands
nearly still; profiles and plain waves of density carried along; and interacting waves with
fine-grid answers, shocks that run into short waves among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from learnedflux.equations import Equation, Euler
from learnedflux.exact.euler import star_region
from learnedflux.training.distributions import Batch
from learnedflux.training.gas import fastest_states, gas_states, outer_waves, two_fans
from learnedflux.training.profiles import cell_means, random_profiles, random_waves
from learnedflux.training.reference import FinePool, PoolSettings
from learnedflux.training.scalar import WAVE_CFL

__all__ = ["GAMMA", "KINDS", "POOL", "draw", "shock_pool"]

GAMMA = 1.4
POINTS = 32  # per cell, where a sampled jump must land well inside its cell
NEAREST = 0.95  # of the parting that leaves a vacuum: problems beyond are not drawn
MARGIN = 6.0  # cells kept free between the waves of neighbouring Riemann problems

Sides = tuple[np.ndarray, np.ndarray]  # left and right primitive states (variable, row)


# --- Riemann problems ----------------------------------------------------------------------------


def _sound(side: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(GAMMA * side[2] / side[0]))


def _ordinary(rng: Generator, rows: int) -> Sides:
    rho = 10.0 ** rng.uniform(-0.7, 0.7, (2, rows))
    p = 10.0 ** rng.uniform(-0.8, 0.8, (2, rows))
    u = rng.normal(0, 0.6, (2, rows))
    return np.stack((rho[0], u[0], p[0])), np.stack((rho[1], u[1], p[1]))


def _faint(rng: Generator, rows: int) -> Sides:
    """Sides that differ by a twentieth to 2.5 times: contacts that are soon too wide to be told."""
    size = 10.0 ** rng.uniform(-2.0, -0.7, (2, rows)) * rng.choice([-1, 1], (2, rows))
    rho, p = (10.0 ** rng.uniform(-0.5, 0.5, rows) * 10.0 ** np.stack((-s, s)) for s in size)
    u = rng.normal(0, 0.5, rows) * np.abs(size).max(axis=0) * np.sqrt(GAMMA * p[0] / rho[0])
    return np.stack((rho[0], -u, p[0])), np.stack((rho[1], u, p[1]))


def _strong(rng: Generator, rows: int) -> Sides:
    """Pressure ratios of 10 to 1e7."""
    rho = 10.0 ** rng.uniform(-1.5, 1.5, (2, rows))
    p = np.stack((np.ones(rows), 10.0 ** -rng.uniform(1, 7, rows)))
    p = np.where(rng.random(rows) < 0.5, p[::-1], p)
    u = rng.normal(0, 0.7, (2, rows)) * np.sqrt(GAMMA * p / rho) * (rng.random(rows) < 0.5)
    return np.stack((rho[0], u[0], p[0])), np.stack((rho[1], u[1], p[1]))


def _parting(rng: Generator, rows: int) -> Sides:
    """Two strong rarefactions, some nearly to vacuum; the mirrored pair collides."""
    rho = 10.0 ** rng.uniform(-0.5, 0.5, (2, rows))
    p = 10.0 ** rng.uniform(-0.7, 0.7, (2, rows))
    alike = rng.random(rows) < 0.4
    rho[1], p[1] = np.where(alike, rho[0], rho[1]), np.where(alike, p[0], p[1])
    apart = rng.uniform(0.2, 0.93, rows) * 5.0 * np.sqrt(GAMMA * p / rho).sum(axis=0)
    return np.stack((rho[0], -0.5 * apart, p[0])), np.stack((rho[1], 0.5 * apart, p[1]))


def _single(rng: Generator, rows: int) -> Sides:
    """One wave only, to either side: shock, contact or rarefaction."""
    rho, p = 10.0 ** rng.uniform(-0.5, 0.5, rows), 10.0 ** rng.uniform(-0.5, 0.5, rows)
    c, still = np.sqrt(GAMMA * p / rho), np.zeros(rows)
    kind = rng.integers(0, 5, rows)
    ratio = 10.0 ** np.where(kind == 4, rng.uniform(1, 2.5, rows), rng.uniform(0.1, 1.2, rows))
    shock = _behind_shock(rho, p, ratio)
    drop = 10.0 ** -rng.uniform(0.1, 1.5, rows)
    fan = (rho * drop ** (1 / GAMMA), 5.0 * c * (drop ** (1 / 7) - 1.0), p * drop)
    contact = (rho * 10.0 ** rng.uniform(-1, 1, rows), still, p)
    waves = (shock, shock, contact, fan, shock)
    left = np.stack([np.choose(kind, [wave[k] for wave in waves]) for k in range(3)])
    right = np.stack((rho, still, p))
    mirror = np.array([1.0, -1.0, 1.0])[:, None]
    flip = rng.random(rows) < 0.5
    return np.where(flip, right * mirror, left), np.where(flip, left * mirror, right)


def _behind_shock(rho: Any, p: Any, ratio: Any) -> tuple[Any, Any, Any]:
    """State behind a shock of a pressure ratio that runs to the right into gas at rest."""
    speed = p * (ratio - 1.0) * np.sqrt((2.0 / (2.4 * rho)) / (p * ratio + p / 6.0))
    return rho * (6.0 * ratio + 1.0) / (ratio + 6.0), speed, p * ratio


def _from_a_frame(rng: Generator, sides: Sides, still: float) -> Sides:
    """Seen from random frames: in a share of them one wave stands still, or creeps."""
    left, right = (side.copy() for side in sides)
    rows = left.shape[1]
    ends, middle = (
        outer_waves(left, right, GAMMA),
        star_region(tuple(left), tuple(right), GAMMA).velocity,
    )
    chosen = np.choose(rng.integers(0, 3, rows), (ends[0], middle, ends[1]))
    c = np.maximum(_sound(left), _sound(right))
    creep = c * rng.choice([-1, 1], rows) * 10.0 ** rng.uniform(-2.5, -0.5, rows)
    other = np.where(rng.random(rows) < 0.6, rng.normal(0, 1, rows) * c, 0.0)
    shift = np.where(rng.random(rows) < still, creep - chosen, other)
    left[1] += shift
    right[1] += shift
    return left, right


SIDES: dict[str, tuple[Callable[[Generator, int], Sides], float]] = {
    "ordinary": (_ordinary, 0.4),
    "faint": (_faint, 0.4),
    "strong": (_strong, 0.3),
    "parting": (_parting, 0.0),
    "single": (_single, 0.7),
}
"""Riemann problems, and the share seen from a frame in which one wave stands nearly still."""


def _riemann(
    kind: str, rng: Generator, rows: int, cells: int, steps: int, cfl: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two Riemann problems, left | right | left, until their waves would meet; exact."""
    sides, still = SIDES[kind]
    left, right = _from_a_frame(rng, sides(rng, 6 * rows + 16), still)
    most = NEAREST * 5.0 * (_sound(left) + _sound(right))
    keep = np.abs(right[1] - left[1]) < most
    left, right = left[:, keep][:, :rows], right[:, keep][:, :rows]
    start = cells / 4 + rng.uniform(-0.5, 0.5, rows) * rng.integers(0, 2, rows)
    second = start + cells / 2
    one, two = outer_waves(left, right, GAMMA), outer_waves(right, left, GAMMA)
    closing = np.maximum(one[1] - two[0], two[1] - one[0])
    top = np.max([np.abs(one), np.abs(two), fastest_states(left, right, GAMMA)], axis=(0, 1))
    longest = (cells / 2 - MARGIN) / np.maximum(closing, 1e-6)
    dt = np.minimum(rng.uniform(*cfl, rows) / top, longest / steps)
    x = (np.arange(cells * POINTS) + 0.5) / POINTS
    averages = []
    for t in (np.zeros(rows), dt * steps):
        w = two_fans(x, t, start, second, one, two, left, right, cells, GAMMA)
        q = np.stack(Euler().to_conserved(tuple(w)))
        averages.append(cell_means(q.reshape(3, rows, cells, POINTS)))
    t = dt * steps
    middle = 0.5 * ((start + one[1] * t) + (second + two[0] * t))
    other = 0.5 * ((second + two[1] * t) + (start + cells + one[0] * t))
    beyond = (np.arange(cells) + 0.5 - middle[:, None]) % cells
    return averages[0], averages[1], dt, beyond >= (other - middle)[:, None]


# --- density carried along -----------------------------------------------------------------------


def _carried(
    rng: Generator, rho: np.ndarray, steps: int, cfl: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Density at constant velocity and pressure, moved by whole cells; exact."""
    rows, cells = rho.shape[:2]
    p = 10.0 ** rng.uniform(-1.5, 1.5, rows)
    c = np.sqrt(GAMMA * p / rho.min(axis=(1, 2)))
    share = rng.uniform(0.2, 0.98, rows)  # of the fastest speed that is the velocity
    shift = np.maximum(np.round(rng.uniform(*cfl, rows) * steps * share), 1.0)
    speed, sign = c * share / (1.0 - share), rng.choice([-1, 1], rows)
    start = cell_means(rho)
    end = np.stack([np.roll(a, int(k)) for a, k in zip(start, shift * sign, strict=True)])
    u, level = (speed * sign)[:, None], p[:, None]
    ends = [np.stack(Euler().to_conserved((r, u + 0.0 * r, level + 0.0 * r))) for r in (start, end)]
    return ends[0], ends[1], shift / (speed * steps), _halves(rows, cells)


def _halves(rows: int, cells: int) -> np.ndarray:
    return np.broadcast_to(np.arange(cells) < cells // 2, (rows, cells))


def _profiles(rng: Generator, rows: int, cells: int) -> np.ndarray:
    shape = random_profiles(rng, rows, cells)
    shape /= np.abs(shape).max(axis=(1, 2), keepdims=True) + 1e-12
    size = rng.uniform(0.02, 0.9, (rows, 1, 1))
    return np.asarray(10.0 ** rng.uniform(-1, 1, (rows, 1, 1)) * (1.0 + size * shape))


def _waves(rng: Generator, rows: int, cells: int) -> np.ndarray:
    shape = random_waves(rng, rows, cells)
    size = 10.0 ** rng.uniform(-2, -0.1, (rows, 1, 1))
    return np.asarray(10.0 ** rng.uniform(-1, 1, (rows, 1, 1)) * (1.0 + size * shape))


# --- interacting waves ---------------------------------------------------------------------------


def shock_pool(seed: int, rows: int, cells: int, **settings: Any) -> FinePool:
    """Return fine-grid runs of random states, most of them shocks that run into short waves."""
    return FinePool(Euler(), _shocks_and_pieces, PoolSettings(seed, rows, cells, "mp5", **settings))


def _shocks_and_pieces(
    equation: Equation, rng: Generator, rows: int, cells: int, points: int
) -> np.ndarray:
    pieces = gas_states(equation, rng, rows, cells, points)
    shocks = np.stack([_shock_into_waves(rng, cells, points) for _ in range(rows)], axis=1)
    chosen = rng.random((rows, 1)) < 0.6
    return np.where(chosen, np.stack(equation.to_conserved(tuple(shocks))), pieces)


def _shock_into_waves(rng: Generator, cells: int, points: int) -> np.ndarray:
    """Primitive point values of a slab of shocked gas on waves of density, from any frame."""
    x = (np.arange(cells * points) + 0.5) / points
    mach = rng.uniform(1.3, 5)
    rho, p = 10.0 ** rng.uniform(-0.3, 0.3, 2)
    c = np.sqrt(GAMMA * p / rho)
    behind = _behind_shock(rho, p, 1.0 + 2.0 * GAMMA / (GAMMA + 1.0) * (mach * mach - 1.0))
    start = rng.uniform(0.1, 0.25) * cells
    slab = (x > start) & (x < start + rng.uniform(0.15, 0.35) * cells)
    wave = np.zeros_like(x)
    for _ in range(rng.integers(1, 3)):
        number = round(cells / np.exp(rng.uniform(np.log(4.0), np.log(40.0))))
        wave += rng.uniform(0.05, 0.3) * np.sin(2 * np.pi * (number * x / cells + rng.random()))
    if rng.random() < 0.25:
        wave = 0.3 * np.sign(wave)
    ahead = (rho * (1.0 + np.clip(wave, -0.6, 0.6)), 0.0, p)
    w = np.stack([np.where(slab, b, a) for b, a in zip(behind, ahead, strict=True)])
    if rng.random() < 0.5:
        w = w[:, ::-1] * np.array([1.0, -1.0, 1.0])[:, None]
    frame = rng.random()
    if frame < 0.35:  # the shock creeps
        w[1] -= np.sign(w[1].sum()) * mach * c * rng.uniform(0.8, 1.2)
    elif frame < 0.7:
        w[1] += rng.normal(0, 1) * c
    return w


# --- all of them ---------------------------------------------------------------------------------

POOL = "pool"  # the kind that needs runs on a fine grid
KINDS = (*SIDES, "profiles", "waves", POOL)


def draw(
    rng: Generator,
    mix: dict[str, int],
    cells: int,
    steps: int,
    cfl: tuple[float, float],
    pool: FinePool | None,
) -> Batch:
    """Return a batch with so many rows of each kind; ``pool`` is for the kind of that name."""
    parts = []
    for kind, rows in mix.items():
        if kind == POOL:
            assert pool is not None
            start, end, dt = pool.draw(rng, rows, steps, cfl)
            parts.append((start, end, dt[:, 0], _halves(rows, cells)))
        elif kind == "profiles":
            parts.append(_carried(rng, _profiles(rng, rows, cells), steps, cfl))
        elif kind == "waves":
            parts.append(_carried(rng, _waves(rng, rows, cells), steps, WAVE_CFL))
        else:
            parts.append(_riemann(kind, rng, rows, cells, steps, cfl))
    initial, target = (np.concatenate([p[k] for p in parts], axis=1) for k in (0, 1))
    return Batch(
        Euler(),
        initial,
        target,
        np.concatenate([p[2] for p in parts])[:, None],
        steps,
        sum(((kind,) * rows for kind, rows in mix.items()), ()),
        np.concatenate([p[3] for p in parts]).astype(np.float64),
    )
