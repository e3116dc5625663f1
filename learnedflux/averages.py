"""Cell averages of functions, by Gauss quadrature that finds jumps and kinks by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.quadrature import Quadrature

__all__ = ["cell_averages"]

POINTS = (5, 4, 3)  # along each axis, by dimension


def cell_averages(
    function: Callable[..., Any], grid: Grid, points: int | None = None, label: str = "function"
) -> Any:
    """Average a function over every cell of a grid.

    Use it for initial states and exact solutions, smooth or not. A cell in which two rules
    disagree is halved, across the axes in which they do, and its parts again, until jumps and
    kinks are located to round-off. In two and three dimensions that holds for jumps along the
    axes; curved and oblique ones are followed to a small fraction of a cell.

    Parameters
    ----------
    function : callable
        Called as ``function(x[, y[, z]])`` with flat arrays of points of one length. Returns an
        array, a number, or a tuple or dict of them.
    grid : Grid
        Cells to average over.
    points : int, optional
        Gauss points per axis; the rule is exact for polynomials of degree ``2 points - 1``. By
        default 5, 4 or 3 in one, two or three dimensions.
    label : str
        What the function is called in an error message.

    Returns
    -------
    array, tuple or dict
        Averages of shape ``grid.shape``, in the structure that ``function`` returns.

    Notes
    -----
    The two rules are Gauss–Legendre with ``points`` nodes and Gauss–Lobatto with one node more.
    Both are exact to the same degree, but a jump anywhere in the cell, also close to its ends,
    makes them differ. In two and three dimensions, cells in which the polynomial through the
    Gauss points also hits the corners, to the square root of the accuracy wanted, are taken to
    be smooth enough for the rule. Constants are averaged exactly; functions that are mirrored, or
    have two axes exchanged, to averages that are so, to the last bit.

    Examples
    --------
    >>> from learnedflux.grid import Grid
    >>> cell_averages(lambda x: x < 0.3, Grid(x=(0, 1, 4))).round(12).tolist()
    [1.0, 0.2, 0.0, 0.0]
    """
    dimension = grid.dimension
    points = POINTS[dimension - 1] if points is None else points
    if points < 2:
        raise InputError(f"points must be at least 2; got {points!r}.")
    mesh = [grid.edges(d) for d in range(dimension)]
    lower, upper = (
        np.stack([c.ravel() for c in np.meshgrid(*edges, indexing="ij")])
        for edges in ([e[:-1] for e in mesh], [e[1:] for e in mesh])
    )
    structure, names = _structure(function, lower, upper)

    def evaluate(coordinates: np.ndarray) -> np.ndarray:
        parts = _parts(call_on_points(function, coordinates))
        shape = coordinates.shape[1:]
        values = [as_numbers(p, shape, n, label) for p, n in zip(parts, names, strict=True)]
        for name, value in zip(names, values, strict=True):
            _require_finite(value, coordinates, name, label, grid)
        return np.stack(values)

    quadrature = Quadrature(evaluate, points, dimension)
    means = quadrature.average(lower, upper)
    return structure([mean.reshape(grid.shape) for mean in means])


# --- the user's function -------------------------------------------------------------------------


def call_on_points(function: Callable[..., Any], coordinates: Iterable[np.ndarray]) -> Any:
    """Call a user's function with arrays; explain the commonest mistake in one."""
    try:
        return function(*coordinates)
    except ValueError as error:
        if "truth value" not in str(error):
            raise
        raise InputError(
            "the function branches on an array of points with 'if', 'and' or 'max'; it is called "
            "with arrays, so use numpy.where, '&' or numpy.maximum."
        ) from error


def _parts(result: Any) -> list[Any]:
    if isinstance(result, dict):
        return list(result.values())
    return list(result) if isinstance(result, tuple) else [result]


def _structure(
    function: Callable[..., Any], lower: np.ndarray, upper: np.ndarray
) -> tuple[Callable[[list[Any]], Any], list[str]]:
    """Call the function once to learn how its results are packed and what they are called."""
    result = call_on_points(function, 0.5 * (lower + upper))
    if isinstance(result, dict):
        keys = list(result)
        return lambda parts: dict(zip(keys, parts, strict=True)), [repr(key) for key in keys]
    if isinstance(result, tuple):
        return tuple, [f"entry {i}" for i in range(len(result))]
    return lambda parts: parts[0], ["the value"]


def as_numbers(part: Any, shape: tuple[int, ...], name: str, label: str) -> np.ndarray:
    """Return ``part`` as float64 numbers of ``shape``, or say what is wrong with it."""
    try:
        values = np.asarray(part, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{label}: {name} is {part!r}, not numbers.") from None
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise InputError(
            f"{label}: {name} has shape {values.shape} instead of {shape}; give an array of that "
            f"shape, or a single number."
        ) from None


def _require_finite(
    value: np.ndarray, coordinates: np.ndarray, name: str, label: str, grid: Grid
) -> None:
    bad = ~np.isfinite(value)
    if bad.any():
        at = int(np.argmax(bad))
        place = ", ".join(
            f"{axis} = {x:.6g}" for axis, x in zip(grid.axes, coordinates[:, at], strict=True)
        )
        raise InputError(
            f"{label}: {name} is {value[at]} at {place}; it must be finite in the whole grid."
        )
