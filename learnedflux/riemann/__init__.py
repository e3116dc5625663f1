"""Riemann solvers: the numerical flux through a face from the states on its two sides."""

from learnedflux.riemann.base import (
    Riemann,
    default_riemann,
    register,
    require_support,
    riemann_solvers,
)
from learnedflux.riemann.central import hll, rusanov
from learnedflux.riemann.exact_scalar import godunov
from learnedflux.riemann.hllc import hllc
from learnedflux.riemann.roe import roe

__all__ = [
    "Riemann",
    "default_riemann",
    "godunov",
    "hll",
    "hllc",
    "register",
    "require_support",
    "riemann_solvers",
    "roe",
    "rusanov",
]
