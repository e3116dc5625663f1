"""What is to be solved: equation, grid, initial state, boundaries, end time."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import xarray as xr

from learnedflux.averages import as_numbers, call_on_points, cell_averages
from learnedflux.boundaries import resolve
from learnedflux.equations import Equation
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.grid import Grid

__all__ = ["ExactSolution", "Problem"]

Fields = dict[str, np.ndarray]
INITIAL = "initial state"  # how messages call it


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _fields(
    given: Any, names: Sequence[str], label: str, defaults: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """Return ``given`` as a dict in the order of ``names``, or say which name is wrong."""
    if not isinstance(given, Mapping):
        if len(names) != 1:
            raise InputError(
                f"{label}: expected a dict with {_listed(names)}; got {type(given).__name__}."
            )
        return {names[0]: given}
    for name in given:
        if name not in names:
            raise UnknownNameError(f"{label} variable", name, names)
    given = {**(defaults or {}), **given}
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(f"{label}: {_listed(missing)} missing; give all of {_listed(names)}.")
    return {name: given[name] for name in names}


def _refuse(
    equation: Equation,
    values: Fields,
    conserved: Sequence[np.ndarray],
    where: Callable[[tuple[Any, ...]], str],
) -> None:
    """Raise InputError where an initial value is not finite or a state is not admissible.

    ``values`` are the numbers the user knows, by name; ``where(index)`` says a place in words.
    """
    for name, value in values.items():
        bad = ~np.isfinite(value)
        if bad.any():
            at = np.unravel_index(np.argmax(bad), bad.shape)
            raise InputError(
                f"{INITIAL}: {name!r} is {value[at]} {where(at)}; give a finite number everywhere."
            )
    with np.errstate(all="ignore"):
        good = equation.admissible(tuple(conserved))
    bad = ~np.broadcast_to(good, np.shape(conserved[0]))
    if not bad.any():
        return
    at = np.unravel_index(np.argmax(bad), bad.shape)
    state = {name: float(value[at]) for name, value in values.items()}
    low = [
        name for name in ("density", "pressure", "height", "depth") if state.get(name, 1.0) <= 0.0
    ]
    if low:
        what, advice = f"{low[0]!r} is {state[low[0]]:.6g}", "it must be positive everywhere"
    else:
        told = ", ".join(f"{name} {value:.6g}" for name, value in state.items())
        what, advice = f"the state ({told}) is not admissible", "give a physical state everywhere"
    raise InputError(f"{INITIAL}: {what} {where(at)}; {advice} for {equation.name}.")


class ExactSolution:
    """Exact solution of a problem, at points and as cell averages.

    Parameters
    ----------
    equation : Equation
        What it solves.
    function : callable
        Called as ``function(x[, y[, z]], t)`` with arrays of points; returns a dict of primitive
        point values (or a bare array for a scalar law).

    Examples
    --------
    >>> import numpy as np
    >>> from learnedflux.equations import Advection
    >>> exact = ExactSolution(Advection(), lambda x, t: np.sin(x - t))
    >>> float(exact(1.0, t=1.0)["u"])
    0.0
    """

    def __init__(self, equation: Equation, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise InputError(f"exact must be a function of (x[, y[, z]], t); got {function!r}.")
        self.equation = equation
        self.function = function

    def __repr__(self) -> str:
        return f"ExactSolution({self.equation!r})"

    def __call__(self, *coordinates: Any, t: float) -> Fields:
        """Return the primitive variables at points, by name."""
        points = [np.asarray(c, dtype=np.float64) for c in coordinates]
        names = self.equation.primitive_names(len(points))
        found = self.function(*points, t)
        given = _fields(found, names, "exact solution", self.equation.defaults)
        shape = np.broadcast_shapes(*(p.shape for p in points))
        return {
            name: np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), shape))
            for name, value in given.items()
        }

    def cell_averages(self, grid: Grid, t: float) -> Fields:
        """Return cell averages at time ``t``, by name.

        Conserved variables are averaged; primitive ones are computed from these averages, as they
        are for a numerical result.
        """
        dimension = grid.dimension
        names = self.equation.conserved_names(dimension)

        def conserved(*points: np.ndarray) -> dict[str, Any]:
            q = self.equation.to_conserved(tuple(self(*points, t=t).values()))
            return dict(zip(names, q, strict=True))

        # A solution that knows its averages (of conserved variables, by name) is asked for them.
        own = getattr(self.function, "cell_averages", None)
        averages: Fields = (
            dict(own(grid, t)) if own else cell_averages(conserved, grid, label="exact solution")
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            w = self.equation.to_primitive(tuple(averages.values()))
        for name, value in zip(self.equation.primitive_names(dimension), w, strict=True):
            # A vacuum has no velocity; call it zero.
            averages.setdefault(name, np.where(np.isfinite(value), value, 0.0))
        return averages


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """An initial-boundary-value problem, complete and checked.

    Parameters
    ----------
    equation : Equation
        Conservation law.
    grid : Grid
        Cells; decides the dimension.
    initial : callable or dict
        Either a function of the coordinates that returns point values of the primitive variables,
        ``lambda x: {"density": ..., "velocity_x": ..., "pressure": ...}`` (a bare array will do
        for a scalar law), which is averaged over cells in conserved variables. Or a dict of cell
        averages, arrays of shape ``grid.shape``: all conserved or all primitive variables.
    boundary : str, Boundary or dict
        One for every side, or by axis: ``{"x": "periodic", "y": ("wall", "outflow")}``, where a
        pair means (lower, upper).
    t_end : float
        End time, above zero.
    source : callable, optional
        ``source(q, x, t)``, evaluated at every stage: ``q`` is a tuple of the conserved variables'
        arrays, ``x`` a tuple of the cell centres' coordinates, one array per axis. Returns one
        array per conserved variable, the rates added to them.
    exact : callable or ExactSolution, optional
        ``exact(x[, y[, z]], t)`` returning point values of the primitive variables.
    name, description, reference : str, optional
        For results and tables.

    Examples
    --------
    >>> import numpy as np
    >>> from learnedflux.equations import Burgers
    >>> problem = Problem(
    ...     equation=Burgers(), grid=Grid(x=(0, 1, 4)), initial=lambda x: 1.0 * (x < 0.5), t_end=0.1
    ... )
    >>> problem.initial_state().tolist()
    [[1.0, 1.0, 0.0, 0.0]]
    """

    equation: Equation
    grid: Grid
    initial: Callable[..., Any] | Mapping[str, Any]
    boundary: Any = "outflow"
    t_end: float = dataclasses.field(kw_only=True)
    source: Callable[..., Any] | None = None
    exact: Any = None
    name: str = "problem"
    description: str = ""
    reference: str = ""
    boundaries: tuple[Any, ...] = dataclasses.field(init=False)
    """(lower, upper) boundary of each axis."""

    def __post_init__(self) -> None:
        if not isinstance(self.equation, Equation):
            raise InputError(
                f"equation must be an Equation such as Euler(gamma=1.4); got {self.equation!r}."
            )
        if not isinstance(self.grid, Grid):
            raise InputError(f"grid must be a Grid(x=(start, stop, cells)); got {self.grid!r}.")
        self.equation.require_dimension(self.grid.dimension)
        try:
            t_end = float(self.t_end)
        except (TypeError, ValueError):
            raise InputError(f"t_end must be a number; got {self.t_end!r}.") from None
        if not (math.isfinite(t_end) and t_end > 0):
            raise InputError(f"t_end must be finite and above 0; got {t_end!r}.")
        object.__setattr__(self, "t_end", t_end)
        if self.source is not None and not callable(self.source):
            raise InputError(f"source must be a function or None; got {self.source!r}.")
        if self.exact is not None and not isinstance(self.exact, ExactSolution):
            object.__setattr__(self, "exact", ExactSolution(self.equation, self.exact))
        if isinstance(self.initial, Mapping):
            object.__setattr__(self, "initial", self._own_averages(self.initial))
        sides = resolve(self.boundary, self.grid, self.equation)
        object.__setattr__(self, "boundaries", sides)
        if isinstance(self.initial, Mapping):
            self._from_averages(self.initial)
        elif callable(self.initial):
            # One point per cell shows most mistakes now rather than in solve().
            mesh = np.meshgrid(*map(self.grid.centers, range(self.grid.dimension)), indexing="ij")
            self._conserved_at(*(c.ravel() for c in mesh))
        else:
            raise InputError(
                "initial must be a function of the coordinates or a dict of cell averages; "
                f"got {type(self.initial).__name__}."
            )

    # --- initial state ---------------------------------------------------------------------------

    def initial_state(self) -> np.ndarray:
        """Return the conserved cell averages at t = 0, shape ``(variable, *grid.shape)``."""
        if isinstance(self.initial, Mapping):
            return self._from_averages(self.initial)
        averages = cell_averages(self._conserved_at, self.grid, label=INITIAL)
        return np.stack(list(averages.values()))

    def _place(self, *coordinates: np.ndarray) -> Callable[[tuple[Any, ...]], str]:
        def where(at: tuple[Any, ...]) -> str:
            point = [float(x[at]) for x in coordinates]
            cell = tuple(
                min(int((x - start) / width), cells - 1)
                for x, start, width, cells in zip(
                    point, self.grid.start, self.grid.spacing, self.grid.shape, strict=True
                )
            )
            named = zip(self.grid.axes, point, strict=True)
            return f"at {', '.join(f'{axis} = {x:.6g}' for axis, x in named)} in cell {cell}"

        return where

    def _conserved_at(self, *coordinates: np.ndarray) -> Fields:
        """Conserved variables at points, from the user's primitive ones; checked."""
        names = self.equation.primitive_names(self.grid.dimension)
        function = cast("Callable[..., Any]", self.initial)
        found = call_on_points(function, coordinates)
        given = _fields(found, names, INITIAL, self.equation.defaults)
        shape = coordinates[0].shape
        w = {name: as_numbers(v, shape, repr(name), INITIAL) for name, v in given.items()}
        with np.errstate(all="ignore"):  # wrong values are told of below, in words
            q = tuple(np.asarray(c) for c in self.equation.to_conserved(tuple(w.values())))
        _refuse(self.equation, w, q, self._place(*coordinates))
        return dict(zip(self.equation.conserved_names(self.grid.dimension), q, strict=True))

    def _own_averages(self, initial: Mapping[Any, Any]) -> dict[str, Any]:
        """Copies of the user's arrays, laid out as ours; of a whole result, the conserved ones."""
        given = {str(name): value for name, value in initial.items()}
        conserved = self.equation.conserved_names(self.grid.dimension)
        if isinstance(initial, xr.Dataset) and all(name in given for name in conserved):
            given = {name: given[name] for name in conserved}
        for name, value in given.items():
            if isinstance(value, xr.DataArray) and set(value.dims) == set(self.grid.axes):
                value = value.transpose(*self.grid.axes).values
            given[name] = copy.deepcopy(value)
        return given

    def _from_averages(self, initial: Mapping[str, Any]) -> np.ndarray:
        """Conserved averages from the user's arrays; checked."""
        dimension = self.grid.dimension
        conserved = self.equation.conserved_names(dimension)
        primitive = self.equation.primitive_names(dimension)
        # Which of the two sets is meant shows in how many names fit.
        hits = [sum(name in names for name in initial) for names in (conserved, primitive)]
        names = primitive if hits[1] > hits[0] else conserved
        if hits[0] == hits[1] and names != primitive:
            raise InputError(
                f"{INITIAL}: {_listed(list(initial))} is neither the conserved variables "
                f"({_listed(conserved)}) nor the primitive ones ({_listed(primitive)}); give all "
                f"of one set."
            )
        given = _fields(initial, names, INITIAL, self.equation.defaults)
        shape = self.grid.shape
        values = {name: as_numbers(v, shape, repr(name), INITIAL) for name, v in given.items()}
        q = tuple(values.values())
        with np.errstate(all="ignore"):
            if names != conserved:
                q = self.equation.to_conserved(q)
            w = dict(zip(primitive, self.equation.to_primitive(q), strict=True))
        # Pressure is worth naming even if it was not given; but not one that follows from a NaN.
        told = {**w, **values} if all(np.isfinite(v).all() for v in w.values()) else values
        _refuse(self.equation, told, q, lambda at: f"in cell {tuple(map(int, at))}")
        return np.stack([np.array(c, dtype=np.float64) for c in q])

    # --- variants --------------------------------------------------------------------------------

    def replace(self, **changes: Any) -> Problem:
        """Return a problem with some parts exchanged, for example another grid.

        The exact solution is dropped where the change makes it wrong (another equation, initial
        state, boundary, source or box), unless a new one is given.
        """
        allowed = [field.name for field in dataclasses.fields(self) if field.init]
        for name in changes:
            if name not in allowed:
                raise UnknownNameError("part of a Problem", name, allowed)
        grid = changes.get("grid", self.grid)
        elsewhere = isinstance(grid, Grid) and (grid.start, grid.stop) != (
            self.grid.start,
            self.grid.stop,
        )
        if elsewhere or {"equation", "initial", "boundary", "source"} & set(changes):
            changes.setdefault("exact", None)
        return dataclasses.replace(self, **changes)

    def with_cells(self, *cells: int) -> Problem:
        """Return the same problem on another number of cells; see :meth:`Grid.with_cells`."""
        return self.replace(grid=self.grid.with_cells(*cells))

    def __repr__(self) -> str:
        initial = (
            f"cell averages of {', '.join(self.initial)}"
            if isinstance(self.initial, Mapping)
            else f"function of {', '.join(self.grid.axes)}"
        )
        sides = (
            f"{axis}: {_side(lower)} | {_side(upper)}"
            for axis, (lower, upper) in zip(self.grid.axes, self.boundaries, strict=True)
        )
        rows = {
            "equation": repr(self.equation),
            "grid": repr(self.grid),
            "initial": initial,
            "boundary": ", ".join(sides),
            "t_end": f"{self.t_end:g}",
            "source": None if self.source is None else getattr(self.source, "__name__", "yes"),
            "exact": "not known" if self.exact is None else "known",
            "reference": self.reference or None,
        }
        shown = [(key, text) for key, text in rows.items() if text is not None]
        title = f"Problem {self.name!r}" + (f": {self.description}" if self.description else "")
        lines = [f"{'└──' if key == shown[-1][0] else '├──'} {key}: {text}" for key, text in shown]
        return "\n".join([title, *lines])


def _side(boundary: Any) -> str:
    return boundary if isinstance(boundary, str) else getattr(boundary, "name", repr(boundary))
