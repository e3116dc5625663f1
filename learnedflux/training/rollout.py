"""The unrolled solver: what backpropagation through time and space runs through."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from learnedflux.backends import TorchBackend
from learnedflux.boundaries import boundaries
from learnedflux.equations import Equation
from learnedflux.grid import Grid
from learnedflux.integrators import Integrator, integrators
from learnedflux.reconstruction import Reconstruction
from learnedflux.riemann import default_riemann
from learnedflux.scheme import BoundScheme

__all__ = ["Environment", "rollout"]

Rhs = Callable[[Tensor], Tensor]


class Environment:
    """A periodic row of cells of width one, many rows at once, under one equation and scheme.

    Parameters
    ----------
    equation : Equation
        Conservation law.
    reconstruction : Reconstruction
        A classical scheme or a policy's :meth:`~BoundedPolicy.reconstruction`.
    cells : int
        Cells per row.
    dtype : {"float64", "float32"}
        Precision of the state.
    """

    def __init__(
        self,
        equation: Equation,
        reconstruction: Reconstruction,
        cells: int,
        dtype: str = "float64",
    ) -> None:
        kind = "characteristic" if equation.provides("to_characteristic") else "conserved"
        self.equation = equation
        self.scheme = BoundScheme(
            reconstruction.name, reconstruction, default_riemann(equation), kind
        )
        self.grid = Grid(x=(0.0, float(cells), cells))
        self.sides = ((boundaries["periodic"], boundaries["periodic"]),)
        self.backend = TorchBackend(equation, self.grid, self.scheme, self.sides, dtype=dtype)

    def rhs(self, q: Tensor) -> Tensor:
        """Return dq/dt, shape (variable, row, cell)."""
        rate: Tensor = self.backend.rhs(0.0, q)
        return rate

    def guarded_rhs(self, q: Tensor, reference: Tensor) -> Tensor:
        """Return dq/dt, with cells that are not admissible replaced by those of ``reference``.

        One bad cell of one row would otherwise turn the gradient of the whole batch into NaN.
        """
        fine = self.equation.admissible(tuple(q)) & torch.isfinite(q).all(dim=0)
        return self.rhs(torch.where(fine, q, reference))


def rollout(
    rhs: Callable[[Tensor, Tensor], Tensor],
    q: Tensor,
    dt: Tensor,
    steps: int,
    integrator: str | Integrator = "ssprk3",
    checkpointed: bool = True,
) -> Tensor:
    """Return the state after ``steps`` steps, differentiable with respect to everything.

    Parameters
    ----------
    rhs : callable
        ``rhs(q, reference)``, for example :meth:`Environment.guarded_rhs`.
    q : Tensor, shape (variable, row, cell)
        Initial state; also the reference of the guard.
    dt : Tensor, shape (row, 1)
        Step of each row.
    steps : int
        Number of steps.
    integrator : str or Integrator
        Runge-Kutta method.
    checkpointed : bool
        Keep only the state of each step and compute the rest again on the way back: memory grows
        with the number of steps only by the size of a state.
    """
    method = integrators[integrator] if isinstance(integrator, str) else integrator
    start = q

    def step(state: Tensor) -> Tensor:
        new: Tensor = method(lambda t, stage: rhs(stage, start), 0.0, state, dt)
        return new

    for _ in range(steps):
        if checkpointed and torch.is_grad_enabled():
            q = checkpoint(step, q, use_reentrant=False)
        else:
            q = step(q)
    return q
