"""The torch backend: the same pointwise functions, evaluated on whole tensors.

Differentiable from end to end, which is what training needs, and able to run on a GPU, where
``torch.compile`` makes a few kernels of them. A state may carry batch dimensions between variables
and cells: ``(variable, *batch, *cells)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.backends.padding import flip, ghost_cells
from learnedflux.backends.splitting import split_fluxes
from learnedflux.backends.torch_compile import Compiler
from learnedflux.backends.torch_policy import OnDevice, pointwise_policy
from learnedflux.backends.torch_timeless import NO_TIME, TimeUsedError
from learnedflux.boundaries import Boundary, uniform
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.ops import select, where
from learnedflux.policy import Policy
from learnedflux.positivity import limit_flux, violates
from learnedflux.reconstruction import variables
from learnedflux.reconstruction.compound import bent, safeguarded, unjoined
from learnedflux.reconstruction.interface import face_speeds, from_fields, to_fields
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
    compile : bool, optional
        Compile with ``torch.compile``: at the first call, half a minute or so, and again where
        the limiter is turned on; a second grid shape compiles code for all shapes. Default: on a
        GPU, unless it fails there; not on the CPU.
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
        compile: bool | None = None,
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
        self.variables: Any = variables[scheme.variables]
        self.riemann: Any = None if scheme.splits else riemann_solvers[scheme.riemann]
        try:
            self.device = torch.empty(0, device=device).device
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"torch cannot use device {device!r}: {reason}") from error
        self.linear_fields = scheme.linear_fields(equation, grid.dimension)
        self.limiting = scheme.positivity
        self.limited: Any = 0  # faces at which the positivity limiter has acted
        self.dtype = {"float64": torch.float64, "float32": torch.float32}[dtype]
        self.rule, self.onnx = self._rule()
        what = f"{equation.name} by {scheme.name} in {grid.dimension}D"
        if self.onnx and compile:
            raise InputError(
                f"policy {scheme.name!r} runs in ONNX Runtime, its family being unknown, and "
                "cannot be compiled by torch; leave compile out."
            )
        self.compiled = Compiler(torch, self.device, False if self.onnx else compile, what)
        self._timeless: bool | None = None

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

    def _rule(self) -> tuple[Callable[..., Any] | None, OnDevice | None]:
        """Return the reconstruction as a function of tensors, or else ONNX Runtime around it."""
        rule = self.scheme.reconstruction
        if not isinstance(rule, Policy):
            return rule.function, None
        function = pointwise_policy(rule, self.torch, self.device, self.dtype)
        return function, None if function else OnDevice(rule, self.torch, self.device)

    # --- the right-hand side ------------------------------------------------------------------

    def rhs(self, t: float, q: Any) -> Any:
        """Return dq/dt without sources, shape (variable, *batch, *cells)."""
        rate, limited = self._run("_rate", t, q)
        if self.limiting:
            self.limited = self.limited + limited
        return rate

    def advance(self, t: float, q: Any, terms: tuple[tuple[float, Any], ...], factor: Any) -> Any:
        """Return the sum of (weight, state) terms plus ``factor`` times dq/dt without sources.

        At most two terms, as integrators ask for; compiled, the sum costs no passes of its own.
        """
        if self.compiled.active:  # one program for all stages: always two terms, weights as tensors
            terms = ((0.0, q),) * (2 - len(terms)) + terms
            terms = tuple((self._scalar(weight), state) for weight, state in terms)
            factor = self._scalar(factor)
        new, limited = self._run("_advanced", t, q, terms, factor)
        if self.limiting:
            self.limited = self.limited + limited
        return new

    def _scalar(self, value: Any) -> Any:
        """Return a number as a tensor on the device, where it costs no transfer."""
        if isinstance(value, self.torch.Tensor):
            return value
        return self.torch.full((), value, dtype=self.torch.float64, device=self.device)

    def _advanced(self, padded: list[Any], terms: Any, factor: Any) -> tuple[Any, Any]:
        rate, limited = self._rate(padded)
        new = factor * rate
        for weight, state in terms[::-1]:
            new = weight * state + new
        return new, limited

    def _rate(self, padded: list[Any]) -> tuple[Any, Any]:
        """Return dq/dt and how many fluxes were limited, from states padded along each axis."""
        total: Any = 0.0
        limited: Any = 0
        for axis, state in enumerate(padded):
            gain, count = self._gain(state, axis)
            change = gain * (1.0 / self.grid.spacing[axis])
            total = total + change.movedim(-1, axis - self.grid.dimension)
            limited = limited + count
        return total, limited

    def _gain(self, padded: Any, axis: int) -> tuple[Any, Any]:
        """Return what each cell gains through its two faces along one axis, per unit of time."""
        cells = self._cells(padded)
        if self.scheme.splits:
            f, count = self._split_fluxes(padded, cells, axis)
            return f[..., :-1] - f[..., 1:], count
        left, right = self._states(padded, axis)
        f, count = self._fluxes(padded, cells, left, right, axis)
        if not self.equation.balanced:
            return f[..., :-1] - f[..., 1:], count
        stack, r = self.torch.stack, self.scheme.radius
        left, right = self._conserved((left, right))
        star_left, star_right = self.equation.balance(left, right, axis)
        seen_left = f + stack(tuple(self.equation.jump(left, star_left, axis)))
        seen_right = f + stack(tuple(self.equation.jump(right, star_right, axis)))
        inner = self.equation.inner(
            tuple(x[..., :-1] for x in right),
            tuple(x[..., 1:] for x in left),
            tuple(padded[..., r:-r]),
            axis,
        )
        return (seen_right[..., :-1] - seen_left[..., 1:]) + stack(tuple(inner)), count

    def _all_padded(self, t: float, q: Any) -> list[Any]:
        return [self._pad(t, q, axis) for axis in range(self.grid.dimension)]

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
        return self._conserved(self._states(padded, axis))

    def _cells(self, padded: Any) -> tuple[tuple[Any, ...], ...]:
        """Return the 2r cells around each face."""
        r = self.scheme.radius
        n = padded[0].shape[-1] - 2 * r + 1
        return tuple(tuple(row[..., j : j + n] for row in padded) for j in range(2 * r))

    def _states(self, padded: Any, axis: int) -> tuple[Any, Any]:
        """Return the primitive states on the two sides of each face."""
        eq, v, r = self.equation, self.variables, self.scheme.radius
        prepared = self._cells(v.prepare(eq, tuple(padded)))
        face, fields = to_fields(eq, prepared, axis, v.frame, v.into)
        speeds = None
        if self.scheme.uses_speeds:
            speeds = self._speeds(*face_speeds(eq, prepared[r - 1], prepared[r], axis, v.frame))
        stacked = [self.torch.stack(tuple(cell)) for cell in fields]
        left, right = self._reconstruct(stacked, stacked, speeds)
        if self.scheme.safeguarded(eq):
            share = bent(eq, prepared, axis) * unjoined(eq, prepared, axis)
            # Flat where nothing is to be moved: in single precision gradients of WENO at jumps are
            # not finite.
            cells = [where(share > 0.0, cell[0], 0.0) for cell in prepared]
            left = (safeguarded(left[0], cells, share),)
            right = (safeguarded(right[0], cells[::-1], share),)
        below, above = v.primitive(eq, prepared[r - 1]), v.primitive(eq, prepared[r])
        return (
            from_fields(eq, face, left, below, axis, v.out),
            from_fields(eq, face, right, above, axis, v.out),
        )

    def _conserved(self, states: tuple[Any, Any]) -> tuple[Any, Any]:
        left, right = states
        return self.equation.to_conserved(left), self.equation.to_conserved(right)

    def _speeds(self, left: Any, right: Any) -> tuple[Any, ...]:
        """Return six speeds (2, variable, ..., face) for both sides, see ``steered``.

        The right states' side is the mirror image: what is left of it is to the right, every speed
        has the other sign, and the last field is the first.
        """
        stack = self.torch.stack
        own, beyond = stack(tuple(left)), stack(tuple(right))
        rows = [stack((own, -beyond)), stack((beyond, -own))]
        for k in (0, -1):
            rows += [
                stack((left[k], -right[-1 - k])).unsqueeze(1).expand_as(rows[0]),
                stack((right[k], -left[-1 - k])).unsqueeze(1).expand_as(rows[0]),
            ]
        return tuple(rows)

    def _reconstruct(
        self, fields: list[Any], others: list[Any], speeds: tuple[Any, ...] | None
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Left values from cells (variable, ..., face) and right ones from others: in one call."""
        both = [self.torch.stack(pair) for pair in zip(fields, others[::-1], strict=True)]
        if self.rule is None:
            left, right = self._ask_policy(both, speeds)
        elif speeds is not None:
            left, right = self.rule(*both, speeds)
        else:
            left, right = self.rule(*both[: 2 * self.scheme.radius - 1])
        return tuple(left), tuple(right)

    def _ask_policy(self, both: list[Any], speeds: tuple[Any, ...] | None) -> Any:
        """Run a policy through ONNX Runtime; not differentiable."""
        ask: Any = self.onnx
        stack = self.torch.stack
        seen = None if speeds is None else stack(speeds, dim=-1)
        return ask(stack(both, dim=-1), self.linear_fields, seen)

    def face_fluxes(self, t: float, q: Any, axis: int) -> Any:
        """Return numerical fluxes (variable, *batch, ..., face) along one axis."""
        padded = self._pad(t, q, axis)
        cells = self._cells(padded)
        if self.scheme.splits:
            return self._split_fluxes(padded, cells, axis)[0]
        return self._fluxes(padded, cells, *self._states(padded, axis), axis)[0]

    def _split_fluxes(self, padded: Any, cells: Any, axis: int) -> tuple[Any, Any]:
        """Return the fluxes of split fluxes, and how many of them were limited."""
        stack = self.torch.stack

        def values(right_going: Any, left_going: Any) -> Any:
            right_cells, left_cells = (
                [stack(tuple(cell)) for cell in half] for half in (right_going, left_going)
            )
            return self._reconstruct(right_cells, left_cells, None)

        f = split_fluxes(
            self.equation, self.variables, tuple(padded), self._top_speed(padded, axis), axis,
            self.scheme.radius, values,
        )  # fmt: skip
        return self._limited(padded, cells, f, axis)

    def _top_speed(self, padded: Any, axis: int) -> Any:
        """Return the fastest wave along the axis of each batch entry, ghost cells included."""
        along = tuple(range(-self.grid.dimension, 0))
        return self.equation.max_speed(tuple(padded), axis).amax(dim=along, keepdim=True)

    def _fluxes(self, padded: Any, cells: Any, left: Any, right: Any, axis: int) -> tuple[Any, Any]:
        """Return the fluxes and how many of them were limited."""
        if self.equation.balanced:
            left, right = self.equation.balance(*self._conserved((left, right)), axis)
            f = self.riemann.function(self.equation, left, right, axis)
        else:
            f = self.riemann.between(self.equation, left, right, axis)
        return self._limited(padded, cells, f, axis)

    def _limited(self, padded: Any, cells: Any, f: Any, axis: int) -> tuple[Any, Any]:
        """Return fluxes, limited where that is wanted, and how many of them were."""
        count: Any = 0
        if self.limiting:
            r = self.scheme.radius
            a, b, speed = cells[r - 1], cells[r], self._top_speed(padded, axis)
            bad = violates(self.equation, a, b, f, speed)
            count = bad.sum()
            f = select(bad, limit_flux(self.equation, a, b, f, axis, speed), f)
        return self.torch.stack(tuple(f)), count

    # --- what the time loop asks -----------------------------------------------------------------

    def max_speed(self, t: float, q: Any, axis: int) -> Any:
        """Return the largest wave speed along one axis, ghost cells (an inflow, say) included.

        A tensor that stays on its device.
        """
        return self.equation.max_speed(tuple(self._pad(t, q, axis)), axis).max()

    def survey(self, t: float, q: Any) -> tuple[list[float], bool]:
        """Return the largest speed along each axis, and whether all cells are admissible."""
        found = self.survey_on_device(t, q).tolist()  # one transfer, not one per number
        return found[:-1], found[-1] == 1.0

    def survey_on_device(self, t: float, q: Any) -> Any:
        """Return the same as one tensor that stays on its device: speeds, then 1 for admissible."""
        return self._run("_survey", t, q)

    def _survey(self, padded: list[Any]) -> Any:
        r = self.scheme.radius
        fine = self._fine(padded[-1][..., r:-r])
        speeds = [self.equation.max_speed(tuple(p), axis).max() for axis, p in enumerate(padded)]
        return self.torch.stack([*speeds, fine.all().to(self.dtype)])

    def _fine(self, q: Any) -> Any:
        return self.equation.admissible(tuple(q)) & self.torch.isfinite(q).all(dim=0)

    def first_inadmissible(self, q: Any) -> tuple[int, ...] | None:
        """Return the index of the first cell that is not finite or not admissible."""
        bad = (~self._fine(q)).nonzero()
        return tuple(int(i) for i in bad[0]) if len(bad) else None

    def timeless(self, q: Any) -> bool:
        """Whether no boundary looks at the time; ``q`` is any state."""
        if self._timeless is None:
            try:
                self._all_padded(NO_TIME, q)
                self._timeless = True
            except TimeUsedError:
                self._timeless = False
        return self._timeless

    # --- compilation ------------------------------------------------------------------------------

    def _run(self, core: str, t: float, q: Any, *more: Any) -> Any:
        """Evaluate a method of padded states, compiled where that is wanted."""
        if not self.compiled.active:
            return getattr(self, core)(self._all_padded(t, q), *more)
        if self._plain_sides and self.timeless(q):
            return self.compiled(self._from_interior)(core, q, *more)
        return self.compiled(getattr(self, core))(self._all_padded(t, q), *more)

    def _from_interior(self, core: str, q: Any, *more: Any) -> Any:
        return getattr(self, core)(self._all_padded(NO_TIME, q), *more)

    @property
    def _plain_sides(self) -> bool:
        """Whether ghost cells come from the library's own tensor operations."""
        ghosts = (side.ghost for pair in self.boundaries for side in pair)
        return all(getattr(ghost, "__module__", "") == uniform.__name__ for ghost in ghosts)
