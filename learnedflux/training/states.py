"""Training problems of any equation: interacting waves of random states, by fine-grid runs."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from learnedflux.equations import Equation
from learnedflux.training.distributions import fine_grid
from learnedflux.training.profiles import random_profiles
from learnedflux.training.scalar import profiles_in_range

__all__ = ["interacting_states"]

PIECES = (2, 4)
WAVES = (0.02, 0.35)  # how far waves lead from a state towards another one
CALM = 0.3  # share of rows without waves


def _supports(equation: Equation) -> bool:
    return equation.scalar or equation.provides("random_states")


@fine_grid("states", supports=_supports, needs="a scalar law, or a method random_states")
def interacting_states(
    equation: Equation, rng: Generator, rows: int, cells: int, points: int
) -> np.ndarray:
    """Pieces of constant state with waves on them; of a scalar law, profiles of all kinds."""
    if equation.scalar:
        w = profiles_in_range(rng, equation, rows, cells, points).reshape(1, rows, cells * points)
        return np.stack(equation.to_conserved(tuple(w)))
    x = (np.arange(cells * points) + 0.5) / points
    drawn = np.stack(equation.random_states(rng, (rows, PIECES[1])))  # type: ignore[attr-defined]
    other = np.stack(equation.random_states(rng, (rows, 1)))  # type: ignore[attr-defined]
    w = np.empty((len(drawn), rows, len(x)))
    for row in range(rows):
        jumps = np.sort(rng.uniform(0, cells, rng.integers(PIECES[0], PIECES[1] + 1)))
        w[:, row] = drawn[:, row, np.searchsorted(jumps, x) % len(jumps)]
    wave = random_profiles(rng, rows, cells, points).reshape(rows, -1)
    wave -= wave.min(axis=1, keepdims=True)
    wave /= np.maximum(wave.max(axis=1, keepdims=True), 1e-12)
    size = rng.uniform(*WAVES, (rows, 1)) * (rng.random((rows, 1)) >= CALM)
    # Between two admissible states lie admissible ones.
    return np.stack(equation.to_conserved(tuple(w + (size * wave) * (other - w))))
