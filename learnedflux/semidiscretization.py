"""The right-hand side of the method of lines, for the solver and for foreign time loops."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from learnedflux.backends import make_backend
from learnedflux.backends.torch_timeless import NO_TIME, TimeUsedError
from learnedflux.boundaries import Boundary
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.scheme import Scheme

__all__ = ["Semidiscretization", "reconstruct"]


class Semidiscretization:
    """A problem discretised in space: a function from time and cell averages to their rate.

    Use it to run a scheme inside a time loop you already have, or in
    :func:`scipy.integrate.solve_ivp`; :func:`lf.solve` is built on it.

    Parameters
    ----------
    problem : Problem
        What to solve.
    scheme : str, Path, Policy, Reconstruction or Scheme
        Flux scheme.
    backend : {"auto", "numba", "torch"}
        Where to compute; "auto" is numba on the CPU and torch on any other device.
    device : str
        Torch device.
    dtype : {"float64", "float32"}
        Precision; float32 with torch only.
    compile : bool, optional
        With torch: compile by ``torch.compile``, which takes half a minute at the first call and
        is many times faster from then on. Default: on a GPU, not on the CPU.
    threads : int, optional
        CPU threads of the numba backend. Default: ``NUMBA_NUM_THREADS`` or all cores; small
        problems use one. Any number gives the same result, to the last bit.
    cfl : float, optional
        CFL number of the forward Euler steps that steps will be made of, see
        :meth:`~learnedflux.integrators.Integrator.forward_cfl`: learned schemes have narrower
        bounds above 0.42. Default: not above.

    Notes
    -----
    Where the scheme keeps positivity, its limiter is on in every call, as a right-hand side cannot
    know which step will fail; ``solve`` turns it on only for those. Calls from several threads are
    safe, and wait for each other.

    Examples
    --------
    >>> import learnedflux as lf
    >>> semi = lf.Semidiscretization(lf.problems.sod(cells=50), "weno5")
    >>> q = semi.initial()
    >>> dt = semi.stable_dt(q, cfl=0.4)
    >>> q = lf.integrators.ssprk3(semi, 0.0, q, dt)
    >>> q.shape
    (3, 50)
    """

    def __init__(
        self,
        problem: Problem,
        scheme: Any = "weno5-z",
        backend: str = "auto",
        device: str = "cpu",
        dtype: str = "float64",
        compile: bool | None = None,
        threads: int | None = None,
        cfl: float | None = None,
    ) -> None:
        if not isinstance(problem, Problem):
            raise InputError(f"problem must be a Problem; got {type(problem).__name__}.")
        self.problem = problem
        self.scheme = Scheme.of(scheme).bind(problem.equation)
        if cfl is not None:
            self.scheme = self.scheme.for_steps(cfl, problem.equation, problem.grid.dimension)
        for axis, cells in zip(problem.grid.axes, problem.grid.shape, strict=True):
            if cells < self.scheme.radius:
                raise InputError(
                    f"{self.scheme.name!r} needs at least {self.scheme.radius} cells along "
                    f"{axis!r}; the grid has {cells}."
                )
        self.backend = make_backend(
            backend,
            device,
            dtype,
            problem.equation,
            problem.grid,
            self.scheme,
            problem.boundaries,
            compile,
            threads,
        )
        self._coordinates = self._cell_centers() if problem.source is not None else ()

    def _cell_centers(self) -> tuple[Any, ...]:
        grid = self.problem.grid
        mesh = np.meshgrid(*(grid.centers(a) for a in range(grid.dimension)), indexing="ij")
        return tuple(self.backend.asarray(x) for x in mesh)

    @property
    def names(self) -> tuple[str, ...]:
        """Conserved variables, in the order of the state's first axis."""
        return self.problem.equation.conserved_names(self.problem.grid.dimension)

    def initial(self) -> Any:
        """Return the initial cell averages, shape (variable, *cells)."""
        return self.backend.asarray(self.problem.initial_state())

    def __call__(self, t: float, q: Any) -> Any:
        """Return dq/dt at time ``t``, shape (variable, *cells)."""
        q = self._checked(q)
        dq = self.backend.rhs(t, q)
        if self.problem.source is None:
            return dq
        return self.backend.add(dq, self._source(q, t))

    def stage(self, t: float, q: Any, terms: tuple[tuple[float, Any], ...], factor: Any) -> Any:
        """Return a sum of (weight, state) terms, the last state ``q``, plus ``factor`` dq/dt.

        For integrators: what ``factor * semi(t, q)`` and a sum give, in one pass.
        """
        q = self._checked(q)
        new = self.backend.advance(t, q, terms, factor)
        if self.problem.source is None:
            return new
        return self.backend.add(new, tuple(factor * s for s in self._source(q, t)))

    def _checked(self, q: Any) -> Any:
        """Return a state as the backend's array, or say what is wrong with its shape."""
        q = self.backend.accept(q)
        shape = (len(self.names), *self.problem.grid.shape)
        if tuple(q.shape) != shape:
            raise InputError(
                f"the state must have shape {shape} (variable, *cells); got {tuple(q.shape)}."
            )
        return q

    def _source(self, q: Any, t: float) -> Any:
        """Return the source of each variable, or say what is wrong with the user's function."""
        source: Any = self.problem.source
        added, cells = source(tuple(q), self._coordinates, t), self.problem.grid.shape
        if not isinstance(added, (tuple, list)):
            whole = len(getattr(added, "shape", ())) > len(cells)
            added = tuple(added) if whole else (added,)
        if len(added) != len(self.names):
            raise InputError(
                f"source must return one array per conserved variable ({', '.join(self.names)}); "
                f"it returned {len(added)}."
            )
        for name, part in zip(self.names, added, strict=True):
            shape = getattr(part, "shape", None)
            if not (isinstance(part, numbers.Real) or _fits(shape, cells)):
                raise InputError(
                    f"source of {name!r}: a number or an array of the grid's shape {cells} is "
                    f"needed; it returned {f'shape {tuple(shape)}' if shape else _shown(part)}."
                )
        return added

    def timeless(self, q: Any) -> bool:
        """Whether neither a boundary nor the source looks at the time; torch backend only."""
        backend: Any = self.backend
        if not backend.timeless(q):
            return False
        if self.problem.source is not None:
            try:
                self._source(q, NO_TIME)
            except TimeUsedError:
                return False
        return True

    def rhs_flat(self, t: float, y: Any) -> np.ndarray:
        """Return the rate of a flat state, as ``scipy.integrate.solve_ivp`` wants it."""
        shape = (len(self.names), *self.problem.grid.shape)
        q = self.backend.asarray(np.reshape(y, shape))
        return self.backend.to_numpy(self(t, q)).ravel()

    def stable_dt(self, q: Any, cfl: float = 0.4, t: float = 0.0) -> Any:
        """Return the step whose CFL number dt * sum over axes (max speed / dx) is ``cfl``.

        Ghost cells at time ``t`` count too. A number, or with the torch backend a tensor that
        stays on its device; infinite where nothing moves.
        """
        if not cfl > 0:
            raise InputError(f"cfl must be above 0; got {cfl!r}.")
        q, rate = self._checked(q), 0.0
        for axis, dx in enumerate(self.problem.grid.spacing):
            rate = rate + self.backend.max_speed(t, q, axis) / dx
        if isinstance(rate, float):
            return cfl / rate if rate != 0.0 else math.inf
        return cfl / rate

    def survey(self, q: Any, t: float = 0.0) -> tuple[float, bool]:
        """Return the step of CFL number one, and whether every cell is finite and admissible.

        Both as plain numbers, from one pass over the state.
        """
        speeds, fine = self.backend.survey(t, self._checked(q))
        rate = sum(s / dx for s, dx in zip(speeds, self.problem.grid.spacing, strict=True))
        return (1.0 / rate if rate != 0.0 else math.inf), fine

    def to_numpy(self, q: Any) -> np.ndarray:
        """Return a state as a NumPy array."""
        return self.backend.to_numpy(q)

    def __repr__(self) -> str:
        s = self.scheme
        return (
            f"Semidiscretization of {self.problem.name!r}\n├── scheme: {s.name}, {s.riemann}, "
            f"{s.variables} variables\n├── backend: {self.backend.name}\n"
            f"└── state: {', '.join(self.names)} x {self.problem.grid.shape}"
        )


