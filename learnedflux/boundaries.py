"""Boundary conditions: what the ghost cells beyond a side hold.

A boundary is a function ``(equation, cells, axis, side, t) -> ghost cells``. ``cells`` are the
interior cells nearest the side, a tuple over conserved variables of arrays whose *last* axis
counts from the boundary inward; the ghost cells are returned alike, counting outward. The number
of ghost cells follows from the scheme and is never set by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from learnedflux.equations.base import Equation
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.grid import Grid
from learnedflux.ops import Scalar
from learnedflux.registry import Registry

__all__ = ["Boundary", "boundaries", "inflow", "register", "resolve"]

Ghost = Callable[[Equation, tuple[Scalar, ...], int, int, float], tuple[Scalar, ...]]


@dataclass(frozen=True)
class Boundary:
    """A boundary condition with its name.

    Parameters
    ----------
    name : str
        Shown in results and error messages.
    ghost : callable
        ``(equation, cells, axis, side, t) -> ghost cells``, see the module's text.
    periodic : bool
        Whether ``cells`` are taken from the opposite side.
    primitive : dict
        Primitive values the boundary prescribes; their names are checked against the equation.
    """

    name: str
    ghost: Ghost
    periodic: bool = False
    primitive: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={v!r}" for k, v in self.primitive.items())
        return f"{self.name}({values})" if values else self.name


boundaries: Registry[Boundary] = Registry("boundary")


def register(name: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Decorator that adds a ghost-cell function to the registry.

    Examples
    --------
    >>> import learnedflux as lf
    >>> @lf.boundaries.register("empty")
    ... def empty(equation, cells, axis, side, t):
    ...     return tuple(0.0 * q for q in cells)
    >>> lf.boundaries.boundaries.remove("empty")
    """
    return boundaries.register(name, lambda ghost: Boundary(name, ghost))  # type: ignore[arg-type]


@register("outflow")
def outflow(equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
    """Repeat the edge cell: waves leave, weak reflections remain."""
    return tuple(0.0 * q + q[..., :1] for q in cells)


@register("wall")
def wall(equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
    """Mirror the interior: no flow through the side."""
    return equation.mirror(cells, axis)


boundaries.add("periodic", Boundary("periodic", lambda eq, cells, axis, side, t: cells, True))


def inflow(**primitive: float | Callable[[float], float]) -> Boundary:
    """Prescribe a state, fixed or varying in time.

    Parameters
    ----------
    **primitive : float or callable
        Every primitive variable of the equation: a number, or a function of time.

    Returns
    -------
    Boundary
        For one side of a :class:`~learnedflux.Problem`.

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.boundaries.inflow(density=1.0, velocity_x=lambda t: 1.0 + t, pressure=1.0).name
    'inflow'
    """
    for name, value in primitive.items():
        if not callable(value) and not (isinstance(value, Real) and np.isfinite(value)):
            raise InputError(
                f"inflow: {name} must be a finite number or a function of time; got {value!r}."
            )
    return Boundary("inflow", _unbound, primitive=primitive)


def _unbound(equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
    raise InputError("an inflow boundary works once a Problem has bound it to its equation.")


def _prescribed(values: tuple[Any, ...]) -> Ghost:
    """Ghost cells that hold primitive ``values``, given in the equation's order."""

    def ghost(equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
        w = tuple(
            0.0 * cells[0] + (value(t) if callable(value) else float(value)) for value in values
        )
        return equation.to_conserved(w)

    return ghost


def _bind(given: Any, equation: Equation, grid: Grid) -> Boundary:
    """Turn a name, Boundary or ghost-cell function into a Boundary for this equation."""
    if isinstance(given, str):
        return boundaries[given]
    if not isinstance(given, Boundary):
        if callable(given):
            return Boundary(getattr(given, "__name__", "custom"), given)
        raise InputError(
            f"a boundary is a name ({', '.join(boundaries)}), lf.boundaries.inflow(...) or a "
            f"function (equation, cells, axis, side, t); got {given!r}."
        )
    if given.ghost is not _unbound:
        return given
    names = equation.primitive_names(grid.dimension)
    for name in given.primitive:
        if name not in names:
            raise UnknownNameError(f"primitive variable of {equation.name}", name, names)
    missing = [name for name in names if name not in given.primitive]
    if missing:
        raise InputError(
            f"inflow must prescribe every primitive variable of {equation.name}; missing: "
            f"{', '.join(missing)}."
        )
    now = [v(0.0) if callable(v) else v for v in (given.primitive[n] for n in names)]
    if not equation.admissible(equation.to_conserved(tuple(float(v) for v in now))):
        shown = ", ".join(f"{n} {v:g}" for n, v in zip(names, now, strict=True))
        raise InputError(f"inflow ({shown}) is not an admissible state of {equation.name}.")
    return Boundary(
        "inflow", _prescribed(tuple(given.primitive[n] for n in names)), primitive=given.primitive
    )


def resolve(boundary: Any, grid: Grid, equation: Equation) -> tuple[tuple[Boundary, Boundary], ...]:
    """Return (lower, upper) boundaries per axis from what a user may write.

    Parameters
    ----------
    boundary : str, Boundary, callable, pair or dict
        One boundary for all sides; a pair (lower, upper) for all axes; or a dict from axis name to
        either.
    grid : Grid
        Decides which axes there are.
    equation : Equation
        Decides which variables an inflow must prescribe.

    Returns
    -------
    tuple of (Boundary, Boundary)
        One pair per axis.

    Raises
    ------
    InputError
        For an axis missing or unknown, an unknown name, or a side periodic without its partner.
    """
    per_axis = boundary if isinstance(boundary, Mapping) else dict.fromkeys(grid.axes, boundary)
    for axis in per_axis:
        if axis not in grid.axes:
            raise UnknownNameError("axis of this grid", axis, grid.axes)
    pairs = []
    for axis in grid.axes:
        if axis not in per_axis:
            raise InputError(f"boundary says nothing about axis {axis!r}; give one per axis.")
        given = per_axis[axis]
        pair = given if isinstance(given, (tuple, list)) else (given, given)
        if len(pair) != 2:
            raise InputError(
                f"boundary of axis {axis!r} takes one boundary or a pair (lower, upper); got "
                f"{len(pair)}."
            )
        lower, upper = (_bind(one, equation, grid) for one in pair)
        if "wall" in (lower.name, upper.name) and not equation.provides("mirror"):
            raise InputError(
                f"a wall needs {equation.name} to define mirror(q, axis), the state seen in it; "
                "define it, or use 'outflow'."
            )
        if lower.periodic != upper.periodic:
            raise InputError(
                f"axis {axis!r} is periodic on one side only ({lower!r}, {upper!r}); make both "
                "periodic or neither."
            )
        pairs.append((lower, upper))
    return tuple(pairs)
