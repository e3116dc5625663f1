"""The torch backend: the same pointwise functions, evaluated on whole tensors.

Differentiable from end to end, which is what training needs, and able to run on a GPU. A state may
carry batch dimensions between variables and cells: ``(variable, *batch, *cells)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from learnedflux.backends.padding import flip, ghost_cells
from learnedflux.boundaries import Boundary
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.ops import select
from learnedflux.policy import Policy
from learnedflux.positivity import limit_flux, violates
from learnedflux.reconstruction import variables
from learnedflux.reconstruction.interface import from_fields, to_fields
from learnedflux.riemann import riemann_solvers
from learnedflux.scheme import BoundScheme

__all__ = ["TorchBackend"]


class TorchBackend:
    """Right-hand side of the method of lines on torch tensors.

    Parameters
    ----------
    equation, grid, scheme, boundaries
        As a :class:`~learnedflux.Problem` holds them.
    device : str
        Torch device.
    dtype : str
        ``"float64"`` or ``"float32"``.
    """

    name = "torch"

    def __init__(
        self,
        equation: Equation,
        grid: Grid,
        scheme: BoundScheme,
        boundaries: tuple[tuple[Boundary, Boundary], ...],
        device: str = "cpu",
        dtype: str = "float64",
    ) -> None:
        try:
            import torch
        except ImportError as error:
            raise InputError(
                "backend 'torch' needs PyTorch, which is not installed; install "
                "learnedflux[train], or use backend='numba'."
            ) from error
        self.torch = torch
        self.equation, self.grid, self.scheme, self.boundaries = equation, grid, scheme, boundaries
        self.variables = variables[scheme.variables]
        self.riemann = riemann_solvers[scheme.riemann].function
        try:
            self.device = torch.empty(0, device=device).device
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"torch cannot use device {device!r}: {reason}") from error
        self.linear_fields = scheme.linear_fields(equation, grid.dimension)
        self.limiting = scheme.positivity
        self.limited: Any = 0  # faces at which the positivity limiter has acted
        self.dtype = {"float64": torch.float64, "float32": torch.float32}[dtype]

    def without_gradients(self) -> Any:
        """Return a context in which nothing is kept for backpropagation."""
        return self.torch.no_grad()

    def add(self, dq: Any, source: Any) -> Any:
        """Return a rate of change with the source of each variable added."""
        return self.torch.stack([rate + s for rate, s in zip(dq, source, strict=True)])

    def accept(self, q: Any) -> Any:
        """Return what a caller calls a state as a tensor, gradients and all."""
        return self.torch.as_tensor(q, dtype=self.dtype, device=self.device)

    def asarray(self, q: Any) -> Any:
        """Return a state as this backend's array."""
        return self.torch.as_tensor(q, dtype=self.dtype, device=self.device).clone()

    def to_numpy(self, q: Any) -> np.ndarray:
        """Return a state as a NumPy array of its own."""
        array: np.ndarray = q.detach().cpu().numpy().astype(np.float64)
        return array

    def rhs(self, t: float, q: Any) -> Any:
        """Return dq/dt without sources, shape (variable, *batch, *cells)."""
        total: Any = 0.0
        for axis in range(self.grid.dimension):
            change = self._gain(t, q, axis) * (1.0 / self.grid.spacing[axis])
            total = total + change.movedim(-1, axis - self.grid.dimension)
        return total

    def _gain(self, t: float, q: Any, axis: int) -> Any:
        """Return what each cell gains through its two faces along one axis, per unit of time."""
        padded = self._pad(t, q, axis)
        cells = self._cells(padded)
        left, right = self._states(padded, cells, axis)
        f = self._fluxes(padded, cells, left, right, axis)
        if not self.equation.balanced:
            return f[..., :-1] - f[..., 1:]
        stack, r = self.torch.stack, self.scheme.radius
        star_left, star_right = self.equation.balance(left, right, axis)
        seen_left = f + stack(tuple(self.equation.jump(left, star_left, axis)))
        seen_right = f + stack(tuple(self.equation.jump(right, star_right, axis)))
        inner = self.equation.inner(
            tuple(x[..., :-1] for x in right),
            tuple(x[..., 1:] for x in left),
            tuple(padded[..., r:-r]),
            axis,
        )
        return (seen_right[..., :-1] - seen_left[..., 1:]) + stack(tuple(inner))

    def _pad(self, t: float, q: Any, axis: int) -> Any:
        """Return the state with ghost cells, ``axis`` moved to the end."""
        g = self.scheme.radius
        q = q.movedim(axis - self.grid.dimension, -1)
        lower, upper = ghost_cells(
            q[..., :g], flip(q[..., -g:]), self.boundaries[axis], self.equation, axis, t
        )
        stack = self.torch.stack
        return self.torch.cat((flip(stack(tuple(lower))), q, stack(tuple(upper))), dim=-1)

    def face_states(self, t: float, q: Any, axis: int) -> tuple[Any, Any]:
        """Return left and right states, tuples over variables of (*batch, ..., face)."""
        padded = self._pad(t, q, axis)
        return self._states(padded, self._cells(padded), axis)

    def _cells(self, padded: Any) -> tuple[tuple[Any, ...], ...]:
        """Return the 2r cells around each face."""
        r = self.scheme.radius
        n = padded[0].shape[-1] - 2 * r + 1
        return tuple(tuple(row[..., j : j + n] for row in padded) for j in range(2 * r))

    def _states(self, padded: Any, cells: Any, axis: int) -> tuple[Any, Any]:
        eq, v, r = self.equation, self.variables, self.scheme.radius
        prepared = self._cells(v.prepare(eq, tuple(padded)))
        face, fields = to_fields(eq, prepared, axis, v.frame, v.into)
        left, right = self._reconstruct([self.torch.stack(tuple(cell)) for cell in fields])
        return (
            from_fields(eq, face, left, cells[r - 1], axis, v.out),
            from_fields(eq, face, right, cells[r], axis, v.out),
        )

    def _reconstruct(self, fields: list[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Left and right values from cells (variable, ..., face): one call for both sides."""
        both = [self.torch.stack(pair) for pair in zip(fields, fields[::-1], strict=True)]
        rule = self.scheme.reconstruction
        if isinstance(rule, Policy):
            left, right = self._ask_policy(rule, both)
        else:
            left, right = rule.function(*both[: rule.cells])
        return tuple(left), tuple(right)

    def _ask_policy(self, policy: Policy, both: list[Any]) -> Any:
        """Run an ONNX policy through ONNX Runtime on the CPU; not differentiable."""
        stencils = self.torch.stack(both, dim=-1).detach().cpu().double().contiguous().numpy()
        shape = stencils.shape
        flat = stencils.reshape(2, shape[1], 1, -1, policy.stencil)
        values = policy.sweep(flat, self.linear_fields)
        return (self.asarray(value.reshape(shape[1:-1])) for value in values)

    def face_fluxes(self, t: float, q: Any, axis: int) -> Any:
        """Return numerical fluxes (variable, *batch, ..., face) along one axis."""
        padded = self._pad(t, q, axis)
        cells = self._cells(padded)
        return self._fluxes(padded, cells, *self._states(padded, cells, axis), axis)

    def _fluxes(self, padded: Any, cells: Any, left: Any, right: Any, axis: int) -> Any:
        if self.equation.balanced:
            left, right = self.equation.balance(left, right, axis)
        f = self.riemann(self.equation, left, right, axis)
        if self.limiting:
            r = self.scheme.radius
            a, b = cells[r - 1], cells[r]
            # One speed per batch entry: its fastest wave along the axis, ghost cells included.
            along = tuple(range(-self.grid.dimension, 0))
            speed = self.equation.max_speed(tuple(padded), axis).amax(dim=along, keepdim=True)
            bad = violates(self.equation, a, b, f, speed)
            self.limited = self.limited + bad.sum()
            f = select(bad, limit_flux(self.equation, a, b, f, axis, speed), f)
        return self.torch.stack(tuple(f))

    def max_speed(self, t: float, q: Any, axis: int) -> Any:
        """Return the largest wave speed along one axis, ghost cells (an inflow, say) included.

        A tensor that stays on its device.
        """
        return self.equation.max_speed(tuple(self._pad(t, q, axis)), axis).max()

    def survey(self, t: float, q: Any) -> tuple[list[float], bool]:
        """Return the largest speed along each axis, and whether all cells are admissible."""
        fine = self.equation.admissible(tuple(q)) & self.torch.isfinite(q).all(dim=0)
        speeds = [self.max_speed(t, q, axis) for axis in range(self.grid.dimension)]
        # One transfer, not one per number.
        found = self.torch.stack([*speeds, fine.all().to(self.dtype)]).tolist()
        return found[:-1], found[-1] == 1.0

    def first_inadmissible(self, q: Any) -> tuple[int, ...] | None:
        """Return the index of the first cell that is not finite or not admissible."""
        fine = self.equation.admissible(tuple(q)) & self.torch.isfinite(q).all(dim=0)
        bad = (~fine).nonzero()
        return tuple(int(i) for i in bad[0]) if len(bad) else None
