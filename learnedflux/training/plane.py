"""Random gas problems in the plane: patches of constant state whose waves meet at all angles.

Policies see one row of cells at a time, but in the plane a wave that is oblique to the grid crosses
many rows, each a little later than the one before, and what is sharp along rows makes steps of it.
Problems live on periodic squares of cells of width one; answers are runs on a finer grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator

from learnedflux.equations import Euler
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.training.distributions import Batch, Size
from learnedflux.training.reference import FinePool, PoolSettings

__all__ = ["KIND", "Plane", "PlaneProblems", "gas_patches"]

KIND = "plane"
REFINEMENT = 4  # of the reference runs: eight times would cost eight times as much
REFERENCE = "mp5"
QUARTERS = 0.4  # share of squares cut along the axes, as in Riemann problems of the plane
PATCHES = (3, 6)  # of the others, with straight sides at all angles
EVEN = 0.3  # share of squares of one pressure and velocity: contacts alone
SLIP = 0.5  # share of those in quarters with another velocity along one of the cuts: shear
STRONG = 0.2  # share with pressures over two decades and a half
SHARE = 0.5  # of the steps of problems in one dimension: gradients take ten times as long
SNAPSHOTS, INTERVAL = 96, 1.0  # twice as many, half as far apart
WAVES = 0.3  # share with a wave of density on it


class Plane(NamedTuple):
    """Settings of the problems in the plane, ``[plane]`` of a recipe.

    Parameters
    ----------
    cells : int
        Cells along each axis.
    rows : int
        Problems per iteration.
    pool : int
        Trajectories run on a grid four times finer: most of the time before training begins.
    """

    cells: int = 32
    rows: int = 8
    pool: int = 32

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Plane:
        """Return settings from a table, checked."""
        if not isinstance(given, Mapping):
            raise InputError(f"plane must be a table; got {given!r}.")
        for key, value in given.items():
            if key not in cls._fields:
                raise UnknownNameError("setting of the plane", key, cls._fields)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InputError(f"plane.{key} must be a whole number above 0; got {value!r}.")
        found = cls(**given)
        if found.cells < 16:
            raise InputError(
                f"plane.cells must be at least 16, for waves to fit in; got {found.cells}."
            )
        return found


def gas_patches(equation: Any, rng: Generator, rows: int, cells: int, points: int) -> np.ndarray:
    """Return conserved states (variable, row, x, y) of patches of gas, ``points`` to a cell.

    A share is cut into quarters, the rest into the neighbourhoods of random points.
    """
    x = (np.arange(cells * points) + 0.5) / (cells * points)
    return np.stack(
        [
            np.stack(equation.to_conserved(tuple(_square(rng, x, equation.gamma))))
            for _ in range(rows)
        ],
        axis=1,
    )


def _square(rng: Generator, x: np.ndarray, gamma: float) -> np.ndarray:
    """Return primitive variables (variable, x, y) on the unit square."""
    quarters = rng.random() < QUARTERS
    if quarters:
        left, low = x < rng.uniform(0.4, 0.6), x < rng.uniform(0.4, 0.6)
        patch, count = 2 * left[:, None] + low[None], 4
    else:
        count = int(rng.integers(PATCHES[0], PATCHES[1] + 1))
        gaps = (np.abs(x - at[:, None]) for at in rng.random((2, count)))
        across, up = (np.minimum(gap, 1.0 - gap) ** 2 for gap in gaps)  # around the ends
        patch = np.argmin(across[:, :, None] + up[:, None, :], axis=0)
    rho = 10.0 ** rng.uniform(-0.5, 0.5, count)
    width = 1.2 if rng.random() < STRONG else 0.5
    p = 10.0 ** rng.uniform(-width, width, count)
    sound = np.sqrt(gamma * p / rho)
    velocity = rng.normal(0, 0.5, (2, count)) * sound + rng.normal(0, 0.7, (2, 1)) * sound.mean()
    if rng.random() < EVEN:
        p[:], velocity[0], velocity[1] = p[0], velocity[0, 0], velocity[1, 0]
        if quarters and rng.random() < SLIP:
            velocity[1, :2] += rng.normal(0, 0.5) * sound[:2].mean()
    w = np.stack((rho, *velocity, p))[:, patch]
    if rng.random() < WAVES:
        numbers = rng.integers(-6, 7, 2)
        phase = numbers[0] * x[:, None] + numbers[1] * x[None] + rng.random()
        w[0] *= 1.0 + rng.uniform(0.02, 0.3) * np.sin(2 * np.pi * phase)
    return np.asarray(w)


class PlaneProblems:
    """Random problems in the plane, as :class:`~learnedflux.training.compiled_task.Problems`.

    Parameters
    ----------
    settings : Plane
        How many, and on how many cells.
    equation : Euler
        The gas.
    seed : int
        Seed of the reference runs.
    part : int
        How many times fewer reference runs than the settings say.
    """

    dimension = 2

    def __init__(self, settings: Plane, equation: Euler, seed: int, part: int = 1) -> None:
        self.equation, self.cells = equation, settings.cells
        self.mix = {KIND: settings.rows}
        runs = PoolSettings(
            seed, -(-settings.pool // part), settings.cells, REFERENCE, REFINEMENT,
            SNAPSHOTS, INTERVAL,
        )  # fmt: skip
        self.pool = FinePool(equation, gas_patches, runs)

    def kinds(self, cells: int) -> list[str]:
        """Kinds of which there are problems with so many cells."""
        return [KIND] if cells == self.cells else []

    def draw(self, seed: list[int], mix: dict[str, int], size: Size) -> Batch:
        """Draw so many rows; those and the cells of ``size`` do not count."""
        (rows,), steps = mix.values(), max(round(SHARE * size.steps), 1)
        start, end, dt = self.pool.draw(np.random.default_rng(seed), rows, steps, size.cfl)
        return Batch(self.equation, start, end, dt, steps, (KIND,) * rows)
