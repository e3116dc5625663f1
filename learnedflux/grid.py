"""Uniform Cartesian grids."""

from __future__ import annotations

import dataclasses
import math
import operator
from typing import Any

import numpy as np

from learnedflux.errors import InputError

__all__ = ["Grid"]

AXES = ("x", "y", "z")
Extent = tuple[float, float, int]


def _extent(axis: str, given: Any) -> Extent:
    """Return ``given`` as (start, stop, cells), or say what is wrong with it."""
    want = f"Give {axis}=(start, stop, cells), for example {axis}=(0.0, 1.0, 200)."
    if isinstance(given, str) or not hasattr(given, "__len__") or len(given) != 3:
        raise InputError(f"grid axis {axis!r} is {given!r}, not three numbers. {want}")
    start, stop, cells = given
    try:
        if isinstance(cells, (bool, np.bool_)):
            raise TypeError
        number = operator.index(cells)
    except TypeError:
        raise InputError(
            f"grid axis {axis!r} has {cells!r} cells; that must be an integer. {want}"
        ) from None
    if number <= 0:
        raise InputError(f"grid axis {axis!r} has {number} cells; that must be positive. {want}")
    try:
        lower, upper = float(start), float(stop)
    except (TypeError, ValueError):
        raise InputError(
            f"grid axis {axis!r} runs from {start!r} to {stop!r}, not between two numbers. {want}"
        ) from None
    if not (math.isfinite(lower) and math.isfinite(upper)):
        raise InputError(
            f"grid axis {axis!r} runs from {lower!r} to {upper!r}; both must be finite. {want}"
        )
    if not upper > lower:
        raise InputError(
            f"grid axis {axis!r} runs from {lower!r} to {upper!r}; stop must be above start. {want}"
        )
    return lower, upper, number


@dataclasses.dataclass(frozen=True, repr=False)
class Grid:
    """Uniform Cartesian grid of cells; the axes given decide its dimension.

    Parameters
    ----------
    x, y, z : tuple of (float, float, int)
        Start, stop and number of cells of each axis. ``x`` must be given; ``z`` needs ``y``.

    Notes
    -----
    A grid that is symmetric about zero has edges and centres symmetric to the last bit.

    Examples
    --------
    >>> grid = Grid(x=(0, 2, 4))
    >>> grid
    Grid(x=(0.0, 2.0, 4))
    >>> grid.centers(0).tolist()
    [0.25, 0.75, 1.25, 1.75]
    """

    x: Extent | None = None
    y: Extent | None = None
    z: Extent | None = None

    def __post_init__(self) -> None:
        if self.x is None:
            raise InputError("a grid needs x=(start, stop, cells), for example x=(0.0, 1.0, 200).")
        if self.z is not None and self.y is None:
            raise InputError("a grid with z needs y as well; axes are given in the order x, y, z.")
        for axis in AXES:
            given = getattr(self, axis)
            if given is not None:
                object.__setattr__(self, axis, _extent(axis, given))

    def __repr__(self) -> str:
        return f"Grid({', '.join(f'{axis}={getattr(self, axis)}' for axis in self.axes)})"

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(axis for axis in AXES if getattr(self, axis) is not None)

    @property
    def extents(self) -> tuple[Extent, ...]:
        """(start, stop, cells) of each axis."""
        return tuple(getattr(self, axis) for axis in self.axes)

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return len(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each axis."""
        return tuple(cells for _, _, cells in self.extents)

    @property
    def size(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @property
    def start(self) -> tuple[float, ...]:
        """Lower end of each axis."""
        return tuple(start for start, _, _ in self.extents)

    @property
    def stop(self) -> tuple[float, ...]:
        """Upper end of each axis."""
        return tuple(stop for _, stop, _ in self.extents)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Cell width along each axis."""
        return tuple((stop - start) / cells for start, stop, cells in self.extents)

    @property
    def volume(self) -> float:
        """Volume (length in one dimension, area in two) of a cell."""
        return math.prod(self.spacing)

    def edges(self, axis: int) -> np.ndarray:
        """Return the cell edges along ``axis``, ends included; shape ``(cells + 1,)``."""
        start, stop, cells = self.extents[axis]
        count = np.arange(cells + 1)
        # Weighted from both ends, not start + i * spacing: symmetric grids stay so bit for bit.
        edges = (start * (cells - count) + stop * count) / cells
        edges[0], edges[-1] = start, stop
        return edges

    def centers(self, axis: int) -> np.ndarray:
        """Return the cell centres along ``axis``; shape ``(cells,)``."""
        edges = self.edges(axis)
        return np.asarray(0.5 * (edges[:-1] + edges[1:]))

    def with_cells(self, *cells: int) -> Grid:
        """Return the same box cut into other cells.

        Parameters
        ----------
        *cells : int
            One number per axis; a single number sets the first axis and scales the others alike.

        Examples
        --------
        >>> Grid(x=(0, 2, 8), y=(0, 1, 4)).with_cells(16)
        Grid(x=(0.0, 2.0, 16), y=(0.0, 1.0, 8))
        """
        if len(cells) == 1:
            first = _extent("x", (*self.extents[0][:2], cells[0]))[2]
            cells = (first, *(max(1, round(n * first / self.shape[0])) for n in self.shape[1:]))
        if len(cells) != self.dimension:
            raise InputError(
                f"{len(cells)} numbers of cells {cells} for a grid of {self.dimension} "
                f"dimension(s); give one number, or one per axis."
            )
        return Grid(*((*e[:2], n) for e, n in zip(self.extents, cells, strict=True)))
