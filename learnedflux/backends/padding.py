"""Ghost cells, the same for every backend."""

from __future__ import annotations

from typing import Any

from learnedflux.boundaries import Boundary
from learnedflux.equations import Equation

__all__ = ["fill_ghosts", "flip", "ghost_cells"]


def flip(x: Any) -> Any:
    """Reverse the last axis of an array or a tensor (which knows no negative strides)."""
    return x.flip(-1) if hasattr(x, "flip") else x[..., ::-1]


def ghost_cells(
    lower_cells: Any,
    upper_cells: Any,
    sides: tuple[Boundary, Boundary],
    equation: Equation,
    axis: int,
    t: float,
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the ghost cells of both sides, each counting outward.

    ``lower_cells`` and ``upper_cells`` are (variable, ..., ghost), counting inward from their side.
    """
    inner = (tuple(lower_cells), tuple(upper_cells))
    lower, upper = (
        boundary.ghost(equation, inner[1 - side if boundary.periodic else side], axis, side, t)
        for side, boundary in enumerate(sides)
    )
    return lower, upper


def fill_ghosts(
    padded: Any,
    sides: tuple[Boundary, Boundary],
    equation: Equation,
    g: int,
    axis: int,
    t: float,
) -> None:
    """Fill the ``g`` ghost cells at both ends of the last axis of ``padded`` in place."""
    n = padded.shape[-1] - 2 * g
    lower, upper = ghost_cells(
        padded[..., g : 2 * g], flip(padded[..., n : n + g]), sides, equation, axis, t
    )
    for k in range(len(padded)):
        padded[k, ..., :g] = flip(lower[k])
        padded[k, ..., n + g :] = upper[k]
