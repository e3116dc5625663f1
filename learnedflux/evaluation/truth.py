"""What results are compared with: exact cell averages, or a run on a finer grid."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from learnedflux import metrics
from learnedflux.dataset import grid_of
from learnedflux.grid import Grid
from learnedflux.problem import ExactSolution, Problem
from learnedflux.scheme import Scheme
from learnedflux.solver import solve

__all__ = ["REFERENCE", "REFINEMENT", "Truth", "refined"]

REFERENCE = "weno5-z"  # what stands in for an exact solution,
REFINEMENT = (8, 4, 2)  # on so much finer a grid, by dimension


def refined(grids: Iterable[int], factor: int) -> int:
    """Return the fewest cells that are ``factor`` times the largest grid, and a multiple of all.

    Examples
    --------
    >>> refined([100, 200], 8), refined([100, 150], 2)
    (1600, 300)
    """
    grids = tuple(grids)
    common = math.lcm(*grids)
    return common * -(-factor * max(grids) // common)


class Truth:
    """The exact solution of a problem at its end, or a fine run in its place; averages are kept.

    Parameters
    ----------
    problem : Problem
        What is solved.
    grids : iterable of Grid
        Those that results to compare will have.
    finer : int, optional
        How many times finer than the finest of these the run is that replaces an exact solution;
        default 8, 4 or 2 in one, two or three dimensions.
    **settings
        Of :func:`lf.solve`, for that run.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.sod()
    >>> Truth(problem, [problem.grid]).description
    'exact'
    """

    def __init__(
        self, problem: Problem, grids: Iterable[Grid], finer: int | None = None, **settings: Any
    ) -> None:
        shapes = [grid.shape for grid in grids]
        self.variable = problem.equation.conserved_names(problem.grid.dimension)[0]
        self.solution: ExactSolution | xr.Dataset
        self._known: dict[tuple[Grid, str], np.ndarray] = {}
        if problem.exact is not None:
            self.solution, self.description = problem.exact, "exact"
            return
        # Each axis by itself: what is along y is rounded anew on every grid.
        factor = finer or REFINEMENT[problem.grid.dimension - 1]
        shape = [refined(counts, factor) for counts in zip(*shapes, strict=True)]
        arguments = {"progress": False, **settings, "times": [problem.t_end]}
        self.solution = solve(problem.with_cells(*shape), Scheme(REFERENCE), **arguments)
        self.description = f"{REFERENCE}, {' x '.join(map(str, shape))} cells"

    def error(self, ds: xr.Dataset, variable: str | None = None, norm: str = "L1") -> float:
        """Return the error of a result's last state; by default of the first variable."""
        name = variable or self.variable
        if isinstance(self.solution, xr.Dataset):
            found = metrics.error(ds.isel(time=[-1])[[name]], self.solution, norm)
            return float(found[name][-1])
        averages = self.averages(grid_of(ds), float(ds.time[-1]), name)
        return metrics.NORMS[norm](ds[name].values[-1] - averages.T)

    def averages(self, grid: Grid, time: float, variable: str) -> np.ndarray:
        """Return exact cell averages, kept for the next call: they can take longer than a run."""
        assert isinstance(self.solution, ExactSolution)
        if (grid, variable) not in self._known:
            for name, values in self.solution.cell_averages(grid, time).items():
                self._known[grid, name] = values
        return self._known[grid, variable]