def _shown(part: Any) -> str:
    return repr(part) if isinstance(part, str) else f"a {type(part).__name__}"


def _fits(shape: Any, cells: tuple[int, ...]) -> bool:
    """Whether an array of that shape, if any, stands for one number per cell."""
    try:
        return shape is not None and np.broadcast_shapes(shape, cells) == cells
    except ValueError:
        return False


def reconstruct(
    q: Any, scheme: Any = "weno5-z", *, equation: Equation, axis: int = -1
) -> tuple[np.ndarray, np.ndarray]:
    """Return the left and right states of the faces between cells, and nothing else.

    For putting a scheme into a solver of your own: give the array with your own ghost cells, take
    the states, apply your own Riemann solver.

    Parameters
    ----------
    q : array_like, shape (variable, *cells)
        Conserved cell averages, ghost cells included.
    scheme : str, Path, Policy, Reconstruction or Scheme
        Reconstruction to use; it needs r cells on each side of a face.
    equation : Equation
        Gives meaning to the variables.
    axis : int
        Which axis of ``q`` to reconstruct along.

    Returns
    -------
    ql, qr : ndarray
        States on the two sides of the ``n - 2r + 1`` faces that have r cells on each side; as
        ``q``, but with that many entries along ``axis``.

    Examples
    --------
    >>> import numpy as np, learnedflux as lf
    >>> ql, qr = lf.reconstruct(np.linspace(0, 1, 8)[None], "weno5", equation=lf.Burgers())
    >>> ql.shape
    (1, 3)
    """
    if not isinstance(equation, Equation):
        raise InputError(f"equation must be an Equation such as Euler(); got {equation!r}.")
    q = np.asarray(q, dtype=np.float64)
    dimension = q.ndim - 1
    if not 1 <= dimension <= 3 or len(q) != len(equation.conserved_names(max(dimension, 1))):
        raise InputError(
            f"q must be (variable, *cells) with the variables of {equation.name}; got shape "
            f"{q.shape}."
        )
    along = axis % q.ndim - 1
    if not -q.ndim <= axis < q.ndim or along < 0:
        raise InputError(f"axis must be one of the cell axes 1..{dimension}; got {axis}.")
    bound = Scheme.of(scheme).bind(equation)
    if bound.splits:
        raise InputError(
            f"{bound.name!r} with variables={bound.variables!r} splits fluxes and has no states at "
            "faces; choose variables='characteristic', 'primitive' or 'conserved'."
        )
    r = bound.radius
    if q.shape[1 + along] <= 2 * r:
        raise InputError(
            f"{bound.name!r} needs {2 * r + 1} cells along the axis; the array has "
            f"{q.shape[1 + along]}."
        )
    # The backend pads r cells itself: give it the inside, and the rest as its ghost cells.
    moved = np.moveaxis(q, 1 + along, -1)
    inside = moved[..., r:-r]

    def given(part: np.ndarray) -> Boundary:
        return Boundary("given", lambda eq, cells, axis, side, t: tuple(part))

    sides = (given(moved[..., :r][..., ::-1]), given(moved[..., -r:]))
    shape = list(q.shape[1:])
    shape[along] -= 2 * r
    grid = Grid(**{a: (0.0, 1.0, n) for a, n in zip("xyz", shape, strict=False)})
    backend = make_backend("auto", "cpu", "float64", equation, grid, bound, (sides,) * dimension)
    states = backend.face_states(0.0, np.moveaxis(inside, -1, 1 + along), along)
    shape = [*moved.shape[:-1], shape[along] + 1]
    ql, qr = (np.moveaxis(np.array(s).reshape(shape), -1, 1 + along) for s in states)
    return ql, qr
