"""Exact entropy solutions of the Burgers equation in two dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from learnedflux.exact.burgers import ROWS, EntropySolution
from learnedflux.grid import Grid

__all__ = ["DiagonalSolution"]

POINTS = 5  # on each piece of a face
TOLERANCE = 1e-8  # on its mean, relative to its length
DEPTH = 10  # bisections

Function = Callable[[Any, Any], Any]


class DiagonalSolution:
    r"""Entropy solution in the plane, for any bounded initial state.

    With the same flux along x and y, :math:`u_t + (u^2/2)_x + (u^2/2)_y = 0` couples nothing across
    the diagonal: on each line :math:`x - y = d`, with :math:`s = (x + y)/2` along it, it is
    :math:`u_t + (u^2/2)_s = 0`, which :class:`~learnedflux.exact.burgers.EntropySolution` solves.

    Parameters
    ----------
    profile : callable
        Initial state ``u0(x, y)``, vectorised, in as much of the plane as is felt.
    integral : callable
        ``V(s, d)``: an antiderivative of it along the line d, in s.
    bounds : tuple of float
        Smallest and largest value of the profile.

    Examples
    --------
    >>> step = DiagonalSolution(
    ...     lambda x, y: 1.0 * (x + y < 0), lambda s, d: np.minimum(s, 0.0), (0.0, 1.0)
    ... )
    >>> step(np.array([0.2, 0.3]), np.array([0.2, 0.3]), 0.5).round(12).tolist()
    [1.0, 0.0]
    """

    def __init__(self, profile: Function, integral: Function, bounds: tuple[float, float]) -> None:
        self.profile, self.integral, self.bounds = profile, integral, bounds

    def __call__(self, x: Any, y: Any, t: float) -> np.ndarray:
        """Solution at points."""
        x, y = np.broadcast_arrays(*(np.asarray(c, dtype=np.float64) for c in (x, y)))
        if t <= 0.0:
            return np.broadcast_to(np.asarray(self.profile(x, y), dtype=np.float64), x.shape)
        s, d = (0.5 * (x + y)).ravel(), (x - y).ravel()
        parts = [self._line(d[i : i + ROWS])(s[i : i + ROWS], t) for i in range(0, len(s), ROWS)]
        return np.concatenate(parts or [s]).reshape(x.shape)

    def potential(self, x: np.ndarray, y: np.ndarray, t: float) -> np.ndarray:
        """Antiderivative V of the solution along the diagonals: u = V_x + V_y."""
        s, d = (0.5 * (x + y)).ravel(), (x - y).ravel()
        parts = [
            self._line(d[i : i + ROWS]).potential(s[i : i + ROWS], t)
            for i in range(0, len(s), ROWS)
        ]
        return np.concatenate(parts or [s]).reshape(x.shape)

    def cell_averages(self, grid: Grid, t: float) -> dict[str, np.ndarray]:
        """Averages over the cells of a grid, from the potential on their faces.

        It is continuous, and has kinks where a shock crosses a face, which are found by bisection.
        The total is conserved whatever their error.
        """
        total = np.zeros(grid.shape)
        for axis in (0, 1):
            across, along = np.meshgrid(grid.edges(axis), grid.centers(1 - axis), indexing="ij")
            half = np.full(across.size, 0.5 * grid.spacing[1 - axis])

            def potential(across: np.ndarray, along: np.ndarray, axis: int = axis) -> np.ndarray:
                x, y = (across, along) if axis == 0 else (along, across)
                return self.potential(x, y, t)

            faces = _means(potential, across.ravel(), along.ravel(), half, DEPTH)
            change = np.diff(faces.reshape(across.shape), axis=0) / grid.spacing[axis]
            total += change if axis == 0 else change.T
        return {"u": total}

    def _line(self, d: np.ndarray) -> EntropySolution:
        """Solution along as many lines as there are points; few enough to be treated at once."""

        def lines(s: np.ndarray) -> np.ndarray:
            return d[:, None] if s.ndim == 2 else d  # candidates for each point, or one

        def profile(s: np.ndarray) -> Any:
            half = 0.5 * lines(s)
            return self.profile(s + half, s - half)

        return EntropySolution(profile, lambda s: self.integral(s, lines(s)), self.bounds)


def _means(
    potential: Function, across: np.ndarray, along: np.ndarray, half: np.ndarray, depth: int
) -> np.ndarray:
    """Means of the potential over pieces of faces; halved where that makes a difference."""
    nodes, weights = legendre.leggauss(POINTS)

    def rule(across: np.ndarray, along: np.ndarray, half: np.ndarray) -> np.ndarray:
        places = along[:, None] + half[:, None] * nodes
        values = potential(np.broadcast_to(across[:, None], places.shape), places)
        return np.asarray(values @ (0.5 * weights))

    whole = rule(across, along, half)
    if depth == 0:
        return whole
    ends = np.concatenate([along - 0.5 * half, along + 0.5 * half])
    lower, upper = rule(np.tile(across, 2), ends, np.tile(0.5 * half, 2)).reshape(2, -1)
    means = 0.5 * (lower + upper)
    kinked = np.flatnonzero(np.abs(means - whole) > TOLERANCE * half.max())
    if kinked.size:
        a, h = np.tile(across[kinked], 2), np.tile(0.5 * half[kinked], 2)
        parts = np.concatenate([ends[kinked], ends[len(along) + kinked]])
        lower, upper = _means(potential, a, parts, h, depth - 1).reshape(2, -1)
        means[kinked] = 0.5 * (lower + upper)
    return np.asarray(means)
