"""What a boundary condition is, and how a user may write one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from learnedflux.equations.base import Equation
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.grid import Grid
from learnedflux.ops import Scalar
from learnedflux.registry import Registry

__all__ = ["Boundary", "Side", "bind", "boundaries", "register", "resolve", "unbound"]

Ghost = Callable[[Equation, tuple[Scalar, ...], int, int, float], tuple[Scalar, ...]]


@dataclass(frozen=True)
class Side:
    """One side of a problem's grid: what a boundary may need to know of where it is."""

    equation: Equation
    grid: Grid
    axis: int
    side: int


@dataclass(frozen=True)
class Boundary:
    """A boundary condition with its name.

    Parameters
    ----------
    name : str
        Shown in results and error messages.
    ghost : callable
        ``(equation, cells, axis, side, t) -> ghost cells``, see the package's text.
    periodic : bool
        Whether ``cells`` are taken from the opposite side.
    primitive : dict
        Primitive values the boundary prescribes; their names are checked against the equation.
    bind : callable, optional
        ``(Side) -> Boundary``: what this becomes on one side of one problem, where it depends on
        the equation or the grid.
    detail : str
        What else tells it from others of its name.
    """

    name: str
    ghost: Ghost
    periodic: bool = False
    primitive: Mapping[str, Any] = field(default_factory=dict)
    bind: Callable[[Side], Boundary] | None = None
    detail: str = ""

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={v!r}" for k, v in self.primitive.items()) or self.detail
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


def unbound(equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
    """Ghost cells of a boundary that no problem has bound yet: an error."""
    raise InputError("this boundary works once a Problem has bound it to its equation and grid.")


def bind(given: Any, where: Side) -> Boundary:
    """Turn a name, Boundary or ghost-cell function into a Boundary for one side of a problem."""
    if isinstance(given, str):
        given = boundaries[given]
    elif not isinstance(given, Boundary):
        if not callable(given):
            raise InputError(
                f"a boundary is a name ({', '.join(boundaries)}), lf.boundaries.inflow(...), "
                f"prescribed(...), piecewise(...) or a function (equation, cells, axis, side, t); "
                f"got {given!r}."
            )
        given = Boundary(getattr(given, "__name__", "custom"), given)
    if given.name == "wall" and not where.equation.provides("mirror"):
        raise InputError(
            f"a wall needs {where.equation.name} to define mirror(q, axis), the state seen in it; "
            "define it, or use 'outflow'."
        )
    bound: Boundary = given if given.bind is None else given.bind(where)
    return bound


def resolve(boundary: Any, grid: Grid, equation: Equation) -> tuple[tuple[Boundary, Boundary], ...]:
    """Return (lower, upper) boundaries per axis from what a user may write.

    Parameters
    ----------
    boundary : str, Boundary, callable, pair or dict
        One boundary for all sides; a pair (lower, upper) for all axes; or a dict from axis name to
        either.
    grid : Grid
        Decides which axes there are, and where ghost cells lie.
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
    for number, axis in enumerate(grid.axes):
        if axis not in per_axis:
            raise InputError(f"boundary says nothing about axis {axis!r}; give one per axis.")
        given = per_axis[axis]
        pair = given if isinstance(given, (tuple, list)) else (given, given)
        if len(pair) != 2:
            raise InputError(
                f"boundary of axis {axis!r} takes one boundary or a pair (lower, upper); got "
                f"{len(pair)}."
            )
        lower, upper = (
            bind(one, Side(equation, grid, number, side)) for side, one in enumerate(pair)
        )
        if lower.periodic != upper.periodic:
            raise InputError(
                f"axis {axis!r} is periodic on one side only ({lower!r}, {upper!r}); make both "
                "periodic or neither."
            )
        pairs.append((lower, upper))
    return tuple(pairs)
