"""The CPU backend: kernels compiled by Numba from the pointwise functions."""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import sys
import tempfile
import threading
import types
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import numpy as np

from learnedflux.backends.digest import digest
from learnedflux.backends.padding import fill_ghosts
from learnedflux.boundaries import Boundary
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.policy import Policy
from learnedflux.reconstruction import Variables, variables
from learnedflux.riemann import riemann_solvers
from learnedflux.scheme import BoundScheme

__all__ = ["NumbaBackend", "cache_folder", "kernels"]

log = logging.getLogger("learnedflux")
TEMPLATE = Path(__file__).with_name("kernels.py")


def cache_folder() -> Path:
    """Folder of compiled kernels: ``LEARNEDFLUX_CACHE``, or the user's cache folder."""
    given = os.environ.get("LEARNEDFLUX_CACHE")
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "learnedflux"


def _write_template(name: str, folder: Path) -> Path:
    """Put a copy of the template under ``name``; safe against other processes doing the same."""
    path = folder / f"{name}.py"
    text = TEMPLATE.read_bytes()
    if not path.exists() or path.read_bytes() != text:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(text)
        os.replace(file.name, path)
    return path


@functools.cache
def _private_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="learnedflux-")


def _give_address(equation: Any) -> None:
    """Let the type of a user equation's parameters be imported, wherever it was written.

    Numba finds a kernel on disk by its argument types, and a type by its module and name. A class
    of a script or a notebook has none that another process could import.
    """
    found = digest((equation,))
    if found is None or equation.__module__.split(".")[0] == "learnedflux":
        return
    module = types.ModuleType(f"learnedflux_equation_{found}")
    parameters = equation._parameters
    parameters.__module__, parameters.__qualname__ = module.__name__, "Parameters"
    vars(module)["Parameters"] = parameters
    sys.modules[module.__name__] = module


