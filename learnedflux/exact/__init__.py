"""Exact solutions, as vectorised functions of points."""

from learnedflux.exact import (
    acoustics,
    advection,
    burgers,
    euler,
    lax_oleinik,
    scalar_riemann,
    shallow_water,
)

__all__ = [
    "acoustics",
    "advection",
    "burgers",
    "euler",
    "lax_oleinik",
    "scalar_riemann",
    "shallow_water",
]
