"""Random scalar profiles on a periodic row, known at points between the cells.

None of them is a named benchmark: positions, levels, widths and wavelengths are all drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

__all__ = ["FINE", "cell_means", "random_profiles", "random_waves"]

FINE = 16  # points per cell
Profile = Callable[[Generator, np.ndarray, int], np.ndarray]


def _pieces(rng: Generator, x: np.ndarray, cells: int) -> np.ndarray:
    """Constant, sloping or curved pieces between two to six jumps."""
    jumps = np.sort(rng.uniform(0, cells, rng.integers(2, 7)))
    piece = np.searchsorted(jumps, x) % len(jumps)
    level = rng.uniform(-1, 1, len(jumps))[piece]
    if rng.random() < 0.5:
        level += rng.normal(0, 0.5, len(jumps))[piece] * np.sin(2 * np.pi * x / cells)
    return level


def _waves(rng: Generator, x: np.ndarray, cells: int) -> np.ndarray:
    """One to three sine waves of 2.5 to 64 cells."""
    total = np.zeros_like(x)
    for _ in range(rng.integers(1, 4)):
        length = np.exp(rng.uniform(np.log(2.5), np.log(64.0)))
        number = max(round(cells / length), 1)
        total += rng.uniform(0.2, 1) * np.sin(2 * np.pi * (number * x / cells + rng.random()))
    return total


def _bumps(rng: Generator, x: np.ndarray, cells: int) -> np.ndarray:
    """Bells, caps and roofs of 2 to 20 cells half-width."""
    total = np.zeros_like(x)
    for _ in range(rng.integers(1, 4)):
        width = np.exp(rng.uniform(np.log(2.0), np.log(20.0)))
        z = ((x - rng.uniform(0, cells) + cells / 2) % cells - cells / 2) / width
        shape = rng.integers(3)
        bump = (
            np.exp(-2 * z * z),
            np.sqrt(np.maximum(1 - z * z, 0.0)),
            np.maximum(1 - np.abs(z), 0.0),
        )[shape]
        total += rng.uniform(-1, 1) * bump
    return total


def _waves_on_a_piece(rng: Generator, x: np.ndarray, cells: int) -> np.ndarray:
    """A jump with short waves on one side of it."""
    start, length = rng.uniform(0, cells), rng.uniform(0.3, 0.7) * cells
    inside = (x - start) % cells < length
    return rng.uniform(-1, 1) * inside + rng.uniform(0.05, 0.4) * _waves(rng, x, cells) * (
        inside if rng.random() < 0.5 else ~inside
    )


KINDS: tuple[tuple[float, Profile], ...] = (
    (0.35, _pieces),
    (0.25, _waves),
    (0.2, _bumps),
    (0.2, _waves_on_a_piece),
)


def random_profiles(rng: Generator, rows: int, cells: int, points: int = FINE) -> np.ndarray:
    """Return point values (row, cell, point), amplitudes of order one, on cells of width one."""
    x = (np.arange(cells * points) + 0.5) / points
    chances = np.array([chance for chance, _ in KINDS])
    kinds = rng.choice(len(KINDS), rows, p=chances)
    values = np.stack([KINDS[kind][1](rng, x, cells) for kind in kinds])
    return values.reshape(rows, cells, points)


def random_waves(rng: Generator, rows: int, cells: int) -> np.ndarray:
    """Return sine waves (row, cell, point) of one length, most of 5 to 18 cells, some on a slope.

    Lengths are 2.5 to 42 cells, and the largest value of each row is 1.
    """
    x = (np.arange(cells * FINE) + 0.5) / FINE
    short, any_ = (
        np.exp(rng.uniform(np.log(a), np.log(b), rows)) for a, b in ((5.0, 18.0), (2.5, 42.0))
    )
    number = np.maximum(np.round(cells / np.where(rng.random(rows) < 0.6, short, any_)), 1.0)
    shape = np.sin(2 * np.pi * (number[:, None] * x / cells + rng.random((rows, 1))))
    slope = (rng.random(rows) < 0.5) * 10.0 ** rng.uniform(0, 1.3, rows)
    shape = shape + slope[:, None] * np.sin(2 * np.pi * x / cells)
    return np.asarray((shape / np.abs(shape).max(axis=1, keepdims=True)).reshape(rows, cells, FINE))


def cell_means(values: np.ndarray) -> np.ndarray:
    """Average point values (..., cell, point) over cells."""
    return np.asarray(values.mean(axis=-1))
