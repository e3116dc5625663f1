"""Boundaries that differ along a side: prescribed states, and one of two from cell to cell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from learnedflux import ops
from learnedflux.boundaries.base import Boundary, Side, bind, unbound
from learnedflux.boundaries.uniform import edge_values, in_order
from learnedflux.equations.base import Equation
from learnedflux.errors import InputError

__all__ = ["piecewise", "prescribed"]

log = logging.getLogger("learnedflux")
GHOSTS = 3  # cells in which a boundary is tried when a problem is made


def prescribed(function: Callable[..., Any], points: int = 3) -> Boundary:
    """Prescribe a state that varies along the side and in time.

    For an exact solution at the edge of the domain, say, or a shock that moves along a side.

    Parameters
    ----------
    function : callable
        Called as ``function(x[, y[, z]], t)`` with arrays of points beyond the side; returns a dict
        of primitive point values (or a bare array for a scalar law). Variables with a default in
        the equation may be left out, as in :func:`inflow`.
    points : int
        Gauss points along each axis of a ghost cell, whose average of the conserved variables it
        holds; 1 for the values at its centre.

    Returns
    -------
    Boundary
        For one side of a :class:`~learnedflux.Problem`.

    Notes
    -----
    With the torch backend the function is called with tensors. One written with arithmetic and
    the functions of :mod:`learnedflux.ops` (``where``, ``sqrt``, ``exp`` ...) serves both; one that
    cannot take tensors is called with NumPy arrays instead, at the price of a copy at every stage.

    Examples
    --------
    >>> import learnedflux as lf
    >>> from learnedflux.ops import where
    >>> upper = lf.boundaries.prescribed(lambda x, y, t: {"u": where(x < 0.5 + t, 1.0 + y, 0.0)})
    >>> problem = lf.Problem(
    ...     lf.Burgers(), lf.Grid(x=(0, 1, 8), y=(0, 1, 8)), lambda x, y: 1.0 * (x < 0.5),
    ...     {"x": "outflow", "y": ("outflow", upper)}, t_end=0.1,
    ... )
    """
    if not callable(function):
        raise InputError(f"prescribed takes a function of (x[, y[, z]], t); got {function!r}.")
    if isinstance(points, bool) or not isinstance(points, int) or points < 1:
        raise InputError(f"prescribed: points must be a whole number above 0; got {points!r}.")
    name = getattr(function, "__name__", type(function).__name__)

    def bind_to(where: Side) -> Boundary:
        places = _Places(where, points)
        call = _Call(function, places)
        names = where.equation.primitive_names(where.grid.dimension)

        def primitive(given: Any) -> Mapping[str, Any]:
            return given if isinstance(given, Mapping) else dict.fromkeys(names[:1], given)

        def ghost(equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
            given, like = primitive(call(cells[0], t)), places(cells[0])[0]
            edge = () if len(given) == len(names) else edge_values(equation, cells)
            w = tuple(
                0.0 * like + (_like(given[n], like) if n in given else edge[i][..., None])
                for i, n in enumerate(names)
            )
            q = equation.to_conserved(w)
            return tuple(0.0 * cells[0] + places.mean(values) for values in q)

        _try(where, primitive(call(places.example(), 0.0)), places, f"prescribed({name})")
        return Boundary("prescribed", ghost, detail=name)

    return Boundary("prescribed", unbound, bind=bind_to, detail=name)


def piecewise(condition: Callable[..., Any], first: Any, second: Any) -> Boundary:
    """Choose between two boundaries from ghost cell to ghost cell.

    Parameters
    ----------
    condition : callable
        Called as ``condition(x[, y[, z]], t)`` with arrays of the ghost cells' centres; returns
        where ``first`` holds, an array of true and false.
    first, second : str, Boundary or callable
        What holds where the condition is true, and elsewhere; not periodic. A piecewise boundary
        will do as well, for more than two parts.

    Returns
    -------
    Boundary
        For one side of a :class:`~learnedflux.Problem`.

    Notes
    -----
    A cell is of one kind or the other, by its centre. For the torch backend see
    :func:`prescribed`.

    Examples
    --------
    >>> import learnedflux as lf
    >>> jet = lf.boundaries.inflow(density=1.0, velocity_x=3.0, velocity_y=0.0, pressure=1.0)
    >>> lf.boundaries.piecewise(lambda x, y, t: abs(y) < 0.1, jet, "wall").name
    'piecewise'
    """
    if not callable(condition):
        raise InputError(
            f"piecewise takes a function of (x[, y[, z]], t) first; got {condition!r}."
        )
    name = getattr(condition, "__name__", type(condition).__name__)
    detail = f"{name}, {first!r}, {second!r}"

    def bind_to(where: Side) -> Boundary:
        one, other = bind(first, where), bind(second, where)
        if one.periodic or other.periodic:
            raise InputError(
                "a piecewise boundary cannot be periodic in part; what leaves one side enters the "
                "other whole. Make the axis periodic, or take another boundary."
            )
        places = _Places(where, 1)
        call = _Call(condition, places)
        found = np.asarray(call(places.example(), 0.0))
        shape = places.shape(GHOSTS)
        if found.dtype != np.bool_ or not _fits(found.shape, (*shape, 1)):
            raise InputError(
                f"the condition {name!r} of a piecewise boundary must return true and false, of "
                f"the shape of x; got {found.dtype} of shape {found.shape}."
            )

        def ghost(equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
            a = one.ghost(equation, cells, axis, side, t)
            b = other.ghost(equation, cells, axis, side, t)
            like = places(cells[0])[0]
            here = _like(call(cells[0], t), like, "bool")
            here = here[..., 0] if np.ndim(here) else here
            return tuple(ops.where(here, x, y) for x, y in zip(a, b, strict=True))

        return Boundary("piecewise", ghost, detail=f"{name}, {one!r}, {other!r}")

    return Boundary("piecewise", unbound, bind=bind_to, detail=detail)


# --- points in ghost cells ------------------------------------------------------------------------


def _torch(like: Any) -> Any:
    """Return torch if ``like`` is a tensor, else None."""
    module = ops._library(like)
    return None if module is np else module


def _like(value: Any, like: Any, dtype: str | None = None) -> Any:
    """Return ``value`` on the device and in the precision of ``like`` where that is a tensor."""
    torch = _torch(like)
    if torch is None or isinstance(value, float):
        return value
    kind = like.dtype if dtype is None else getattr(torch, dtype)
    return torch.as_tensor(value, dtype=kind, device=like.device)


def _fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, into) == into
    except ValueError:
        return False


class _Places:
    """Gauss points of the ghost cells beyond a side, for NumPy arrays and tensors.

    Arrays are (*other axes, ghost, point), where ghost cells count outward.
    """

    def __init__(self, where: Side, points: int) -> None:
        self.where = where
        self.nodes, weights = legendre.leggauss(points)
        self.weights = 0.5 * weights
        self._known: dict[Any, tuple[Any, ...]] = {}

    def shape(self, ghosts: int) -> tuple[int, ...]:
        """Cells along the other axes, and ghost cells."""
        grid, axis = self.where.grid, self.where.axis
        return (*(n for a, n in enumerate(grid.shape) if a != axis), ghosts)

    def example(self) -> np.ndarray:
        """Cells as a NumPy backend hands them over."""
        return np.zeros(self.shape(GHOSTS))

    def __call__(self, like: Any) -> tuple[Any, ...]:
        """Coordinates of the points, one array per axis, where ``like`` lives."""
        torch = _torch(like)
        key = (like.shape[-1], None if torch is None else (like.dtype, like.device))
        if key not in self._known:
            found: tuple[Any, ...] = self._computed(like.shape[-1])
            if torch is not None:
                found = tuple(_like(x, like) for x in found)
            self._known[key] = found
        shape = self.shape(like.shape[-1])
        if tuple(like.shape[-len(shape) :]) != shape:
            raise InputError(
                f"a boundary bound to {self.where.grid!r} was given cells of shape "
                f"{tuple(like.shape)}; bind it to the grid in use, by making a Problem with it."
            )
        return self._known[key]

    def _computed(self, ghosts: int) -> tuple[np.ndarray, ...]:
        grid, axis, side = self.where.grid, self.where.axis, self.where.side
        outward = (np.arange(ghosts) + 0.5) * grid.spacing[axis]
        beyond = grid.stop[axis] + outward if side else grid.start[axis] - outward
        # The axis across the side comes last, among the cells as among the points of one.
        order = [a for a in range(grid.dimension) if a != axis] + [axis]
        centers = [beyond if a == axis else grid.centers(a) for a in order]
        cells = np.meshgrid(*centers, indexing="ij")
        nodes = np.meshgrid(*[self.nodes] * grid.dimension, indexing="ij")
        at = {
            a: cells[i][..., None] + 0.5 * grid.spacing[a] * nodes[i].ravel()
            for i, a in enumerate(order)
        }
        return tuple(at[a] for a in range(grid.dimension))

    def mean(self, values: Any) -> Any:
        """Average over the points of each cell; of equal values, that value."""
        n = len(self.weights)
        values = values.reshape(*values.shape[:-1], *(n,) * self.where.grid.dimension)
        for _ in range(self.where.grid.dimension):
            middle = 0.5 * (values[..., (n - 1) // 2] + values[..., n // 2])
            total = 0.0
            for k in range(n // 2):
                pair = (values[..., k] - middle) + (values[..., n - 1 - k] - middle)
                total = total + float(self.weights[k]) * pair
            values = middle + total
        return values


class _Call:
    """A user's function of points and time, with tensors if it takes them."""

    def __init__(self, function: Callable[..., Any], places: _Places) -> None:
        self.function, self.places = function, places
        self.takes_tensors = True

    def __call__(self, like: Any, t: Any) -> Any:
        torch = _torch(like)
        if torch is not None and self.takes_tensors:
            try:
                return self.function(*self.places(like), t)
            except (TypeError, AttributeError, RuntimeError) as error:
                log.warning(
                    "%s cannot take tensors (%s); it is called with NumPy arrays, which are then "
                    "copied. Written with learnedflux.ops (where, sqrt, exp) it would serve both.",
                    getattr(self.function, "__name__", "the function of a boundary"),
                    str(error).partition("\n")[0],
                )
                self.takes_tensors = False
        if torch is None:
            return self.function(*self.places(like), t)
        found = self.function(*self.places(np.empty(tuple(like.shape))), float(t))
        if isinstance(found, Mapping):
            return {name: np.asarray(value) for name, value in found.items()}
        return np.asarray(found)


def _try(where: Side, given: Mapping[str, Any], places: _Places, label: str) -> None:
    """Raise InputError if a state prescribed at t = 0 is none."""
    equation = where.equation
    names = in_order(given, where, label)
    points = places(places.example())
    shape = points[0].shape
    w = []
    for name in names:
        value = np.asarray(given.get(name, equation.defaults.get(name)), dtype=np.float64)
        if not _fits(value.shape, shape):
            raise InputError(
                f"{label}: {name!r} has shape {value.shape}, the points {shape}; return arrays of "
                "that shape, or numbers."
            )
        w.append(np.broadcast_to(value, shape))
    with np.errstate(all="ignore"):
        good = np.broadcast_to(equation.admissible(equation.to_conserved(tuple(w))), shape)
    good = good & np.all([np.isfinite(value) for value in w], axis=0)
    if not good.all():
        at = np.unravel_index(np.argmin(good), shape)
        axes = where.grid.axes
        place = ", ".join(f"{a} = {x[at]:.6g}" for a, x in zip(axes, points, strict=True))
        state = ", ".join(f"{n} {float(v[at]):g}" for n, v in zip(names, w, strict=True))
        raise InputError(
            f"{label} is not an admissible state of {equation.name} at {place}: {state}."
        )