@functools.lru_cache(maxsize=256)
def kernels(
    equation: Any, reconstruct: Any, radius: int, chosen: Variables, solver: Any, axis: int
) -> types.ModuleType:
    """Return the kernel module of one scheme along one axis, from disk where it was built before.

    ``equation`` is a class; ``reconstruct`` a pointwise function, or None where a policy fills in
    the face values; ``solver`` the pointwise numerical flux.
    """
    _give_address(equation)
    pieces = (equation, reconstruct, radius, *chosen[1:], solver, axis)
    found = digest(pieces)
    name = f"kernels_{found}" if found else f"kernels_{abs(hash(pieces)):x}_{os.getpid()}"
    folder = cache_folder() if found else Path(_private_folder().name)
    try:
        path = _write_template(name, folder)
    except OSError as error:
        log.warning(
            "cannot write kernels to %s (%s); they are compiled anew each time", folder, error
        )
        path = _write_template(name, Path(_private_folder().name))
    if not any((path.parent / "__pycache__").glob(f"{name}.*.nbi")):
        log.warning(
            "compiling kernels for %s along axis %d (some seconds%s)",
            equation.__name__,
            axis,
            ", once; kept on disk" if found else "",
        )
    spec = importlib.util.spec_from_file_location(f"learnedflux_{name}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"cannot load compiled kernels from {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where Numba looks when it reads a kernel from disk
    spec.loader.exec_module(module)
    vars(module).update(
        AXIS=axis,
        RECONSTRUCT=reconstruct,
        PREPARE=chosen.prepare,
        FRAME=chosen.frame,
        INTO=chosen.into,
        OUT=chosen.out,
        RIEMANN=solver,
        OFFSETS=tuple(range(2 * radius)),
    )
    return module


class NumbaBackend:
    """Right-hand side of the method of lines on NumPy arrays, one sweep per axis.

    Each sweep copies the state into rows that are contiguous along its axis, with ghost cells, and
    runs compiled loops over them. A state may carry batch dimensions between variables and cells.
    """

    name = "numba"

    def __init__(
        self,
        equation: Equation,
        grid: Grid,
        scheme: BoundScheme,
        boundaries: tuple[tuple[Boundary, Boundary], ...],
    ) -> None:
        self.equation, self.grid, self.scheme, self.boundaries = equation, grid, scheme, boundaries
        self.parameters = equation.compiled()
        self.like = (0.0,) * len(equation.conserved_names(grid.dimension))
        rule, kind = scheme.reconstruction, cast(Any, type(equation))
        self.kernels = [
            kernels(
                kind,
                None if isinstance(rule, Policy) else rule.function,
                scheme.radius,
                variables[scheme.variables],
                riemann_solvers[scheme.riemann].function,
                axis,
            )
            for axis in range(grid.dimension)
        ]
        self.linear_fields = scheme.linear_fields(equation, grid.dimension)
        self.limiting = scheme.positivity
        self._lock = threading.RLock()  # scratch arrays are shared by all calls
        self.limited = 0  # faces at which the positivity limiter has acted
        self._buffers: dict[tuple[int, int], dict[str, np.ndarray]] = {}

    def _buffer(self, axis: int, rows: int) -> dict[str, np.ndarray]:
        """Scratch arrays of a sweep along ``axis``, kept from call to call."""
        if (axis, rows) not in self._buffers:
            variables, n, g = len(self.like), self.grid.shape[axis], self.scheme.radius
            buffer = {
                "padded": np.empty((variables, rows, n + 2 * g)),
                "ql": np.empty((variables, rows, n + 1)),
                "qr": np.empty((variables, rows, n + 1)),
                "f": np.empty((variables, rows, n + 1)),
            }
            if isinstance(self.scheme.reconstruction, Policy):
                buffer["stencils"] = np.empty((2, variables, rows, n + 1, 2 * g))
            self._buffers[axis, rows] = buffer
        return self._buffers[axis, rows]

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

    def rhs(self, t: float, q: np.ndarray) -> np.ndarray:
        """Return dq/dt without sources, shape (variable, *cells)."""
        dq = np.zeros_like(q)
        with self._lock:
            for axis in range(self.grid.dimension):
                f = self._face_fluxes(t, q, axis)
                difference = (f[..., :-1] - f[..., 1:]) * (1.0 / self.grid.spacing[axis])
                moved = np.moveaxis(dq, axis - self.grid.dimension, -1)
                moved += difference.reshape(moved.shape)
        return dq

    def _padded(self, t: float, q: np.ndarray, axis: int) -> np.ndarray:
        """Return cells and ghost cells (variable, row, cell), rows along ``axis``; scratch."""
        g, n = self.scheme.radius, self.grid.shape[axis]
        moved = np.moveaxis(q, axis - self.grid.dimension, -1)
        padded = self._buffer(axis, q.size // (len(self.like) * n))["padded"]
        padded[..., g : n + g] = moved.reshape(len(self.like), -1, n)
        # Boundaries see the other axes too.
        view = padded.reshape(*moved.shape[:-1], n + 2 * g)
        fill_ghosts(view, self.boundaries[axis], self.equation, g, axis, t)
        return padded

    def face_states(self, t: float, q: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Return left and right states (variable, row, face) along one axis."""
        with self._lock:
            ql, qr = self._face_states(t, q, axis)
            return ql.copy(), qr.copy()

    def _face_states(self, t: float, q: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        k, padded = self.kernels[axis], self._padded(t, q, axis)
        b = self._buffer(axis, padded.shape[1])
        ql, qr = b["ql"], b["qr"]
        if isinstance(self.scheme.reconstruction, Policy):
            stencils = b["stencils"]
            k.stencils(self.parameters, padded, stencils[0], stencils[1], self.like)
            left, right = self.scheme.reconstruction.sweep(stencils, self.linear_fields)
            k.states_from_values(self.parameters, padded, left, right, ql, qr, self.like)
        else:
            k.states(self.parameters, padded, ql, qr, self.like)
        return ql, qr

    def face_fluxes(self, t: float, q: np.ndarray, axis: int) -> np.ndarray:
        """Return numerical fluxes (variable, row, face) along one axis."""
        with self._lock:
            return self._face_fluxes(t, q, axis).copy()

    def _face_fluxes(self, t: float, q: np.ndarray, axis: int) -> np.ndarray:
        """Return numerical fluxes (variable, row, face) along one axis; scratch."""
        ql, qr = self._face_states(t, q, axis)
        buffer, k = self._buffer(axis, ql.shape[1]), self.kernels[axis]
        f = buffer["f"]
        k.fluxes(self.parameters, ql, qr, f, self.like)
        if self.limiting:
            self.limited += k.limit(self.parameters, buffer["padded"], f, self.like)
        return f

    def max_speed(self, t: float, q: np.ndarray, axis: int) -> float:
        """Return the largest wave speed along one axis, ghost cells (an inflow, say) included."""
        with self._lock:
            padded = self._padded(t, q, axis)
            return float(self.kernels[axis].max_speed(self.parameters, padded, self.like))

    def survey(self, t: float, q: np.ndarray) -> tuple[list[float], bool]:
        """Return the largest speed along each axis, and whether all cells are admissible."""
        speeds = [self.max_speed(t, q, axis) for axis in range(self.grid.dimension)]
        return speeds, self.first_inadmissible(q) is None

    def first_inadmissible(self, q: np.ndarray) -> tuple[int, ...] | None:
        """Return the index of the first cell that is not finite or not admissible."""
        rows = q.reshape(len(q), 1, -1)
        _, cell = self.kernels[0].first_inadmissible(self.parameters, rows, self.like)
        return None if cell < 0 else tuple(int(i) for i in np.unravel_index(cell, q.shape[1:]))
