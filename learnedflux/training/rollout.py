"""The unrolled solver: what backpropagation through time and space runs through."""

from __future__ import annotations

import math
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
    device : str
        Torch device.
    """

    def __init__(
        self,
        equation: Equation,
        reconstruction: Reconstruction,
        cells: int,
        dtype: str = "float64",
        device: str = "cpu",
    ) -> None:
        kind = "characteristic" if equation.provides("to_characteristic") else "conserved"
        self.equation = equation
        self.scheme = BoundScheme(
            reconstruction.name, reconstruction, default_riemann(equation), kind
        )
        self.grid = Grid(x=(0.0, float(cells), cells))
        self.sides = ((boundaries["periodic"], boundaries["periodic"]),)
        self.backend = TorchBackend(
            equation, self.grid, self.scheme, self.sides, device, dtype, compile=False
        )

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


class _Guard:
    """Keeps the gradient by a state from growing without bound on its way back, row by row."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.allowed: Tensor | None = None

    def __call__(self, gradient: Tensor) -> Tensor:
        size = gradient.square().sum(dim=(0, -1), keepdim=True).sqrt()
        if self.allowed is None:  # the end of the rollout, where the way back begins
            self.allowed = self.limit * size
        scale = self.allowed / torch.maximum(size, self.allowed).clamp(min=1e-300)
        # A row whose gradient is no number has nothing to say.
        return torch.where(torch.isfinite(size), gradient * scale, torch.zeros_like(gradient))


def rollout(
    rhs: Callable[[Tensor, Tensor], Tensor],
    q: Tensor,
    dt: Tensor,
    steps: int,
    integrator: str | Integrator = "ssprk3",
    segment: int = 1,
    limit: float = math.inf,
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
    segment : int
        Keep the state after every ``segment`` steps only, and compute what lies between again on
        the way back. Memory is then that of ``segment`` steps with all their stages, and grows with
        the number of steps by the size of a state per segment. 0 keeps everything.
    limit : float
        How many times the gradient by a row's state may grow on the way back, in its L2 norm; it is
        scaled down where it would grow more. The true sensitivity of a conservation law hardly
        grows; that of a scheme on one bad row may by 1e10, and hide all others.
    """
    method = integrators[integrator] if isinstance(integrator, str) else integrator
    start = q

    guard = _Guard(limit) if torch.is_grad_enabled() and math.isfinite(limit) else None

    def march(state: Tensor, count: int) -> Tensor:
        for _ in range(count):
            state = method(lambda t, stage: rhs(stage, start), 0.0, state, dt)
            if guard is not None and state.requires_grad:
                state.register_hook(guard)  # type: ignore[no-untyped-call]
        return state

    if segment == 0 or not torch.is_grad_enabled():
        return march(q, steps)
    for first in range(0, steps, segment):
        q = checkpoint(march, q, min(segment, steps - first), use_reentrant=False)
    return q
