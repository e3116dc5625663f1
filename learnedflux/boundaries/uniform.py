"""Boundaries that are the same all along a side: outflow, wall, periodic, inflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from learnedflux.boundaries.base import Boundary, Ghost, Side, boundaries, register, unbound
from learnedflux.equations.base import Equation
from learnedflux.errors import InputError, UnknownNameError

__all__ = ["edge_values", "in_order", "inflow", "outflow", "wall"]


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

    For one that varies along the side see :func:`prescribed`.

    Parameters
    ----------
    **primitive : float or callable
        Every primitive variable of the equation: a number, or a function of time. Those that have a
        default in the equation (the bottom under shallow water) may be left out and are then those
        of the cell at the side.

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

    def bind(where: Side) -> Boundary:
        equation = where.equation
        names = in_order(primitive, where, "inflow")
        now = {n: v(0.0) if callable(v) else v for n, v in primitive.items()}
        state = tuple(float(now.get(n, equation.defaults.get(n, 0.0))) for n in names)
        if not equation.admissible(equation.to_conserved(state)):
            shown = ", ".join(f"{n} {now[n]:g}" for n in names if n in now)
            raise InputError(f"inflow ({shown}) is not an admissible state of {equation.name}.")
        return Boundary("inflow", _held(names, primitive), primitive=primitive)

    return Boundary("inflow", unbound, primitive=primitive, bind=bind)


def in_order(given: Mapping[str, Any], where: Side, label: str) -> tuple[str, ...]:
    """Return the names of all primitive variables; raise if those given are not these."""
    equation = where.equation
    names = equation.primitive_names(where.grid.dimension)
    for name in given:
        if name not in names:
            raise UnknownNameError(f"primitive variable of {equation.name}", name, names)
    missing = [name for name in names if name not in given and name not in equation.defaults]
    if missing:
        raise InputError(
            f"{label} must prescribe every primitive variable of {equation.name}; missing: "
            f"{', '.join(missing)}."
        )
    return names


def edge_values(equation: Equation, cells: Any) -> Any:
    """Primitive variables of the cell at the side; what is not prescribed is taken from there."""
    return equation.to_primitive(tuple(q[..., :1] for q in cells))


def _held(names: tuple[str, ...], values: Mapping[str, Any]) -> Ghost:
    """Ghost cells that hold primitive ``values``."""

    def ghost(equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
        edge = () if len(values) == len(names) else edge_values(equation, cells)
        now = {n: v(t) if callable(v) else float(v) for n, v in values.items()}
        w = tuple(
            0.0 * cells[0] + (now[name] if name in now else edge[i]) for i, name in enumerate(names)
        )
        return equation.to_conserved(w)

    return ghost
