"""Exact solutions, as vectorised functions of points."""

from learnedflux.exact import advection, burgers, euler

__all__ = ["advection", "burgers", "euler"]
