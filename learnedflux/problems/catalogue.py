"""The registry of named problems."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from learnedflux.errors import InputError
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.registry import Registry
from learnedflux.table import Table

__all__ = ["box", "get", "names", "register", "summary", "table"]

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


def box(cells: int | tuple[int, ...], **axes: tuple[float, float]) -> Grid:
    """Return a grid of (nearly) square cells, or of as many along each axis as asked for.

    Parameters
    ----------
    cells : int or tuple of int
        Number of cells along x, the other axes in proportion; or one number per axis.
    **axes : tuple of float
        Start and stop of each axis, by its name.

    Examples
    --------
    >>> box(100, x=(0.0, 4.0), y=(0.0, 1.0))
    Grid(x=(0.0, 4.0, 100), y=(0.0, 1.0, 25))
    >>> box((30, 10), x=(0.0, 4.0), y=(0.0, 1.0))
    Grid(x=(0.0, 4.0, 30), y=(0.0, 1.0, 10))
    """
    if isinstance(cells, (tuple, list)):
        if len(cells) != len(axes):
            raise InputError(
                f"cells={tuple(cells)!r} are {len(cells)} numbers for the {len(axes)} axes "
                f"{', '.join(axes)}; give one number per axis, or one number for all."
            )
        counts = list(cells)
    else:
        start, stop = next(iter(axes.values()))
        width = Grid(x=(start, stop, cells)).spacing[0]  # says what is wrong with cells
        counts = [max(1, round((upper - lower) / width)) for lower, upper in axes.values()]
    return Grid(**{axis: (*ends, n) for (axis, ends), n in zip(axes.items(), counts, strict=True)})


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
