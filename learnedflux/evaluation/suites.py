"""Suites: named collections of problems, each on its grids and to its end time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from learnedflux import problems
from learnedflux.errors import InputError
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import problems as catalogue
from learnedflux.registry import Registry
from learnedflux.table import Table

__all__ = ["Case", "Suite", "register_suite", "suite_of", "suites", "table"]


@dataclass(frozen=True)
class Case:
    """A problem as a suite runs it.

    Parameters
    ----------
    problem : str or Problem
        A named problem, or one of your own.
    cells : tuple of int, optional
        Cells along x of the grids it runs on by default. Without: the suite's, or those of a
        Problem of your own.
    t_end : float, optional
        End time, where it is not the problem's.
    arguments : mapping
        Arguments of a named problem, beside ``cells``.
    label : str
        Name in tables; default the problem's.
    compared : bool
        Whether errors are measured; False where only survival counts and a reference costs much.
    finer : int, optional
        How many times finer than the finest grid the reference of a problem without an exact
        solution is; default 8, 4 or 2 in one, two or three dimensions.
    """

    problem: str | Problem
    cells: tuple[int, ...] | None = None
    t_end: float | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    compared: bool = True
    finer: int | None = None

    @classmethod
    def of(cls, given: Any) -> Case:
        """Return a problem, the name of one or a Case as a Case."""
        if isinstance(given, Case):
            return given
        if isinstance(given, Problem):
            return cls(given, (given.grid.shape[0],))
        if isinstance(given, str):
            problems.get(given)  # says what is wrong with the name
            return cls(given)
        raise InputError(
            "a suite holds names of problems, Problems or Cases; got " + type(given).__name__ + "."
        )

    @property
    def name(self) -> str:
        """Name in tables."""
        return self.label or (self.problem if isinstance(self.problem, str) else self.problem.name)

    def on(self, cells: int) -> Problem:
        """Return the problem on a grid with so many cells along x."""
        if isinstance(self.problem, str):
            made = problems.get(self.problem)(cells=cells, **self.arguments)
        elif cells == self.problem.grid.shape[0]:
            made = self.problem
        else:
            made = self.problem.with_cells(cells)
        return made if self.t_end is None else made.replace(t_end=self.t_end)


@dataclass(frozen=True)
class Suite:
    """A collection of cases that are run alike.

    Parameters
    ----------
    name : str
        Name in the registry.
    make : callable
        Returns the cases: names of problems, Problems or :class:`Case` objects.
    cells : tuple of int
        Grids (cells along x) of cases that name none.
    description : str
        What it asks, in a line.
    cfl : float or callable
        CFL number, or a function from the number of cells to it.
    integrator : str
        Runge-Kutta method.
    baseline : str or Scheme
        What others are compared with by default.
    always : tuple
        Schemes run besides those asked for, as a yardstick.
    waves : bool
        Whether a report shows amplification curves of sine waves.
    curve : tuple of float
        Multiples of the default grids on which a report draws errors over cells and over time.
    """

    name: str
    make: Callable[[], Iterable[Any]]
    cells: tuple[int, ...] = (200,)
    description: str = ""
    cfl: float | Callable[[int], float] = 0.4
    integrator: str = "ssprk3"
    baseline: str = "teno5"
    always: tuple[Any, ...] = ()
    waves: bool = False
    curve: tuple[float, ...] = (0.5, 1.0, 2.0)

    def cases(self) -> tuple[Case, ...]:
        """Return the cases; no two of one name."""
        found = tuple(Case.of(given) for given in self.make())
        if not found:
            raise InputError(f"suite {self.name!r} is empty; give at least one problem.")
        names = [case.name for case in found]
        for name in names:
            if names.count(name) > 1:
                raise InputError(
                    f"two problems of suite {self.name!r} are called {name!r}; tell them apart "
                    "by Case(..., label=...) or Problem(..., name=...)."
                )
        return found

    def grids(self, case: Case) -> tuple[int, ...]:
        """Return the grids a case runs on by default."""
        return case.cells or self.cells

    def cfl_on(self, cells: int) -> float:
        """Return the CFL number on a grid."""
        return self.cfl(cells) if callable(self.cfl) else self.cfl


suites: Registry[Suite] = Registry("suite")


def register_suite(
    name: str, *, cells: int | Iterable[int] = 200, **settings: Any
) -> Callable[[Callable[[], Iterable[Any]]], Callable[[], Iterable[Any]]]:
    """Decorator that adds a function returning problems to the registry of suites.

    Parameters
    ----------
    name : str
        Name by which ``lf.evaluate(..., suite=name)`` finds it.
    cells : int or iterable of int
        Grids (cells along x) of problems that name none of their own.
    **settings
        Other fields of :class:`Suite`: ``cfl``, ``integrator``, ``baseline`` and so on.

    Examples
    --------
    >>> import learnedflux as lf
    >>> @lf.evaluation.register_suite("tubes", cells=100)
    ... def tubes():
    ...     '''Shock tubes.'''
    ...     return ["sod", lf.evaluation.Case("lax", cells=(200,))]
    >>> lf.evaluation.suites["tubes"].description
    'Shock tubes'
    >>> lf.evaluation.suites.remove("tubes")
    """
    grids = (cells,) if isinstance(cells, int) else tuple(cells)

    def decorate(make: Callable[[], Iterable[Any]]) -> Callable[[], Iterable[Any]]:
        first = (inspect.getdoc(make) or "").partition("\n")[0].rstrip(".")
        suites.add(name, Suite(name, make, grids, first, **settings))
        return make

    return decorate


def suite_of(given: Any) -> Suite:
    """Return the suite of a name, or one of the problems in a list.

    Examples
    --------
    >>> suite_of(["sod", "lax"]).cases()[1].name
    'lax'
    """
    if isinstance(given, Suite):
        return given
    if isinstance(given, str):
        if given not in suites and given in catalogue:
            raise InputError(
                f"{given!r} is a problem, not a suite; pass a list of problems, [{given!r}]."
            )
        return suites[given]
    if isinstance(given, Iterable) and not isinstance(given, Mapping):
        cases = tuple(given)
        return Suite("custom", lambda: cases, description="problems given one by one")
    raise InputError(
        f"suite must be a name ({', '.join(suites)}) or a list of problems; got "
        f"{type(given).__name__}."
    )


def table() -> Table:
    """Return the suites there are, with their problems and how they are run.

    Examples
    --------
    >>> import learnedflux as lf
    >>> "euler-1d" in lf.evaluation.table().column("suite")
    True
    """
    rows = []
    for suite in suites.values():
        named = []
        for case in suite.cases():
            own = f" ({', '.join(map(str, case.cells))})" if case.cells else ""
            named.append(case.name + own)
        rows.append(
            {
                "suite": suite.name,
                "cells": ", ".join(map(str, suite.cells)),
                "problems": ", ".join(named),
                "description": suite.description,
            }
        )
    return Table(rows)
