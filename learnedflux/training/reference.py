"""Fine-grid runs of random gas states, restricted to the training grid."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from learnedflux.equations import Euler
from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.integrators import ssprk3
from learnedflux.problem import Problem
from learnedflux.semidiscretization import Semidiscretization
from learnedflux.training.profiles import FINE, random_profiles

__all__ = ["FinePool"]

REFINEMENT = 8


class FinePool:
    """Trajectories of random periodic gas states, from which pieces are drawn.

    Parameters
    ----------
    seed : int
        Seed of the states.
    rows : int
        Number of trajectories.
    cells : int
        Cells of the training grid; the runs have eight times as many.
    snapshots : int
        States kept of each trajectory.
    interval : float
        Time between them, in cell widths over velocity.
    """

    def __init__(
        self, seed: int, rows: int, cells: int, snapshots: int = 40, interval: float = 1.5
    ) -> None:
        rng = np.random.default_rng([seed, 77])
        q = self._states(rng, rows, cells)
        fine = cells * REFINEMENT
        grid = Grid(x=(0.0, float(cells), fine))
        names = Euler().conserved_names(1)
        problem = Problem(
            Euler(), grid, dict(zip(names, q[:, 0], strict=True)), "periodic", t_end=1.0
        )
        semi = Semidiscretization(problem, "mp5")
        self.interval = interval
        alive, start, kept = np.ones(rows, dtype=bool), q, [q]
        for _ in range(snapshots - 1):
            t = 0.0
            while t < interval:
                speed = semi.backend.max_speed(0.0, q, 0)
                dt = min(0.4 / (REFINEMENT * speed), interval - t)
                q = ssprk3(semi.backend.rhs, 0.0, q, dt)
                t += dt
                # A trajectory the reference scheme cannot keep physical is no reference. It is
                # dropped in the end; until then it shall not spoil the step of the others.
                physical = np.asarray(Euler().admissible(tuple(q)) & np.isfinite(q).all(axis=0))
                alive &= physical.all(axis=1)
                q = np.where(alive[None, :, None], q, start)
            kept.append(q)
        if not alive.any():
            raise InputError(f"none of {rows} reference trajectories stayed physical; use more.")
        states = np.stack(kept, axis=1)[:, :, alive]  # (variable, snapshot, row, fine cell)
        shape = (*states.shape[:-1], cells, REFINEMENT)
        self.states = states.reshape(shape).mean(axis=-1)

    @staticmethod
    def _states(rng: Generator, rows: int, cells: int) -> np.ndarray:
        """Pieces of constant state, two to four, with density or velocity waves on them."""
        points = cells * REFINEMENT
        x = (np.arange(points) + 0.5) / REFINEMENT
        w = np.empty((3, rows, points))
        for row in range(rows):
            jumps = np.sort(rng.uniform(0, cells, rng.integers(2, 5)))
            piece = np.searchsorted(jumps, x) % len(jumps)
            w[0, row] = (10.0 ** rng.uniform(-0.5, 0.5, len(jumps)))[piece]
            w[1, row] = rng.normal(0, 0.6, len(jumps))[piece] + rng.normal(0, 0.7)
            w[2, row] = (10.0 ** rng.uniform(-0.6, 0.6, len(jumps)))[piece]
        # The profiles come with FINE points per cell; keep REFINEMENT of them.
        wave = random_profiles(rng, rows, cells)[..., :: FINE // REFINEMENT].reshape(rows, points)
        wave /= np.abs(wave).max(axis=1, keepdims=True) + 1e-12
        size = rng.uniform(0.02, 0.35, (rows, 1)) * (rng.random((rows, 1)) < 0.7)
        w[0] *= 1.0 + size * wave
        w[1] += 0.3 * size * wave * (rng.random((rows, 1)) < 0.3)
        return np.stack(Euler().to_conserved(tuple(w)))

    def draw(
        self, rng: Generator, rows: int, steps: int, cfl: tuple[float, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return start and end states (variable, row, cell) and steps (row, 1)."""
        count, total = self.states.shape[1], self.states.shape[2]
        row = rng.integers(0, total, rows)
        first = rng.integers(0, count - 1, rows)
        start = self.states[:, first, row]
        fastest = Euler().max_speed(tuple(start), 0).max(axis=-1)
        # As many whole intervals as fit into the steps at the CFL number drawn, one at least.
        fits = (rng.uniform(*cfl, rows) * steps / (1.1 * fastest * self.interval)).astype(int)
        last = np.clip(first + np.maximum(fits, 1), None, count - 1)
        dt = (last - first) * self.interval / steps
        return start, self.states[:, last, row], dt[:, None]
