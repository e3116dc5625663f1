"""The CPU backend: kernels compiled by Numba from the pointwise functions."""

from __future__ import annotations

import functools
import math
import threading
import types
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import numba
import numpy as np

from learnedflux.backends.compiled import (
    ALONG,
    LANES,
    frame_length,
    kernels,
    row_length,
    stage_kernels,
    survey_kernels,
)
from learnedflux.backends.network import compiled_network, scratch_size
from learnedflux.backends.padding import flip, ghost_cells
from learnedflux.backends.shelf import Shelf, aligned
from learnedflux.backends.splitting import split_fluxes
from learnedflux.backends.workers import Workers
from learnedflux.boundaries import Boundary
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.policy import Policy
from learnedflux.reconstruction import variables
from learnedflux.riemann import riemann_solvers
from learnedflux.scheme import BoundScheme

__all__ = ["NumbaBackend"]

TILE = (32, 16, 512)  # largest tile along the first, the middle and the last axis of a grid
SLAB = 1 << 17  # stencils that ONNX Runtime is given at once
QUIET = ("periodic", "outflow", "wall")  # boundaries whose ghost cells are no faster than cells


class NumbaBackend:
    """Right-hand side of the method of lines on NumPy arrays, and stages of integrators.

    Compiled loops over tiles of cells, any number of threads. A state is (variable, *cells) and
    may carry batch dimensions between the two, as long as boundaries can do with them.
    """

    name = "numba"

    def __init__(
        self,
        equation: Equation,
        grid: Grid,
        scheme: BoundScheme,
        boundaries: tuple[tuple[Boundary, Boundary], ...],
        threads: int | None = None,
    ) -> None:
        self.equation, self.grid, self.scheme, self.boundaries = equation, grid, scheme, boundaries
        self.threads = threads or numba.config.NUMBA_NUM_THREADS
        self._workers = Workers(self.threads)
        self.parameters = equation.compiled()
        self.like = (0.0,) * len(equation.conserved_names(grid.dimension))
        rule, chosen = scheme.reconstruction, variables[scheme.variables]
        self.net: Any = (0.0,)
        network = None
        self.asked: Policy | None = None  # a policy that only ONNX Runtime can run
        if isinstance(rule, Policy):
            network = rule.network
            if network is None:
                self.asked = rule
                if rule.uses_speeds:
                    raise InputError(
                        f"policy {rule.name!r} looks at wave speeds and is of an unknown family; "
                        "it needs backend='torch'."
                    )
            else:
                self.net = compiled_network(network)
        elif rule.speeds:
            raise InputError(f"{rule.name!r} looks at wave speeds; it needs backend='torch'.")
        self._network = network
        solver = None if scheme.splits else riemann_solvers[scheme.riemann]
        self._pieces = (
            cast(Any, type(equation)),
            None if isinstance(rule, Policy) else rule.function,
            network.family if network else None,
            scheme.radius,
            chosen,
            solver and solver.function,
        )
        self._widths = tuple(len(bias) for _, bias in network.layers) if network else ()
        self._pair = None if isinstance(rule, Policy) else rule.pair
        self._between = solver and solver.between
        self._length = frame_length(equation, chosen, grid.dimension)
        self.linear_fields = scheme.linear_fields(equation, grid.dimension)
        self.limiting = scheme.positivity
        self.limited = 0  # faces at which the positivity limiter has acted
        self._lock = threading.RLock()  # scratch arrays are shared by all calls
        self._scratch: dict[int, np.ndarray] = {}
        self._shelf = Shelf()

    # --- kernels and scratch ---------------------------------------------------------------------

    def kernels(self, axis: int, contiguous: bool = True) -> types.ModuleType:
        """Return the kernels along one axis; those of a whole sweep leave cells where they are."""
        compound = self.scheme.safeguarded(self.equation)
        rest = (contiguous, self._pair, self._between, self._widths, compound)
        return kernels(*self._pieces, axis, self._length, *rest)

    @functools.cached_property
    def _march(self) -> types.ModuleType:
        last = self.grid.dimension - 1
        return stage_kernels(tuple(self.kernels(axis, axis == last) for axis in range(last + 1)))

    @functools.cached_property
    def _looks(self) -> types.ModuleType:
        return survey_kernels(cast(Any, type(self.equation)), self.grid.dimension)

    def _room(self, worker: int, tile: int = 0) -> np.ndarray:
        """Return a worker's scratch, kept from call to call."""
        if worker not in self._scratch or self._scratch[worker].size < tile:
            n, r = len(self.like), self.scheme.radius
            parts = 3 if self.scheme.splits else 1
            rows = ((1 + parts) * 2 * r + 12 + 2 * r) * n + self._length + 1
            size = tile + rows * row_length(max(ALONG, LANES), r)
            if self._network is not None:
                size += scratch_size(self._network, n)
            # Ones, not rubbish: lanes that pad a row to whole vectors are computed too.
            self._scratch[worker] = aligned(np.ones(size + 7), (size,))
        return self._scratch[worker]

    # --- arrays ----------------------------------------------------------------------------------

    def without_gradients(self) -> AbstractContextManager[None]:
        """Return a context in which nothing is kept for backpropagation: nothing ever is here."""
        return nullcontext()

    def add(self, dq: np.ndarray, source: Any) -> np.ndarray:
        """Return a rate of change with the source of each variable added."""
        total: np.ndarray = dq + np.stack([np.broadcast_to(s, dq.shape[1:]) for s in source])
        return total

    def accept(self, q: Any) -> np.ndarray:
        """Return what a caller calls a state as an array, without a copy where it is one."""
        return np.asarray(q, dtype=np.float64)

    def asarray(self, q: Any) -> np.ndarray:
        """Return a state as this backend's array."""
        return np.array(q, dtype=np.float64)

    def to_numpy(self, q: np.ndarray) -> np.ndarray:
        """Return a state as a NumPy array of its own."""
        return q.copy()

    # --- the right-hand side ---------------------------------------------------------------------

    def rhs(self, t: float, q: np.ndarray) -> np.ndarray:
        """Return dq/dt without sources, shape (variable, *batch, *cells)."""
        return self.advance(t, q, (), 1.0)

    def advance(
        self, t: float, q: np.ndarray, terms: tuple[tuple[float, np.ndarray], ...], factor: float
    ) -> np.ndarray:
        """Return the sum of (weight, state) terms plus ``factor`` times dq/dt without sources.

        At most two terms, the last of them ``q`` itself: what a stage of most strong-stability-
        preserving integrators needs, in one pass over memory.
        """
        q = np.ascontiguousarray(q)
        weights = (0.0,) * (2 - len(terms)) + tuple(weight for weight, _ in terms)
        old = np.ascontiguousarray(terms[0][1]) if terms else q
        factors = (*map(float, weights), float(factor))
        with self._lock:
            if self.asked is not None:
                total = factor * self._asked_rate(t, q)
                for weight, state in reversed(terms):
                    total = weight * state + total
                return total
            out = self._shelf.take(q.shape)
            shape, tile = self._tiles(q)
            count = math.prod(-(-n // m) for n, m in zip(shape, (1, *tile), strict=True))
            ghosts = tuple(g for axis in self._axes for g in self._ghosts(t, q, axis))
            speeds = tuple(self._limits(t, q, shape[0]))
            flat = [a.reshape(len(q), -1) for a in (q, old, out)]
            scales = tuple(1.0 / dx for dx in self.grid.spacing)

            def work(worker: int, first: int, last: int) -> int:
                room = self._room(worker, len(q) * math.prod(tile))
                given = (flat[0], ghosts, flat[1], flat[2], len(terms), factors, shape, tile)
                rest = (scales, self.limiting, speeds, self.net, room, self.like)
                return int(self._march.advance(self.parameters, *given, first, last, *rest))

            self.limited += sum(self._workers.share(count, q[0].size, work))
            return out

    @property
    def _axes(self) -> range:
        return range(self.grid.dimension)

    def _tiles(self, q: np.ndarray) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return (batch, x, y, z) with the last axis as z, and the largest tile."""
        cells = q.shape[q.ndim - self.grid.dimension :]
        batch = q[0].size // math.prod(cells)
        nx, ny, nz = (
            cells[0] if len(cells) > 1 else 1,
            cells[1] if len(cells) > 2 else 1,
            cells[-1],
        )
        tx, ty, tz = TILE
        if len(cells) == 3:
            return (batch, nx, ny, nz), (min(tx // 2, nx), min(ty, ny), nz)
        return (batch, nx, ny, nz), (min(tx, nx), 1, min(tz, nz))

    def _ghosts(self, t: float, q: np.ndarray, axis: int) -> list[np.ndarray]:
        """Return ghost cells below and above, (variable, outer, along, inner) as the state."""
        d, g, n = self.grid.dimension, self.scheme.radius, self.grid.shape[axis]
        moved = np.moveaxis(q, axis - d, -1)
        lower, upper = ghost_cells(
            moved[..., :g], flip(moved[..., n - g :]), self.boundaries[axis], self.equation, axis, t
        )
        shape = list(q.shape)
        shape[axis - d] = g
        outer = math.prod(shape[1 : axis - d])
        inner = math.prod(shape[axis - d :][1:])
        last = axis == d - 1
        found = []
        for part, outward in ((lower, True), (upper, False)):
            ghosts = np.empty(shape)
            view = np.moveaxis(ghosts, axis - d, -1)
            for v, values in enumerate(part):
                view[v] = flip(values) if outward else values
            found.append(ghosts.reshape(len(q), outer, *((1, g) if last else (g, inner))))
        return found

    def _limits(self, t: float, q: np.ndarray, batch: int) -> Iterator[np.ndarray]:
        """Yield the largest speed per axis, of each batch entry.

        Flux splitting and the positivity limiter work with it; zero where neither does.
        """
        for axis in self._axes:
            if not (self.limiting or self.scheme.splits):
                yield np.zeros(batch)
            elif batch == 1:
                yield np.array([self.max_speed(t, q, axis)])
            else:
                entries = q.reshape(len(q), batch, *q.shape[q.ndim - self.grid.dimension :])
                yield np.array([self.max_speed(t, entries[:, e], axis) for e in range(batch)])

    # --- speeds and checks -----------------------------------------------------------------------

    def survey(self, t: float, q: np.ndarray) -> tuple[list[float], bool]:
        """Return the largest speed along each axis, and whether all cells are admissible."""
        q = np.ascontiguousarray(q)
        top, fine = self._survey(q.reshape(len(q), -1))
        for axis in self._axes:
            top[axis] = self._with_ghosts(t, q, axis, top[axis])
        return [float(speed) for speed in top], fine

    def _survey(self, flat: np.ndarray) -> tuple[np.ndarray, bool]:
        tops, lanes = (
            np.zeros((self.threads, self.grid.dimension)),
            np.empty((self.threads, 4, LANES)),
        )

        def work(worker: int, first: int, last: int) -> bool:
            given = (flat, first, last, tops[worker], lanes[worker])
            return bool(self._looks.survey(self.parameters, *given, self.like))

        fine = all(self._workers.share(flat.shape[1], flat.shape[1], work))
        return tops.max(axis=0), fine

    def _with_ghosts(self, t: float, q: np.ndarray, axis: int, speed: float) -> float:
        """Return the largest of a speed along one axis and those of its ghost cells."""
        if all(side.name in QUIET for side in self.boundaries[axis]):
            return speed
        ghosts = [g.reshape(len(q), -1) for g in self._ghosts(t, q, axis)]
        tops = [self._survey(part)[0][axis] for part in ghosts]
        return float(np.max([speed, *tops]))

    def max_speed(self, t: float, q: np.ndarray, axis: int) -> float:
        """Return the largest wave speed along one axis, ghost cells (an inflow, say) included."""
        q = np.ascontiguousarray(q)
        return self._with_ghosts(t, q, axis, float(self._survey(q.reshape(len(q), -1))[0][axis]))

    def first_inadmissible(self, q: np.ndarray) -> tuple[int, ...] | None:
        """Return the index of the first cell that is not finite or not admissible."""
        flat = np.ascontiguousarray(q).reshape(len(q), -1)
        cell = int(self._looks.first_inadmissible(self.parameters, flat, self.like))
        return None if cell < 0 else tuple(int(i) for i in np.unravel_index(cell, q.shape[1:]))

    # --- face states for foreign solvers, and policies that only ONNX Runtime can run ------------

    def _padded(self, t: float, q: np.ndarray, axis: int) -> np.ndarray:
        """Return cells and ghost cells (variable, row, cell), rows along ``axis``."""
        g = self.scheme.radius
        moved = np.moveaxis(q, axis - self.grid.dimension, -1)
        lower, upper = ghost_cells(
            moved[..., :g], flip(moved[..., -g:]), self.boundaries[axis], self.equation, axis, t
        )
        parts = (flip(np.stack(tuple(lower))), moved, np.stack(tuple(upper)))
        # Kernels see memory, not strides; parts of another order are joined in that order.
        padded = np.ascontiguousarray(np.concatenate(parts, axis=-1))
        return padded.reshape(len(q), -1, padded.shape[-1])

    def face_states(self, t: float, q: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Return left and right states (variable, row, face) along one axis."""
        with self._lock:
            return self._states(self._padded(t, q, axis), axis)

    def _states(self, padded: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        k, room, width = self.kernels(axis), self._room(0), 2 * self.scheme.radius
        variables, rows, n = len(padded), padded.shape[1], padded.shape[2] - width + 1
        ql, qr = np.empty((2, variables, rows, n))
        if self.asked is None:
            k.states(self.parameters, padded, ql, qr, self.net, room, self.like)
            return ql, qr
        stencils = np.empty((2, variables, rows, n, width))
        k.stencils(self.parameters, padded, stencils[0], stencils[1], room, self.like)
        left, right = self.asked.sweep(stencils, self.linear_fields)
        k.states_from_values(self.parameters, padded, left, right, ql, qr, room, self.like)
        return ql, qr

    def face_fluxes(self, t: float, q: np.ndarray, axis: int) -> np.ndarray:
        """Return numerical fluxes (variable, row, face) along one axis."""
        with self._lock:
            padded = self._padded(t, q, axis)
            speeds = list(self._limits(t, q, self._tiles(q)[0][0]))[axis]
            if self.scheme.splits:
                return self._split_fluxes(padded, speeds, axis)
            return self._fluxes(padded, *self._states(padded, axis), speeds, axis)

    def _fluxes(
        self, padded: np.ndarray, ql: np.ndarray, qr: np.ndarray, speeds: np.ndarray, axis: int
    ) -> np.ndarray:
        k, f, flat = self.kernels(axis), np.empty_like(ql), (len(ql), -1)
        k.fluxes(self.parameters, ql.reshape(flat), qr.reshape(flat), f.reshape(flat), self.like)
        return self._limited(padded, f, speeds, axis)

    def _limited(
        self, padded: np.ndarray, f: np.ndarray, speeds: np.ndarray, axis: int
    ) -> np.ndarray:
        """Limit fluxes in place where that is wanted."""
        if self.limiting:
            limit, room = self.kernels(axis).limit, self._room(0)
            self.limited += limit(self.parameters, padded, f, speeds, room, self.like)
        return f

    def _split_fluxes(self, padded: np.ndarray, speeds: np.ndarray, axis: int) -> np.ndarray:
        """Return fluxes (variable, row, face) of split fluxes, by whole arrays."""
        chosen, r = variables[self.scheme.variables], self.scheme.radius
        of_rows = np.repeat(speeds, padded.shape[1] // len(speeds))[:, None]
        f = split_fluxes(
            self.equation, chosen, tuple(padded), of_rows, axis, r, self._values_of_halves
        )
        return self._limited(padded, np.ascontiguousarray(f), speeds, axis)

    def _values_of_halves(self, right_going: Any, left_going: Any) -> Any:
        """Return left and right values (variable, row, face) from the 2r cells of both halves."""
        both = np.stack((np.stack(right_going), np.stack(left_going[::-1])), axis=1)
        if self.asked is not None:
            stencils = np.ascontiguousarray(np.moveaxis(both, 0, -1))
            return self.asked.sweep(stencils, self.linear_fields)
        rule: Any = self.scheme.reconstruction
        return rule.function(*both[: 2 * self.scheme.radius - 1])

    def _asked_rate(self, t: float, q: np.ndarray) -> np.ndarray:
        """Return dq/dt by a policy that only ONNX Runtime can run, one call per slab of rows."""
        rate = np.zeros_like(q)
        speeds = list(self._limits(t, q, self._tiles(q)[0][0]))
        for axis in self._axes:
            padded = self._padded(t, q, axis)
            rows, cells = padded.shape[1], self.grid.shape[axis]
            gain = np.empty((len(q), rows, cells))
            entry = rows // len(speeds[axis])
            slab = max(1, SLAB // (2 * len(q) * padded.shape[2]))
            for first in range(0, rows, slab):
                last = min(first + slab, rows)
                part = np.ascontiguousarray(padded[:, first:last])
                of_rows = speeds[axis][np.arange(first, last) // entry]
                gain[:, first:last] = self._gain(part, of_rows, axis)
            moved = np.moveaxis(rate, axis - self.grid.dimension, -1)
            moved += gain.reshape(moved.shape) * (1.0 / self.grid.spacing[axis])
        return rate

    def _gain(self, padded: np.ndarray, speeds: np.ndarray, axis: int) -> np.ndarray:
        """Return what cells (variable, row, cell) gain through their two faces."""
        eq, r = self.equation, self.scheme.radius
        if self.scheme.splits:
            f = self._split_fluxes(padded, speeds, axis)
            return np.asarray(f[..., :-1] - f[..., 1:])
        ql, qr = self._states(padded, axis)
        f = self._fluxes(padded, ql, qr, speeds, axis)
        if not eq.balanced:
            return np.asarray(f[..., :-1] - f[..., 1:])
        star_left, star_right = eq.balance(tuple(ql), tuple(qr), axis)
        seen_left = f + np.stack(eq.jump(tuple(ql), star_left, axis))
        seen_right = f + np.stack(eq.jump(tuple(qr), star_right, axis))
        inside = (qr[..., :-1], ql[..., 1:], padded[..., r:-r])
        lower, upper, cells = (tuple(x) for x in inside)
        inner = np.stack(eq.inner(lower, upper, cells, axis))
        return np.asarray((seen_right[..., :-1] - seen_left[..., 1:]) + inner)
