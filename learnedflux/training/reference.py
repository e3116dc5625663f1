"""Runs of random states on a finer grid, restricted to the training grid."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from tqdm import tqdm

from learnedflux.backends import NumbaBackend
from learnedflux.boundaries import boundaries
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.grid import AXES, Grid
from learnedflux.integrators import ssprk3
from learnedflux.scheme import Scheme

__all__ = ["FinePool", "PoolSettings", "States", "by_row", "periodic_backend", "restricted"]

log = logging.getLogger("learnedflux")
CFL = 0.4
TOGETHER = 16384  # cells run together: rows of a block share their steps, and cost less overhead
MARGIN = 1.2  # by which waves may outrun the initial state's before a piece leaves its CFL range

# (equation, rng, rows, cells, points per cell) -> conserved states (variable, row, *fine cells)
States = Callable[[Equation, Generator, int, int, int], np.ndarray]


class PoolSettings(NamedTuple):
    """Size and rule of the reference runs.

    Parameters
    ----------
    seed : int
        Seed of the states.
    rows : int
        Number of trajectories.
    cells : int
        Cells of the training grid along every axis.
    scheme : str
        Scheme of the runs. It must find the right solution of the equation: for fluxes that are
        neither convex nor concave that speaks against sharpening ones such as ``mp5``.
    refinement : int
        How many times finer their grid is.
    snapshots : int
        States kept of each trajectory.
    interval : float
        Time between them, in cells that the fastest waves of the initial state cross, along all
        axes together.
    progress : bool, optional
        Progress bar; default on a terminal.
    """

    seed: int
    rows: int
    cells: int
    scheme: str = "weno5-z"
    refinement: int = 8
    snapshots: int = 48
    interval: float = 2.0
    progress: bool | None = None


def periodic_backend(
    equation: Equation, scheme: Scheme, shape: Sequence[int], finer: int = 1
) -> NumbaBackend:
    """Return kernels for a periodic grid of ``shape``, ``finer`` cells to a unit of length."""
    grid = Grid(**{a: (0.0, n / finer, n) for a, n in zip(AXES, shape, strict=False)})
    sides = (boundaries["periodic"],) * 2
    return NumbaBackend(equation, grid, scheme.bind(equation), (sides,) * len(shape))


def restricted(q: np.ndarray, finer: int) -> np.ndarray:
    """Return cell averages (variable, row, *cells) of states with ``finer`` cells to each."""
    for axis in range(2, q.ndim):
        cut = (*q.shape[:axis], -1, finer, *q.shape[axis + 1 :])
        q = q.reshape(cut).mean(axis=axis + 1)
    return q


def by_row(numbers: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return one number per row in a shape that fits states (variable, row, *cells)."""
    return numbers.reshape(-1, *(1,) * (q.ndim - 2))


class FinePool:
    """Trajectories of random periodic states, from which pieces are drawn.

    Parameters
    ----------
    equation : Equation
        Conservation law.
    states : callable
        Draws the initial states, see :func:`~learnedflux.training.fine_grid`.
    settings : PoolSettings
        Size and rule.
    """

    def __init__(self, equation: Equation, states: States, settings: PoolSettings) -> None:
        s, began = settings, time.perf_counter()
        rng = np.random.default_rng([s.seed, 77])
        self.equation, self.settings = equation, settings
        q = states(equation, rng, s.rows, s.cells, s.refinement)
        backend = periodic_backend(equation, Scheme(s.scheme), q.shape[2:], s.refinement)
        self.unit = s.interval / np.maximum(self._fastest(q), 1e-300)  # of time, for each row
        together = max(1, TOGETHER // math.prod(q.shape[2:]))
        blocks = tqdm(
            [slice(row, row + together) for row in range(0, s.rows, together)],
            desc=f"reference runs of {equation.name}",
            disable=None if s.progress is None else not s.progress,
        )
        runs = [self._run(backend, q[:, block], self.unit[block]) for block in blocks]
        alive = np.concatenate([fine for _, fine in runs])
        if not alive.any():
            raise InputError(f"none of {s.rows} reference trajectories stayed physical; use more.")
        self.unit = self.unit[alive]
        # (variable, snapshot, row, *cells)
        self.states = np.concatenate([kept for kept, _ in runs], axis=2)[:, :, alive]
        log.info(
            "%d reference runs of %s by %s on %s cells: %.1f s",
            alive.sum(), equation.name, s.scheme, " x ".join(map(str, q.shape[2:])),
            time.perf_counter() - began,
        )  # fmt: skip

    def _run(
        self, backend: NumbaBackend, q: np.ndarray, unit: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return snapshots (variable, snapshot, row, *cells) of rows, and which stayed physical.

        Those that the scheme cannot keep physical are no references. They begin anew, so as not to
        spoil the steps of the others.
        """
        s, start, alive = self.settings, q, np.ones(q.shape[1], dtype=bool)
        kept = [restricted(q, s.refinement)]
        for _ in range(s.snapshots - 1):
            left = 1.0  # of the interval
            while left > 0.0:
                courant = float((self._fastest(q) * unit).max()) * s.refinement
                share = min(CFL / courant, left)
                # No sliver of a step in the end.
                share = left / math.ceil(left / share - 1e-9)
                q = ssprk3(backend.rhs, 0.0, q, by_row(share * unit, q))
                left = left - share if left - share > 1e-12 else 0.0
                physical = self.equation.admissible(tuple(q)) & np.isfinite(q).all(axis=0)
                alive &= np.asarray(physical).reshape(len(alive), -1).all(axis=1)
                q = q if alive.all() else np.where(by_row(alive, q), q, start)
            kept.append(restricted(q, s.refinement))
        return np.stack(kept, axis=1), alive

    def _fastest(self, q: np.ndarray) -> np.ndarray:
        """Largest speed of each row, summed over the axes."""
        rows = q.shape[1]
        speeds = (self.equation.max_speed(tuple(q), axis) for axis in range(q.ndim - 2))
        every = (np.broadcast_to(speed, q.shape[1:]).reshape(rows, -1) for speed in speeds)
        return np.asarray(sum(speed.max(axis=-1) for speed in every))

    def draw(
        self, rng: Generator, rows: int, steps: int, cfl: tuple[float, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return start and end states (variable, row, *cells) and steps (row, 1)."""
        count, total = self.states.shape[1], self.states.shape[2]
        row = rng.integers(0, total, rows)
        first = rng.integers(0, count - 1, rows)
        start, unit = self.states[:, first, row], self.unit[row]
        # As many whole intervals as fit into the steps at the CFL number drawn, one at least.
        crossed = MARGIN * self._fastest(start) * unit
        fits = (rng.uniform(*cfl, rows) * steps / np.maximum(crossed, 1e-300)).astype(int)
        last = np.clip(first + np.maximum(fits, 1), None, count - 1)
        return start, self.states[:, last, row], ((last - first) * unit / steps)[:, None]
