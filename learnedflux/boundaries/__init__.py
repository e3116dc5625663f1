"""Boundary conditions: what the ghost cells beyond a side hold.

A boundary is a function ``(equation, cells, axis, side, t) -> ghost cells``. ``cells`` are the
interior cells nearest the side, a tuple over conserved variables of arrays whose *last* axis
counts from the boundary inward; the ghost cells are returned alike, counting outward. The axes
before it are the grid's other axes, in their order. The number of ghost cells follows from the
scheme and is never set by hand.
"""

from learnedflux.boundaries.base import Boundary, boundaries, register, resolve
from learnedflux.boundaries.uniform import inflow, outflow, wall
from learnedflux.boundaries.varying import piecewise, prescribed

__all__ = [
    "Boundary",
    "boundaries",
    "inflow",
    "outflow",
    "piecewise",
    "prescribed",
    "register",
    "resolve",
    "wall",
]
