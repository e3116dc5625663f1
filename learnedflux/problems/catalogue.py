"""The registry of named problems."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from learnedflux.problem import Problem
from learnedflux.registry import Registry
from learnedflux.table import Table

__all__ = ["get", "names", "register", "summary", "table"]

Factory = Callable[..., Problem]

problems: Registry[Factory] = Registry("problem")


def register(name: str, aliases: tuple[str, ...] = ()) -> Callable[[Factory], Factory]:
    """Return a decorator that adds a function returning a Problem to the catalogue.

    The function should take ``cells`` as its first argument, with a default.

    Examples
    --------
    >>> import learnedflux as lf
    >>> @lf.problems.register("calm")
    ... def calm(cells=10):
    ...     return lf.Problem(lf.Burgers(), lf.Grid(x=(0, 1, cells)), lambda x: 0.0, t_end=1.0)
    >>> "calm" in lf.problems.names()
    True
    >>> lf.problems.catalogue.problems.remove("calm")
    """

    def decorate(factory: Factory) -> Factory:
        problems.add(name, factory, aliases)
        return factory

    return decorate


def names() -> list[str]:
    """Return the names of all problems; aliases are left out."""
    return list(problems)


def get(name: str) -> Factory:
    """Return the function that makes the problem ``name`` (or an alias of it).

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.problems.get("sod")(cells=50).grid
    Grid(x=(0.0, 1.0, 50))
    """
    return problems[name]


def summary(factory: Factory) -> str:
    """First line of a factory's docstring, without its full stop."""
    return (inspect.getdoc(factory) or "").partition("\n")[0].rstrip(".")


def table() -> Table:
    """Return all problems with equation, domain, end time, exact solution and source."""
    rows = []
    for name, factory in problems.items():
        problem = factory()
        domain = ", ".join(f"[{a:g}, {b:g}]" for a, b, _ in problem.grid.extents)
        rows.append(
            {
                "problem": name,
                "aliases": ", ".join(problems.aliases(name)),
                "equation": problem.equation.name,
                "domain": domain,
                "t_end": problem.t_end,
                "exact": "yes" if problem.exact else "no",
                "description": problem.description,
                "reference": problem.reference,
            }
        )
    return Table(rows)
