"""Rows of point values marched by split fluxes: what the experiment of Way et al. is run in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from learnedflux.backends import TorchBackend
from learnedflux.boundaries import boundaries
from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.integrators import integrators
from learnedflux.problem import Problem
from learnedflux.reconstruction import Reconstruction
from learnedflux.reconstruction.weno import weno3_js_sharp, weno5_js_sharp
from learnedflux.scheme import Scheme

__all__ = ["Rows", "baseline", "exact_values", "initial_values"]


def baseline(r: int = 3) -> Reconstruction:
    """Return the WENO that the paper compares with: Jiang and Shu's, epsilon 1e-16, power 2.

    Parameters
    ----------
    r : {3, 2}
        Sub-stencils.
    """
    if r == 3:
        return Reconstruction("weno5-paper", weno5_js_sharp, 5, 5)
    if r == 2:
        return Reconstruction("weno3-paper", weno3_js_sharp, 3, 3)
    raise InputError(f"r must be 2 or 3 sub-stencils; got {r!r}.")


def exact_values(problem: Problem, t: float) -> np.ndarray:
    """Return the exact conserved values at cell centres, shape (variable, cell)."""
    assert problem.exact is not None
    w = problem.exact(problem.grid.centers(0), t=t)
    return np.stack(problem.equation.to_conserved(tuple(w.values())))


def initial_values(problem: Problem) -> np.ndarray:
    """Return the initial conserved values at cell centres, shape (variable, cell)."""
    return exact_values(problem, 0.0)


class _Backend(TorchBackend):
    """Rows of cells, each with its own boundaries."""

    places: Tensor  # (row, padded cell): which cell each of them repeats

    def _pad(self, t: float, q: Tensor, axis: int) -> Tensor:
        return q.gather(-1, self.places.expand(len(q), -1, -1))


class Rows:
    """States of several problems in one dimension, marched side by side.

    Each row is periodic if its problem is, else has outflow on both sides, and has its own cell
    width; all take the same step.

    Parameters
    ----------
    problems : sequence of Problem
        Problems of one equation with equally many cells.
    reconstruction : Reconstruction
        A classical scheme or a policy's.
    dt : float
        Step.
    integrator : str
        Runge-Kutta method.
    viscosity : float
        Coefficient of a diffusion term.
    variables : str
        "split" or "characteristic-split".
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        reconstruction: Reconstruction,
        dt: float,
        integrator: str = "euler",
        viscosity: float = 0.0,
        variables: str = "split",
    ) -> None:
        equation, cells = problems[0].equation, problems[0].grid.shape[0]
        self.problems, self.equation, self.method = problems, equation, integrators[integrator]
        # Cells of width one, and steps by the width of each row's.
        bound = Scheme(reconstruction, variables=variables, positivity=False).bind(equation)
        grid = Grid(x=(0.0, float(cells), cells))
        sides = ((boundaries["outflow"], boundaries["outflow"]),)
        self.backend = _Backend(equation, grid, bound, sides)
        width = self.tensor([problem.grid.spacing[0] for problem in problems])[:, None]
        self.width, self.step_over_width, self.viscosity = width, dt / width, viscosity
        self.beside = self._places(1)
        self.backend.places = self._places(bound.radius)

    def tensor(self, values: Any) -> Tensor:
        """Return numbers as a tensor of these rows' precision, on their device."""
        found: Tensor = self.backend.asarray(values)
        return found

    def _places(self, ghost: int) -> Tensor:
        cells = self.problems[0].grid.shape[0]
        along = np.arange(-ghost, cells + ghost)
        rows = [
            along % cells if problem.boundaries[0][0].periodic else np.clip(along, 0, cells - 1)
            for problem in self.problems
        ]
        return torch.as_tensor(np.stack(rows), device=self.backend.device)

    def initial(self) -> Tensor:
        """Return the initial states, shape (variable, row, cell)."""
        return self.tensor(np.stack([initial_values(p) for p in self.problems], axis=1))

    def padded(self, x: Tensor) -> Tensor:
        """Return cells with one ghost cell at each end."""
        return x.gather(-1, self.beside.expand(len(x), -1, -1))

    def rate(self, q: Tensor) -> Tensor:
        """Return the rate of change, times the cells' width."""
        rate: Tensor = self.backend.rhs(0.0, q)
        if self.viscosity:
            p = self.padded(q)
            bend = (p[..., :-2] - p[..., 1:-1]) + (p[..., 2:] - p[..., 1:-1])
            rate = rate + (self.viscosity / self.width) * bend
        return rate

    def step(self, q: Tensor) -> Tensor:
        """Return the states one step later."""
        new: Tensor = self.method(lambda t, stage: self.rate(stage), 0.0, q, self.step_over_width)
        return new

    def march(
        self, q: Tensor, steps: int, watch: Callable[[int, Tensor], Any] | None = None
    ) -> Any:
        """Return the states after ``steps`` steps, without gradients; ``watch(step, q)`` each."""
        with torch.no_grad():
            for number in range(steps):
                q = self.step(q)
                if watch is not None:
                    watch(number + 1, q)
        return q
