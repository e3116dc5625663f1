"""Training problems of scalar laws with exact solutions: profiles and Riemann problems."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.random import Generator

from learnedflux.equations import Equation
from learnedflux.exact.lax_oleinik import convex_averages
from learnedflux.exact.scalar_riemann import riemann
from learnedflux.training import laws
from learnedflux.training.distributions import Batch, Size, distribution
from learnedflux.training.profiles import cell_means, random_profiles, random_waves

__all__ = ["profiles", "profiles_in_range", "riemann_problems", "waves"]

LEAST_SHARE = 0.02  # of the range of values, that a row's values span
SAMPLES = 257  # of the slope between two values
MARGIN = 6.0  # cells between the numerical waves of neighbouring Riemann problems
TINY = 1e-300
WAVE_CFL = (0.05, 0.7)  # whether waves grow depends on it; so waves see all there is
AMPLITUDES = (-2.0, 0.0)  # decades of half the range of values: policies know no scale


def _sub_ranges(rng: Generator, equation: Equation, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of each row, anywhere in the equation's range."""
    low, high = equation.value_range
    least = LEAST_SHARE * (high - low)
    a, b = np.sort(rng.uniform(low, high, (2, rows)), axis=0)
    return np.minimum(a, high - least), np.maximum(b, np.minimum(a, high - least) + least)


