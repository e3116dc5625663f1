"""Cell averages of functions, by Gauss quadrature that finds jumps and kinks by itself."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from learnedflux.errors import InputError
from learnedflux.grid import Grid

__all__ = ["cell_averages"]

POINTS = (5, 4, 3)  # along each axis, by dimension
TOLERANCE = (1e-14, 1e-12, 1e-10)  # of the local size of a variable, on its average; the same
DEPTH = 48  # bisections after which a jump is located to round-off
NEGLIGIBLE = 1e-3  # of the largest value anywhere: smaller ones need no relative accuracy
CHUNK = 1 << 21  # points evaluated at once

Sample = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def cell_averages(
    function: Callable[..., Any], grid: Grid, points: int | None = None, label: str = "function"
) -> Any:
    """Average a function over every cell of a grid.

    Use it for initial states and exact solutions, smooth or not. A cell in which two rules
    disagree is halved, across the axis in which they do, and its parts again, until jumps and
    kinks are located to round-off. In two and three dimensions that holds for jumps along the
    axes; curved ones are followed as far as a budget of boxes goes.

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
    makes them differ. Constants are averaged exactly, and mirrored functions to mirrored
    averages, to the last bit.

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
    corners = np.meshgrid(*(grid.edges(d)[:-1] for d in range(dimension)), indexing="ij")
    tops = np.meshgrid(*(grid.edges(d)[1:] for d in range(dimension)), indexing="ij")
    lower = np.stack([c.ravel() for c in corners], axis=-1)
    upper = np.stack([c.ravel() for c in tops], axis=-1)
    structure, names = _structure(function, lower, upper)

    def evaluate(coordinates: np.ndarray) -> np.ndarray:
        parts = _parts(call_on_points(function, coordinates))
        shape = coordinates.shape[1:]
        values = [as_numbers(p, shape, n, label) for p, n in zip(parts, names, strict=True)]
        for name, value in zip(names, values, strict=True):
            _require_finite(value, coordinates, name, label, grid)
        return np.stack(values)

    sample = functools.partial(_sample, evaluate, _rules(points, dimension))
    budget = (4 if dimension == 1 else 1) * grid.size + (1 << 14)
    means = _average(sample, lower, upper, None, 0, budget)
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
    result = call_on_points(function, 0.5 * (lower + upper).T)
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


# --- quadrature ----------------------------------------------------------------------------------


def _lobatto(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Lobatto nodes and weights, the end nodes a hair inside.

    A jump at an edge belongs to no cell, and functions singular at an edge stay usable.
    """
    last = np.zeros(points)
    last[-1] = 1.0
    inner = legendre.legroots(legendre.legder(last))
    nodes = np.concatenate([[-1.0], np.sort(inner.real), [1.0]])
    nodes = 0.5 * (nodes - nodes[::-1])
    weights = 2.0 / (points * (points - 1) * legendre.legval(nodes, last) ** 2)
    nodes[0], nodes[-1] = -1.0 + 1e-14, 1.0 - 1e-14
    return nodes, weights


def _rules(points: int, dimension: int) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """(nodes, weights per axis) of the Gauss rule and of those it is compared with.

    These have Lobatto nodes along one axis, which tells where to cut, and, so that jumps across a
    corner are seen as well, along all.
    """
    gauss, lobatto = legendre.leggauss(points), _lobatto(points + 1)
    axes = range(dimension)
    rules = []
    for special in ((), *((axis,) for axis in axes), *([axes] if dimension > 1 else [])):
        along = [lobatto if axis in special else gauss for axis in axes]
        nodes = np.array(list(itertools.product(*(n for n, _ in along))))
        rules.append((nodes, [0.5 * w for _, w in along]))
    return rules


def _mean(values: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """Weighted mean over the last axis, which runs over a tensor product of nodes.

    Nodes are summed in mirrored pairs and as differences from the middle, so that mirrored data
    give the same bits and constants come out unchanged.
    """
    values = values.reshape(*values.shape[:-1], *(len(w) for w in weights))
    for weight in reversed(weights):
        n = len(weight)
        middle = 0.5 * (values[..., (n - 1) // 2] + values[..., n // 2])
        total = np.zeros_like(middle)
        for k in range(n // 2):
            pair = (values[..., k] - middle) + (values[..., n - 1 - k] - middle)
            total += weight[k] * pair
        values = middle + total
    return values


def _sample(
    evaluate: Callable[[np.ndarray], np.ndarray],
    rules: list[tuple[np.ndarray, list[np.ndarray]]],
    lower: np.ndarray,
    upper: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, disagreement per rule, and largest size: (variable, box), (rule, variable, box)."""
    nodes = np.concatenate([n for n, _ in rules])
    ends = np.cumsum([len(n) for n, _ in rules])[:-1]
    pieces = []
    step = max(1, CHUNK // len(nodes))
    for first in range(0, len(lower), step):
        low, high = lower[first : first + step], upper[first : first + step]
        center, half = 0.5 * (low + high), 0.5 * (high - low)
        places = center[:, None, :] + half[:, None, :] * nodes
        values = evaluate(places.reshape(-1, nodes.shape[1]).T)
        values = values.reshape(len(values), len(low), len(nodes))
        means = [
            _mean(block, weights)
            for block, (_, weights) in zip(np.split(values, ends, axis=-1), rules, strict=True)
        ]
        error = np.stack([np.abs(other - means[0]) for other in means[1:]])
        pieces.append((means[0], error, np.abs(values).max(axis=-1)))
    mean, error, size = (np.concatenate(part, axis=-1) for part in zip(*pieces, strict=True))
    return mean, error, size


def _average(
    sample: Sample,
    lower: np.ndarray,
    upper: np.ndarray,
    scale: np.ndarray | None,
    depth: int,
    budget: int,
) -> np.ndarray:
    """Means over boxes (variable, box); boxes where the rules disagree are halved and redone.

    ``budget`` bounds the boxes still to be made, so that noise and curved jumps cannot run away.
    """
    mean, error, size = sample(lower, upper)
    if scale is None:
        scale = np.maximum(size, NEGLIGIBLE * size.max(axis=-1, keepdims=True)) + 1e-300
    relative = (error / scale).max(axis=1)  # (rule, box)
    worst = relative.max(axis=0)
    dimension = lower.shape[1]
    allowed = TOLERANCE[dimension - 1] * 2.0**depth
    if np.count_nonzero(worst > allowed) > budget:
        # A threshold, not a number of boxes: mirrored boxes must share their fate.
        allowed = np.partition(worst, -budget - 1)[-budget - 1]
    split = np.flatnonzero(worst > allowed)
    if depth == DEPTH or split.size == 0:
        return mean
    along = relative[:dimension, split]
    axis = np.where(along.max(axis=0) > 0.1 * allowed, along.argmax(axis=0), depth % dimension)
    rows = np.arange(split.size)
    low, high = lower[split], upper[split]
    middle = 0.5 * (low[rows, axis] + high[rows, axis])
    left_high, right_low = high.copy(), low.copy()
    left_high[rows, axis] = right_low[rows, axis] = middle
    halves = _average(
        sample,
        np.concatenate([low, right_low]),
        np.concatenate([left_high, high]),
        np.concatenate([scale[:, split]] * 2, axis=-1),
        depth + 1,
        budget - split.size,
    )
    mean[:, split] = 0.5 * (halves[:, : split.size] + halves[:, split.size :])
    return mean
