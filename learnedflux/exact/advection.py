"""Exact solution of linear advection: the initial state, moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from learnedflux.grid import Grid

__all__ = ["moved"]


def moved(
    initial: Callable[..., Any], velocity: float | Sequence[float], periodic: Grid | None = None
) -> Callable[..., Any]:
    """Return ``(x[, y[, z]], t) -> initial(x - velocity t)``.

    Exact for linear advection, and for whatever else is carried along unchanged: density waves
    and contacts at constant velocity and pressure.

    Parameters
    ----------
    initial : callable
        State at t = 0 as a function of the coordinates.
    velocity : float or sequence of float
        One number per dimension.
    periodic : Grid, optional
        Box in which the state repeats itself; without it ``initial`` is taken on the whole line.

    Examples
    --------
    >>> import numpy as np
    >>> box = Grid(x=(0, 1, 10))
    >>> solution = moved(lambda x: x, velocity=0.5, periodic=box)
    >>> solution(np.array([0.25, 0.75]), 1.0).tolist()
    [0.75, 0.25]
    """
    speeds = np.atleast_1d(np.asarray(velocity, dtype=np.float64)).tolist()

    def solution(*arguments: Any) -> Any:
        *coordinates, t = arguments
        origins = []
        for axis, (x, speed) in enumerate(zip(coordinates, speeds, strict=True)):
            if periodic is None:
                origins.append(np.asarray(x) - speed * t)
                continue
            start, stop = periodic.start[axis], periodic.stop[axis]
            # After whole periods the shift is exactly zero and nothing is rounded.
            y = np.asarray(x) - math.fmod(speed * t, stop - start)
            y = np.where(y < start, y + (stop - start), y)
            origins.append(np.where(y > stop, y - (stop - start), y))
        return initial(*origins)

    return solution
