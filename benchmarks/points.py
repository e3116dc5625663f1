"""Runs in the setting of Way et al.: values at cell centres, outflow or periodic sides."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import learnedflux as lf

__all__ = ["centres", "classical", "l2", "marched", "point_values"]

Watch = Callable[[float, np.ndarray], Any]


def classical() -> lf.Scheme:
    """Return the WENO that the paper compares with."""
    from learnedflux.training.episodes import baseline

    return lf.Scheme(baseline(), variables="split", positivity=False)


def centres(problem: lf.Problem) -> list[np.ndarray]:
    """Return the coordinates of the cell centres, one array of the grid's shape per axis."""
    axes = [problem.grid.centers(axis) for axis in range(problem.grid.dimension)]
    return list(np.meshgrid(*axes, indexing="ij"))


def point_values(problem: lf.Problem, t: float) -> np.ndarray:
    """Return the exact conserved values at cell centres, shape (variable, *cells)."""
    w = problem.exact(*centres(problem), t=t)
    return np.stack(problem.equation.to_conserved(tuple(w.values())))


def marched(
    problem: lf.Problem,
    scheme: lf.Scheme,
    t_end: float,
    *,
    dt: float | None = None,
    cfl: float = 0.4,
    integrator: str = "euler",
    watch: Watch | None = None,
) -> np.ndarray:
    """Return the values at cell centres at ``t_end``; not finite where the run broke down.

    Parameters
    ----------
    problem : Problem
        What to solve; sides that are not periodic are made outflow.
    scheme : Scheme
        A scheme of split fluxes.
    t_end : float
        End time.
    dt, cfl : float
        Fixed step, or else the CFL number.
    integrator : str
        Runge-Kutta method.
    watch : callable, optional
        Called as ``watch(t, q)`` at the beginning and after each step.
    """
    if not problem.boundaries[0][0].periodic:
        problem = problem.replace(boundary="outflow", exact=problem.exact)
    semi, method = lf.Semidiscretization(problem, scheme, threads=1), lf.integrators.integrators
    q, t = point_values(problem, 0.0), 0.0
    with np.errstate(all="ignore"):
        while t < t_end * (1.0 - 1e-12) and np.isfinite(q).all():
            if watch is not None:
                watch(t, q)
            step = dt or semi.stable_dt(q, cfl)
            step = min(step, t_end - t)
            q = method[integrator](semi, t, q, step)
            t += step
    if watch is not None:
        watch(t, q)
    return np.asarray(q)


def l2(problem: lf.Problem, q: np.ndarray, t: float) -> float:
    """Return the L2 error of the first variable: root of the cells' volume times sum of squares."""
    error = q[0] - point_values(problem, t)[0]
    return math.sqrt(math.prod(problem.grid.spacing) * float(np.sum(error * error)))
