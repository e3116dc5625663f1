"""What a Riemann solver is, and the registry of those there are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from learnedflux.equations.base import Equation
from learnedflux.errors import InputError
from learnedflux.ops import pointwise
from learnedflux.registry import Registry

__all__ = [
    "Riemann",
    "default_riemann",
    "from_primitive",
    "register",
    "require_support",
    "riemann_solvers",
]


@functools.cache
def from_primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a numerical flux of primitive states, given one of conserved states."""

    @pointwise
    def between(eq, wl, wr, axis):
        return function(eq, eq.to_conserved(wl), eq.to_conserved(wr), axis)

    return between


@dataclass(frozen=True)
class Riemann:
    """A numerical flux ``function(eq, ql, qr, axis)`` and the equation methods it needs.

    Parameters
    ----------
    name : str
        Name in the registry.
    function : callable
        Pointwise numerical flux.
    needs : tuple of str
        Optional methods of :class:`~learnedflux.Equation` without which it cannot work.
    judgement, reference : str
        What it is good for and what not; its publication.
    primitive : callable, optional
        The same flux of primitive states, where it needs no conserved ones.
    """

    name: str
    function: Callable[..., Any]
    needs: tuple[str, ...] = ()
    judgement: str = ""
    reference: str = ""
    primitive: Callable[..., Any] | None = None

    @property
    def between(self) -> Callable[..., Any]:
        """Pointwise numerical flux between primitive states, as kernels call it."""
        return self.primitive or from_primitive(self.function)

    def missing(self, equation: Equation) -> list[str]:
        """Methods this solver needs and ``equation`` does not define."""
        # A scalar is its own characteristic field; a system must say what its fields are.
        projection = ("to_characteristic", "from_characteristic")
        needs = [n for n in self.needs if n not in projection or not equation.scalar]
        return [method for method in needs if not equation.provides(method)]

    def supports(self, equation: Equation) -> bool:
        """Whether ``equation`` provides all this solver needs."""
        return not self.missing(equation)


riemann_solvers: Registry[Riemann] = Registry("Riemann solver")


def register(
    name: str,
    *,
    needs: tuple[str, ...] = (),
    judgement: str = "",
    reference: str = "",
    primitive: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Decorator that adds a pointwise numerical flux to the registry.

    Parameters
    ----------
    name : str
        Name for ``Scheme(riemann=name)``.
    needs : tuple of str
        Optional equation methods it calls.
    judgement, reference : str
        What it is good for and what not; its publication.
    primitive : callable, optional
        The same flux of primitive states.
    """

    def make(function: Callable[..., object]) -> Riemann:
        pointwise(function)
        return Riemann(name, function, needs, judgement, reference, primitive)

    return riemann_solvers.register(name, make)


def default_riemann(equation: Equation) -> str:
    """Name of the solver used where the user names none: the sharpest the equation supports."""
    for name in ("hllc", "godunov", "hll"):
        if riemann_solvers[name].supports(equation):
            return name
    return "rusanov"


def require_support(name: str, equation: Equation) -> Riemann:
    """Return the solver called ``name``, or raise where ``equation`` cannot feed it."""
    solver = riemann_solvers[name]
    missing = solver.missing(equation)
    if missing:
        usable = [n for n, s in riemann_solvers.items() if s.supports(equation)]
        raise InputError(
            f"Riemann solver {name!r} needs {', '.join(missing)} of the equation, which "
            f"{equation.name} does not define. Usable for it: {', '.join(usable)}."
        )
    return solver