def profiles_in_range(
    rng: Generator, equation: Equation, rows: int, cells: int, points: int
) -> np.ndarray:
    """Random profiles (row, cell, point) with values in parts of the equation's range."""
    shape = random_profiles(rng, rows, cells, points)
    bottom, top = (f(shape, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    low, high = (x[:, None, None] for x in _sub_ranges(rng, equation, rows))
    return np.asarray(low + (high - low) * (shape - bottom) / np.maximum(top - bottom, 1e-12))


def _fastest(equation: Equation, values: np.ndarray) -> np.ndarray:
    """Largest speed of each row (row, value), between its values too."""
    low, high = values.min(axis=1), values.max(axis=1)
    between = laws.slope(equation, np.linspace(low, high, SAMPLES, axis=1))
    bound = np.broadcast_to(equation.max_speed((values,), 0), values.shape).max(axis=1)
    return np.asarray(np.maximum(np.abs(between).max(axis=1), bound))


def _has_exact_profiles(equation: Equation) -> bool:
    return equation.scalar and laws.shape(equation) != "neither"


def _is_linear(equation: Equation) -> bool:
    return equation.scalar and laws.shape(equation) == "linear"


@distribution(
    "profiles", supports=_has_exact_profiles, needs="a scalar law with a convex or concave flux"
)
def profiles(equation: Equation, rng: Generator, size: Size) -> Batch:
    """Waves, bells, steps and their mixtures, through shocks and fans; exact."""
    values = profiles_in_range(rng, equation, size.rows, size.cells, 16)
    if _is_linear(equation):
        return _moved(equation, rng, values, size)
    top = _fastest(equation, values.reshape(size.rows, -1))
    dt = rng.uniform(*size.cfl, size.rows) / np.maximum(top, TINY)
    end = np.stack([_carried(equation, u, t) for u, t in zip(values, dt * size.steps, strict=True)])
    return Batch(equation, cell_means(values)[None], end[None], dt[:, None], size.steps)


def _moved(equation: Equation, rng: Generator, values: np.ndarray, size: Size) -> Batch:
    """Values (row, cell, point) under a linear law, moved by whole cells; exact."""
    start = cell_means(values)
    lowest = max(round(size.cfl[0] * size.steps), 1)
    highest = max(int(size.cfl[1] * size.steps), lowest)
    shift = rng.integers(lowest, highest + 1, size.rows)
    speed = float(laws.slope(equation, np.zeros(1))[0])
    sense = int(np.sign(speed))
    end = np.stack([np.roll(u, sense * k) for u, k in zip(start, shift, strict=True)])
    dt = shift / (size.steps * max(abs(speed), TINY))
    return Batch(equation, start[None], end[None], dt[:, None], size.steps)


def _carried(equation: Equation, values: np.ndarray, t: float) -> np.ndarray:
    """Exact cell averages at time ``t``; a concave law is a convex one of -u."""
    f, df = (functools.partial(g, equation) for g in (laws.flux, laws.slope))
    if laws.shape(equation) == "convex":
        return convex_averages(f, df, values, t)
    return -convex_averages(lambda u: -f(-u), lambda u: df(-u), -values, t)


@distribution("riemann", supports=lambda equation: equation.scalar, needs="a scalar law")
def riemann_problems(equation: Equation, rng: Generator, size: Size) -> Batch:
    """Two Riemann problems, left | right | left, until their waves would meet; exact."""
    low, high = _sub_ranges(rng, equation, size.rows)
    flip = rng.random(size.rows) < 0.5
    left, right = np.where(flip, high, low), np.where(flip, low, high)
    between = laws.slope(equation, np.linspace(low, high, SAMPLES, axis=1))
    slow, fast = between.min(axis=1), between.max(axis=1)
    first = size.cells / 4 + rng.uniform(-0.5, 0.5, size.rows)
    dt = rng.uniform(*size.cfl, size.rows)
    dt /= np.maximum(_fastest(equation, np.stack((low, high), axis=1)), TINY)
    longest = (size.cells / 2 - MARGIN) / np.maximum(fast - slow, TINY)
    dt = np.minimum(dt, longest / size.steps)
    start, end = (
        np.stack(
            [
                _two_fans(equation, float(a), float(b), x, (s, f), t, size.cells)
                for a, b, x, s, f, t in zip(left, right, first, slow, fast, times, strict=True)
            ]
        )
        for times in (np.zeros(size.rows), dt * size.steps)
    )
    moved = _cut(first, (slow, fast), dt * size.steps, size.cells)
    beyond = (np.arange(size.cells) + 0.5 - moved[:, None]) % size.cells
    parts = (beyond < size.cells / 2).astype(np.float64)
    return Batch(equation, start[None], end[None], dt[:, None], size.steps, first=parts)


@distribution("waves", supports=_is_linear, needs="a scalar law with a linear flux")
def waves(equation: Equation, rng: Generator, size: Size) -> Batch:
    """Sine waves of one length, some on a slope, at all CFL numbers: none may grow."""
    shape = random_waves(rng, size.rows, size.cells)
    low, high = equation.value_range
    amplitude = 0.5 * (high - low) * 10.0 ** rng.uniform(*AMPLITUDES, size.rows)
    level = rng.uniform(low + amplitude, high - amplitude)
    values = level[:, None, None] + amplitude[:, None, None] * shape
    return _moved(equation, rng, values, size._replace(cfl=WAVE_CFL))


def _cut(first: Any, speeds: tuple[Any, Any], t: Any, cells: int) -> Any:
    """Where the circle is cut midway between the fans: there the state is constant."""
    return first - cells / 4 + 0.5 * (speeds[0] + speeds[1]) * t


def _two_fans(
    equation: Equation,
    left: float,
    right: float,
    first: float,
    speeds: tuple[float, float],
    t: float,
    cells: int,
) -> np.ndarray:
    """Exact cell averages: differences, at the faces, of an antiderivative of the solution."""
    second = first + cells / 2
    start = _cut(first, speeds, t, cells)
    middle = start + cells / 2
    lap, x = np.divmod(np.arange(cells + 1) - start, cells)
    x += start
    one = _fan(equation, left, right, first, t, np.append(np.minimum(x, middle), (start, middle)))
    two = _fan(
        equation, right, left, second, t, np.append(np.maximum(x, middle), (middle, start + cells))
    )
    whole = (one[-1] - one[-2]) + (two[-1] - two[-2])
    return np.diff((one[:-2] - one[-2]) + (two[:-2] - two[-2]) + lap * whole)


def _fan(
    equation: Equation, left: float, right: float, jump: float, t: float, x: np.ndarray
) -> np.ndarray:
    """Antiderivative of one Riemann solution, at ``x``.

    Of u(xi) it is xi u - f(u), whose derivative by xi is u: on a characteristic xi = f'(u), and
    across a shock by the jump condition.
    """
    if t == 0.0:
        return np.where(x < jump, left, right) * (x - jump)
    f, df = (functools.partial(g, equation) for g in (laws.flux, laws.slope))
    xi = (x - jump) / t
    u = riemann(f, df, left, right, xi)
    return np.asarray(t * (xi * u - f(u)))
