"""Face fluxes of split fluxes, on whole arrays or tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from learnedflux.equations import Equation
from learnedflux.ops import add
from learnedflux.reconstruction import Variables

__all__ = ["split_fluxes"]

Cells = tuple[tuple[Any, ...], ...]


def split_fluxes(
    equation: Equation,
    chosen: Variables,
    padded: tuple[Any, ...],
    speed: Any,
    axis: int,
    radius: int,
    values: Callable[[Cells, Cells], tuple[Any, Any]],
) -> tuple[Any, ...]:
    """Return the numerical fluxes of padded states.

    Parameters
    ----------
    equation, chosen
        Conservation law, and the variables of the scheme.
    padded : tuple of array, shape (..., cell)
        Conserved states along ``axis``, ghost cells included.
    speed : array or number
        Largest speed along the axis, by which the flux is split; broadcasts against a variable.
    axis, radius : int
        Axis, and cells that the scheme needs on each side of a face.
    values : callable
        Face values from the 2r cells around each face of the right-going half, and of the
        left-going half, cells from left to right in both.
    """
    pieces: Any = chosen
    faces = padded[0].shape[-1] - 2 * radius + 1

    def around(state: Any) -> Cells:
        return tuple(tuple(x[..., j : j + faces] for x in state) for j in range(2 * radius))

    states = around(padded)
    frame = pieces.frame(equation, states[radius - 1], states[radius], axis)
    halves = [
        tuple(pieces.into(equation, frame, cell, axis) for cell in around(half))
        for half in pieces.split(equation, padded, axis, speed)
    ]
    left, right = values(*halves)
    total: tuple[Any, ...] = pieces.out(equation, frame, add(tuple(left), tuple(right)), axis)
    return total
